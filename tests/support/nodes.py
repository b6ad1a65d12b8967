"""Several API servers, an account, irsa.yaml for both, and an ssh that goes to another folder instead of another machine."""
import json
import pathlib
import tempfile
import unittest

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
