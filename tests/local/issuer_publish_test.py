"""irsa issuer publish as a process: the published keys follow the API servers, and retired ones stay for a while."""
import json
import os
import re
import subprocess
import unittest

from support.control_planes import kid_of, public_of
from support.nodes import SECOND_PUB, NodesCase, metric
from support.scale import SANITIZED
from support.until import until

IRSA = os.environ["IRSA"]


@unittest.skipIf(SANITIZED, "takes minutes; its rooms have their own tests")
class Publish(NodesCase):
    def setUp(self):
        self.begin(IRSA)
        self.irsa("apply", "--yes", "--only", "issuer")
        self.first = kid_of(public_of(self.planes.first_keys["sa.pub"]))
        self.second = kid_of(public_of(SECOND_PUB))

    def publish(self, *arguments, code=0):
        return json.loads(self.irsa("issuer", "publish", "-o", "json", "--quiet", *arguments, code=code).stdout)

    def test_publishes_what_any_api_server_serves(self):
        self.assertEqual(self.publish()["changed"], [])
        self.teach(self.planes.servers[1])
        self.assertEqual(self.publish()["keys"], [self.first, self.second])
        self.assertEqual(self.published(), [self.first, self.second])
        self.assertEqual(self.publish()["changed"], [])

    def test_a_dry_run_says_what_would_be_written_and_leaves_everything(self):
        self.teach(*self.planes.servers)
        before = json.dumps(self.planes.objects)
        dry = self.publish("--dry-run")
        self.assertEqual((self.published(), json.dumps(self.planes.objects)), ([self.first], before))
        self.assertEqual(dry, self.publish())
        self.assertIn("keys.json", " ".join(dry["changed"]))
        self.forget(*self.planes.servers)
        before = json.dumps(self.planes.objects)
        self.assertEqual([one["kid"] for one in self.publish("--dry-run")["retired"]], [self.second])
        self.assertEqual(json.dumps(self.planes.objects), before)

    def test_a_retired_key_stays_for_its_grace(self):
        self.teach(*self.planes.servers)
        self.publish()
        self.forget(*self.planes.servers)
        seen = self.publish("--grace", "1h")
        self.assertEqual(seen["keys"], [self.first, self.second])
        self.assertEqual([one["kid"] for one in seen["retired"]], [self.second])
        self.assertEqual(self.publish("--grace", "0s")["keys"], [self.first])
        self.assertEqual(self.published(), [self.first])

    def test_a_revoked_key_is_published_no_more_whoever_serves_it(self):
        self.teach(*self.planes.servers)
        self.publish()
        [lease] = [one for path, one in self.planes.objects.items() if path.endswith("/irsa-republish-edge")]
        lease["metadata"].setdefault("annotations", {})["irsa-anywhere/revoked-keys"] = json.dumps([self.second])
        self.assertEqual(self.publish()["keys"], [self.first])
        self.assertEqual(self.publish()["retired"], [])

    def test_no_key_goes_while_an_api_server_is_away(self):
        self.teach(self.planes.servers[1])
        self.publish()
        self.planes.servers[1].unwell = 10**6
        self.assertEqual(self.publish("--grace", "0s")["keys"], [self.first, self.second])

    def watch(self):
        process = subprocess.Popen(self.account.command("issuer", "publish", "--watch", "--interval", "1s", "--metrics", "127.0.0.1:0"),
                                   text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, **self.account.options())
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stderr.close()))
        process.port = re.search(r"metrics at port (\d+)", process.stderr.readline())[1]
        return process

    def test_watches_as_one_of_several_and_says_by_metric_how_it_goes(self):
        first = self.watch()
        until("a first look", 30, lambda: metric(first.port, "last_success_timestamp_seconds") > 0)
        second = self.watch()
        self.teach(*self.planes.servers)
        until("the new key published", 30, lambda: self.published() == [self.first, self.second])
        until("a look that is counted", 10, lambda: metric(first.port, "writes_total") == 1)
        self.assertEqual(metric(first.port, "leader"), 1)
        self.assertEqual(metric(second.port, "leader"), 0)
        for server in self.planes.servers:
            server.text_before, server.text = server.text, ""  # serves no issuer
        until("a failure counted", 60, lambda: metric(first.port, "failures_total") > 0)
        self.assertEqual(self.published(), [self.first, self.second])
        for server in self.planes.servers:
            server.text = server.text_before
        first.kill()
        first.wait()
        until("the other to lead", 60, lambda: metric(second.port, "leader") == 1)


if __name__ == "__main__":
    unittest.main()
