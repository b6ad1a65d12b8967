"""irsa-webhook with an authority of its own (--cert-source=self): replicas share a Secret, one of them keeps the caBundle right, and
nobody who trusts what the API server was seen to have ever meets a certificate it does not know."""
import base64
import json
import signal
import threading
import time
import unittest

from support.load import Load, replace_file
from support.webhook_case import RATE, ROLE, SANITIZED, Case, eventually, review_of, scaled

NAMESPACE, NAME = "irsa-system", "pod-identity-webhook"
CONFIGURATION = "mutatingwebhookconfigurations"
PACE = 2 if SANITIZED else 1  # a handshake takes a sanitizer several times as long


def lifetimes(authority, leaf, settle):
    """Flags for lives of so many seconds."""
    return [f"--{name}={seconds * PACE}s" for name, seconds in (("ca-lifetime", authority), ("cert-lifetime", leaf), ("ca-settle", settle))]


class Authority(Case):
    def setUp(self):
        super().setUp()
        self.api.write("secrets", NAMESPACE, NAME, type="Opaque")
        self.api.write("leases", NAMESPACE, NAME, spec={})
        self.api.write(CONFIGURATION, None, NAME, webhooks=[
            {"name": "ours", "clientConfig": {"service": {"name": NAME, "namespace": NAMESPACE, "path": "/mutate"}}},
            {"name": "others", "clientConfig": {"service": {"name": "other", "namespace": NAMESPACE}, "caBundle": "QQ=="}}])

    def replica(self, number, *flags, **options):
        return self.start("--cert-source=self", f"--namespace={NAMESPACE}", *flags, certificate=None, name=f"replica-{number}",
                          **options)

    def bundle(self):
        """The caBundle as the API server has it."""
        ours, others = self.api.read(CONFIGURATION, None, NAME)["webhooks"]
        self.assertEqual(others["clientConfig"]["caBundle"], "QQ==")
        return base64.b64decode(ours["clientConfig"].get("caBundle", "")).decode()

    def set_bundle(self, text):
        configuration = self.api.read(CONFIGURATION, None, NAME)
        configuration["webhooks"][0]["clientConfig"]["caBundle"] = base64.b64encode(text.encode()).decode()
        self.api.write(CONFIGURATION, None, NAME, webhooks=configuration["webhooks"])

    def secret(self, member):
        text = self.api.read("secrets", NAMESPACE, NAME).get("data", {}).get(member, "")
        return base64.b64decode(text).decode()

    def observe(self, lag):
        """A file that has the caBundle as it was seen `lag` seconds ago, like an API server that is told of it late."""
        file, stop = self.folder / "observed.pem", threading.Event()
        replace_file(file, self.bundle())

        def follow():
            seen = [(time.monotonic(), self.bundle())]
            while not stop.wait(0.02):
                if (now := self.bundle()) != seen[-1][1]:
                    seen.append((time.monotonic(), now))
                while len(seen) > 1 and seen[1][0] + lag <= time.monotonic():
                    seen.pop(0)
                    replace_file(file, seen[0][1])

        thread = threading.Thread(target=follow)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        return file

    def load(self, replicas, trust, **options):
        return self.enter(Load(self.folder, [(review_of("a"), ROLE)], [replica.port for replica in replicas], trust,
                               **{"rate": RATE, "seconds": 3600, "fresh": 4,
                                  "name": f"{NAME}.{NAMESPACE}.svc", **options}))

    def assert_trusted(self, replicas):
        """By whoever trusts the caBundle as it is now."""
        load = self.load(replicas, self.observe(lag=0), count=30, fresh=1, timeout=60)
        self.assert_flawless(load.result(stop=False), at_least=30)

    def leader(self, replicas):
        leading = [replica for replica in replicas if replica.metric("irsa_webhook_leader")]
        return leading[0] if len(leading) == 1 else None


class Replicas(Authority):
    def test_one_to_three_share_one_authority_and_one_leads(self):
        replicas = []
        for number in range(3):
            replicas.append(self.replica(number))
            self.must(lambda: self.leader(replicas))
            self.assertEqual(self.bundle(), self.secret("ca.crt"))
            self.assert_trusted(replicas)
        self.assertEqual(self.bundle().count("BEGIN"), 1)
        first = self.leader(replicas)
        replicas.remove(first)
        first.process.terminate()
        self.must(lambda: self.leader(replicas), 10)  # the Lease was given up, so nobody waits for its end

    def test_starting_all_at_once_they_make_one_authority(self):
        replicas = [self.replica(number, waits=None) for number in range(3)]
        self.must(lambda: all(replica.ready() for replica in replicas))
        self.assertEqual(self.bundle().count("BEGIN"), 1)
        self.assert_trusted(replicas)

    def test_without_the_secret_or_the_right_to_it_none_is_ready_and_it_says_why(self):
        self.api.remove("secrets", NAMESPACE, NAME)
        webhook = self.replica(0, waits="alive")
        self.must(lambda: "is made by irsa apply" in webhook.log())
        self.api.write("secrets", NAMESPACE, NAME, type="Opaque")
        fault = self.api.fail(path="/secrets/", status=403)
        self.must(lambda: "403 Forbidden" in webhook.log())
        self.assertFalse(webhook.ready())
        self.api.lift(fault)
        self.must(webhook.ready)


class Rotation(Authority):
    def test_C03_authorities_follow_each_other_without_a_failed_handshake(self):
        flags = lifetimes(12, 9, 2)
        replicas = [self.replica(number, *flags) for number in range(2)]
        load = self.load(replicas, self.observe(lag=0.8), timeout=30)
        bundles, end = set(), time.monotonic() + scaled(14 * PACE, 900)
        while time.monotonic() < end:
            bundles.add(self.bundle())
            time.sleep(0.1)
        self.assert_flawless(load.result(), at_least=200)
        authorities = {part for bundle in bundles for part in bundle.split("-----END")}
        self.assertGreaterEqual(len(authorities), scaled(2, 100))

    def test_C03_a_rotation_that_is_cut_short_is_finished_by_whoever_comes_next(self):
        flags = lifetimes(9, 6, 1)
        first = self.replica(0, *flags)
        for fault in ({"path": f"/{CONFIGURATION}/"}, {"path": "/secrets/"}):
            before = self.secret("ca.crt")
            fault = self.api.fail(method="PUT", status=500, **fault)
            self.must(lambda: "500 InternalError" in first.log(), 40)
            first.process.kill()
            first.process.wait()
            self.api.lift(fault)
            spec = self.api.read("leases", NAMESPACE, NAME)["spec"]
            self.api.write("leases", NAMESPACE, NAME, spec={**spec, "holderIdentity": ""})
            first = self.replica(1, *flags)
            self.must(lambda: self.bundle() == self.secret("ca.crt") and not self.secret("next-ca.key"), 40)
            self.assertTrue(before)
            self.assert_trusted([first])

    def test_C07_a_caBundle_that_is_wiped_or_replaced_is_put_right_within_ten_seconds(self):
        webhook = self.replica(0)
        good = self.bundle()
        for bad in ("", (self.folder / "ca.crt").read_text(), "no certificate"):
            started = time.monotonic()
            self.set_bundle(bad)
            self.must(lambda: self.bundle() == good)
            self.assertLess(time.monotonic() - started, 20 if SANITIZED else 10)
        fault = self.api.fail(method="PUT", path=f"/{CONFIGURATION}/", status=403)
        self.set_bundle("")
        self.must(lambda: webhook.metric("irsa_webhook_ca_bundle_mismatch") == 1)
        self.api.lift(fault)
        self.must(lambda: webhook.metric("irsa_webhook_ca_bundle_mismatch") == 0)
        self.assertEqual(self.bundle(), good)

    def test_C08_of_two_that_both_believe_to_lead_one_authority_survives(self):
        first = self.replica(0)
        held = self.api.fail(method="PUT", path="/secrets/", delay=600, times=1)
        self.api.write("secrets", NAMESPACE, NAME, type="Opaque")
        self.must(lambda: self.api.called("PUT", "/secrets/")[1:])  # on its way from the first, with a new authority
        first.process.send_signal(signal.SIGSTOP)
        self.api.write("leases", NAMESPACE, NAME, spec={})
        second = self.replica(1)
        survivor = self.secret("ca.crt")
        held.lifted.set()
        self.must(lambda: any(call.status == 409 for call in self.api.called("PUT", "/secrets/")))
        first.process.send_signal(signal.SIGCONT)
        self.must(lambda: self.leader([first, second]) is second and first.metric("irsa_webhook_certificate_reloads_total") == 2)
        self.assertEqual((self.secret("ca.crt"), self.bundle()), (survivor, survivor))
        self.assert_trusted([first, second])

    def test_C09_after_a_sleep_past_the_end_of_its_certificate_it_has_a_new_one_at_once(self):
        webhook = self.replica(0, "--ca-lifetime=1h", "--cert-lifetime=5s")
        before = self.secret("tls.crt")
        webhook.process.send_signal(signal.SIGSTOP)
        time.sleep(6)
        webhook.process.send_signal(signal.SIGCONT)
        self.must(lambda: self.secret("tls.crt") != before, 20 if SANITIZED else 5)
        self.must(webhook.ready)
        self.assert_trusted([webhook])


if __name__ == "__main__":
    unittest.main(verbosity=2)
