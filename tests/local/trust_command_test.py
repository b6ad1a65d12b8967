"""irsa trust as a process: policies it prints, what it finds in one, and whom one lets in."""
import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

from support.simulator import Simulator, clean_environment

IRSA = os.environ["IRSA"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCOUNT = "111122223333"
ISSUER = "https://s3.us-west-2.amazonaws.com/Edge-prod-issuer"
NAME = ISSUER.removeprefix("https://")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{NAME}"
FOREIGN = {"Version": "2008-10-17", "Statement": {"Sid": "Ec2", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                                                  "Action": "sts:AssumeRole"}}


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-trust-")))
        self.environment = clean_environment() | {"HOME": str(self.folder)}

    def irsa(self, *arguments, code=0, stdin=""):
        done = subprocess.run([IRSA, *map(str, arguments)], env=self.environment, cwd=self.folder, text=True, capture_output=True,
                              input=stdin)
        self.assertEqual(done.returncode, code, f"irsa {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done

    def render(self, *arguments, **more):
        return self.irsa("trust", "render", "--account", ACCOUNT, "--issuer", ISSUER, *arguments, **more)

    def write(self, name, document):
        (self.folder / name).write_text(document if isinstance(document, str) else json.dumps(document))
        return name


class Render(Command):
    def test_pins_audience_and_accounts(self):
        policy = json.loads(self.render("shop/orders", "shop/carts").stdout)
        self.assertEqual(policy, {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{NAME}:aud": "sts.amazonaws.com",
                                           f"{NAME}:sub": ["system:serviceaccount:shop:carts", "system:serviceaccount:shop:orders"]}}}]})
        self.assertEqual(yaml.safe_load(self.render("shop/orders", "shop/carts", "-o", "yaml").stdout), policy)
        compact = self.render("shop/orders", "shop/carts", "--compact").stdout
        self.assertEqual((json.loads(compact), compact.count("\n")), (policy, 1))

    def test_accounts_may_be_written_as_tokens_have_them(self):
        self.assertEqual(self.render("system:serviceaccount:shop:orders").stdout, self.render("shop/orders").stdout)
        for wrong in ("system:serviceaccount:shop", "system:serviceaccount:shop:orders/x", "system:serviceaccount::orders"):
            self.render(wrong, code=3)

    def test_options_may_stand_before_accounts(self):
        policy = json.loads(self.render("--audience", "vault", "shop/orders", "--issuer", "https://b.example.com", "shop/carts").stdout)
        self.assertEqual([list(s["Condition"]["StringEquals"].values())[0] for s in policy["Statement"]], ["vault", "vault"])

    def test_patterns_want_a_word(self):
        self.assertIn("--allow-wildcard", self.render("shop/app-*", code=3).stderr)
        policy = json.loads(self.render("team-*/x", "shop/app-*", "shop/app-1", "--allow-wildcard").stdout)
        self.assertEqual(policy["Statement"][0]["Condition"]["StringLike"],
                         {f"{NAME}:sub": ["system:serviceaccount:shop:app-*", "system:serviceaccount:team-*:x"]})
        for everyone in ("*/x", "*/*", "?/x"):
            self.render(everyone, "--allow-wildcard", code=3)

    def test_says_what_is_wrong_with_a_wish(self):
        for arguments in (["shop"], ["shop/"], ["Shop/x"], ["a/b/c"], ["shop/orders", "--issuer", "http://b.example.com"],
                          ["shop/orders", "--account", "1"], ["shop/orders", "--audience", "*"], ["shop/orders", "--audience", ""],
                          ["shop/orders", "--partition", "foo"], ["shop/orders", "--partition", ""], []):
            self.assertRegex(self.render(*arguments, code=3).stderr, r"^error: .+")

    def test_refuses_what_iam_would_refuse_for_its_length(self):
        accounts = [f"namespace-{i}/account-{i}" for i in range(60)]
        self.assertIn("ACLSizePerRole", self.render(*accounts, code=1).stderr)
        self.render(*accounts, "--quota", 4096)

    def test_merges_without_losing_a_statement(self):
        self.write("theirs.json", FOREIGN)
        once = self.render("shop/orders", "--merge", "theirs.json").stdout
        merged = json.loads(once)
        self.assertEqual((merged["Version"], merged["Statement"][0]), (FOREIGN["Version"], FOREIGN["Statement"]))
        self.assertEqual(len(merged["Statement"]), 2)
        self.assertEqual(self.render("shop/orders", "--merge", "-", stdin=once).stdout, once)
        self.assertIn("Syntax errors in policy.", self.render("shop/orders", "--merge", "-", stdin="{}", code=3).stderr)
        self.render("shop/orders", "--merge", "absent.json", code=1)

    def test_warns_of_a_deny_that_stands(self):
        deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:*"}]}
        self.assertIn("may still deny", self.render("shop/orders", "--merge", self.write("deny.json", deny)).stderr)


class Lint(Command):
    def lint(self, policy, *arguments, code=0):
        return self.irsa("trust", "lint", self.write("trust.json", policy), *arguments, code=code).stdout

    def test_finds_nothing_in_what_render_prints(self):
        policy = self.render("shop/orders").stdout
        self.lint(policy, "--role-arn", f"arn:aws:iam::{ACCOUNT}:role/orders", "--issuer", ISSUER)

    def test_findings_have_code_place_why_and_fix_in_every_form(self):
        policy = json.loads(self.render("shop/orders").stdout)
        del policy["Statement"][0]["Condition"]["StringEquals"][f"{NAME}:sub"]
        finding, = json.loads(self.lint(policy, "-o", "json", code=1))["findings"]
        self.assertEqual((finding["code"], finding["severity"], finding["place"]), ("SUB_MISSING", "error", "trust.json, statement 1"))
        self.assertIn(f"{NAME}:sub", finding["fix"])
        run, = json.loads(self.lint(policy, "-o", "sarif", code=1))["runs"]
        self.assertEqual([(result["ruleId"], result["level"]) for result in run["results"]], [("SUB_MISSING", "error")])
        self.assertEqual(yaml.safe_load(self.lint(policy, "-o", "yaml", code=1))["errors"], 1)
        self.assertIn("SUB_MISSING", self.lint(policy, code=1))

    def test_looks_at_what_the_flags_say(self):
        policy = self.render("shop/orders").stdout
        self.assertIn("PROVIDER_OTHER_ACCOUNT", self.lint(policy, "--role-arn", "arn:aws:iam::444455556666:role/orders", code=1))
        self.assertIn("TRUST_STATEMENT_UNUSED", self.lint(policy, "--issuer", "https://b.example.com", code=1))

    def test_what_cannot_be_read_is_no_clean_bill(self):
        self.irsa("trust", "lint", "absent.json", code=4)
        self.irsa("trust", "lint", code=3)
        self.assertIn("TRUST_MALFORMED", self.lint("{", code=1))

    def test_guide_names_every_finding(self):
        codes = set(re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b", (ROOT / "src/setup/trust_lint.h").read_text()))
        raised = set(re.findall(r'"([A-Z]+(?:_[A-Z0-9]+)+)"', "".join(path.read_text() for path in (ROOT / "src/setup").glob("trust_lint*.cpp"))))
        page = (ROOT / "docs/guide/trust.md").read_text().partition("## What lint finds")[2]
        self.assertEqual(set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)`", page)), codes)
        self.assertEqual(raised, codes)


class CanAssume(Command):
    def ask(self, *arguments, code=0):
        return self.irsa("trust", "can-assume", *arguments, code=code).stdout

    def setUp(self):
        super().setUp()
        self.policy = self.write("trust.json", self.render("shop/orders").stdout)

    def test_answers_with_its_exit_code(self):
        account = ("--issuer", ISSUER, "--service-account")
        self.ask(self.policy, *account, "shop/orders")
        self.ask(self.policy, *account, "shop/carts", code=1)
        self.ask(self.policy, *account, "shop/orders", "--audience", "vault", code=1)
        self.ask(self.policy, "--issuer", "https://b.example.com", "--service-account", "shop/orders", code=1)
        self.ask(self.policy, *account, "shop/orders", "--role-arn", "arn:aws:iam::444455556666:role/orders", code=1)
        self.ask("absent.json", *account, "shop/orders", code=4)
        self.ask(self.policy, "--token", "absent", code=4)
        self.ask(self.policy, code=3)
        self.ask(self.policy, "--issuer", "http://b.example.com", "--service-account", "shop/orders", code=3)
        self.ask(self.policy, *account, "shop", code=3)
        self.ask(self.policy, *account, "shop/*", code=3)
        self.ask(self.policy, *account, "system:serviceaccount:shop:orders")
        self.ask(self.write("bad.json", "{"), *account, "shop/orders", code=3)

    def test_traces_each_statement_and_condition(self):
        answer = json.loads(self.ask(self.policy, "--issuer", ISSUER, "--service-account", "shop/carts", "-o", "json", code=1))
        self.assertEqual((answer["allowed"], answer["provider"]), (False, PROVIDER))
        action, = answer["actions"]
        self.assertEqual((action["action"], action["verdict"]), ("sts:AssumeRoleWithWebIdentity", "ImplicitDeny"))
        statement, = action["statements"]
        self.assertEqual([test["element"] for test in statement["tests"]], ["Principal", "Action", "Condition", "Condition"])
        wrong, = [test for test in statement["tests"] if not test["holds"]]
        self.assertEqual((wrong["operator"], wrong["key"], wrong["policy"], wrong["request"]),
                         ("StringEquals", f"{NAME}:sub", ["system:serviceaccount:shop:orders"], ["system:serviceaccount:shop:carts"]))
        table = self.ask(self.policy, "--issuer", ISSUER, "--service-account", "shop/carts", code=1)
        self.assertIn("✗ StringEquals", table)
        self.assertIn("AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", table)

    def test_names_the_action_that_is_refused(self):
        claims = {"iss": ISSUER, "sub": "system:serviceaccount:shop:orders", "aud": "sts.amazonaws.com",
                  "https://aws.amazon.com/tags": {"principal_tags": {"team": ["edge"]}}}
        parts = (json.dumps(part).encode() for part in ({"alg": "RS256", "kid": "k"}, claims))
        token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, b"signature"))
        answer = self.ask(self.policy, "--token", self.write("tagged", token), code=1)
        self.assertIn("AccessDenied: Not authorized to perform sts:TagSession", answer)

    def test_every_request_has_a_time_and_comes_over_tls(self):
        policy = json.loads((self.folder / "trust.json").read_text())
        caller = ("--issuer", ISSUER, "--service-account", "shop/orders")
        for condition, code in (({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, 1),
                                ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, 0),
                                ({"NumericGreaterThan": {"aws:EpochTime": "1600000000"}}, 0),
                                ({"Bool": {"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}}, 0)):
            conditions = policy["Statement"][0]["Condition"] | condition
            asked = self.write("asked.json", policy | {"Statement": [policy["Statement"][0] | {"Condition": conditions}]})
            self.ask(asked, *caller, code=code)
        self.ask(asked, *caller, "--context", "aws:SecureTransport=false", code=1)

    def test_context_is_given_by_hand(self):
        policy = json.loads((self.folder / "trust.json").read_text())
        policy["Statement"][0]["Condition"]["IpAddress"] = {"aws:SourceIp": "203.0.113.0/24"}
        caller = (self.write("ip.json", policy), "--issuer", ISSUER, "--service-account", "shop/orders")
        self.ask(*caller, code=1)
        self.ask(*caller, "--context", "AWS:sourceip=203.0.113.9")
        self.ask(*caller, "--context", "aws:SourceIp=198.51.100.9", code=1)
        self.ask(*caller, "--context", "aws:SourceIp", code=3)

    def token(self, *arguments):
        key = self.folder / "key.pem"
        if not key.exists():
            subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", key], check=True, capture_output=True)
        (self.folder / "token").unlink(missing_ok=True)
        self.irsa("token", "mint", *arguments, "--key", "key.pem", "--issuer", ISSUER, "--write", "token")
        return "token"

    def test_takes_a_token(self):
        self.ask(self.policy, "--token", self.token("shop/orders"))
        self.ask(self.policy, "--token", self.token("shop/carts"), code=1)
        self.ask(self.policy, "--token", self.token("shop/orders", "--audience", "vault"), code=1)
        self.ask(self.policy, "--token", self.write("no-token", "a.b"), code=3)

    def test_reads_a_role_of_the_account(self):
        with Simulator(IRSA) as sim:
            self.environment = sim.environment(HOME=str(self.folder))
            self.aws("create-open-id-connect-provider", "--url", ISSUER, "--client-id-list", "sts.amazonaws.com", "vault",
                     "--thumbprint-list", "0" * 40)
            self.aws("create-role", "--role-name", "orders", "--path", "/team/", "--assume-role-policy-document",
                     (self.folder / "trust.json").read_text())
            account = ("--issuer", ISSUER, "--service-account")
            self.ask("--role", "orders", *account, "shop/orders")
            self.ask("--role", f"arn:aws:iam::{ACCOUNT}:role/team/orders", *account, "shop/carts", code=1)
            self.ask("--role", f"arn:aws:iam::{ACCOUNT}:role/orders", *account, "shop/orders", code=4)
            self.ask("--role", "absent", *account, "shop/orders", code=4)
            findings = json.loads(self.irsa("trust", "lint", "--role", "orders", "-o", "json", code=1).stdout)["findings"]
            self.assertEqual([(finding["code"], finding["place"]) for finding in findings],
                             [("PROVIDER_EXTRA_AUDIENCE", "role orders, statement 1, Principal")])

    def aws(self, *arguments):
        aws = pathlib.Path(os.sys.executable).parent / "aws"
        done = subprocess.run([aws, "iam", *arguments], env=self.environment, text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
