"""irsa-webhook under those who would wear it out: slow, greedy, broken and too many clients, on either of its ports."""
import http.client
import json
import os
import pathlib
import resource
import signal
import socket
import ssl
import struct
import threading
import time
import unittest

from support.load import Load, fire
from support.webhook import admission_review, job_pod
from support.webhook_case import RATE, ROLE, SANITIZED, SOAK, Case, review_of, scaled

HEAD = b"POST /mutate HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\n"


class Limits(Case):
    @classmethod
    def setUpClass(cls):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))

    def load(self, webhook, **options):
        return self.enter(Load(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust,
                               **{"rate": RATE, "seconds": 600, **options}))

    def plain(self, port, source="127.0.0.1"):
        connection = socket.create_connection(("127.0.0.1", port), 30, source_address=(source, 0))
        self.addCleanup(connection.close)
        return connection

    def tls(self, webhook, source="127.0.0.1"):
        connection = webhook.context.wrap_socket(self.plain(webhook.port, source), server_hostname="127.0.0.1")
        self.addCleanup(connection.close)
        return connection

    def is_empty(self, webhook):
        self.must(lambda: webhook.metric("irsa_webhook_connections") == 0, 60)


class Slow(Limits):
    def test_H01_slow_heads_by_the_hundred_do_not_slow_the_others(self):
        webhook = self.start("--max-connections=400")
        slow = [self.tls(webhook, "127.0.0.2") for _ in range(scaled(100, 390))]
        load = self.load(webhook, rate=scaled(40, 200))
        for _ in range(scaled(3, 20)):
            for connection in slow:
                try:
                    connection.send(b"G")
                except OSError:
                    pass  # its time was up
            time.sleep(1)
        result = load.result()
        self.assert_flawless(result, at_least=100)
        self.assertLess(result["p99" if SOAK else "p50"], 5000 if SANITIZED else 500)


class Large(Limits):
    def answer(self, connection):
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status

    def test_H04_bodies_are_taken_to_the_limit_and_no_further(self):
        webhook = self.start("--log-decisions=false")
        limit = 8 << 20

        def review(size):
            pod = job_pod("a")
            pod["metadata"]["annotations"] = {"filler": ""}
            text = json.dumps(admission_review(pod)).encode()
            return text.replace(b'"filler": "', b'"filler": "' + b"x" * (size - len(text)))

        self.assertEqual(webhook.post(review(limit - 1))[0], 200)
        before = webhook.resident()
        self.assertEqual(webhook.post(review(limit))[0], 200)
        for head, piece in ((b"Content-Length: %d\r\n\r\n" % (limit + 1), b""), (b"Content-Length: 9223372036854775807\r\n\r\n", b""),
                            (b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n")):
            connection = self.tls(webhook)
            connection.sendall(HEAD + head)
            sent = 0
            while piece and sent < 3 * limit:  # endless, to its sender
                try:
                    sent += connection.send(piece)
                except OSError:
                    break
            self.assertEqual(self.answer(connection), 413)
        connection = self.tls(webhook)
        connection.sendall(HEAD + b"Content-Length: 9223372036854775808\r\n\r\n")  # no number that there is
        self.assertEqual(self.answer(connection), 400)
        if not SANITIZED:
            self.assertLess(webhook.resident() - before, 16)

    def test_O04_large_bodies_at_once_are_refused_before_memory_runs_out(self):
        webhook = self.start("--log-decisions=false")
        load = self.load(webhook)
        greedy = [self.tls(webhook, "127.0.0.2") for _ in range(40)]

        def send(connection):
            try:
                connection.sendall(HEAD + b"Content-Length: 8000000\r\n\r\n" + b"x" * 7_900_000)
                statuses.append(self.answer(connection))
            except OSError:
                statuses.append(0)

        statuses = []
        threads = [threading.Thread(target=send, args=(connection,)) for connection in greedy]
        for thread in threads:
            thread.start()
        self.must(lambda: len(statuses) >= 30, 60)
        self.assertEqual(set(statuses) - {503, 408, 0}, set())  # 408: its time was up first
        self.assert_flawless(load.result(), at_least=20)
        for connection in greedy:
            connection.close()
        for thread in threads:
            thread.join()
        if not SANITIZED:
            self.assertLess(self.peak(webhook), 64)

    def test_O04_pods_that_are_made_to_grow_are_refused_before_memory_runs_out(self):
        webhook = self.start()
        load = self.load(webhook)

        def review(**spec):
            pod = job_pod("a")
            pod["spec"].update(spec)
            return json.dumps(admission_review(pod), separators=(",", ":")).encode()

        def with_annotation(value):
            pod = job_pod("a")
            pod["metadata"]["annotations"] = {"eks.amazonaws.com/skip-containers": value}
            pod["spec"]["containers"] *= 1000
            return json.dumps(admission_review(pod)).encode()

        many = 2_000_000
        bodies = [(review(containers=[{}] * many), 400), (review(initContainers=[None] * (many // 2)), 400),
                  (review(volumes=[{}] * many), 400), (review(containers=[{"env": [{}] * many}]), 400),
                  (review(containers=[{"volumeMounts": [{}] * many}]), 400), (review(containers=[{}] * 20_000), 400),
                  (review(serviceAccountName="<" * 7_000_000), 200), (with_annotation("," * 7_000_000), 200),
                  (with_annotation("".join(f"{number}," for number in range(900_000))), 200),
                  (review().replace(b'"uid":"', b'"uid":"' + b"<" * 7_000_000, 1), 400),
                  (review().replace(b'"generateName":"', b'"generateName":"' + b"<" * 7_000_000, 1), 200)]
        for body, status in bodies:
            self.assertEqual(webhook.post(body)[0], status, body[-200:])
        greedy = review(containers=[{}] * 7_000)  # 20 KB that make an answer of 4 MB, and nobody takes it
        # Each is 20 ms of work, and 300 with the thread sanitizer, before which a review of the load must not wait for long.
        held = [self.tls(webhook, "127.0.0.2") for _ in range(12 if SANITIZED else 60)]
        for connection in held:
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(greedy) + greedy)
        self.assert_flawless(load.result(), at_least=20)
        if not SANITIZED:
            self.assertLess(self.peak(webhook), 96)

    def peak(self, webhook):
        """Megabytes of memory that it has ever had."""
        status = pathlib.Path(f"/proc/{webhook.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


class Many(Limits):
    def test_H09_new_connections_all_the_time_do_not_disturb_the_kept_ones(self):
        webhook = self.start("--log-decisions=false")
        load = self.load(webhook)
        fresh = fire(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust, fresh=1,
                     rate=30 if SANITIZED else scaled(50, 500), seconds=scaled(3, 60))
        self.assert_flawless(fresh, at_least=50)
        self.assertEqual(fresh["connections"], fresh["reviews"])
        self.assert_flawless(load.result())

    def test_H10_out_of_descriptors_it_serves_who_is_in_and_recovers(self):
        webhook = self.start(prefix=("prlimit", "--nofile=64"))
        inside = self.tls(webhook)
        outside = [self.plain(webhook.port) for _ in range(200)]
        processor = self.processor(webhook)
        time.sleep(1)
        self.assertLess(self.processor(webhook) - processor, 0.5)  # of a second: it does not spin
        for _ in range(3):
            body = json.dumps(review_of("a")).encode()
            inside.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            answer = http.client.HTTPResponse(inside)
            answer.begin()
            self.assertEqual((answer.status, b'"patch"' in answer.read()), (200, True))
        for connection in outside:
            connection.close()
        self.assert_injects(webhook)

    def processor(self, webhook):
        fields = pathlib.Path(f"/proc/{webhook.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_H11_resets_in_the_middle_of_everything_leave_nothing_behind(self):
        webhook = self.start("--log-decisions=false")
        body = json.dumps(review_of("a")).encode()
        request = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
        descriptors = webhook.descriptors()
        for number in range(scaled(200, 20_000)):
            connection = self.tls(webhook) if number % 4 else self.plain(webhook.port)
            connection.sendall(request[:len(request) * (number % 9) // 8])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        self.is_empty(webhook)
        self.must(lambda: webhook.descriptors() <= descriptors + 2)  # a kept connection to the API server or two
        self.assert_injects(webhook)

    def test_O02_hundreds_of_reviews_at_once_are_all_answered(self):
        webhook = self.start("--log-decisions=false")
        for parallel, most in ((600, 96), (1800, 160)):
            if SANITIZED:
                parallel //= 10
            result = fire(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust, parallel=parallel,
                          count=2 * parallel, seconds=600, timeout=60)
            self.assert_flawless(result, at_least=2 * parallel)
            if not SANITIZED:
                self.assertLess(webhook.resident(), most)

    def test_O05_who_takes_all_connections_takes_them_from_himself(self):
        webhook = self.start("--max-connections=100")
        load = self.load(webhook)
        for _ in range(5):
            hoard = [self.plain(webhook.port, "127.0.0.2") for _ in range(100)]
            self.must(lambda: webhook.metric("irsa_webhook_connections") in range(50, 101))
            for connection in hoard:
                connection.close()
        self.assert_flawless(load.result(), at_least=50)
        result = fire(self.folder, [(review_of("a"), ROLE)], [self.start(name="roomy").port], webhook.trust, parallel=60 if SANITIZED else 600,
                      count=600, seconds=600, timeout=60)  # the API server itself is the busy one
        self.assert_flawless(result, at_least=600)

    def test_H14_what_is_done_to_the_metrics_port_reaches_no_review(self):
        webhook = self.start()
        load = self.load(webhook)
        for _ in range(scaled(2, 20)):
            hoard = [self.plain(webhook.metrics_port, "127.0.0.2") for _ in range(150)]
            for number, connection in enumerate(hoard):
                try:
                    connection.sendall((b"GET /met", b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 70_000,
                                        b"\xff" * 1000, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 50)[number % 4])
                except OSError:
                    pass
            for connection in hoard:
                connection.close()
        self.assertEqual(webhook.get("/livez"), (200, "ok"))
        self.assert_flawless(load.result())


class Starved(Limits):
    def test_O01_five_times_what_it_can_do_is_over_when_it_is_over(self):
        webhook = self.start("--log-decisions=false")
        usual = {"seconds": scaled(3, 20), "timeout": 5}
        peak = fire(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust, parallel=25, **usual)
        rate = peak["reviews"] / peak["seconds"]
        flood = fire(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust, rate=5 * rate,
                     parallel=scaled(100, 500), idle=500, **usual)
        self.assertEqual(flood["wrong"], 0, flood)
        self.assertGreater(flood["reviews"] - flood["failed"], scaled(0.1, 0.5) * rate * usual["seconds"],
                           (peak, flood))
        started = time.monotonic()
        self.assert_injects(webhook)
        self.assertLess(time.monotonic() - started, 10 if SANITIZED else 1)
        self.assertIsNone(webhook.process.poll())

    def test_O03_with_a_tenth_of_a_processor_it_is_slower_and_no_less_right(self):
        webhook = self.start()
        stop = threading.Event()

        def starve():
            while not stop.is_set():
                webhook.process.send_signal(signal.SIGSTOP)
                time.sleep(0.045)
                webhook.process.send_signal(signal.SIGCONT)
                time.sleep(0.005)

        thread = threading.Thread(target=starve)
        thread.start()
        try:
            load = self.load(webhook, rate=20, fresh=10)
            time.sleep(scaled(3, 30))
            result = load.result()
            self.assertEqual(webhook.get("/livez")[0], 200)
        finally:
            stop.set()
            thread.join()
        self.assert_flawless(result, at_least=20)


class Wrong(Limits):
    def test_H13_other_paths_and_methods_are_answered_shortly(self):
        webhook = self.start()
        for path, status in (("/other", 404), ("/mutate/", 404), ("/", 404), ("/metrics", 404), ("/mutate?a=%zz", 400), ("/healthz", 200)):
            self.assertEqual(webhook.post(b"{}", path=path)[0], status, path)
        self.assertEqual(webhook.post(b"{}", content_type="text/plain")[0], 415)
        connection = http.client.HTTPSConnection("127.0.0.1", webhook.port, context=webhook.context, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", "/mutate", headers={"Content-Type": "application/json"})
        self.assertEqual(connection.getresponse().status, 400)  # there is no review in it

    def test_bodies_that_are_no_review_are_refused_and_survived(self):
        webhook = self.start()
        deep = b'{"request":{"uid":"u","object":' + b"[" * 200 + b"]" * 200 + b"}}"
        for body in (b"", b"{", b"null", deep, b'{"request":{"uid":"\xff"}}', b"[" * 1_000_000):
            self.assertEqual(webhook.post(body)[0], 400, body[:40])
        self.assertTrue(self.post(webhook, "nobody")[1]["allowed"])

    def test_H08_only_tls_of_today_gets_in(self):
        webhook = self.start()
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            context = ssl.create_default_context(cafile=webhook.trust)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(self.plain(webhook.port), server_hostname="127.0.0.1")
        for name in ("127.0.0.1", "wrong.example", None):  # which certificate it has is not for its clients to say
            context = ssl.create_default_context(cafile=webhook.trust)
            context.check_hostname = False
            context.wrap_socket(self.plain(webhook.port), server_hostname=name).close()
        for number in range(scaled(100, 10_000)):
            connection = self.plain(webhook.port)
            connection.sendall((b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", os.urandom(100))[number % 4])
            connection.close()
        self.is_empty(webhook)
        self.assert_injects(webhook)


class TlsFlags(Limits):
    def spoken(self, webhook, version):
        """(version, cipher suite) with a client that speaks `version` alone; None: it is turned away."""
        context = ssl.create_default_context(cafile=webhook.trust)
        context.minimum_version = context.maximum_version = version
        try:
            with context.wrap_socket(self.plain(webhook.port), server_hostname="127.0.0.1") as connection:
                return connection.version(), connection.cipher()[0]
        except ssl.SSLError:
            return None

    def test_H08_a_minimum_below_1_2_is_1_2(self):
        for number, version in enumerate(("1.0", "VersionTLS11")):
            webhook = self.start(f"--tls-min-version={version}", name=f"old-{number}")
            self.assertEqual(self.spoken(webhook, ssl.TLSVersion.TLSv1_2)[0], "TLSv1.2")
            self.must(lambda: "1.2 is the lowest that is served" in webhook.log())

    def test_H08_suites_are_those_that_are_named(self):
        old = "ECDHE-ECDSA-AES256-GCM-SHA384"
        for name, suites, expected in (
                ("blank", " , ", True), ("one", " TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\t,,TLS_RSA_WITH_3DES_EDE_CBC_SHA", old),
                ("new", "TLS_AES_128_GCM_SHA256", None), ("gone", "TLS_RSA_WITH_RC4_128_SHA", None)):
            webhook = self.start(f"--tls-cipher-suites={suites}", name=name)
            spoken = self.spoken(webhook, ssl.TLSVersion.TLSv1_2)
            self.assertEqual(spoken and (expected is True or spoken[1]), expected, name)
            self.assertEqual(self.spoken(webhook, ssl.TLSVersion.TLSv1_3)[0], "TLSv1.3")


if __name__ == "__main__":
    unittest.main(verbosity=2)
