"""Several API servers, an account, irsa.yaml for both, and an ssh that goes to another folder instead of another machine."""
import json
import pathlib
import re
import tempfile
import unittest
import urllib.request

from support.account import Account
from support.control_planes import ControlPlanes

WISH = """\
apiVersion: irsa-anywhere/v1
name: edge
aws:
  region: us-west-2
cluster:
  kubeconfig: kubeconfig
bindings:
- serviceAccount: app/app-0
  role:
    name: app-0
"""

SECOND_PUB = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE43+ke4lgY8tQz4lm4mFZx3G7ykcH
B7/hrgep9ISd8p8/skkUDZaCAy2M5lSnDmBBjxAhi6zOwTGpfnR7GmgWcw==
-----END PUBLIC KEY-----
"""


def metric(port, name):
    """Of `irsa issuer publish`."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return int(re.search(rf"(?m)^irsa_republish_{name} (\d+)$", answer.read().decode())[1])


class NodesCase(unittest.TestCase):
    def begin(self, irsa, count=2, **options):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-nodes-")))
        (self.folder / "irsa.yaml").write_text(WISH)
        self.planes = self.enterContext(ControlPlanes(self.folder, count=count, **options))
        self.account = self.enterContext(Account(irsa, self.folder, KUBECONFIG=str(self.folder / "kubeconfig")))
        link, ssh = self.folder / "node", self.folder / "ssh"
        ssh.write_text(f"#!/bin/sh\nln -sfn {self.folder}/$1 {link}\nexec sh -c \"$2\"\n")
        ssh.chmod(0o700)
        self.nodes = ["--node", "node0", "--node", "node1", "--ssh", ssh, "--root", link,
                      "--manifest", link / "kubernetes/manifests/kube-apiserver.yaml"]

    def irsa(self, *arguments, code=0):
        done = self.account.run(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def seen(self, *arguments):
        return json.loads(self.irsa(*arguments, "-o", "json", "--quiet").stdout)

    def flags(self, name):
        return [server.flags(name) for server in self.planes.servers]

    def published(self):
        s3 = self.account.client("s3")
        bucket = s3.list_buckets()["Buckets"][0]["Name"]
        return [key["kid"] for key in json.loads(s3.get_object(Bucket=bucket, Key="keys.json")["Body"].read())["keys"]]

    def teach(self, *servers):
        """They verify with the second key too."""
        for server in servers:
            (server.keys / "second.pub").write_bytes(SECOND_PUB)
            server.text = server.text.replace("sa.pub\n", "sa.pub\n    - --service-account-key-file=/etc/kubernetes/pki/second.pub\n")
            server.obeys = False

    def forget(self, *servers):
        for server in servers:
            server.text = server.text.replace("    - --service-account-key-file=/etc/kubernetes/pki/second.pub\n", "")
