"""irsa --job as a process: Jobs on the control-plane nodes instead of ssh, what becomes of them, and that nothing of them is left."""
import json
import os
import signal
import stat
import subprocess
import unittest

from support.control_planes import OLD
from support.kubelets import JOBS, Kubelets
from support.nodes import NodesCase
from support.scale import SANITIZED, soak_only
from support.until import until

IRSA = os.environ["IRSA"]
NEW = "https://id.example.com/new"
IMAGE = "registry.example.com/irsa:1"


@unittest.skipIf(SANITIZED, "takes minutes; its rooms have their own tests")
class NodeJob(NodesCase):
    def setUp(self):
        self.begin(IRSA)
        self.place = ["--root", self.folder / "node", "--manifest", self.folder / "node/kubernetes/manifests/kube-apiserver.yaml"]
        self.kubelets = Kubelets(self.planes, IRSA, self.go_to)

    def go_to(self, node):
        link = self.folder / "node"
        link.unlink(missing_ok=True)
        link.symlink_to(self.folder / node)

    def accept(self, *nodes):
        names = [word for node in nodes or ("node0", "node1") for word in ("--node", node)]
        return ["apiserver", "patch", "--issuer", NEW, "--phase", "accept", *names, "--job", *self.place]

    def issuers(self):
        return self.flags("service-account-issuer")

    def nothing_is_left(self):
        self.assertEqual(self.kubelets.left("jobs", "secrets", "configmaps"), [])
        self.assertEqual(self.kubelets.pods, {})

    def refused(self, *arguments, code=1):
        """Nothing was changed; gives what was said."""
        said = self.irsa(*arguments, code=code).stderr
        self.assertEqual(self.issuers(), [[OLD]] * 2)
        self.nothing_is_left()
        return said

    def test_goes_from_node_to_node_while_each_api_server_restarts(self):
        done = self.irsa(*self.accept(), "--image", IMAGE)
        self.assertEqual(self.issuers(), [[OLD, NEW]] * 2)
        self.assertEqual([job["spec"]["template"]["spec"]["nodeName"] for job in self.kubelets.made], ["node0", "node1"])
        self.assertEqual(self.kubelets.made[0]["spec"]["template"]["spec"]["containers"][0]["image"], IMAGE)
        self.assertIn("node node1 (2 of 2)", done.stderr)
        self.assertIn("the kubelet restarts the API server", done.stderr)
        self.assertNotIn("irsa-on-node output", done.stderr)
        self.assertEqual(done.stdout.count(f"signs as {OLD}"), 2)
        self.nothing_is_left()

    def test_the_result_is_a_document_and_the_image_that_of_irsa_yaml(self):
        done = self.irsa(*self.accept("node1"), "-o", "json", "--quiet")
        document = json.loads(done.stdout)
        output = document.pop("output")
        self.assertEqual(document, {"nodes": ["node1"], "issuer": NEW, "phase": "accept"})
        self.assertEqual(list(output), ["node1"])
        self.assertIn("pre-image", output["node1"])
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.issuers(), [[OLD], [OLD, NEW]])
        self.assertEqual(self.kubelets.made[0]["spec"]["template"]["spec"]["containers"][0]["image"], "irsa-anywhere:0.1.0")

    @soak_only
    def test_a_dry_run_shows_each_nodes_diff(self):
        self.assertEqual(self.irsa(*self.accept(), "--dry-run").stdout.count(f"+    - --service-account-issuer={NEW}"), 2)
        self.assertEqual(self.issuers(), [[OLD]] * 2)
        self.nothing_is_left()

    def test_a_private_key_goes_there_in_a_secret_alone(self):
        self.irsa("apply", "--yes", "--only", "issuer,provider,roles")
        done = self.irsa("keys", "rotate", "introduce", "--node", "node0", "--node", "node1", "--job", *self.place)
        [kept] = (self.folder / "keys").glob("sa-2*.key")
        line = kept.read_text().splitlines()[1]
        for server in self.planes.servers:
            [key] = server.keys.glob("sa-2*.key")
            self.assertEqual(key.read_text(), kept.read_text())
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        for told in (done.stdout, done.stderr, json.dumps(self.kubelets.made), *self.kubelets.logs.values()):
            self.assertNotIn(line, told)
        self.nothing_is_left()

    def test_stops_at_the_first_that_does_not_come_back(self):
        self.planes.servers[0].obeys = False
        said = self.irsa(*self.accept(), "--timeout", "2s", code=1).stderr
        self.assertIn("stopped at node node0: after 2 s the API server", said)
        self.assertIn("not reached: node1", said)
        self.assertIn("hint: mend that node, then run the same command again", said)
        self.assertEqual(len(self.kubelets.made), 1)
        self.nothing_is_left()

    def test_names_the_nodes_that_were_done_before(self):
        (self.folder / "node1/kubernetes/manifests/kube-apiserver.yaml").rename(self.folder / "away.yaml")
        self.planes.servers[1].look = lambda: True
        said = self.irsa(*self.accept(), code=1).stderr
        self.assertIn("stopped at node node1: ", said)
        self.assertIn("kube-apiserver.yaml: there is no such manifest (exit code 1)", said)
        self.assertIn("done before: node0", said)
        self.nothing_is_left()

    def test_a_user_who_may_make_no_jobs_is_told_so(self):
        self.kubelets.refusal = 'jobs.batch is forbidden: User "dev" cannot create resource "jobs" in the namespace "kube-system"'
        said = self.refused(*self.accept())
        self.assertIn('stopped at node node0: POST /apis/batch/v1/namespaces/kube-system/jobs: HTTP 403 Forbidden: jobs.batch', said)
        self.assertIn("hint: use a kubeconfig that may do this in kube-system, or go by ssh, without --job", said)

    def test_pod_security_that_refuses_the_pod_is_named(self):
        self.kubelets.warning = 'Error creating: pods "x" is forbidden: violates PodSecurity "baseline:latest": privileged'
        said = self.refused(*self.accept())
        self.assertIn("stopped at node node0: the Job kube-system/irsa-on-node0-", said)
        self.assertIn('violates PodSecurity "baseline:latest"; not reached: node1', said.replace(": privileged", ""))
        self.assertIn("kubectl label namespace kube-system", said)

    def test_an_image_that_cannot_be_pulled_is_named_at_once(self):
        self.kubelets.waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "irsa-anywhere:0.1.0"'}
        said = self.refused(*self.accept())
        self.assertIn("can't run: ImagePullBackOff: Back-off pulling", said)
        self.assertIn("hint: name an image with irsa that this node can pull by --image (now irsa-anywhere:0.1.0)", said)

    def test_every_node_is_looked_at_before_the_first_is_gone_to(self):
        said = self.refused(*self.accept("node0", "root@cp1"))
        self.assertIn("there is no node root@cp1; nothing was changed", said)
        self.assertIn("as kubectl get nodes does", said)
        self.kubelets.not_ready.add("node1")
        self.assertIn("the node node1 is not ready", self.refused(*self.accept()))
        self.assertEqual(self.kubelets.made, [])

    def test_a_run_that_was_killed_leaves_a_job_that_the_next_waits_for_and_removes(self):
        self.planes.servers[0].obeys = False
        process = subprocess.Popen(self.account.command(*self.accept(), "--timeout", "60s"), stderr=subprocess.DEVNULL, **self.account.options())
        until("the manifest written", 30, lambda: NEW in self.planes.servers[0].manifest.read_text())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), 128 + signal.SIGINT)
        [left] = self.kubelets.left("jobs")
        self.planes.objects["/api/v1/namespaces/kube-system/secrets/of-it"] = {"metadata": {
            "name": "of-it", "ownerReferences": [{"uid": left["metadata"]["uid"]}]}}
        with subprocess.Popen(self.account.command(*self.accept()), text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              **self.account.options()) as second:
            for line in second.stderr:
                if "of an earlier run is still at work on node0" in line:
                    self.planes.servers[0].obeys = True
        self.assertEqual(second.returncode, 0)
        self.assertEqual(self.issuers(), [[OLD, NEW]] * 2)
        self.nothing_is_left()

    def test_a_job_that_was_left_behind_goes_and_one_of_another_node_stays(self):
        for name, node in (("old", "node0"), ("other", "node7")):
            self.planes.objects[f"{JOBS}/{name}"] = {"metadata": {"name": name, "uid": name}, "spec": {"template": {"spec": {"nodeName": node}}}}
        self.irsa(*self.accept("node0"))
        self.assertEqual([job["metadata"]["name"] for job in self.kubelets.left("jobs")], ["other"])

    def test_needs_nodes_and_no_ssh(self):
        self.assertIn("--job requires --node", self.irsa("apiserver", "patch", "--issuer", NEW, "--job", code=3).stderr)
        self.assertIn("--ssh", self.irsa(*self.accept(), "--ssh", "ssh", code=3).stderr)
        self.assertIn("--image requires --job", self.irsa("migrate", "next", "--node", "node0", "--image", IMAGE, code=3).stderr)


if __name__ == "__main__":
    unittest.main()
