"""irsa-webhook as a process: what it does to a pod, what it says about it, and how it is told what to do."""
import json
import re
import subprocess
import unittest

from support.webhook import job_pod
from support.webhook_case import PROGRAM, ROLE, Case, environment_of


class Injection(Case):
    def test_pods_of_annotated_accounts_get_their_role_and_others_nothing(self):
        self.api.put("default", "plain")
        webhook = self.start("--aws-default-region=eu-west-1", "--sts-regional-endpoint")
        pod = webhook.admit(job_pod("a"))
        self.assertEqual(environment_of(pod), {
            "AWS_STS_REGIONAL_ENDPOINTS": "regional", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-1",
            "AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"})
        self.assertEqual(pod["spec"]["volumes"][0]["name"], "aws-iam-token")
        plain = job_pod("plain")
        self.assertEqual(webhook.admit(plain), plain)
        self.assertNotIn("patch", webhook.review(pod))  # a patched pod needs nothing

    def test_every_decision_is_logged_once_and_without_the_pods_contents(self):
        webhook = self.start("--log-format=json")
        pod = job_pod("a")
        pod["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": "s3cret"}]
        webhook.review(pod)
        self.must(lambda: '"decision"' in webhook.log())
        decisions = [json.loads(line) for line in webhook.log().splitlines() if '"decision"' in line]
        self.assertEqual([(d["reason"], d["role"], d["serviceAccount"]) for d in decisions], [("Injected", ROLE, "a")])
        self.assertNotIn("s3cret", webhook.log())


class ApiServer(Case):
    def test_may_be_named_by_its_host_and_port_alone(self):
        server = self.api.kubeconfig.read_text()
        address = re.search(r"https://(127\.0\.0\.1:\d+)", server)[1]
        self.api.kubeconfig.write_text(server.replace("https://", ""))
        self.assert_injects(self.start())
        self.assert_injects(self.start(f"--kube-api={address}", name="second"))


class CommandLine(unittest.TestCase):
    def run_with(self, *flags):
        return subprocess.run([PROGRAM, *flags], capture_output=True, text=True, timeout=10, env={}, check=False)

    def test_speaks_pflag(self):
        self.assertEqual(self.run_with("--help").returncode, 0)
        self.assertIn("--annotation-prefix", self.run_with("--help").stderr)
        version = self.run_with("--version")
        self.assertEqual((version.returncode, version.stdout.count(".")), (0, 2))
        for bad in (["--no-such-flag"], ["-x"], ["---x"], ["--=x"], ["--port"], ["--port=x"], ["--port=08"], ["--port=65536"],
                    ["--tls-min-version=2"], ["--logtostderr=maybe"], ["-vabc"], ["--resync-period=1"], ["--version=maybe"],
                    ["--service-account-lookup-grace-period=1"],
                    ["--sts-regional-endpoint=maybe"], ["--tls-cipher-suites=NONE"], ["--watch-config-map=x"],
                    ["--cert-source=csr"], ["--compose-role-arn-account=1234"], ["--compose-role-arn-partition=aws"],
                    ["--ca-lifetime=3m"], ["--ca-settle=2200h"], ["--port=9999"], ["--port=8443", "--metrics-port=8443"]):
            self.assertEqual(self.run_with(*bad).returncode, 2, bad)
        self.assertIn("unknown flag: --no-such-flag", self.run_with("--no-such-flag").stderr)

    def test_reads_numbers_and_durations_as_go_does(self):
        for good in ("--port=0x1BB", "--metrics-port=9_999", "--token-expiration=0o20", "--token-expiration=-1",
                     "--service-account-lookup-grace-period=-1s", "--service-account-lookup-grace-period=1\u00b5s",
                     "--drain-time=.5s", "-v5", "-v=5", "--resync-period=1h0m0.5s", "--log_file_max_size=1800"):
            self.assertEqual(self.run_with(good, "--version").returncode, 0, good)

    def test_reads_no_word_that_belongs_to_no_flag_and_says_so(self):
        # As pflag does: a switch takes no word after it, and manifests have them.
        started = self.run_with("--watch-config-map", "true", "-", "--in-cluster=false")
        self.assertEqual(started.returncode, 255)
        self.assertIn("not inside a cluster", started.stderr)
        for word in ("true", "-"):
            self.assertIn(f'the word \\"{word}\\" belongs to no flag', started.stderr)
        self.assertEqual(self.run_with("--version", "--", "--no-such-flag").returncode, 0)
        self.assertEqual(self.run_with("--version", "word", "--no-such-flag").returncode, 2)

    def test_needs_an_api_server_that_can_be_named(self):
        refused = self.run_with("--kube-api=https://a b")
        self.assertEqual(refused.returncode, 255)
        self.assertIn('the API server "https://a b"', refused.stderr)

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
