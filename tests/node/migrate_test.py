"""A real kubeadm node goes to another issuer, and to another key, while pods ask its API all the time: nobody gets a 401. The swap
in one step, done the same way, gives them. Manifests that would not start are refused or put back. One story; each step needs
the one before."""
import collections
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import unittest

import boto3
import botocore
import botocore.config
import botocore.exceptions

from main_job_test import API_IN_PODS, IMAGE, OLD_ISSUER, host_pod, set_up_node
from support import tokens
from support.scale import soak_only
from support.until import until

IRSA = pathlib.Path(os.environ["IRSA"]).resolve()
CLIENTS = 30
WISH = """\
apiVersion: irsa-anywhere/v1
name: node-move
aws:
  region: us-west-2
  endpoint: {endpoint}
  caFile: {ca}
cluster:
  kubeconfig: {kubeconfig}
bindings:
- serviceAccount: default/default
  role:
    name: mover
"""
# Asks who it is with the token that is mounted, read anew each time, and keeps what it is answered. It ends when told to: the
# token of a pod that is gone is refused, whoever signed it.
CLIENT = """
import http.client, os, signal, ssl, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
d = '/var/run/secrets/kubernetes.io/serviceaccount/'
context = ssl.create_default_context(cafile=d + 'ca.crt')
body = '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}'
out = open('/out/' + os.uname().nodename, 'a', buffering=1)
while True:
    try:
        api = http.client.HTTPSConnection('%s', context=context, timeout=5)
        api.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', body,
                    {'Authorization': 'Bearer ' + open(d + 'token').read(), 'Content-Type': 'application/json'})
        out.write(str(api.getresponse().status) + '\\n')
        api.close()
    except OSError:
        out.write('away\\n')
    time.sleep(1.2)
""" % API_IN_PODS.removeprefix("https://")


class TheMove(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ca = set_up_node(cls)
        (cls.folder / "irsa.yaml").write_text(WISH.format(endpoint=cls.sim.endpoint, ca=ca, kubeconfig=cls.node.kubeconfig))
        cls.node.load_image(IMAGE, f"irsa={IRSA}")
        cls.out = cls.folder / "out"
        cls.out.mkdir(mode=0o777)
        cls.out.chmod(0o777)
        cls.folder.chmod(0o755)

    def setUp(self):
        self.started = time.monotonic()

    def tearDown(self):
        print(f"  {time.monotonic() - self.started:6.1f} s", end=" ", flush=True)

    def irsa(self, *arguments, code=0, errors=subprocess.STDOUT):
        done = subprocess.run([IRSA, *map(str, arguments)], env=self.environment, cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=errors)
        self.assertEqual(done.returncode, code, f"irsa {' '.join(map(str, arguments))}:\n{done.stdout}")
        return done.stdout

    def here(self, *command, code=0):
        return self.irsa(*command, "--manifest", self.node.manifest, "--root", self.node.run / "fs", "--yes", code=code)

    def by_job(self, *command):
        """As `here`, in a Job on the node, of which nothing is left."""
        said = self.irsa(*command, "--node", "node0", "--job", "--image", IMAGE)
        self.assertIn("created the Job kube-system/irsa-on-node0-", said)
        self.assertIn("the kubelet restarts the API server", said)
        ours = ("jobs,pods,secrets", "-n", "kube-system", "-l", "app.kubernetes.io/managed-by=irsa")
        until("nothing left of the Job", 60, lambda: not self.node.get(*ours)["items"])
        return said

    def phase(self):
        return json.loads(self.irsa("migrate", "status", "-o", "json", "--quiet", errors=subprocess.PIPE))["phase"]

    def answers(self):
        return collections.Counter(line for file in self.out.iterdir() for line in file.read_text().split())

    def unauthorized(self):
        """401s since this was asked last; the clients must have been answered meanwhile."""
        until("answers to the clients", 120, lambda: self.answers()["201"] > type(self).good + 2 * CLIENTS)
        seen = self.answers()
        fresh, type(self).bad, type(self).good = seen["401"] - self.bad, seen["401"], seen["201"]
        return fresh

    def roll(self):
        self.node.kubectl("rollout", "restart", "deployment", "clients")
        self.node.kubectl("rollout", "status", "deployment", "clients", "--timeout=300s")
        until("the old pods to go", 120, lambda: len(self.node.get("pods", "-l", "app=clients")["items"]) == CLIENTS)

    def pod_token(self):
        name = self.node.get("pods", "-l", "app=clients")["items"][0]["metadata"]["name"]
        return self.node.kubectl("exec", name, "--", "/usr/bin/cat", "/var/run/secrets/kubernetes.io/serviceaccount/token")

    good, bad = 0, 0

    def test_01_pods_that_ask_all_the_time(self):
        self.node.await_rest()
        self.node.kubectl("create", "configmap", "sim-ca", f"--from-file=ca.crt={self.folder / 'ca.crt'}")
        spec = host_pod("default", self.sim.endpoint, f"{sys.prefix}/bin/python3", "-c", CLIENT)
        spec.update({"restartPolicy": "Always", "terminationGracePeriodSeconds": 20})
        spec["volumes"].append({"name": "out", "hostPath": {"path": str(self.out)}})
        spec["containers"][0]["volumeMounts"].append({"name": "out", "mountPath": "/out"})
        self.node.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "clients"}, "spec": {
            "replicas": CLIENTS, "selector": {"matchLabels": {"app": "clients"}},
            "template": {"metadata": {"labels": {"app": "clients"}}, "spec": spec}}})
        self.node.kubectl("rollout", "status", "deployment", "clients", "--timeout=300s")
        self.assertEqual(self.unauthorized(), 0)
        type(self).containers = self.node.containers()

    def test_02_publish_and_provider(self):
        self.irsa("migrate", "next")
        self.irsa("migrate", "next")
        self.assertEqual(self.phase(), "accept")

    def test_03_accept_by_a_job(self):
        self.by_job("migrate", "next")
        self.assertEqual(self.node.issuers()[0], OLD_ISSUER)
        self.assertEqual(len(self.node.issuers()), 2)
        self.assertEqual(self.node.served_issuer(), OLD_ISSUER)
        self.assertEqual(self.unauthorized(), 0)

    def test_04_switch(self):
        self.here("migrate", "next")
        type(self).issuer = self.node.served_issuer()
        self.assertEqual(self.node.issuers(), [self.issuer, OLD_ISSUER])
        self.assertEqual(self.unauthorized(), 0)
        self.assertEqual(tokens.claims_of(self.pod_token())["iss"], OLD_ISSUER)

    def test_05_finish_is_refused_before_the_pods_are_rolled(self):
        self.assertIn(f"{CLIENTS} pods are older", self.here("migrate", "next", code=1))

    def test_06_the_roll(self):
        self.roll()
        self.assertEqual(tokens.claims_of(self.pod_token())["iss"], self.issuer)
        self.assertEqual(self.unauthorized(), 0)

    def test_07_finish(self):
        self.here("migrate", "next")
        self.assertEqual(self.node.issuers(), [self.issuer])
        self.assertEqual(self.phase(), "done")
        self.assertEqual(self.unauthorized(), 0)
        self.assertEqual(self.node.containers(), self.containers)
        print(f"the move: {self.answers()['401']} of {self.answers()['201']} answers were 401", flush=True)

    def token_for_aws(self):
        return self.node.kubectl("create", "token", "default", "--audience=sts.amazonaws.com", "--duration=1h").strip()

    @contextlib.contextmanager
    def shown_to_aws(self, population):
        """Every 200 ms AWS is shown each token of the population, which may grow; it refuses none."""
        unsigned = botocore.config.Config(signature_version=botocore.UNSIGNED)
        sts = boto3.client("sts", region_name="us-west-2", endpoint_url=self.sim.endpoint, verify=str(self.folder / "ca.crt"), config=unsigned)
        role, answers, stop = f"arn:aws:iam::{self.sim.ready['account']}:role/mover", collections.Counter(), threading.Event()

        def show():
            while not stop.wait(0.2):
                for token in list(population):
                    try:
                        sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="moved", WebIdentityToken=token)
                        answers["taken"] += 1
                    except botocore.exceptions.ClientError as error:
                        answers[str(error)] += 1
        shower = threading.Thread(target=show, daemon=True)
        shower.start()
        try:
            yield
        finally:
            stop.set()
            shower.join()
        print(f"AWS was shown tokens of every age: {dict(answers)}", flush=True)
        self.assertEqual(list(answers), ["taken"])
        self.assertGreater(answers["taken"], 100)

    @soak_only
    def test_08_a_key_of_another_kind(self):
        tokens_of_every_age, before = [self.token_for_aws()], self.answers()
        with self.shown_to_aws(tokens_of_every_age):
            self.rotate(tokens_of_every_age)
        since = self.answers() - before
        print(f"the rotation: {since['401']} of {since['201']} answers were 401", flush=True)
        self.assertEqual(len({tokens.head_of(token)["kid"] for token in tokens_of_every_age}), 2)

    def rotate(self, tokens_of_every_age):
        self.assertNotIn("PRIVATE KEY", self.by_job("keys", "rotate", "introduce"))
        tokens_of_every_age.append(self.token_for_aws())
        self.assertEqual(self.unauthorized(), 0)
        self.assertIn("may be cached", self.here("keys", "rotate", "promote", code=1))
        self.here("keys", "rotate", "promote", "--cached", "0s")
        self.assertEqual(self.unauthorized(), 0)
        tokens_of_every_age.append(self.token_for_aws())
        self.assertEqual([tokens.head_of(token)["alg"] for token in tokens_of_every_age], ["RS256", "RS256", "ES256"])
        controller = (self.node.kubernetes / "manifests/kube-controller-manager.yaml").read_text()
        self.assertRegex(controller, r"--service-account-private-key-file=/etc/kubernetes/pki/sa-2\S+\.key")
        self.assertIn("pods are older", self.here("keys", "rotate", "retire", code=1))
        self.roll()
        self.here("keys", "rotate", "retire")
        tokens_of_every_age.append(self.token_for_aws())
        self.assertEqual(self.unauthorized(), 0)
        self.assertNotIn("pki/sa.pub", self.node.manifest.read_text())

    def meanwhile(self, undo):
        """Runs `undo` as soon as the manifest that is there now has gone and come back."""
        before = self.node.manifest.read_bytes()

        def watch():
            while self.node.manifest.read_bytes() == before:
                time.sleep(0.05)
            while self.node.manifest.read_bytes() != before:
                time.sleep(0.05)
            undo()
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        return watcher

    def is_put_back(self, what, undo):
        before, watcher, start = self.node.manifest.read_bytes(), self.meanwhile(undo), time.monotonic()
        said = self.here("apiserver", "patch", "--issuer", "https://id.example.com/next", "--phase", "accept", code=1)
        took = time.monotonic() - start
        watcher.join(10)
        self.assertIn("the container of the new manifest ended", said)
        self.assertIn("the old manifest was put back, and the API server is ready with it", said)
        self.assertEqual(self.node.manifest.read_bytes(), before)
        print(f"{what}: seen and put back in {took:.1f} s", flush=True)
        self.assertLess(took, 45)

    @soak_only
    def test_09_a_key_that_cannot_be_parsed(self):
        [key] = (self.node.kubernetes / "pki").glob("sa-2*.pub")
        content = key.read_bytes()
        key.write_bytes(b"no key\n")
        self.is_put_back("a key that can't be parsed", lambda: key.write_bytes(content))

    @soak_only
    def test_10_a_port_that_another_has(self):
        stop, turned_away = threading.Event(), []

        def take():
            """As soon as the API server leaves its port; whoever comes is turned away, as by a program that speaks otherwise."""
            while not stop.is_set():
                with socket.socket(socket.AF_INET6) as listener, contextlib.suppress(OSError):
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    listener.bind(("::", 6443))
                    listener.listen()
                    listener.settimeout(0.05)
                    while not stop.is_set():
                        with contextlib.suppress(TimeoutError):
                            client, _ = listener.accept()
                            client.close()
                            turned_away.append(client)
                time.sleep(0.01)
        taker = threading.Thread(target=take, daemon=True)
        taker.start()
        try:
            self.is_put_back("a port that another has", stop.set)
        finally:
            stop.set()
            taker.join()
        self.assertTrue(turned_away)

    @soak_only
    def test_11_a_key_path_that_is_wrong_is_refused_before_the_rename(self):
        [key] = (self.node.kubernetes / "pki").glob("sa-2*.pub")
        key.rename(key.with_suffix(".away"))
        before = self.node.manifest.read_bytes()
        said = self.here("apiserver", "patch", "--issuer", "https://id.example.com/next", "--phase", "accept", code=1)
        key.with_suffix(".away").rename(key)
        self.assertIn("which is not there: the API server would not start", said)
        self.assertEqual(self.node.manifest.read_bytes(), before)

    @soak_only
    def test_12_the_swap_in_one_step_as_a_control(self):
        self.unauthorized()
        text = self.node.manifest.read_text()
        new = self.folder / "swapped.yaml"
        new.write_text(re.sub(r"--service-account-issuer=\S+", "--service-account-issuer=https://id.example.com/swapped", text))
        new.chmod(0o600)
        staged = self.node.kubernetes / "swapped.yaml"
        staged.write_bytes(new.read_bytes())
        staged.rename(self.node.manifest)
        until("the other issuer", 120, lambda: "swapped" in self.node.try_kubectl("get", "--raw", "/.well-known/openid-configuration").stdout)
        before = self.answers()
        try:
            until("401s", 120, lambda: self.answers()["401"] >= before["401"] + 10 * CLIENTS)
        except AssertionError:
            self.fail(f"too few answers 401: {before}, then {self.answers()}")
        since = self.answers() - before
        print(f"the swap in one step: {since['401']} of {since['401'] + since['201']} answers were 401", flush=True)
        self.assertEqual(since["201"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
