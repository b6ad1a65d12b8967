"""irsa-webhook serves with the certificate that is on disk: from when it is there, through every way of replacing it, and never
with a bad one."""
import os
import shutil
import socket
import ssl
import time
import unittest

from support import certificates, odd_certificates
from support.load import Load
from support.webhook_case import ROLE, SANITIZED, Case, eventually, review_of, scaled

WITHOUT_INOTIFY = ("unshare", "-r", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$0" "$@"')


class Serving(Case):
    def setUp(self):
        super().setUp()
        self.pair = self.folder / "late.crt", self.folder / "late.key"

    def start_with(self, certificate, key, **options):
        return self.start(f"--tls-cert={certificate}", f"--tls-key={key}", certificate=None, **options)

    def served(self, webhook):
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        with socket.create_connection(("127.0.0.1", webhook.port), 20) as plain, \
                context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            return tls.getpeercert()["serialNumber"]

    def write(self, pair):
        """Both files, each renamed into its place."""
        for path, text in zip(self.pair, pair):
            path.with_suffix(".new").write_bytes(text)
            path.with_suffix(".new").replace(path)

    def publish(self, generation, name="server"):
        """A pair as the kubelet mounts a Secret: reached through ..data, which is replaced in one step."""
        mount = self.folder / "mount"
        made = mount / f"..{generation}"
        made.mkdir(parents=True)
        for kind in ("crt", "key"):
            shutil.copy(self.folder / f"{name}.{kind}", made / f"tls.{kind}")
            if not (mount / f"tls.{kind}").is_symlink():
                (mount / f"tls.{kind}").symlink_to(f"..data/tls.{kind}")
        old = os.readlink(mount / "..data") if (mount / "..data").is_symlink() else None
        (mount / "..data_tmp").symlink_to(made.name)
        os.replace(mount / "..data_tmp", mount / "..data")
        if old:
            shutil.rmtree(mount / old)
        return mount / "tls.crt", mount / "tls.key"


class Arriving(Serving):
    def test_C01_is_waited_for_and_readiness_follows_at_once(self):
        webhook = self.start_with(*self.pair, waits="alive")
        self.must(lambda: "nothing is served yet" in (said := webhook.get("/readyz")[1]) and "late.crt" in said)
        self.assertEqual(webhook.get("/livez")[0], 200)
        with self.assertRaises(OSError):
            self.served(webhook)
        certificates.make_server(self.folder, "late", "IP:127.0.0.1")
        self.must(webhook.ready, 20 if SANITIZED else 1)
        self.served(webhook)

    def test_C01_is_served_as_soon_as_nobody_else_listens_on_the_port(self):
        webhook = self.start_with(*self.pair, waits="alive")
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("", webhook.port))
            other.listen()
            certificates.make_server(self.folder, "late", "IP:127.0.0.1")
            self.must(lambda: f"listening on port {webhook.port}: Address already in use" in webhook.get("/readyz")[1])
            self.assertFalse(webhook.ready())
        self.must(webhook.ready)
        self.served(webhook)

    def test_C05_is_refused_when_no_client_of_today_would_take_it(self):
        webhook = self.start_with(*self.pair, waits="alive")
        certificates.make_server(self.folder, "sha1", "IP:127.0.0.1", digest="sha1")
        sha1 = tuple((self.folder / f"sha1.{kind}").read_bytes() for kind in ("crt", "key"))
        for pair, why in ((odd_certificates.make(self.folder, "127.0.0.1", addresses=()), "no subject alternative name"),
                          (odd_certificates.make(self.folder, "short", rsa_bits=1024), "1024 bits"), (sha1, "SHA1")):
            self.write(pair)
            self.must(lambda: why in webhook.log(), why=webhook.log)  # pylint: disable=cell-var-from-loop
            self.assertFalse(webhook.ready())
        self.write(odd_certificates.make(self.folder, "good"))
        self.must(webhook.ready)


class Replaced(Serving):
    def test_C02_ten_times_a_second_costs_no_review(self):
        for number in range(10):
            certificates.make_server(self.folder, f"server-{number}", "IP:127.0.0.1")
        webhook = self.start_with(*self.publish(0, "server-0"))
        with Load(self.folder, [(review_of("a"), ROLE)], [webhook.port], webhook.trust, fresh=5, seconds=1000,
                  rate=50 if SANITIZED else scaled(100, 2000)) as load:
            for number in range(1, scaled(25, 1000) + 1):
                self.publish(number, f"server-{number % 10}")
                time.sleep(0.1)
            last = ssl._ssl._test_decode_cert(str(self.folder / f"server-{number % 10}.crt"))["serialNumber"]  # pylint: disable=protected-access
            self.must(lambda: self.served(webhook) == last, 20 if SANITIZED else 1)
            self.assert_flawless(load.result(), at_least=50)
        self.assertGreater(webhook.metric("irsa_webhook_certificate_reloads_total"), 10)

    def test_C04_by_a_bad_one_it_stays_and_that_is_said(self):
        good = odd_certificates.make(self.folder, "good")
        self.write(good)
        webhook = self.start_with(*self.pair)
        serial = self.served(webhook)
        other = odd_certificates.make(self.folder, "other")
        for pair, why in (((other[0], good[1]), "key"), ((other[0][:300], other[1]), "certificate"), ((good[0], other[1]), "key"),
                          ((b"", b""), "certificate"), ((other[0], b""), "key"), ((b"\0\xff" * 500, other[1]), "certificate"),
                          (odd_certificates.make(self.folder, "old", starts=-7200, ends=-60), "ended"),
                          (odd_certificates.make(self.folder, "early", starts=3600), "begins")):
            before, said = webhook.metric("irsa_webhook_certificate_failures_total"), len(webhook.log())
            self.write(pair)
            self.must(lambda: webhook.metric("irsa_webhook_certificate_failures_total") > before)  # pylint: disable=cell-var-from-loop
            self.must(lambda: "stays as it is" in webhook.log()[said:] and why in webhook.log()[said:], 5,  # pylint: disable=cell-var-from-loop
                      lambda: f"{why} not in {webhook.log()[said:]}")  # pylint: disable=cell-var-from-loop
            self.assertEqual(self.served(webhook), serial)
        self.write(odd_certificates.make(self.folder, "soon", starts=3))  # as a machine whose clock is late sees it
        self.assertEqual(self.served(webhook), serial)
        self.must(lambda: self.served(webhook) != serial)
        serial = self.served(webhook)
        self.write(odd_certificates.make(self.folder, "authority", is_authority=True))  # as AWS's manifest has it made
        self.must(lambda: self.served(webhook) != serial)
        self.assertTrue(webhook.ready())

    def test_C06_in_every_way_that_files_are_replaced(self):
        webhook = self.replace_in_every_way(seconds=20 if SANITIZED else 1.5)
        self.assertIsNone(webhook.process.poll())

    def test_C06_also_where_the_kernel_tells_of_no_change(self):
        self.replace_in_every_way(prefix=WITHOUT_INOTIFY, seconds=20 if SANITIZED else 12)

    def replace_in_every_way(self, seconds, **options):
        self.write(odd_certificates.make(self.folder, "first"))
        webhook = self.start_with(*self.pair, **options)

        def expect_change(step):
            before = self.served(webhook)
            step()
            self.assertTrue(eventually(lambda: self.served(webhook) != before, seconds))

        def in_place_in_two_steps():
            certificate, key = odd_certificates.make(self.folder, "third")
            self.pair[0].write_bytes(certificate)
            before = self.served(webhook)  # which belongs together
            time.sleep(0.3)
            self.assertEqual(self.served(webhook), before)
            self.pair[1].write_bytes(key)

        def removed_and_made_again():
            for path in self.pair:
                path.unlink()
            self.served(webhook)
            self.write(odd_certificates.make(self.folder, "fourth"))

        expect_change(lambda: self.write(odd_certificates.make(self.folder, "second")))
        expect_change(in_place_in_two_steps)
        expect_change(removed_and_made_again)
        return webhook


if __name__ == "__main__":
    unittest.main(verbosity=2)
