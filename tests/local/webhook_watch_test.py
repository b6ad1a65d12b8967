"""irsa-webhook follows an API server that breaks, forgets, restarts, refuses and talks nonsense, and goes on answering meanwhile."""
import gzip
import json
import os
import random
import time
import unittest

from support.kubernetes_api import TOKEN
from support.load import Load
from support.webhook import job_pod
from support.webhook_case import ANNOTATION, ROLE, SANITIZED, SOAK, Case, environment_of, lifted, review_of, scaled

ACCOUNTS = "/serviceaccounts$"


class Watching(Case):
    def setUp(self):
        super().setUp()
        self.api.put("default", "b")  # old and without a role: known by the watch alone

    def lists(self):
        """Lists that were begun so far."""
        return [call for call in self.api.called(path=ACCOUNTS, watch=False) if "continue" not in call.query]

    def watches(self):
        return self.api.called(path=ACCOUNTS, watch=True)

    def role_of(self, webhook, account):
        return environment_of(webhook.admit(job_pod(account))).get("AWS_ROLE_ARN")

    def follows(self, webhook, seconds=20):
        """The next change of account b reaches it."""
        role = f"{ROLE}-{self.api.version}"
        self.api.put("default", "b", {ANNOTATION: role})
        self.must(lambda: self.role_of(webhook, "b") == role, seconds, "a change is not followed")

    def say(self, line):
        """Ends the watch by a line that can't be followed by others."""
        watches, lists = self.api.watches, len(self.lists())
        self.api.say(line)
        self.must(lambda: len(self.lists()) == lists + 1 and self.api.watches > watches, 30)

    def load(self, webhook, **options):
        return self.enter(Load(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust,
                               **{"rate": 100, "seconds": 600, **options}))


class Expired(Watching):
    def test_W01_lists_again_after_410_wherever_it_comes_and_never_forgets_meanwhile(self):
        for number in range(1200):
            self.api.put("many", f"app-{number}")
        webhook = self.start()
        load = self.load(webhook)
        self.api.delete("many", "app-0")
        self.api.forget()  # the deletion can't be watched any more
        self.api.sever()
        self.must(lambda: len(self.lists()) == 2)
        self.must(lambda: webhook.metric("irsa_webhook_service_accounts") == 1201)

        self.must(lambda: self.api.watches == 2)
        self.say(json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired",
                                                         "message": "too old resource version"}}).encode() + b"\n")
        self.api.fail(path=ACCOUNTS, watch=False, delay=0.3, times=2)  # both pages of the next list take a while
        self.api.forget()
        self.api.sever()
        self.must(lambda: len(self.lists()) == 4)
        time.sleep(0.4)
        self.api.forget()  # and so does the token of its second page
        self.must(lambda: any(call.status == 410 for call in self.api.called(path=ACCOUNTS, watch=False)))
        self.follows(webhook)
        self.assert_flawless(load.result())


class Broken(Watching):
    def test_W02_loses_nothing_wherever_the_connection_breaks(self):
        seeded = random.Random(20261124)
        webhook = self.start()
        names = [f"app-{number}" for number in range(20)]
        roles = {}
        cuts = scaled(40, 1000)
        for _ in range(cuts):
            self.api.fail(path=ACCOUNTS, watch=True, times=1, cut=seeded.randrange(300, 3000),
                          ending=seeded.choice(("close", "half")))
        self.api.fail(path=ACCOUNTS, watch=True, times=1, cut=700, ending="reset")
        self.api.sever()
        step, end = 0, time.monotonic() + 600
        while self.api.watches < cuts + 2 and time.monotonic() < end:
            step += 1
            name = seeded.choice(names)
            if step % 5 == 4 and name in roles:
                self.api.delete("default", name)
                del roles[name]
            else:
                roles[name] = f"{ROLE}-{step}"
                self.api.put("default", name, {ANNOTATION: roles[name]})
            time.sleep(0.002)
        self.api.lift()
        self.follows(webhook, 60)
        for name in names:
            self.assertEqual(self.role_of(webhook, name), roles.get(name), name)
        self.assertEqual(webhook.metric("irsa_webhook_service_accounts"), len(self.api.objects["serviceaccounts"]))
        self.assertEqual(len(self.lists()), 1)

    @unittest.skipUnless(SOAK, "takes a minute: script/test soak")
    def test_W03_notices_a_server_that_fell_silent_without_a_word(self):
        webhook = self.start()
        self.api.fail(path=ACCOUNTS, watch=True, times=1, cut=600, ending="silence")
        self.api.sever()
        self.must(lambda: len(self.watches()) == 2)
        for number in range(10):
            self.api.put("default", f"app-{number}")  # of which 600 bytes arrive
        silent = time.monotonic()
        self.must(lambda: len(self.watches()) == 3, 90)
        self.assertLess(time.monotonic() - silent, 60 if SANITIZED else 50)
        self.follows(webhook)

    def test_W07_copes_with_events_in_every_shape(self):
        self.api.fail(path=ACCOUNTS, watch=True, piece=1)  # each byte by itself
        webhook = self.start()
        self.follows(webhook)
        self.api.lift()
        with self.api.changed:  # two events in one piece
            self.api.put("default", "c", {ANNOTATION: ROLE})
            self.api.put("default", "d", {ANNOTATION: ROLE})
        self.must(lambda: self.role_of(webhook, "d"))
        self.assertEqual(self.role_of(webhook, "c"), ROLE)
        event = json.dumps({"type": "ADDED", "object": self.api.read("serviceaccounts", "default", "a")}).encode()
        self.api.say(event + b"\r\n")
        self.api.say(b"\n" + event + b"\n")
        self.follows(webhook)
        self.assertEqual(len(self.lists()), 1)

        for nonsense in (b"{" + b"x" * 200 + b"\n", b'{"type":"ADDED","object":[]}\n', b"\xff\xfe\n",
                         b'"' + b"x" * (17 << 20) + b'"\n', gzip.compress(event) + b"\n"):
            self.say(nonsense)
            self.assert_injects(webhook)
        self.follows(webhook)


class Down(Watching):
    def test_W04_goes_on_with_what_it_knows_and_asks_at_growing_distances(self):
        webhook = self.start()
        load = self.load(webhook)
        self.api.down()
        time.sleep(scaled(1, 60))
        self.api.up()
        self.follows(webhook)
        for fault in ({"status": 429, "headers": {"Retry-After": "1"}}, {"status": 503}, {"raw": b"\0\r\n\r\n"}):
            with lifted(self.api.fail(path=ACCOUNTS, **fault)):
                before = len(self.watches())
                self.api.sever()
                time.sleep(scaled(1, 30))
                self.assertLessEqual(len(self.watches()) - before, scaled(2, 6), fault)  # at 0.8, 2.4, 5.6 s, or later
            self.follows(webhook)
        self.assertTrue(webhook.ready())
        self.assertEqual(len(self.lists()), 1)
        self.assert_flawless(load.result(), at_least=100)

    def test_W05_neither_needs_bookmarks_nor_misses_one(self):
        webhook = self.start()
        self.must(lambda: self.api.watches == 1)
        with self.api.changed:
            self.api.version += 1000
        self.api.bookmark(new={"field": ["of", "later", {"versions": None}]})
        self.api.end_watches()
        self.must(lambda: self.watches()[-1].query["resourceVersion"] == str(self.api.version))
        self.follows(webhook)
        self.assertEqual(len(self.lists()), 1)

    def test_W08_takes_a_new_token_as_soon_as_it_is_there(self):
        tokens = self.folder / "tokens"
        tokens.mkdir()

        def write(generation, token):  # as the kubelet does it
            (tokens / generation).mkdir()
            (tokens / generation / "token").write_text(token + "\n")
            (tokens / "new").symlink_to(generation)
            os.replace(tokens / "new", tokens / "..data")

        write("1", TOKEN)
        (tokens / "token").symlink_to("..data/token")
        self.api.write_kubeconfig({"tokenFile": str(tokens / "token")})
        webhook = self.start()
        self.api.token = "the-second-token"
        self.api.sever()
        self.must(lambda: "refuses our credentials" in webhook.get("/readyz")[1])
        self.assert_injects(webhook)
        self.assertEqual(self.post(webhook, "unknown")[0], 500)
        write("2", "the-second-token")
        started = time.monotonic()
        self.must(webhook.ready)
        self.assertLess(time.monotonic() - started, 10)
        self.follows(webhook)
        self.assertEqual(len(self.lists()), 1)

    def test_W09_survives_restarts_in_a_row_without_a_failed_review(self):
        webhook = self.start()
        load = self.load(webhook, rate=50 if SANITIZED else scaled(100, 500))
        restarts = scaled(3, 200)
        for _ in range(restarts):
            self.api.down()
            self.api.up()
            self.follows(webhook)
        self.assertLessEqual(len(self.lists()), restarts + 1)
        self.assert_flawless(load.result(), at_least=50)

    def test_W10_keeps_up_with_a_flood_of_changes(self):
        webhook = self.start("--log-decisions=false")
        load = self.load(webhook)
        lags, number, end = [], 0, time.monotonic() + scaled(3, 60)
        while time.monotonic() < end:
            for _ in range(20 if SANITIZED else 100):
                number += 1
                self.api.put(f"ns-{number % 100}", f"app-{number % 5000}", {ANNOTATION: f"{ROLE}-{number}"})
            changed = time.monotonic()
            self.follows(webhook)
            lags.append(time.monotonic() - changed)
        lags.sort()
        self.assertGreater(number, 50 if SANITIZED else 200)
        self.assertLess(lags[int(len(lags) * 0.99)], 10 if SANITIZED else 1, f"{number} changes")
        self.assert_flawless(load.result())


if __name__ == "__main__":
    unittest.main(verbosity=2)
