"""The main job with Ceph's Object Gateway as AWS: the set-up, the unmodified AWS CLI in what the webhook makes of a pod, the tokens
that are refused, keys that change, and the way back. `aws s3 ls s3://BUCKET` is the proof, as Ceph has no GetCallerIdentity."""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

import botocore
import botocore.config
import botocore.exceptions

from ceph import Ceph
from rotating_cluster import RotatingCluster
from support import aws_world, tokens
from support.day_zero import DayZero

AWS = pathlib.Path(sys.prefix) / "bin/aws"
ROLE = "arn:aws:iam:::role/s3-echoer"
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["arn:aws:s3:::the-data", "arn:aws:s3:::the-data/*"]},
    {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::the-data/written"}]}
WISH = """\
apiVersion: irsa-anywhere/v1
name: {name}
aws:
  dialect: ceph
  region: us-west-2
  endpoint: {endpoint}
  caFile: ca.crt
keys: {keys}
bindings:
- serviceAccount: default/{account}
  role:
    name: {role}
    inline: policy.json
tags: {{team: edge}}
"""


def thumbprint(key):
    return hashlib.sha1(base64.b64decode(key["x5c"][0])).hexdigest()


def names(plan):
    return [action["call"] for action in plan["actions"]]


class TheMainJobOnCeph(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        started = time.monotonic()
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-rgw-test-")))
        cls.ceph = Ceph(folder)
        wish = cls.wish("demo")
        cls.world = cls.enterClassContext(DayZero(os.environ["IRSA"], os.environ["IRSA_WEBHOOK"], folder, cls.ceph, wish))
        print(f"Ceph was up after {time.monotonic() - started:.1f} s", flush=True)
        cls.folder = folder
        (folder / "policy.json").write_text(json.dumps(POLICY, indent=1))
        cls.options = {"endpoint_url": cls.ceph.endpoint, "verify": str(folder / "ca.crt"),
                       "config": botocore.config.Config(request_checksum_calculation="when_required")}
        cls.session = aws_world.session_of(cls.ceph.environment())
        s3 = cls.session.client("s3", **cls.options)
        s3.create_bucket(Bucket="the-data")
        s3.put_object(Bucket="the-data", Key="hello.txt", Body=b"hello\n")
        cls.iam = cls.session.client("iam", **cls.options)
        cls.sts = cls.session.client("sts", **{**cls.options, "config": botocore.config.Config(signature_version=botocore.UNSIGNED)})
        cls.before = cls.walk()
        cls.world.must("apply", "--yes")
        cls.world.annotate("s3-echoer", "intruder")
        cls.webhook = cls.enterClassContext(cls.world.webhook())

    # How the tests act.

    @classmethod
    def wish(cls, name, account="s3-echoer", role="s3-echoer", keys="{source: generate}"):
        return WISH.format(name=name, account=account, role=role, keys=keys, endpoint=cls.ceph.endpoint)

    @classmethod
    def walk(cls):
        return aws_world.walk(cls.session, **cls.options)

    def plan(self, file="irsa.yaml"):
        return json.loads(self.world.must("plan", "--quiet", "-o", "json", "-f", file))

    def pod(self, account):
        injected, token = self.world.admit(self.webhook, account)
        return self.world.container(account, injected, token)

    def aws(self, account, *arguments, **environment):
        return subprocess.run([AWS, *arguments], env={**self.pod(account), **environment}, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)

    def mint(self, *arguments, account="s3-echoer"):
        return self.world.must("token", "mint", f"default/{account}", *arguments).strip()

    def assume(self, token, role=ROLE):
        return self.sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="rgw-test", WebIdentityToken=token)

    def assert_taken(self, token, role=ROLE):
        told = len(self.ceph.log())
        try:
            self.assertTrue(self.assume(token, role)["Credentials"]["SessionToken"])
        except botocore.exceptions.ClientError as error:
            self.fail(f"{error}: {self.ceph.log()[told:]}")

    def assert_refused(self, token, because="", role=ROLE):
        told = len(self.ceph.log())
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            self.assume(token, role)
        self.assertEqual(raised.exception.response["ResponseMetadata"]["HTTPStatusCode"], 403)
        self.assertIn(because, self.ceph.log()[told:])

    def published(self, url):
        with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=self.options["verify"])) as answer:
            self.assertEqual((answer.headers["Content-Type"], answer.headers["Cache-Control"]), ("application/json", "public, max-age=300"))
            return json.load(answer)

    def private_key(self):
        return tokens.read_key(self.folder / "keys/demo.key")

    def assert_published(self, cluster, signed):
        """The keys of these tokens, in this order, and the provider knows their certificates."""
        plan = cluster.seen("plan", "--only", "issuer")
        keys = self.published(plan["issuer"] + "/keys.json")["keys"]
        self.assertEqual([key["kid"] for key in keys], [tokens.head_of(token)["kid"] for token in signed])
        arn = "arn:aws:iam:::oidc-provider/" + plan["issuer"].removeprefix("https://")
        prints = self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ThumbprintList"]
        self.assertEqual(sorted(prints), sorted(thumbprint(key) for key in keys))

    @contextlib.contextmanager
    def always_one_is_taken(self, old, new, role):
        seen, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                seen.append([self.takes(token, role) for token in (old, new)])
        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield
        finally:
            stop.set()
            asking.join()
        self.assertNotIn([False, False], seen)
        self.assertIn([True, False], seen)
        print(f"of {len(seen)} times the gateway took a token of the old or the new key each time", flush=True)

    def takes(self, token, role):
        with contextlib.suppress(botocore.exceptions.ClientError):
            return bool(self.assume(token, role))
        return False

    def reverse_keys(self, bucket):
        s3 = self.session.client("s3", **self.options)
        document = json.load(s3.get_object(Bucket=bucket, Key="keys.json")["Body"])
        document["keys"].reverse()
        s3.put_object(Bucket=bucket, Key="keys.json", Body=json.dumps(document).encode(), ContentType="application/json",
                      CacheControl="public, max-age=300")

    # What must be.

    def test_a_second_look_finds_no_change_and_everybody_reads_the_documents_below_the_endpoint(self):
        plan = self.plan()
        self.assertEqual(plan["changes"], 0, plan)
        self.assertRegex(plan["issuer"], rf"^{re.escape(self.ceph.endpoint)}/demo-[0-9a-f]{{12}}$")
        discovery = self.published(plan["issuer"] + "/.well-known/openid-configuration")
        self.assertEqual(discovery["issuer"], plan["issuer"])
        [key] = self.published(discovery["jwks_uri"])["keys"]
        [arn] = [entry["Arn"] for entry in self.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
                 if entry["Arn"].endswith(plan["bucket"])]
        self.assertEqual(arn, "arn:aws:iam:::oidc-provider/" + plan["issuer"].removeprefix("https://"))
        provider = self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        self.assertEqual(provider["ClientIDList"], ["sts.amazonaws.com"])
        self.assertEqual(provider["ThumbprintList"], [thumbprint(key)])

    def test_the_unmodified_aws_cli_lists_and_reads_the_bucket(self):
        injected, token = self.world.admit(self.webhook, "s3-echoer")
        self.assertEqual((injected["AWS_ROLE_ARN"], token["audience"]), (ROLE, "sts.amazonaws.com"))
        listed = self.aws("s3-echoer", "s3", "ls", "s3://the-data")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertRegex(listed.stdout, r" 6 hello\.txt\n$")
        read = self.aws("s3-echoer", "s3", "cp", "s3://the-data/hello.txt", "-")
        self.assertEqual((read.returncode, read.stdout), (0, "hello\n"), read.stderr)

    def test_the_role_may_only_what_its_inline_policy_says(self):
        self.assertNotEqual(self.aws("s3-echoer", "s3", "rm", "s3://the-data/hello.txt").returncode, 0)
        self.assertIn("hello.txt", self.aws("s3-echoer", "s3", "ls", "s3://the-data").stdout)
        denied = self.aws("s3-echoer", "s3", "ls", f"s3://{self.plan()['bucket']}")
        self.assertEqual((denied.returncode == 0, denied.stdout), (False, ""))

    def test_the_aws_cli_writes_where_checksums_stand_only_when_required(self):
        write = ("s3", "cp", str(self.folder / "policy.json"), "s3://the-data/written")
        self.addCleanup(self.session.client("s3", **self.options).delete_object, Bucket="the-data", Key="written")
        self.assertNotEqual(self.aws("s3-echoer", *write).returncode, 0)
        self.assertIn('"PUT /the-data/written HTTP/1.1" 411 ', self.ceph.log())  # the checksum follows a body of no stated length
        written = self.aws("s3-echoer", *write, AWS_REQUEST_CHECKSUM_CALCULATION="when_required")
        self.assertEqual(written.returncode, 0, written.stderr)
        self.assertEqual(self.aws("s3-echoer", "s3", "cp", "s3://the-data/written", "-").stdout, (self.folder / "policy.json").read_text())

    def test_another_account_with_the_same_annotation_is_refused(self):
        listed = self.aws("intruder", "s3", "ls", "s3://the-data")
        self.assertNotEqual(listed.returncode, 0)
        self.assertIn("AssumeRoleWithWebIdentity", listed.stderr)
        self.assertEqual(listed.stdout, "")
        self.assert_refused(self.mint(account="intruder"))

    def test_bad_tokens_are_refused(self):
        good, key, now = self.mint(), self.private_key(), int(time.time())
        self.assert_taken(good)
        self.assert_taken(tokens.signed_again(good, key))
        self.assert_refused(self.mint("--audience", "somebody-else"))
        self.assert_refused(tokens.signed_again(good, key, iat=now - 7200, nbf=now - 7200, exp=now - 3600), "token expired")
        self.assert_refused(tokens.signed_again(good, key, nbf=now + 3600))
        self.assert_refused(tokens.tampered(good), "Signature validation failed")
        self.assert_refused(tokens.signed_again(good, tokens.foreign_key()), "Signature validation failed")
        self.assert_refused(tokens.signed_again(good, key, iss=self.ceph.endpoint + "/the-data"))
        self.assert_refused(tokens.signed_again(good, key, sub="system:serviceaccount:kube-system:s3-echoer"))

    def test_whoami_in_the_pod_says_what_sts_said(self):
        code, told, errors = self.world.run("whoami", environment=self.pod("s3-echoer"))
        self.assertEqual(code, 0, told + errors)
        self.assertRegex(told, r"I am +arn:aws:sts:::assumed-role/s3-echoer/irsa-whoami-\d+\n")
        code, told, errors = self.world.run("whoami", environment=self.pod("intruder"))
        self.assertEqual(code, 1, told + errors)
        self.assertIn("AccessDenied", told)

    def test_what_others_changed_is_found_and_mended(self):
        changed = {**POLICY, "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        self.iam.put_role_policy(RoleName="s3-echoer", PolicyName="irsa-anywhere", PolicyDocument=json.dumps(changed, separators=(",", ":")))
        self.iam.tag_role(RoleName="s3-echoer", Tags=[{"Key": "team", "Value": "core"}])
        self.session.client("s3", **self.options).delete_bucket_policy(Bucket=self.plan()["bucket"])
        self.assertEqual(names(self.plan()), ["s3:PutBucketPolicy", "iam:TagRole", "iam:PutRolePolicy"])
        self.world.must("apply", "--yes")
        self.assertEqual(self.plan()["changes"], 0)
        self.assert_taken(self.mint())

    def test_a_role_of_the_same_name_that_somebody_else_made_is_not_touched(self):
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/admin"]},
                                                         "Action": ["sts:AssumeRole"]}]}
        self.iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(trust, separators=(",", ":")))
        self.addCleanup(self.iam.delete_role, RoleName="theirs")
        (self.folder / "theirs.yaml").write_text(self.wish("other", role="theirs"))
        code, _, errors = self.world.run("apply", "--yes", "-f", "theirs.yaml")
        self.assertNotEqual(code, 0)
        self.assertIn("were not made for other", errors)
        self.assertIn("role theirs", errors)
        self.assertNotIn("other-", str(list(self.walk()["buckets"])))

    def test_es256_keys_and_accounts_by_pattern(self):
        (self.folder / "jobs.yaml").write_text(self.wish("jobs", "job-*", "jobs", "{source: generate, algorithm: ES256, directory: job-keys}"))
        self.world.must("apply", "--yes", "-f", "jobs.yaml")
        self.assertEqual(self.plan("jobs.yaml")["changes"], 0)
        jobs = "arn:aws:iam:::role/jobs"
        self.assert_taken(self.mint("-f", "jobs.yaml", account="job-7"), jobs)
        self.assert_refused(self.mint("-f", "jobs.yaml", account="job7"), role=jobs)
        self.assert_refused(self.mint("-f", "jobs.yaml"))  # of another issuer than the role's
        self.world.must("destroy", "--delete-bucket", "--yes", "-f", "jobs.yaml")
        self.assertEqual(self.plan()["changes"], 0)

    def test_the_first_key_is_the_one_that_holds_and_a_new_one_replaces_the_provider(self):
        old, new = self.folder / "old.key", self.folder / "new.key"
        for key in (old, new):
            subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
            subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", key.with_suffix(".pub")], check=True)
        def wish(*keys):  # public halves only, as a cluster has them: irsa makes the certificates
            (self.folder / "rotated.yaml").write_text(self.wish("rotated", "app", "rotated", f"{{source: files, publicKeys: [{', '.join(keys)}]}}"))
        def mint(key):
            return self.mint("-f", "rotated.yaml", "--key", key, account="app")
        role = "arn:aws:iam:::role/rotated"
        wish("old.pub")
        self.world.must("apply", "--yes", "-f", "rotated.yaml")
        self.assert_taken(mint(old), role)
        self.assert_refused(mint(new), role=role)
        wish("new.pub", "old.pub")
        self.assertEqual(names(self.plan("rotated.yaml")), ["s3:PutObject", "s3:PutObject", "iam:DeleteOpenIDConnectProvider",
                                                            "iam:CreateOpenIDConnectProvider"])
        self.world.must("apply", "--yes", "-f", "rotated.yaml")
        self.assertEqual(self.plan("rotated.yaml")["changes"], 0)
        self.assert_taken(mint(new), role)
        self.assert_refused(mint(old), role=role)  # Ceph 16 looks at no other key than the first
        self.world.must("destroy", "--delete-bucket", "--yes", "-f", "rotated.yaml")

    def test_a_rotation_from_rsa_to_es256_has_the_key_that_signs_first_and_asks_before_it_refuses_tokens(self):
        wish = self.wish("rotating", "app", "rotating", "{source: cluster}")
        cluster, role = self.enterContext(RotatingCluster(self.world, wish)), "arn:aws:iam:::role/rotating"
        setup = ("--only", "issuer,provider,roles")
        cluster.irsa("apply", "--yes", *setup)
        cluster.on_node("apiserver", "patch", "--yes")
        old = cluster.token("default:app")
        self.assert_published(cluster, [old])
        self.assert_taken(old, role)

        cluster.on_node("keys", "rotate", "introduce")
        new = cluster.token_of_new_key(old)
        self.assertEqual([tokens.head_of(token)["alg"] for token in (old, new)], ["RS256", "ES256"])
        self.assert_published(cluster, [old, new])
        self.assert_taken(old, role)
        self.assert_refused(new, role=role)

        code, _, errors = cluster.run("keys", "rotate", "promote", "--manifest", cluster.server.manifest, "--root", cluster.folder)
        self.assertEqual(code, 1, errors)
        self.assertIn("Ceph looks at the first key of the JWKS alone", errors)
        self.assertEqual(tokens.head_of(cluster.token("default:app")), tokens.head_of(old))
        with self.always_one_is_taken(old, new, role):
            cluster.on_node("keys", "rotate", "promote", "--yes")
        self.assertEqual(tokens.head_of(cluster.token("default:app")), tokens.head_of(new))
        self.assert_published(cluster, [new, old])
        self.assert_taken(cluster.token("default:app"), role)
        self.assert_refused(old, role=role)
        self.assertEqual(cluster.seen("plan", *setup)["changes"], 0)  # although the API server serves the old one first

        bucket = cluster.seen("plan", *setup)["bucket"]
        self.reverse_keys(bucket)  # as a run leaves it that ends between the node and the bucket
        self.assertFalse(cluster.gate("first")["met"])
        cluster.on_node("keys", "rotate", "promote", "--yes")
        self.assertTrue(cluster.gate("first")["met"])
        self.assert_published(cluster, [new, old])

        cluster.let_a_day_pass()
        cluster.on_node("keys", "rotate", "retire")
        self.assert_published(cluster, [new, old])
        self.assert_taken(new, role)
        cluster.irsa("apply", "--yes", *setup)
        self.assert_published(cluster, [new])
        self.assert_taken(cluster.token("default:app"), role)
        self.assert_refused(old, role=role)

        cluster.on_node("keys", "rotate", "--emergency", "--yes")
        latest = cluster.token("default:app")
        self.assert_published(cluster, [latest])
        self.assert_taken(latest, role)
        self.assert_refused(new, role=role)
        code, _, errors = cluster.run("issuer", "publish")
        self.assertEqual(code, 3, errors)
        self.assertIn("not for Ceph", errors)
        cluster.irsa("destroy", "--delete-bucket", "--yes")

    def test_without_the_switch_the_error_names_it(self):
        (self.folder / "plain.yaml").write_text(self.wish("demo").replace("  dialect: ceph\n", ""))
        code, _, errors = self.world.run("plan", "-f", "plain.yaml")
        self.assertNotEqual(code, 0, errors)
        self.assertIn("aws.dialect: ceph", errors)

    def test_destroy_leaves_the_gateway_as_it_was_before_apply(self):
        self.assertNotEqual(self.walk(), self.before)
        self.world.must("destroy", "--delete-bucket", "--yes")
        try:
            self.assertEqual(self.walk(), self.before)
            self.world.must("destroy", "--delete-bucket", "--yes")  # nothing left to do is no error
        finally:
            self.world.must("apply", "--yes")  # the other tests' world


if __name__ == "__main__":
    unittest.main(verbosity=2)
