"""A set-up as the guides have it, made with the AWS CLI: irsa adopt names each defect, and mends only what it is told to."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from support.account import Account, copy
from support.web_identity import Issuer

IRSA = os.environ["IRSA"]
AWS = pathlib.Path(sys.prefix) / "bin/aws"
BUCKET = "aws-irsa-oidc-1635000000"
HOST = f"s3.us-west-2.amazonaws.com/{BUCKET}"
URL = f"https://{HOST}"
REPAIRS = "ISSUER_SLASH", "DOCUMENT_HEADERS", "KID_EMPTY", "BUCKET_POLICY_WIDE", "PUBLIC_ACLS", "PROVIDER_NO_AUDIENCE", "AUD_MISSING"


class Adopt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-adopt-")))
        cls.template = cls.folder = cls.home / "template"
        cls.template.mkdir()
        cls.issuer = Issuer(URL, "system:serviceaccount:default:s3-echoer")
        with Account(IRSA, cls.template) as cls.account:
            cls.number = cls.account.sim.ready["account"]
            cls.follow_the_guide()

    def setUp(self):
        self.folder = copy(self.template, self.home / self.id())
        self.account = self.enterContext(Account(IRSA, self.folder))

    @classmethod
    def aws(cls, *arguments, fails=False):
        done = subprocess.run([AWS, *arguments], env=cls.account.environment, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"aws {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    @classmethod
    def file(cls, name, document):
        (cls.folder / name).write_text(json.dumps(document))
        return str(cls.folder / name)

    @classmethod
    def follow_the_guide(cls):
        cls.aws("s3api", "create-bucket", "--bucket", BUCKET, "--create-bucket-configuration", "LocationConstraint=us-west-2")
        keys = cls.file("keys.json", {"keys": [cls.issuer.key.jwk(), cls.issuer.key.jwk(kid="")]})
        discovery = cls.file("discovery.json", cls.issuer.discovery(issuer=URL + "/"))
        refused = cls.aws("s3", "cp", "--acl", "public-read", keys, f"s3://{BUCKET}/keys.json", fails=True)
        assert "AccessControlListNotSupported" in refused, refused
        cls.aws("s3api", "delete-public-access-block", "--bucket", BUCKET)
        cls.aws("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", "file://" + cls.file("policy.json", {
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
                {"Sid": "Mine", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{cls.number}:root"},
                 "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}]}))
        cls.aws("s3api", "put-object", "--bucket", BUCKET, "--key", "keys.json", "--body", keys)
        cls.aws("s3api", "put-object", "--bucket", BUCKET, "--key", ".well-known/openid-configuration", "--body", discovery)
        cls.aws("iam", "create-open-id-connect-provider", "--url", URL, "--client-id-list", "amazonaws.com",
                 "--thumbprint-list", "990f4193972f2becf12ddeda5237f9c952f20d9e")
        cls.aws("iam", "create-role", "--role-name", "s3-echoer", "--assume-role-policy-document", "file://" + cls.file("trust.json", {
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Federated": f"arn:aws:iam::{cls.number}:oidc-provider/{HOST}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{HOST}:sub": "system:serviceaccount:default:s3-echoer"}}}]}))
        cls.aws("iam", "attach-role-policy", "--role-name", "s3-echoer", "--policy-arn", "arn:aws:iam::aws:policy/AmazonS3FullAccess")

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

    def test_wrong_codes_are_refused(self):
        done = self.account.run("adopt", URL, "--fix", "ISSUER_SLAHS", "--yes")
        self.assertEqual(done.returncode, 3)
        self.assertIn("did you mean ISSUER_SLASH?", done.stderr)
        self.assertEqual(self.account.run("adopt", URL, "--fix", "DOCUMENTS_BY_ACL", "--yes").returncode, 1)
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
