"""irsa-webhook begins and ends without a review lost: drains, restarts in a row, sudden deaths, a successor on the same port, and
whatever is wrong with its standard streams."""
import fcntl
import http.client
import json
import os
import signal
import subprocess
import threading
import time
import unittest

from support import certificates
from support.load import Endpoints, Load
from support.webhook import Webhook
from support.webhook_case import PROGRAM, RATE, ROLE, SANITIZED, SOAK, Case, review_of, scaled

LAG, DRAIN = (5, 12) if SOAK else (0.8, 2)  # seconds until everybody knows who is gone, and that a webhook goes on answering


class Replicas(Case):
    def setUp(self):
        super().setUp()
        certificates.make_server(self.folder, "serving", "IP:127.0.0.1")
        self.started = 0
        self.endpoints = self.enter(Endpoints(self.folder, LAG))

    def replica(self, waits="ready"):
        self.started += 1
        replica = self.start(f"--tls-cert={self.folder}/serving.crt", f"--tls-key={self.folder}/serving.key", certificate=None,
                             name=f"replica-{self.started}", drain=f"{DRAIN}s", waits=waits)
        self.endpoints.replicas.append(replica)
        return replica

    def known(self, *replicas):
        self.must(lambda: self.endpoints.known() == sorted(replica.port for replica in replicas), 60)

    def load(self, **options):
        return self.enter(Load(self.folder, [(review_of("a"), ROLE)], self.endpoints, self.folder / "ca.crt",
                               **{"rate": RATE, "seconds": 7200, "fresh": 10, **options}))

    def stop(self, replica):
        """SIGTERM, and all that must follow it."""
        started = time.monotonic()
        replica.process.terminate()
        self.must(lambda: replica.get("/readyz")[0] == 503, 5)
        self.assertEqual(replica.process.wait(60), 0, replica.log()[-500:])
        self.assertLess(time.monotonic() - started, 30)
        self.endpoints.replicas.remove(replica)

    def test_O06_a_drain_loses_no_review(self):
        stays, goes = self.replica(), self.replica()
        self.known(stays, goes)
        load = self.load()
        connection = http.client.HTTPSConnection("127.0.0.1", goes.port, context=goes.context, timeout=20)
        self.addCleanup(connection.close)

        def post():
            connection.request("POST", "/mutate", json.dumps(review_of("a")), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Connection"), b"patch" in answer.read()

        self.assertEqual(post(), (200, None, True))
        goes.process.terminate()
        self.must(lambda: goes.get("/readyz")[0] == 503)
        self.assertEqual(post(), (200, "close", True))  # on a connection that was kept
        self.assertEqual(post(), (200, "close", True))  # and on a new one
        self.stop(goes)
        self.known(stays)
        self.assert_flawless(load.result(), at_least=50)

    def test_O07_restarts_in_a_row_lose_no_review(self):
        replicas = [self.replica() for _ in range(3)]
        self.known(*replicas)
        load = self.load()
        for _ in range(scaled(1, 5)):
            for number in range(3):
                old, replicas[number] = replicas[number], self.replica()
                self.known(old, *replicas)
                self.stop(old)
        self.assert_flawless(load.result(), at_least=100)

    def test_O08_a_sudden_death_costs_what_was_under_way_and_gives_no_pod_without_its_role(self):
        self.endpoints.lag = 0.2
        replicas = [self.replica() for _ in range(3)]
        self.known(*replicas)
        load = self.load()
        kills = scaled(3, 300)
        for number in range(kills):
            victim = replicas[number % 3]
            victim.process.kill()
            victim.process.wait()
            self.endpoints.replicas.remove(victim)
            replicas[number % 3] = self.replica()
            self.known(*replicas)
        result = load.result()
        self.assertEqual(result["wrong"], 0, result)
        gone = {"Connection refused", "Connection reset by peer", "closed", "unexpected eof while reading", "Broken pipe"}
        self.assertEqual({why.split(": ")[-1] for why in result["why"]} - gone, set(), result)
        # While the others do not know of it, a third of the new connections goes to it: 0.2 s and what noticing takes.
        self.assertLess(result["failed"], kills * RATE, result)


class Succession(Case):
    def test_no_review_is_lost_while_another_process_takes_over_the_port(self):
        old = self.start("--reuse-port", drain="5s")
        with Load(self.folder, [(review_of("a"), ROLE)], [old.port], old.trust, rate=RATE, seconds=600, fresh=3) as load:
            for number in range(2):
                new = self.start("--reuse-port", drain="5s", port=old.port, name=f"successor-{number}")
                old.process.terminate()
                self.assertEqual(old.process.wait(30), 0)
                self.must(new.ready)
                old = new
            self.assert_flawless(load.result(), at_least=50)

    def test_a_port_that_is_taken_is_said_and_ends_it(self):
        webhook = self.start()
        with self.assertRaisesRegex(RuntimeError, "Address already in use"):
            self.start(port=webhook.port, name="second")


class Streams(Case):
    def answers_and_ends(self, webhook):
        for _ in range(3):
            self.assert_injects(webhook)
        webhook.process.terminate()
        self.assertEqual(webhook.process.wait(20), 0)

    def test_O10_signals_that_mean_nothing_here_do_nothing(self):
        webhook = self.start()
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGCHLD):
            webhook.process.send_signal(number)
            self.assert_injects(webhook)
        self.answers_and_ends(webhook)

    def test_O10_standard_streams_that_are_closed_or_full_do_not_matter(self):
        full = self.enter(open("/dev/full", "w"))
        closed = ("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-')
        for name, options in (("full", {"stdout": full, "stderr": full}), ("closed", {"prefix": closed}),
                              ("null", {"stdin": subprocess.DEVNULL})):
            with self.subTest(name):
                webhook = self.start(name=name, **options)
                for number in range(3):  # or a socket would be taken for it
                    self.assertFalse(os.readlink(f"/proc/{webhook.process.pid}/fd/{number}").startswith("socket:"))
                self.answers_and_ends(webhook)

    def test_O10_a_reader_of_the_log_who_stops_reading_stops_nobody(self):
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        self.addCleanup(os.close, reading)
        webhook = self.start(stdout=writing, stderr=writing)
        os.close(writing)
        with Load(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust, rate=RATE, seconds=600) as load:
            time.sleep(1)
            self.assert_flawless(load.result(), at_least=20)
        self.answers_and_ends(webhook)

    def test_O11_more_log_than_anybody_reads_is_left_out_and_counted(self):
        reading, writing = os.pipe()
        webhook = self.start("--service-account-lookup-grace-period=0", "--log-format=json", stderr=writing)
        os.close(writing)
        case = review_of("a" * 200)
        case["request"]["object"]["metadata"]["generateName"] = "long-" * 800  # 4 kB a line: 12 MB, and at most 4 MiB wait beside 4 MiB that are being written
        with Load(self.folder, [(case, "")], [webhook.port], webhook.trust, count=scaled(3000, 100_000), seconds=600, parallel=8) as load:
            result = load.result(stop=False)
        self.assert_flawless(result, at_least=2500)
        text = bytearray()
        reader = threading.Thread(target=lambda: [text.extend(piece) for piece in iter(lambda: os.read(reading, 1 << 20), b"")])
        reader.start()
        self.answers_and_ends(webhook)
        reader.join()
        os.close(reading)
        lines = [json.loads(line) for line in text.splitlines()]  # all of them are
        lost = [int(line["lines"]) for line in lines if line["message"].startswith("lines were left out")]
        self.assertGreater(sum(lost), 0)
        self.assertGreaterEqual(sum(line["message"] == "decision" for line in lines) + sum(lost), 2500)


class Soak(Case):
    def test_O09_hours_of_everything_at_once_leave_it_as_it_was(self):
        """Minutes in script/test soak, seconds otherwise; the slope is what counts."""
        for number in range(2):
            certificates.make_server(self.folder, f"pair-{number}", "IP:127.0.0.1")
        certificates.make_server(self.folder, "serving", "IP:127.0.0.1")
        webhook = self.start(f"--tls-cert={self.folder}/serving.crt", f"--tls-key={self.folder}/serving.key", certificate=None)
        load = self.enter(Load(self.folder, [(review_of("a"), ROLE), (review_of("missing"), "")], [webhook.port], webhook.trust,
                               rate=RATE, seconds=7200, fresh=20))
        length, began = scaled(6, 300), time.monotonic()
        samples, number = [], 0
        while time.monotonic() < began + length:
            number += 1
            for kind in ("crt", "key"):
                os.replace(self.copy(f"pair-{number % 2}.{kind}"), self.folder / f"serving.{kind}")
            for account in range(20):
                self.api.put("default", f"app-{account}", {"eks.amazonaws.com/role-arn": f"{ROLE}-{number}"})
            (self.api.end_watches, self.api.sever, self.api.forget)[number % 3]()
            self.api.bookmark()
            time.sleep(0.2)
            samples.append((time.monotonic(), webhook.resident(), webhook.descriptors()))
        self.assert_flawless(load.result(), at_least=100)
        half = [sample for sample in samples if sample[0] > began + length / 2]
        if not SANITIZED:
            self.assertLess(half[-1][1] - half[0][1], 2)  # megabytes
        self.must(lambda: webhook.metric("irsa_webhook_connections") == 0)
        self.must(lambda: webhook.descriptors() <= samples[0][2])

    def copy(self, name):
        made = self.folder / f"{name}.new"
        made.write_bytes((self.folder / name).read_bytes())
        return made


if __name__ == "__main__":
    unittest.main(verbosity=2)
