"""irsa-webhook knows every service account: from the first list on, behind a late watch, and when it has to ask."""
import http.client
import json
import random
import time
import unittest

from support.load import Load, fire
from support.webhook import job_pod
from support.webhook_case import ANNOTATION, RATE, ROLE, SANITIZED, Case, environment_of, lifted, review_of, scaled

ACCOUNTS = "/serviceaccounts$"


class Readiness(Case):
    def test_A01_comes_with_the_first_whole_list_and_early_pods_are_looked_up(self):
        with lifted(self.api.fail(path=ACCOUNTS, delay=600)):
            webhook = self.start(waits="alive")
            for _ in range(20):
                status, why = webhook.get("/readyz")
                self.assertEqual((status, "not listed yet" in why), (503, True))
                self.assert_injects(webhook)
                self.assertEqual(self.post(webhook, "nobody")[1]["auditAnnotations"]["reason"], "AccountUnknown")
            with lifted(self.api.fail(path="/serviceaccounts/", status=503)):
                self.assertEqual(self.post(webhook, "unknown")[0], 500)  # and never a bare yes
        self.must(webhook.ready)

    def test_A02_never_comes_while_the_list_is_refused_and_that_is_said(self):
        for status, word in ((401, "refuses our credentials"), (403, "refuses our credentials"), (500, "can't be watched")):
            with self.subTest(status), lifted(self.api.fail(path=ACCOUNTS, status=status)):
                webhook = self.start(waits="alive", name=f"refused-{status}")
                self.must(lambda: webhook.metric("irsa_webhook_watch_failures_total") >= 2)
                self.assertEqual((webhook.get("/readyz")[0], webhook.get("/livez")[0]), (503, 200))
                self.assertIsNone(webhook.process.poll())
                failures = webhook.metric("irsa_webhook_watch_failures_total")
                self.assertLessEqual(webhook.log().count(word), failures + 1)  # once for each try, no more
                self.must(lambda: word in webhook.log())
        self.must(webhook.ready, 60)  # the last of them recovers by itself


class Asking(Case):
    def test_A10_a_pod_right_behind_its_account_is_not_missed(self):
        self.api.lag = 0.2
        webhook = self.start()
        seeded = random.Random(20261124)
        connection = http.client.HTTPSConnection("127.0.0.1", webhook.port, context=webhook.context, timeout=30)
        self.addCleanup(connection.close)
        for number in range(scaled(60, 10_000)):
            name = f"new-{number}"
            if number % 3 == 0:  # the account first, its role a moment later
                self.api.put("default", name, created=None)
                time.sleep(seeded.uniform(0, 0.3))
            self.api.put("default", name, {ANNOTATION: ROLE}, created=None)
            time.sleep(seeded.uniform(0, 0.005))
            started = time.monotonic()
            connection.request("POST", "/mutate?timeout=10s", json.dumps(review_of(name)), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self.assertEqual((answer.status, b'"patch"' in answer.read()), (200, True), name)
            time.sleep(max(0, 0.025 - (time.monotonic() - started)))  # below the 50 questions a second that are asked at most

    def test_A11_an_api_server_that_does_not_answer_costs_unknown_accounts_a_second_and_others_nothing(self):
        webhook = self.start()
        with lifted(self.api.fail(path="/serviceaccounts/", cut=0, ending="silence")):
            for _ in range(2):
                started = time.monotonic()
                self.assertEqual(self.post(webhook, "unknown")[0], 500)
                self.assertLess(time.monotonic() - started, 10 if SANITIZED else 2)
                self.assert_injects(webhook)
                time.sleep(1)  # until the failure is forgotten
            self.assertGreaterEqual(webhook.metric("irsa_webhook_account_lookup_failures_total"), 2)
        self.assertEqual(self.post(webhook, "unknown")[0], 200)

    def test_A11_a_question_whose_connection_is_cut_is_asked_again(self):
        webhook = self.start()
        self.api.fail(path="/serviceaccounts/", cut=0, ending="reset", times=1)
        self.assertEqual(self.post(webhook, "unknown")[0], 200)
        self.assertEqual(webhook.metric("irsa_webhook_account_lookup_failures_total"), 0)

    def test_A12_missing_accounts_by_the_thousand_cost_neither_memory_nor_the_api_server(self):
        webhook = self.start("--log-decisions=false")
        cases = [(review_of(f"missing-{number}"), "") for number in range(1000)]

        def load(count):
            return fire(self.folder, cases, [webhook.port], webhook.trust, count=count, seconds=600, parallel=100, query="?timeout=100ms")

        load(3_000)
        warm, asked, started = webhook.resident(), len(self.api.called(path="/serviceaccounts/")), time.monotonic()
        result = load(scaled(5_000, 100_000))
        took = time.monotonic() - started
        self.assertEqual(set(result["why"]) - {"status 500"}, set())  # no role, or no answer; nothing else
        calls = self.api.called(path="/serviceaccounts/")[asked:]
        self.assertLessEqual(len(calls), 50 * took + 60)
        last = {}
        for call in calls:
            self.assertGreater(call.time - last.get(call.path, 0), 0.9, call.path)
            last[call.path] = call.time
        if not SANITIZED:
            self.assertLess(webhook.resident() - warm, 2)


class Following(Case):
    def test_changes_of_accounts_are_followed(self):
        self.api.put("default", "b")
        webhook = self.start()
        self.assertNotIn("patch", webhook.review(job_pod("b")))
        self.api.put("default", "b", {ANNOTATION: ROLE})
        self.must(lambda: "patch" in webhook.review(job_pod("b")))
        self.api.put("default", "b")
        self.must(lambda: "patch" not in webhook.review(job_pod("b")))
        self.api.delete("default", "b")
        self.must(lambda: webhook.review(job_pod("b"))["auditAnnotations"]["reason"] == "AccountUnknown")

    def test_A13_every_answer_is_one_state_of_the_account_and_a_recent_one(self):
        webhook = self.start("--loops=2", "--log-decisions=false")
        states = [(0.0, "")]  # (since when, role)
        record = self.folder / "record"
        with Load(self.folder, [(review_of("torn"), None)], [webhook.port], webhook.trust, rate=RATE, seconds=600,
                  record=record) as load:
            end = time.monotonic() + scaled(3, 60)
            number = 0
            while time.monotonic() < end:
                number += 1
                annotations = {} if number % 7 == 0 else {
                    ANNOTATION: f"{ROLE}-{number}", "eks.amazonaws.com/audience": f"audience-{number}"}
                states.append((time.monotonic(), annotations.get(ANNOTATION, "")))
                self.api.put("default", "torn", annotations)
                time.sleep(0.003)
            result = load.result()
        self.assert_flawless(result, at_least=100)
        self.check_record(record.read_text().splitlines(), states, lag=10 if SANITIZED else 2)

    def check_record(self, lines, states, lag):
        seen = set()
        since = {role: began for began, role in states if role}
        for line in lines:
            _, sent, done, *_, role, audience = line.split("\t")
            seen.add(role)
            if not role:
                continue
            number = role.removeprefix(f"{ROLE}-")
            self.assertEqual(audience, f"audience-{number}")
            self.assertLessEqual(since[role], float(done))
            over = states[int(number) + 1][0] if int(number) + 1 < len(states) else float("inf")
            self.assertGreater(over + lag, float(sent), f"{role} had been gone for long")
        self.assertGreater(len(seen), 20)

    def test_A15_an_account_made_again_between_two_watches_is_a_new_one(self):
        webhook = self.start()
        for number in range(3):
            self.api.down()
            self.api.delete("default", "a")
            self.api.put("default", "a", {ANNOTATION: f"{ROLE}-{number}"})
            self.api.up()
            self.must(lambda: environment_of(webhook.admit(job_pod("a"))).get("AWS_ROLE_ARN") == f"{ROLE}-{number}")  # pylint: disable=cell-var-from-loop


class Size(Case):
    def test_A14_fifty_thousand_accounts_are_listed_by_pages_and_cost_little(self):
        for number in range(50_000):
            self.api.put(f"ns-{number % 1000}", f"app-{number}", {ANNOTATION: f"{ROLE}-{number}"} if number % 5 == 0 else {})
        for number in range(10):
            self.api.put("large", f"app-{number}", {ANNOTATION: ROLE, "notes": "x" * (256 << 10)})
        started = time.monotonic()
        webhook = self.start()
        took = time.monotonic() - started
        calls = self.api.called(path=ACCOUNTS, watch=False)
        self.assertEqual({call.query["limit"] for call in calls}, {"500"})
        self.assertEqual(len(calls), 101)
        self.assertEqual(webhook.metric("irsa_webhook_service_accounts"), 50_011)
        self.assertEqual(webhook.metric("irsa_webhook_service_accounts_with_role"), 10_011)
        if not SANITIZED:
            self.assertLess(took, 10)
            self.assertLess(webhook.resident(), 96)


if __name__ == "__main__":
    unittest.main(verbosity=2)
