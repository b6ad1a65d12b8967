"""irsa is killed right before each system call that changes something: the next run reaches the same world, whatever was done.

In CI a small set-up and a sample of the points; with IRSA_SOAK=1 (script/test soak) a larger one and every point."""
import concurrent.futures
import json
import os
import pathlib
import tempfile
import unittest

from support import crash_points, guided
from support.account import Account, copy, without_key
from support.scale import SOAK

IRSA = os.environ["IRSA"]
ROLES, SAMPLE = (30, 10**6) if SOAK else (3, 18)
S3 = "arn:aws:iam::aws:policy/AmazonS3{}Access"
HEAD = "apiVersion: irsa-anywhere/v1\nname: edge\naws:\n  region: us-west-2\nkeys:\n  source: generate\n  algorithm: ES256\n"
FOLDER = HEAD + "issuer:\n  hosting: directory\n  url: https://id.example.com/edge\n  directory: out\n"
POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}'
REPAIRS = "ISSUER_SLASH", "DOCUMENT_HEADERS", "KID_EMPTY", "BUCKET_POLICY_WIDE", "PUBLIC_ACLS", "AUD_MISSING"


def wish(roles):
    lines = [HEAD, "bindings:\n"]
    for i in range(roles):
        lines.append(f"- serviceAccount: app/app-{i}\n  role:\n    name: app-{i}\n    inline: policy.json\n    boundary: "
                     f"{S3.format('Full')}\n    policies: [{S3.format('ReadOnly')}, {S3.format('Full')}]\n")
    return "".join(lines)


def drift(account, bucket):
    """Something wrong in every piece, but nothing that keeps a token from working."""
    s3, iam = account.client("s3"), account.client("iam")
    for key in ("keys.json", "openid/v1/jwks", ".well-known/openid-configuration"):
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket, Key=key, Body=body + b"\n", ContentType="text/plain")
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy.replace("s3:GetObject\"", "s3:GetObject*\""))
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    s3.delete_bucket_tagging(Bucket=bucket)
    provider = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider, Tags=[{"Key": "irsa-anywhere/name", "Value": "edge"}])
    for i in range(ROLES):
        name = f"app-{i}"
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        condition = trust["Statement"][0]["Condition"]
        subject = next(key for key in condition["StringEquals"] if key.endswith(":sub"))
        del condition["StringEquals"][subject]
        condition["StringLike"] = {subject: "system:serviceaccount:*"}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
        iam.detach_role_policy(RoleName=name, PolicyArn=S3.format("Full"))
        iam.put_role_policy(RoleName=name, PolicyName="sneaked-in", PolicyDocument=POLICY)
        iam.delete_role_policy(RoleName=name, PolicyName="irsa-anywhere")
        iam.update_role(RoleName=name, MaxSessionDuration=7200)


class Killed(unittest.TestCase):
    """One scenario: a template world, a command, and what must hold of the world afterwards."""
    role = "app-0"

    def mint(self, account):
        return account.token("app/app-0")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-crash-")))
        self.template = self.folder / "template"
        self.template.mkdir()
        (self.template / "policy.json").write_text(POLICY)

    def files(self, folder):
        """Of the world's folder: what irsa may write, with modes."""
        found = {}
        for path in sorted(folder.rglob("*")):
            place = str(path.relative_to(folder))
            if path.is_file() and place.split("/")[0] in ("keys", "out"):
                body = "a private key" if place.startswith("keys/") else without_key(path.read_bytes())
                found[place] = (oct(path.stat().st_mode & 0o777), body)
        return found

    def key(self, folder):
        path = folder / "keys" / "edge.key"
        return path.read_bytes() if path.exists() else None

    def at(self, number, point):
        """What went wrong at one point; None when nothing did."""
        folder = copy(self.template, self.worlds / str(number))
        with Account(IRSA, folder) as account:
            if not crash_points.run_until(point, account.command(*self.command), **account.options()):
                return f"{point}: the run ended before it"
            key = self.key(folder)
            if self.token and account.assumes(self.role, self.token) is not True:
                return f"{point}: a token that was valid is refused"
            done = account.run(*self.command)
            if done.returncode != 0:
                return f"{point}: the next run ended with {done.returncode}: {done.stderr}"
            if key is not None and self.key(folder) != key:
                return f"{point}: the key was replaced"
            if (world := account.walk()) != self.world:
                return f"{point}: another world: {world}"
            if (files := self.files(folder)) != self.expected:
                return f"{point}: other files: {files}"
            if self.proves and account.assumes(self.role, self.mint(account)) is not True:
                return f"{point}: the role is not given"
        return None

    def run_matrix(self, name, *command, token=None, proves=True):
        self.command, self.token, self.proves = command, token, proves
        self.worlds = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        reference = copy(self.template, self.worlds / "reference")
        with Account(IRSA, reference) as account:
            points = crash_points.points(account.command(*command), **account.options())
            self.world, self.expected = account.walk(), self.files(reference)
        chosen = crash_points.sample(points, SAMPLE)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wrong = [one for one in pool.map(self.at, range(len(chosen)), chosen) if one]
        print(f"{name}: {len(points)} points ({crash_points.table(points)}); {len(chosen) - len(wrong)} passed, {len(wrong)} failed",
              flush=True)
        self.assertEqual(wrong, [])
        return len(points)

    def prepare(self, *commands, text=None):
        (self.template / "irsa.yaml").write_text(text or wish(ROLES))
        with Account(IRSA, self.template) as account:
            for command in commands:
                account.must(*command)
            return self.mint(account) if commands else None

    def test_apply_from_nothing(self):
        self.prepare()
        self.assertGreater(self.run_matrix("apply", "apply", "--yes"), ROLES * 4 + 10)

    def test_apply_that_repairs(self):
        token = self.prepare(("apply", "--yes"))
        with Account(IRSA, self.template) as account:
            drift(account, account.client("s3").list_buckets()["Buckets"][0]["Name"])
            self.assertIs(account.assumes(self.role, token), True)
        self.assertGreater(self.run_matrix("apply that repairs", "apply", "--yes", token=token), ROLES * 4)

    def test_apply_into_a_folder(self):
        self.prepare(text=FOLDER)
        self.assertGreater(self.run_matrix("apply into a folder", "apply", "--yes", "--only", "issuer", proves=False), 20)

    def test_destroy(self):
        self.prepare(("apply", "--yes"))
        points = self.run_matrix("destroy", "destroy", "--yes", "--delete-bucket", proves=False)
        self.assertGreater(points, ROLES * 4)
        self.assertEqual(self.world, {"buckets": {}, "providers": {}, "roles": {}})

    def test_adopt(self):
        """Of a set-up as the guides have it: the repair that lets tokens in, then all the others."""
        with Account(IRSA, self.template) as account:
            issuer = guided.follow_the_guide(account)
        self.role, self.mint = guided.ROLE, lambda account: issuer.token()
        admit = "adopt", guided.URL, "--yes", "--fix", "PROVIDER_NO_AUDIENCE"
        self.run_matrix("adopt that admits tokens", *admit)
        with Account(IRSA, self.template) as account:
            account.must(*admit)
        mend = "adopt", guided.URL, "--yes", "--fix", ",".join(REPAIRS)
        self.assertGreater(self.run_matrix("adopt that mends the rest", *mend, token=issuer.token()), len(REPAIRS))


if __name__ == "__main__":
    unittest.main()
