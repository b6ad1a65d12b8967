"""A set-up as the guides have it, made with the AWS CLI: irsa adopt names each defect, and mends only what it is told to."""
import json
import os
import pathlib
import tempfile
import unittest

from support.account import Account, copy
from support.guided import BUCKET, HOST, URL, follow_the_guide

IRSA = os.environ["IRSA"]
REPAIRS = "ISSUER_SLASH", "DOCUMENT_HEADERS", "KID_EMPTY", "BUCKET_POLICY_WIDE", "PUBLIC_ACLS", "PROVIDER_NO_AUDIENCE", "AUD_MISSING"


class Adopt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-adopt-")))
        cls.template = cls.home / "template"
        cls.template.mkdir()
        with Account(IRSA, cls.template) as account:
            cls.issuer = follow_the_guide(account)

    def setUp(self):
        self.folder = copy(self.template, self.home / self.id())
        self.account = self.enterContext(Account(IRSA, self.folder))

    def findings(self, *arguments):
        done = self.account.run("adopt", *arguments, "-o", "json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)["findings"]

    def codes(self):
        return {finding["code"] for finding in self.findings(URL)}

    def test_every_defect_is_named_with_its_own_repair_and_nothing_is_changed(self):
        before = self.account.walk()
        findings = self.findings(URL)
        self.assertLessEqual({*REPAIRS, "ISSUER_PATH_STYLE", "THUMBPRINT_LEAF"}, {finding["code"] for finding in findings})
        for finding in findings:
            if finding["code"] in REPAIRS:
                self.assertEqual(finding["fix"], f"irsa adopt {URL} --fix {finding['code']}")
        self.assertEqual(self.findings(), findings)
        self.assertEqual(self.account.walk(), before)

    def test_each_repair_mends_one_defect_alone(self):
        for code in REPAIRS:
            with self.subTest(code):
                before = self.codes()
                self.account.must("adopt", URL, "--fix", code, "--yes")
                self.assertEqual(self.codes(), before - {code})
        statements = json.loads(self.account.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
        self.assertIn("Mine", [statement.get("Sid") for statement in statements])
        self.assertIs(self.account.assumes("s3-echoer", self.issuer.token()), True)
        attached = self.account.client("iam").list_attached_role_policies(RoleName="s3-echoer")["AttachedPolicies"]
        self.assertEqual([policy["PolicyName"] for policy in attached], ["AmazonS3FullAccess"])

    def test_what_was_not_asked_for_stays_as_it_is(self):
        before = self.account.walk()
        self.account.must("adopt", URL, "--fix", "AUD_MISSING", "--yes")
        after = self.account.walk()
        self.assertEqual((after["buckets"], after["providers"]), (before["buckets"], before["providers"]))
        trust = after["roles"]["s3-echoer"]["role"]["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
        self.assertEqual(trust["Condition"]["StringEquals"], {f"{HOST}:sub": "system:serviceaccount:default:s3-echoer",
                                                              f"{HOST}:aud": "sts.amazonaws.com"})

    def test_a_token_that_was_good_is_good_after_each_repair(self):
        self.account.must("adopt", URL, "--fix", "PROVIDER_NO_AUDIENCE", "--yes")
        token = self.issuer.token()
        self.assertIs(self.account.assumes("s3-echoer", token), True)
        for code in set(REPAIRS) - {"PROVIDER_NO_AUDIENCE"}:
            self.account.must("adopt", URL, "--fix", code, "--yes")
            self.assertIs(self.account.assumes("s3-echoer", token), True, code)

    def test_without_yes_and_terminal_nothing_happens_and_a_dry_run_shows_the_change(self):
        before = self.account.walk()
        done = self.account.run("adopt", URL, "--fix", "ISSUER_SLASH")
        self.assertEqual(done.returncode, 3)
        self.assertIn("--yes", done.stderr)
        shown = self.account.must("adopt", URL, "--fix", "ISSUER_SLASH", "--dry-run")
        self.assertIn("s3:PutObject", shown)
        self.assertIn(f'+  "issuer": "{URL}",', shown)
        self.assertEqual(self.account.walk(), before)

    def test_a_repair_twice_is_once_and_says_so(self):
        self.account.must("adopt", URL, "--fix", "KID_EMPTY", "--yes")
        before = self.account.walk()
        self.assertIn("KID_EMPTY is not, or no longer, among what is wrong", self.account.must("adopt", URL, "--fix", "KID_EMPTY"))
        self.assertEqual(self.account.walk(), before)

    def test_wrong_codes_are_refused(self):
        done = self.account.run("adopt", URL, "--fix", "ISSUER_SLAHS", "--yes")
        self.assertEqual(done.returncode, 3)
        self.assertIn("did you mean ISSUER_SLASH?", done.stderr)
        self.assertEqual(self.account.run("adopt", URL, "--fix", "DOCUMENT_MISSING", "--yes").returncode, 1)
        self.assertEqual(self.account.run("adopt", "https://id.example.com").returncode, 1)

    def test_the_api_servers_manifest_is_looked_at_too(self):
        manifest = self.folder / "kube-apiserver.yaml"
        manifest.write_text(f"""\
apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver, namespace: kube-system}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.32.4
    command:
    - kube-apiserver
    - --service-account-issuer={URL}/
    - --api-audiences=sts.amazonaws.com
    - --service-account-key-file=/etc/kubernetes/pki/sa.pub
    - --service-account-signing-key-file=/etc/kubernetes/pki/sa.key
""")
        codes = {finding["code"] for finding in self.findings(URL, "--manifest", str(manifest))}
        self.assertLessEqual({"AUDIENCE_BOUNDARY", "ISSUER_SLASH"}, codes)


if __name__ == "__main__":
    unittest.main()
