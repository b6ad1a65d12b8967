"""irsa-webhook as a process: what it does to a pod, what it says about it, and how it is told what to do."""
import json
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
                    ["--cert-source=csr"], ["--compose-role-arn-account=1234"], ["--compose-role-arn-partition=aws"],
                    ["--ca-lifetime=3m"], ["--ca-settle=2200h"]):
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
