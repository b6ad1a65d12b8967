"""irsa-webhook as a process: TLS, the watch of a (small) API server, certificates, limits, and the end of its life."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from support import certificates, serviceaccount_api
from support.serviceaccount_api import ServiceAccountApi
from support.webhook import Webhook, admission_review, free_port, job_pod

PROGRAM = os.environ["IRSA_WEBHOOK"]
ROLE = "arn:aws:iam::111122223333:role/s3-echoer"
ANNOTATION = "eks.amazonaws.com/role-arn"


def eventually(check, seconds=10):
    """The first true value of `check`; the last one when the time is over."""
    end = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


def environment_of(pod):
    return {e["name"]: e.get("value") for c in pod["spec"]["containers"] for e in c.get("env", [])}


class Unready(Webhook):
    """Does not wait until it is ready, only until it listens."""

    def _await_readiness(self, seconds):
        assert eventually(lambda: self.get("/livez")[0] == 200, seconds), (self.folder / "webhook.log").read_text()

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self):
        return self.get("/readyz")[0] == 200


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.api = self.enter(ServiceAccountApi(self.folder))

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def log(self):
        return (self.folder / "webhook.log").read_text()

    def start(self, *flags, kind=Unready, drain="0s"):
        return self.enter(kind(PROGRAM, self.folder, self.api.kubeconfig, f"--drain-time={drain}", *flags))


class Injection(Case):
    def test_pods_of_annotated_accounts_get_their_role_and_others_nothing(self):
        self.api.put("default", "s3-echoer", {ANNOTATION: ROLE})
        self.api.put("default", "plain")
        webhook = self.start("--aws-default-region=eu-west-1", "--sts-regional-endpoint", kind=Webhook)
        pod = webhook.admit(job_pod("s3-echoer"))
        self.assertEqual(environment_of(pod), {
            "AWS_STS_REGIONAL_ENDPOINTS": "regional", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-1",
            "AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"})
        self.assertEqual(pod["spec"]["volumes"][0]["name"], "aws-iam-token")
        plain = job_pod("plain")
        self.assertEqual(webhook.admit(plain), plain)
        self.assertNotIn("patch", webhook.review(pod))  # a patched pod needs nothing

    def test_changes_of_accounts_are_followed(self):
        self.api.put("default", "a")
        webhook = self.start(kind=Webhook)
        self.assertNotIn("patch", webhook.review(job_pod("a")))
        self.api.put("default", "a", {ANNOTATION: ROLE})
        self.assertTrue(eventually(lambda: "patch" in webhook.review(job_pod("a"))))
        self.api.put("default", "a")
        self.assertTrue(eventually(lambda: "patch" not in webhook.review(job_pod("a"))))
        self.api.delete("default", "a")
        self.assertTrue(eventually(
            lambda: webhook.review(job_pod("a"))["auditAnnotations"]["reason"] == "AccountUnknown"))

    def test_a_pod_right_behind_its_account_is_not_missed(self):
        webhook = self.start(kind=Webhook)
        for number in range(20):
            self.api.put("default", f"new-{number}", {ANNOTATION: ROLE})
            self.assertIn("patch", webhook.review(job_pod(f"new-{number}")))

    def test_every_decision_is_logged_once_and_without_the_pods_contents(self):
        self.api.put("default", "a", {ANNOTATION: ROLE})
        webhook = self.start("--log-format=json", kind=Webhook)
        pod = job_pod("a")
        pod["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": "s3cret"}]
        webhook.review(pod)
        self.assertTrue(eventually(lambda: '"decision"' in self.log()))
        log = self.log()
        decisions = [json.loads(line) for line in log.splitlines() if '"decision"' in line]
        self.assertEqual([(d["reason"], d["role"], d["serviceAccount"]) for d in decisions], [("Injected", ROLE, "a")])
        self.assertNotIn("s3cret", log)


class Readiness(Case):
    def test_comes_with_the_first_whole_list_and_early_pods_are_looked_up(self):
        self.api.put("default", "a", {ANNOTATION: ROLE})
        with self.api.changed:  # no list can be answered meanwhile
            webhook = self.start()
            status, why = webhook.get("/readyz")
            self.assertEqual((status, "not listed yet" in why), (503, True))
            self.assertIn("patch", webhook.review(job_pod("a")))
        self.assertTrue(eventually(webhook.ready))

    def test_is_refused_while_the_api_server_refuses_us(self):
        config = json.loads(self.api.kubeconfig.read_text())
        token = self.folder / "token"
        token.write_text("wrong")
        config["users"][0]["user"] = {"tokenFile": str(token)}
        self.api.kubeconfig.write_text(json.dumps(config))
        webhook = self.start()
        self.assertTrue(eventually(lambda: "refuses our credentials" in webhook.get("/readyz")[1]))
        self.assertEqual(webhook.get("/livez")[0], 200)
        self.assertEqual(webhook.post(json.dumps(admission_review(job_pod("a"))).encode())[0], 500)
        self.assertTrue(eventually(lambda: "refuses our credentials" in self.log()))

        token.write_text(serviceaccount_api.TOKEN + "\n")  # as a rotated token comes: read again within ten seconds
        self.assertTrue(eventually(webhook.ready, 25))


class Certificates(Case):
    def served(self, webhook):
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        with socket.create_connection(("127.0.0.1", webhook.port), 5) as plain, \
                context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            return tls.getpeercert()["serialNumber"]

    def test_are_replaced_while_serving_and_kept_when_the_new_ones_are_bad(self):
        webhook = self.start(kind=Webhook)
        first = self.served(webhook)
        certificates.make_server(self.folder, "webhook", "IP:127.0.0.1")
        self.assertTrue(eventually(lambda: self.served(webhook) != first))
        second = self.served(webhook)
        (self.folder / "webhook.key").write_text("no key")
        self.assertTrue(eventually(lambda: re.search("irsa_webhook_certificate_failures_total [1-9]", webhook.metrics())))
        self.assertEqual(self.served(webhook), second)
        self.assertTrue(eventually(lambda: "the serving certificate stays as it is" in self.log()))

    def test_C01_are_waited_for_and_readiness_follows_at_once(self):
        webhook = self.start("--tls-cert=" + str(self.folder / "late.crt"), "--tls-key=" + str(self.folder / "late.key"))
        self.assertTrue(eventually(lambda: "no serving certificate yet" in webhook.get("/readyz")[1]))
        self.assertEqual(webhook.get("/livez")[0], 200)
        with self.assertRaises(OSError):
            self.served(webhook)
        certificates.make_server(self.folder, "late", "IP:127.0.0.1")
        self.assertTrue(eventually(webhook.ready, 1))
        self.served(webhook)


class BadInput(Case):
    def test_is_answered_with_the_right_status_and_survived(self):
        webhook = self.start(kind=Webhook)
        deep = b'{"request":{"uid":"u","object":' + b"[" * 200 + b"]" * 200 + b"}}"
        for body, status in ((b"", 400), (b"{", 400), (b"null", 400), (deep, 400), (b'{"request":{"uid":"\xff"}}', 400)):
            self.assertEqual(webhook.post(body)[0], status, body[:40])
        self.assertEqual(webhook.post(b"{}", content_type="text/plain")[0], 415)
        self.assertEqual(webhook.post(b"{}", path="/other")[0], 404)
        self.assertEqual(webhook.post(b"{}", path="/mutate?a=%zz")[0], 400)
        self.assertTrue(webhook.review(job_pod("nobody"))["allowed"])

    def test_a_body_over_the_cap_is_413(self):
        webhook = self.start(kind=Webhook)
        connection = http.client.HTTPSConnection("127.0.0.1", webhook.port, context=webhook.context, timeout=10)
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/mutate")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(9 << 20))
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)


class End(Case):
    def test_sigterm_is_answered_by_a_drain_and_exit_0(self):
        self.api.put("default", "a", {ANNOTATION: ROLE})
        webhook = self.start(drain="10s")
        self.assertTrue(eventually(webhook.ready))
        connection = http.client.HTTPSConnection("127.0.0.1", webhook.port, context=webhook.context, timeout=10)
        self.addCleanup(connection.close)
        body = json.dumps(admission_review(job_pod("a")))

        def post():
            connection.request("POST", "/mutate", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Connection"), b"patch" in answer.read()

        self.assertEqual(post(), (200, None, True))
        webhook.process.send_signal(signal.SIGTERM)
        self.assertTrue(eventually(lambda: webhook.get("/readyz")[0] == 503))
        self.assertEqual(post(), (200, "close", True))  # a kept-alive connection
        self.assertEqual(post(), (200, "close", True))  # and a new one
        self.assertEqual(webhook.process.wait(15), 0)

    def test_no_review_is_lost_while_another_process_takes_over(self):
        self.api.put("default", "a", {ANNOTATION: ROLE})
        webhook = self.start(kind=Webhook, drain="10s")
        results, stop = [], threading.Event()

        def load():
            while not stop.is_set():
                try:
                    results.append("patch" in webhook.review(job_pod("a")))
                except (OSError, RuntimeError) as error:
                    if not stop.is_set() and webhook.process.poll() is None:
                        results.append(error)

        thread = threading.Thread(target=load)
        thread.start()
        self.assertTrue(eventually(lambda: len(results) > 20))
        webhook.process.terminate()
        seen = len(results)
        self.assertTrue(eventually(lambda: len(results) > seen + 20))  # answered while draining
        stop.set()
        thread.join()
        self.assertEqual(set(results), {True})
        self.assertEqual(webhook.process.wait(15), 0)


class CommandLine(unittest.TestCase):
    def run_with(self, *flags):
        return subprocess.run([PROGRAM, *flags], capture_output=True, text=True, timeout=10, env={}, check=False)

    def test_speaks_pflag(self):
        self.assertEqual(self.run_with("--help").returncode, 0)
        self.assertIn("--annotation-prefix", self.run_with("--help").stderr)
        version = self.run_with("--version")
        self.assertEqual((version.returncode, version.stdout.count(".")), (0, 2))
        for bad in (["--no-such-flag"], ["-x"], ["word"], ["--port"], ["--port=x"], ["--tls-min-version=2"],
                    ["--sts-regional-endpoint=maybe"], ["--tls-cipher-suites=NONE"], ["--watch-config-map=x"],
                    ["--cert-source=csr"], ["--compose-role-arn-account=1234"], ["--compose-role-arn-partition=aws"]):
            self.assertEqual(self.run_with(*bad).returncode, 2, bad)
        self.assertIn("unknown flag: --no-such-flag", self.run_with("--no-such-flag").stderr)

    def test_refuses_in_cluster_certificates_and_says_what_to_use(self):
        for flag in ("--in-cluster", "--in-cluster=true"):
            refused = self.run_with(flag)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--tls-cert", refused.stderr)

    def test_takes_awss_and_klogs_flags(self):
        # Everything is accepted; what is missing is a cluster.
        result = self.run_with("--in-cluster=false", "--namespace", "eks", "--service-name=pod-identity-webhook",
                               "--tls-secret=x", "--annotation-prefix=eks.amazonaws.com", "--token-audience=sts.amazonaws.com",
                               "--resync-period=30s", "--watch-config-map=false", "--logtostderr", "--v=4", "-v", "2", "-v=3",
                               "--stderrthreshold", "2", "--alsologtostderr=false", "--vmodule=a=1",
                               "--watch-container-credentials-config=")
        self.assertEqual(result.returncode, 255)
        self.assertIn("not inside a cluster", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
