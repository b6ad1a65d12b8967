"""What irsa apply --emit writes, read by the tools it is written for: cfn-lint, an HCL parser, bash with the AWS CLI, kustomize
(kubectl's own) and Helm.

In CI the changes of a set-up are run for hosting s3; with IRSA_SOAK=1 (script/test soak) for cloudfront as well."""
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import cfnlint.api
import hcl2
import yaml

from support import go_programs
from support.account import Account
from support.scale import SANITIZED, soak_only

IRSA = os.environ["IRSA"]
HERE = pathlib.Path(__file__).parent
KUBECTL = go_programs.kubernetes("kubectl")
HEAD = "apiVersion: irsa-anywhere/v1\nname: edge\naws: {region: us-west-2}\nkeys: {source: generate, algorithm: ES256}\n"
BINDINGS = """\
bindings:
- serviceAccounts: [app/a, other/a]
  role:
    name: app-a
    inline: policy.json
    boundary: arn:aws:iam::aws:policy/AmazonS3FullAccess
    policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
    maxSessionDuration: 2h
    tags: {owner: priya@example.com}
- serviceAccount: app/b
  role: {name: App_B, path: /team/}
tags: {team: edge}
"""
WISHES = {"s3": "", "cloudfront": "issuer: {hosting: cloudfront}\n",
          "directory": "issuer: {hosting: directory, url: 'https://id.example.com/edge'}\n"}
POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:username}/*"}}'
FOREIGN_TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
OURS = [{"Key": "irsa-anywhere/name", "Value": "edge"}]
AWS_FORMS = "terraform", "cloudformation", "awscli"


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-emit-")))
        (self.folder / "policy.json").write_text(POLICY)
        self.account = self.enterContext(Account(IRSA, self.folder))

    def emit(self, form, hosting="s3", bindings=BINDINGS):
        (self.folder / "irsa.yaml").write_text(HEAD + WISHES[hosting] + bindings)
        out = self.folder / f"{form}-{hosting}"
        is_new = not out.exists()
        done = json.loads(self.account.must("apply", "--emit", form, "--out", out, "-o", "json", "--quiet"))
        found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
        self.assertEqual(set(done["files"]), found if is_new else found & set(done["files"]))
        return out


@unittest.skipIf(SANITIZED, "takes minutes; its rooms have their own tests")
class Emit(Case):
    def test_cfn_lint_finds_nothing_in_the_template(self):
        for hosting in WISHES:
            with self.subTest(hosting):
                template = (self.emit("cloudformation", hosting) / "template.json").read_text()
                config = cfnlint.api.ManualArgs(regions=["us-west-2"])
                self.assertEqual([str(match) for match in cfnlint.api.lint(template, config=config)], [])

    def test_the_command_for_a_large_template_names_a_bucket(self):
        for roles, is_large in ((10, False), (60, True)):
            bindings = "bindings:\n" + "".join(f"- {{serviceAccount: app/a{i}, role: {{name: a{i}}}}}\n" for i in range(roles))
            (self.folder / "irsa.yaml").write_text(HEAD + bindings)
            done = json.loads(self.account.must("apply", "--emit", "cloudformation", "-o", "json", "--quiet"))
            self.assertEqual((self.folder / "cloudformation" / "template.json").stat().st_size > 51_200, is_large)
            self.assertEqual(done["next"].endswith(" --s3-bucket BUCKET"), is_large, done["next"])

    def test_terraforms_language_is_parsed_and_says_what_irsa_yaml_says(self):
        for hosting in WISHES:
            with self.subTest(hosting):
                text = (self.emit("terraform", hosting) / "main.tf").read_text()
                parsed = hcl2.load(io.StringIO(text))
                kinds = [json.loads(kind) if kind.startswith('"') else kind for block in parsed["resource"] for kind in block]
                self.assertEqual(kinds.count("aws_iam_role"), 2)
                self.assertEqual(kinds.count("aws_s3_object"), 0 if hosting == "directory" else 3)
                self.assertEqual(kinds.count("aws_cloudfront_distribution"), int(hosting == "cloudfront"))
                self.assertEqual(kinds.count("aws_iam_openid_connect_provider"), 1)

    def script(self, out, *arguments):
        environment = dict(self.account.environment, PATH=f"{pathlib.Path(sys.prefix) / 'bin'}:{os.environ['PATH']}")
        return subprocess.run(["bash", out / "apply.sh", *arguments], env=environment, text=True, capture_output=True, stdin=subprocess.DEVNULL)

    def run_script(self, out):
        done = self.script(out)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def test_after_the_script_there_is_nothing_to_change(self):
        for hosting in ("s3", "cloudfront"):
            with self.subTest(hosting):
                self.run_script(self.emit("awscli", hosting))
                plan = json.loads(self.account.must("plan", "-o", "json", "--quiet"))
                self.assertEqual(plan["actions"], [])
                self.assertIs(self.account.assumes("app-a", self.account.token("app/a")), True)
                self.account.must("destroy", "--yes", "--delete-bucket")

    def test_the_script_takes_no_published_key_away_unasked(self):
        bindings = "bindings: [{serviceAccount: app/a, role: {name: a}}]\n"
        out = self.emit("awscli", bindings=bindings)
        self.run_script(out)
        s3 = self.account.client("s3")
        bucket = s3.list_buckets()["Buckets"][0]["Name"]

        def published():
            return json.load(s3.get_object(Bucket=bucket, Key="keys.json")["Body"])["keys"][0]["kid"]

        kid = published()
        shutil.rmtree(self.folder / "keys")  # so that the files publish a new key
        out = self.emit("awscli", bindings=bindings)
        done = self.script(out)
        self.assertEqual(done.returncode, 1, done.stdout)
        for key in ("keys.json", "openid/v1/jwks"):
            self.assertIn(f"/{key}: {kid}\n", done.stderr)
        self.assertIn("apply.sh --yes does it", done.stderr)
        self.assertEqual(published(), kid)
        self.assertEqual(self.script(out, "--no").returncode, 3)
        self.assertEqual(self.script(out, "--yes").returncode, 0)
        self.assertNotEqual(published(), kid)

    def test_the_script_names_a_policy_that_does_not_exist_and_touches_nothing(self):
        out = self.emit("awscli", bindings=BINDINGS.replace("S3ReadOnlyAccess", "S3ReadOnlyAcces"))
        done = self.script(out)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAcces does not exist", done.stderr)
        self.assertEqual(self.account.walk(), {"buckets": {}, "providers": {}, "roles": {}})

    def test_the_script_refuses_another_account(self):
        out = self.emit("awscli")
        script = (out / "apply.sh").read_text().replace(self.account.sim.ready["account"], "999988887777")
        (out / "apply.sh").write_text(script)
        done = self.script(out)
        self.assertEqual(done.returncode, 1)
        self.assertIn("this is for 999988887777", done.stderr)

    def test_the_script_names_what_was_not_made_for_it_and_touches_nothing(self):
        out = self.emit("awscli")
        s3, iam = self.account.client("s3"), self.account.client("iam")
        bucket = re.search("^bucket=(.+)$", (out / "apply.sh").read_text(), re.MULTILINE)[1]
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "irsa-anywhere/name", "Value": "other"}]})
        iam.create_role(RoleName="app-a", AssumeRolePolicyDocument=json.dumps(FOREIGN_TRUST))
        iam.create_open_id_connect_provider(Url=f"https://{bucket}.s3.us-west-2.amazonaws.com", ClientIDList=["me"], ThumbprintList=["0" * 40])
        before = self.account.walk()
        done = self.script(out)
        self.assertEqual(done.returncode, 1, done.stdout)
        for named in (f"bucket {bucket}", "OIDC provider arn:aws:iam::", "role app-a"):
            self.assertIn(f"\n  {named}", done.stderr)
        self.assertNotIn("App_B", done.stderr)
        self.assertEqual(self.account.walk(), before)

    def test_the_script_does_not_move_a_role_or_an_issuer(self):
        iam = self.account.client("iam")
        out = self.emit("awscli")
        iam.create_role(RoleName="app-a", Path="/else/", AssumeRolePolicyDocument=json.dumps(FOREIGN_TRUST), Tags=OURS)
        self.assertIn("IAM can neither move nor rename a role", self.script(out).stderr)
        iam.delete_role(RoleName="app-a")
        iam.create_open_id_connect_provider(Url="https://former.example.com", ThumbprintList=["0" * 40], Tags=OURS)
        self.assertIn("the issuer of edge is https://former.example.com", self.script(out).stderr)

    def break_account(self):
        """What people do to the objects of a set-up; `kept` is theirs to keep."""
        s3, iam = self.account.client("s3"), self.account.client("iam")
        bucket = s3.list_buckets()["Buckets"][0]["Name"]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [*OURS, {"Key": "team", "Value": "old"}, {"Key": "cost", "Value": "42"}]})
        s3.delete_public_access_block(Bucket=bucket)
        s3.delete_bucket_policy(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="keys.json", Body=b"{}", ContentType="text/plain")
        s3.delete_object(Bucket=bucket, Key="openid/v1/jwks")
        provider = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="kept")
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="sts.amazonaws.com")
        iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider, TagKeys=["team"])
        trust = iam.get_role(RoleName="app-a")["Role"]["AssumeRolePolicyDocument"]
        trust = {**trust, "Id": "kept", "Statement": [*FOREIGN_TRUST["Statement"], {**trust["Statement"][0], "Sid": "Mine"}]}
        iam.update_assume_role_policy(RoleName="app-a", PolicyDocument=json.dumps(trust))
        iam.create_role(RoleName="left", Description="irsa-anywhere edge", AssumeRolePolicyDocument=json.dumps(trust), Tags=OURS)
        iam.update_role(RoleName="app-a", Description="mine", MaxSessionDuration=3600)
        iam.untag_role(RoleName="app-a", TagKeys=["owner"])
        iam.put_role_policy(RoleName="app-a", PolicyName="stray", PolicyDocument=POLICY)
        iam.attach_role_policy(RoleName="App_B", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        return bucket

    def break_front(self):
        front = self.account.client("cloudfront")
        listed = front.list_distributions()["DistributionList"]["Items"][0]
        found = front.get_distribution_config(Id=listed["Id"])
        config = found["DistributionConfig"]
        config["Enabled"], config["PriceClass"] = False, "PriceClass_100"
        config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "allow-all"
        front.update_distribution(Id=listed["Id"], IfMatch=found["ETag"], DistributionConfig=config)
        front.untag_resource(Resource=listed["ARN"], TagKeys={"Items": ["team"]})
        control = front.list_origin_access_controls()["OriginAccessControlList"]["Items"][0]["Id"]
        found = front.get_origin_access_control(Id=control)
        config = {**found["OriginAccessControl"]["OriginAccessControlConfig"], "SigningBehavior": "never"}
        front.update_origin_access_control(Id=control, IfMatch=found["ETag"], OriginAccessControlConfig=config)

    def mend(self, hosting):
        changed = BINDINGS.replace("other/a]", "other/a, more/a]").replace("2h", "3h").replace("App_B, path: /team/", "app-c") \
            .replace("    boundary: arn:aws:iam::aws:policy/AmazonS3FullAccess\n", "").replace("S3ReadOnly", "S3Full") \
            .replace("    inline: policy.json\n", "")
        out = self.emit("awscli", hosting)
        self.run_script(out)
        bucket = self.break_account()
        if hosting == "cloudfront":
            self.break_front()
        self.assertIn("role left stays", self.run_script(out))
        self.assertEqual(json.loads(self.account.must("plan", "-o", "json", "--quiet"))["actions"], [])
        self.assertIn("role App_B", self.run_script(self.emit("awscli", hosting, changed)))
        self.assertEqual(json.loads(self.account.must("plan", "-o", "json", "--quiet"))["actions"], [])
        walk = self.account.walk()
        self.assertIn({"Key": "cost", "Value": "42"}, walk["buckets"][bucket]["tags"]["TagSet"])
        self.assertIn("kept", next(iter(walk["providers"].values()))["ClientIDList"])
        trust = walk["roles"]["app-a"]["role"]["Role"]["AssumeRolePolicyDocument"]
        self.assertEqual(trust["Id"], "kept")
        self.assertIn(FOREIGN_TRUST["Statement"][0], trust["Statement"])
        self.assertEqual(len(trust["Statement"]), 2)
        left = walk["roles"]["left"]["role"]["Role"]["AssumeRolePolicyDocument"]
        self.assertEqual((left["Id"], left["Statement"]), ("kept", FOREIGN_TRUST["Statement"]))

    def test_the_script_mends_what_was_changed_and_goes_with_irsa_yaml(self):
        self.mend("s3")

    @soak_only
    def test_the_script_mends_what_stands_before_the_bucket(self):
        self.mend("cloudfront")
        listed = self.account.client("cloudfront").list_distributions()["DistributionList"]["Items"][0]
        self.assertEqual((listed["Enabled"], listed["PriceClass"]), (True, "PriceClass_100"))

    def test_the_clusters_side_is_yaml_that_names_the_role(self):
        out = self.emit("kustomize")
        kustomization = yaml.safe_load((out / "kustomization.yaml").read_text())
        objects = [one for file in kustomization["resources"] for one in yaml.safe_load_all((out / file).read_text())]
        accounts = {f"{one['metadata']['namespace']}/{one['metadata']['name']}": one["metadata"]["annotations"]
                    for one in objects if one["kind"] == "ServiceAccount" and "annotations" in one["metadata"]}
        account = self.account.sim.ready["account"]
        self.assertEqual(accounts["app/b"], {"eks.amazonaws.com/role-arn": f"arn:aws:iam::{account}:role/team/App_B"})
        self.assertIn("MutatingWebhookConfiguration", {one["kind"] for one in objects})
        objects = list(yaml.safe_load_all((self.emit("ack") / "objects.yaml").read_text()))
        self.assertEqual([one["kind"] for one in objects], ["Bucket", "OpenIDConnectProvider", "Role", "Role"])

    @unittest.skipUnless(KUBECTL, "kubectl is not built: script/test node does that")
    def test_kustomize_takes_the_folder_and_changes_no_object(self):
        out = self.emit("kustomize")
        done = subprocess.run([KUBECTL, "kustomize", out], text=True, capture_output=True, env={"HOME": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stderr)
        files = yaml.safe_load((out / "kustomization.yaml").read_text())["resources"]
        written = [one for file in files for one in yaml.safe_load_all((out / file).read_text())]
        place = lambda one: (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
        self.assertEqual(sorted(yaml.safe_load_all(done.stdout), key=place), sorted(written, key=place))

    def test_nothing_in_the_account_is_changed_and_the_key_is_made_once(self):
        self.emit("terraform")
        key = (self.folder / "keys" / "edge.key").read_bytes()
        self.emit("cloudformation")
        self.assertEqual((self.folder / "keys" / "edge.key").read_bytes(), key)
        self.assertEqual(self.account.walk(), {"buckets": {}, "providers": {}, "roles": {}})

    def test_a_file_that_irsa_did_not_write_is_kept(self):
        out = self.folder / "own"
        for form, path in (("terraform", "main.tf"), ("kustomize", "webhook.yaml"), ("cloudformation", "template.json"),
                           ("awscli", "files/provider.json")):
            with self.subTest(form):
                (self.folder / "irsa.yaml").write_text(HEAD + BINDINGS)
                (out / path).parent.mkdir(parents=True, exist_ok=True)
                (out / path).write_text("mine\n")
                done = self.account.run("apply", "--emit", form, "--out", out)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"own/{path} is there and was not written by irsa, so nothing was written", done.stderr)
                self.assertEqual([one for one in out.rglob("*") if one.is_file()], [out / path])
                self.assertFalse((self.folder / "keys").exists())
                (out / path).unlink()

    def test_files_that_irsa_wrote_are_written_anew(self):
        for form in (*AWS_FORMS, "ack", "kustomize"):
            with self.subTest(form):
                before = {path: path.read_bytes() for path in self.emit(form).rglob("*") if path.is_file()}
                out = self.emit(form, bindings=BINDINGS.replace("App_B", "App_C").replace("2h", "3h").replace("edge}", "core}"))
                self.assertTrue(any(path.read_bytes() != body for path, body in before.items()), out)

    def test_a_form_that_does_not_exist_is_a_wrong_command_line(self):
        (self.folder / "irsa.yaml").write_text(HEAD + BINDINGS)
        self.assertEqual(self.account.run("apply", "--emit", "pulumi").returncode, 3)
        self.assertEqual(self.account.run("apply", "--out", "x").returncode, 3)


@unittest.skipIf(SANITIZED, "takes minutes where Helm was not built before; its rooms have their own tests")
class Helm(Case):
    """Helm itself, and the chart that `helm create` makes, as most charts are made after."""

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-helm-")))
        cls.program = go_programs.build(HERE / "helm", cls.home / "helm", "helm.sh/helm/v4/cmd/helm")

    def helm(self, *arguments):
        done = subprocess.run([self.program, *arguments], text=True, capture_output=True, cwd=self.home,
                              env={"HOME": str(self.home), "PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_usual_chart_gives_its_pods_the_account_with_the_role(self):
        values = self.emit("helm-values") / "app" / "b.yaml"
        self.helm("create", "chart")
        self.helm("lint", "--strict", "chart", "-f", values)
        rendered = {one["kind"]: one for one in yaml.safe_load_all(self.helm("template", "shop", "chart", "-n", "app", "-f", values)) if one}
        account = rendered["ServiceAccount"]["metadata"]
        role = f"arn:aws:iam::{self.account.sim.ready['account']}:role/team/App_B"
        self.assertEqual((account["name"], account["annotations"]), ("b", {"eks.amazonaws.com/role-arn": role}))
        self.assertEqual(rendered["Deployment"]["spec"]["template"]["spec"]["serviceAccountName"], "b")


if __name__ == "__main__":
    unittest.main()
