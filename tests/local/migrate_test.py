"""irsa migrate as a process: a cluster of two API servers goes from its own issuer to one that AWS reads, and back."""
import json
import os
import time
import unittest

from support.control_planes import OLD, ControlPlanes
from support.nodes import WISH, NodesCase
from support.scale import SANITIZED, soak_only

IRSA = os.environ["IRSA"]
DAY = 24 * 3600


@unittest.skipIf(SANITIZED, "takes minutes; its rooms have their own tests")
class Migrate(NodesCase):
    def setUp(self):
        self.begin(IRSA)

    def migrate(self, verb, *arguments, code=0):
        return self.irsa("migrate", verb, *arguments, code=code)

    def status(self, *arguments):
        return self.seen("migrate", "status", *arguments)

    def closed(self):
        return [gate["name"] for gate in self.status()["gates"] if not gate["met"]]

    def issuers(self):
        return self.flags("service-account-issuer")

    def go_to(self, phase):
        while self.status()["phase"] != phase:
            self.migrate("next", *self.nodes)
        return self.status()["issuer"]

    def test_goes_through_its_phases_and_keeps_every_token(self):
        kept = [server.mint({}) for server in self.planes.servers]
        self.planes.add_pod("shop/orders", time.time() - 100)
        seen = []
        for _ in range(4):
            seen.append(self.status()["phase"])
            self.migrate("next", *self.nodes)
            for token in kept + [server.mint({}) for server in self.planes.servers]:
                self.assertTrue(all(server.accepts(token) for server in self.planes.servers), seen)
        self.assertEqual(seen, ["publish", "provider", "accept", "switch"])
        new = self.status()["issuer"]
        self.assertEqual(self.issuers(), [[new, OLD]] * 2)
        self.assertEqual(self.status()["phase"], "drain")
        refused = self.migrate("next", *self.nodes, code=1)
        self.assertIn("1 pod is older than", refused.stderr)
        self.assertIn("shop/orders", refused.stderr)
        self.planes.pods.clear()
        self.planes.add_pod("shop/orders", time.time() + 10)
        self.migrate("next", *self.nodes)
        self.assertEqual(self.issuers(), [[new]] * 2)
        self.assertEqual(self.status()["phase"], "done")
        self.assertIn("is done", self.migrate("next").stdout)

    def test_refuses_a_second_too_early_and_says_until_when(self):
        self.planes.add_pod("shop/orders", time.time() - 10 * DAY)
        self.go_to("drain")
        for server in self.planes.servers:
            server.started = time.time() - DAY - 300 + 20
        refused = self.migrate("next", *self.nodes, code=1)
        until = self.status()["opensAt"]
        self.assertIn(f"hint: run irsa migrate next again after {until}", refused.stderr)
        for server in self.planes.servers:
            server.started = time.time() - DAY - 300
        self.assertEqual(self.status()["phase"], "finish")
        self.migrate("next", *self.nodes)
        self.assertEqual(self.status()["phase"], "done")

    @soak_only
    def test_a_client_that_never_reads_its_token_again_is_named(self):
        self.go_to("finish")
        self.planes.servers[1].stale = 7
        log = self.folder / "audit.log"
        log.write_text(json.dumps({"annotations": {"authentication.k8s.io/stale-token":
                                                   "subject: system:serviceaccount:shop:orders, seconds after warning threshold: 60"}}) + "\n")
        refused = self.migrate("next", "--audit-log", log, code=1)
        self.assertIn("7 requests came with a token that the kubelet had renewed", refused.stderr)
        self.assertIn("system:serviceaccount:shop:orders", refused.stderr)
        self.migrate("next", *self.nodes, "--stale-is-fine")
        self.assertEqual(self.status()["phase"], "done")

    @soak_only
    def test_goes_back_from_every_phase(self):
        new = self.go_to("switch")
        self.migrate("next", "--back", *self.nodes)
        self.assertEqual(self.issuers(), [[OLD]] * 2)
        self.go_to("finish")
        self.migrate("next", "--back", *self.nodes)
        self.assertEqual(self.issuers(), [[OLD, new]] * 2)
        self.go_to("done")
        self.assertIn("--former", self.migrate("next", "--back", *self.nodes, code=1).stderr)
        self.migrate("next", "--back", "--former", OLD, *self.nodes)
        self.assertEqual(self.issuers(), [[new, OLD]] * 2)

    @soak_only
    def test_goes_back_to_an_issuer_that_iam_would_not_take(self):
        former = "https://192.0.2.20:6443"
        for server in self.planes.servers:
            server.manifest.write_text(server.manifest.read_text().replace(OLD, former))
            server.settle()
        new = self.go_to("switch")
        self.assertEqual(self.issuers(), [[former, new]] * 2)
        self.migrate("next", "--back", *self.nodes)
        self.assertEqual(self.issuers(), [[former]] * 2)

    def test_without_a_way_to_the_nodes_it_prints_the_commands(self):
        self.go_to("accept")
        done = self.migrate("next", code=2)
        self.assertIn("this step is on the control-plane nodes: accept", done.stdout)
        self.assertIn("--phase accept", done.stdout)
        self.assertEqual(self.issuers(), [[OLD]] * 2)

    @soak_only
    def test_an_api_server_that_is_away_or_differs_stops_it(self):
        self.go_to("accept")
        self.planes.servers[1].unwell = 10**6
        self.assertEqual(self.closed(), ["ready"])
        self.migrate("next", *self.nodes, code=1)
        self.planes.servers[1].unwell = 0
        (self.planes.servers[1].keys / "sa.pub").write_bytes(ControlPlanes(self.folder, count=1).first_keys["sa.pub"])
        self.assertEqual(self.status()["phase"], "publish")  # a key that is not published yet
        self.migrate("next")
        self.assertIn("minted", self.closed())

    def test_it_waits_for_the_kubelets_report_of_a_new_pod(self):
        self.go_to("switch")
        self.planes.servers[1].reports = ["former", "mixed", "none"] + ["bare"] * 5
        self.assertEqual((self.closed(), self.planes.servers[1].reports), ([], ["bare"] * 4))  # it needs no status

    @soak_only
    def test_documents_that_lack_a_key_stop_it(self):
        self.go_to("switch")
        bucket = self.account.client("s3").list_buckets()["Buckets"][0]["Name"]
        self.account.client("s3").put_object(Bucket=bucket, Key="keys.json", Body=b'{"keys":[]}')
        self.assertEqual(self.closed(), ["published"])

    @soak_only
    def test_from_one_issuer_of_ours_to_another_aws_forgets_the_former_at_the_end(self):
        first = self.go_to("done")
        (self.folder / "irsa.yaml").write_text(WISH.replace("  kubeconfig: kubeconfig\n", "  kubeconfig: kubeconfig\nissuer: {prefix: second}\n"))
        self.assertIn("lies in the same bucket", self.migrate("status", code=1).stderr)
        iam = self.account.client("iam")
        (self.folder / "irsa.yaml").write_text(WISH.replace("  kubeconfig: kubeconfig\n", "  kubeconfig: kubeconfig\nissuer: {bucket: edge-second-issuer}\n"))
        second = self.go_to("finish")
        self.assertEqual(self.status()["former"], first)
        trust = json.dumps(iam.get_role(RoleName="app-0")["Role"]["AssumeRolePolicyDocument"])
        self.assertIn(first[8:] + ":sub", trust)
        self.assertIn(second[8:] + ":sub", trust)
        self.migrate("next", *self.nodes)
        self.assertEqual(self.status("--former", first)["phase"], "done")
        trust = json.dumps(iam.get_role(RoleName="app-0")["Role"]["AssumeRolePolicyDocument"])
        self.assertNotIn(first[8:] + ":sub", trust)
        [provider] = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        self.assertTrue(provider["Arn"].endswith(second[8:]))

    def test_plan_shows_the_way(self):
        plan = json.loads(self.migrate("plan", "-o", "json").stdout)
        self.assertEqual([(one["name"], one["when"]) for one in plan["phases"]][:2], [("publish", "next"), ("provider", "later")])
        self.assertEqual(self.issuers(), [[OLD]] * 2)

    def test_a_cluster_that_is_not_named_is_asked_for(self):
        (self.folder / "irsa.yaml").write_text(WISH.replace("cluster:\n  kubeconfig: kubeconfig\n", ""))
        self.assertIn("no section cluster", self.migrate("status", code=3).stderr)


if __name__ == "__main__":
    unittest.main()
