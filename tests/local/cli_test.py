"""irsa as a process against irsa sim: the life-cycle of day 0, what it says of mistakes, and the commands around a token."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from support.simulator import Simulator, clean_environment

IRSA = os.environ["IRSA"]
WISH = """\
apiVersion: irsa-anywhere/v1
name: edge-prod
aws:
  region: us-west-2
keys:
  source: generate
bindings:
- serviceAccount: default/s3-echoer
  role:
    name: s3-echoer
    policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
"""


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-cli-test-")))
        (self.folder / "irsa.yaml").write_text(WISH)
        self.environment = clean_environment() | {"HOME": str(self.folder)}

    def irsa(self, *arguments, code=0, program=IRSA, **options):
        options = {"env": self.environment, "stdin": subprocess.DEVNULL, **options}
        if "input" in options:
            del options["stdin"]
        done = subprocess.run([program, *map(str, arguments)], cwd=self.folder, text=True, capture_output=True, **options)
        self.assertEqual(done.returncode, code, f"irsa {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done


class WithoutAws(Cli):
    def test_help_names_every_command_that_works_and_no_other(self):
        listed = set(re.findall(r"(?m)^  ([a-z]+) +[A-Z]", self.irsa("--help").stdout))
        self.assertEqual(listed, {"plan", "apply", "destroy", "adopt", "policy", "apiserver", "issuer", "migrate", "keys", "trust",
                                  "verify", "whoami", "explain", "token", "sim", "version", "webhook"})

    def test_every_help_has_an_example(self):
        for command in ("plan", "apply", "destroy", "adopt", "policy", "apiserver patch", "apiserver rollback", "verify", "whoami", "explain", "token mint",
                        "token inspect", "sim", "webhook render", "webhook lint", "issuer publish", "migrate plan", "migrate next",
                        "migrate status", "keys status", "keys rotate",
                        "trust render", "trust lint", "trust can-assume"):
            with self.subTest(command):
                self.assertIn("Example:", self.irsa(*command.split(), "--help").stdout)

    def test_version(self):
        self.assertRegex(self.irsa("version").stdout, r"^irsa \d+\.\d+\.\d+\n$")
        self.assertEqual(self.irsa("version").stdout, self.irsa("--version").stdout)

    def test_runs_as_a_plugin_of_kubectl(self):
        plugin = self.folder / "kubectl-irsa"
        plugin.symlink_to(IRSA)
        self.assertIn("kubectl irsa", self.irsa("--help", program=plugin).stdout)

    def test_a_slip_in_the_command_line_is_named_with_what_was_meant(self):
        for arguments, what, meant in (
                (("aply",), "there is no command aply", "did you mean irsa apply?"),
                (("plan", "--detailed-exit-code"), "there is no option --detailed-exit-code", "did you mean --detailed-exitcode?"),
                (("apiserver", "pacth"), "there is no command pacth", "did you mean irsa apiserver patch?"),
                (("plan", "-o", "xml"), "xml", "irsa plan --help"),
                (("plan", "--timeout", "soon"), "'soon' is no duration", "irsa plan --help"),
                (("verify",), "account", "irsa verify --help"),
                (("plan", "now"), "'now' is one argument too many", "irsa plan --help"),
                ((), "a command is missing", "irsa --help")):
            with self.subTest(arguments):
                done = self.irsa(*arguments, code=3)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith("error: irsa"), done.stderr)
                self.assertIn(what, done.stderr)
                self.assertIn("hint: " + meant, done.stderr)

    def test_mistakes_in_irsa_yaml_are_placed_and_nothing_is_done(self):
        for wrong, place, meant in (("regoin: us-west-2", "irsa.yaml:4:3", "region"), ("region: [us-west-2]", "irsa.yaml:4:11", "region"),
                                    ("region: us-west-2\n  regionn: x", "irsa.yaml:5:3", "region")):
            with self.subTest(wrong):
                (self.folder / "irsa.yaml").write_text(WISH.replace("region: us-west-2", wrong))
                for command in ("plan", "apply", "destroy"):
                    done = self.irsa(command, code=3)
                    self.assertIn(place, done.stderr)
                    self.assertIn(meant, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["irsa.yaml"])

    def test_a_missing_irsa_yaml_is_named(self):
        done = self.irsa("plan", "-f", "other.yaml", code=3)
        self.assertIn("other.yaml", done.stderr)
        self.assertIn("hint: ", done.stderr)

    def test_no_credentials_and_no_endpoint_are_no_crash(self):
        done = self.irsa("plan", code=4)
        self.assertIn("error: ", done.stderr)
        self.environment |= {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                             "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
        done = self.irsa("plan", code=4)
        self.assertIn("127.0.0.1:9", done.stderr)
        self.assertNotIn("secret", done.stderr)

    def test_whoami_in_a_pod_that_was_not_mutated(self):
        done = self.irsa("whoami", code=1)
        self.assertIn("this pod was not mutated", done.stdout)
        transcript = json.loads(self.irsa("whoami", "-o", "json", code=1).stdout)
        self.assertFalse(transcript["allowed"])

    def test_verify_without_a_cluster_says_what_is_missing(self):
        self.assertIn("cluster:", self.irsa("verify", "default/s3-echoer", code=3).stderr)
        self.assertIn("NAMESPACE/NAME", self.irsa("verify", "s3-echoer", code=3).stderr)

    def test_inspect_refuses_what_is_no_token(self):
        self.assertIn("error: ", self.irsa("token", "inspect", input="not.a.token", code=3).stderr)
        self.irsa("token", "inspect", "absent", code=4)


class DayZero(Cli):
    def setUp(self):
        super().setUp()
        self.sim = self.enterContext(Simulator(IRSA))
        self.environment = self.sim.environment(HOME=str(self.folder))

    def plan(self, *arguments, code=0):
        return json.loads(self.irsa("plan", "-o", "json", "--quiet", *arguments, code=code).stdout)

    def key(self):
        [key] = [path for path in (self.folder / "keys").iterdir()]
        return key

    def token(self, account="default/s3-echoer", *arguments):
        return self.irsa("token", "mint", account, *arguments).stdout.strip()

    def whoami(self, token, role="s3-echoer", code=0):
        (self.folder / "token").write_text(token)
        pod = clean_environment() | {"AWS_ROLE_ARN": f"arn:aws:iam::{self.sim.ready['account']}:role/{role}", "AWS_REGION": "us-west-2",
                                     "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.folder / "token"), "AWS_ENDPOINT_URL": self.sim.endpoint}
        return self.irsa("whoami", env=pod, code=code).stdout

    def test_the_life_cycle(self):
        first = self.plan("--detailed-exitcode", code=2)
        self.assertGreater(first["changes"], 0)
        self.assertEqual(sorted(os.listdir(self.folder)), ["irsa.yaml"])

        applied = json.loads(self.irsa("apply", "-o", "json", "--quiet").stdout)
        self.assertEqual((applied["failures"], applied["left"]), ([], []))
        self.assertGreater(applied["done"], 0)
        self.assertEqual(stat.S_IMODE(self.key().stat().st_mode), 0o600)
        self.assertEqual(self.plan("--detailed-exitcode")["changes"], 0)

        again = self.irsa("apply")
        self.assertIn("0 changes", again.stdout)
        self.assertIn(applied["issuer"], again.stdout)

        told = self.whoami(self.token())
        self.assertIn("assumed-role/s3-echoer/", told)
        self.assertIn("system:serviceaccount:default:s3-echoer", told)

        self.assertIn("--yes", self.irsa("destroy", code=3).stderr)
        self.irsa("destroy", "--dry-run")
        self.assertEqual(self.plan()["changes"], 0)
        self.irsa("destroy", "--delete-bucket", "--yes")
        self.irsa("destroy", "--delete-bucket", "--yes")
        self.assertGreater(self.plan("--detailed-exitcode", code=2)["changes"], 0)

    def test_destroy_keeps_the_bucket_and_says_so(self):
        self.irsa("apply")
        bucket = self.plan()["bucket"]
        self.assertIn(bucket, self.irsa("destroy", "--yes").stdout)

    def test_who_is_not_meant_is_refused(self):
        self.irsa("apply", "--quiet")
        self.assertIn("AccessDenied", self.whoami(self.token("default/intruder"), code=1))
        self.assertIn("AccessDenied", self.whoami(self.token(), role="another", code=1))
        self.assertIn("InvalidIdentityToken", self.whoami(self.token("default/s3-echoer", "--audience", "somebody-else"), code=1))
        good = self.token()
        tampered = good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:]
        self.assertIn("InvalidIdentityToken", self.whoami(tampered, code=1))
        self.assertNotIn(good, self.whoami(good))

    def test_a_token_is_shown_without_its_signature(self):
        self.irsa("apply", "--quiet")
        self.irsa("token", "mint", "default/s3-echoer", "--pod", "web-0", "--expiration", "10m", "--write", "minted")
        self.assertEqual(stat.S_IMODE((self.folder / "minted").stat().st_mode), 0o600)
        self.irsa("token", "mint", "default/s3-echoer", "--write", "minted", code=1)  # never over a file that is there
        shown = self.irsa("token", "inspect", "minted", "-o", "json").stdout
        document = json.loads(shown)
        self.assertEqual(document["claims"]["sub"], "system:serviceaccount:default:s3-echoer")
        self.assertEqual(document["claims"]["exp"] - document["claims"]["iat"], 600)
        self.assertEqual(document["claims"]["iss"], self.plan()["issuer"])
        self.assertNotIn((self.folder / "minted").read_text().split(".")[2], shown)

    def test_an_offline_mint_needs_nothing_but_key_and_issuer(self):
        self.irsa("apply", "--quiet")
        issuer = self.plan()["issuer"]
        minted = self.irsa("token", "mint", "default/s3-echoer", "--key", self.key(), "--issuer", issuer, env=clean_environment()).stdout
        self.assertIn("assumed-role/s3-echoer/", self.whoami(minted.strip()))

    def test_a_token_that_no_api_server_would_sign_is_warned_of(self):
        self.irsa("apply", "--quiet")
        good = ("--key", self.key(), "--issuer", self.plan()["issuer"])
        self.assertEqual(self.irsa("token", "mint", "default/s3-echoer", *good).stderr, "")
        for account, *odd in (("Default/x",), ("default/x", "--aud", ""), ("default/x", "--expiration", "0s"),
                              ("default/x", "--issuer", "http://x.example.com"), ("default/x", "--issuer", "https://x.example.com/")):
            options = good[:2] if "--issuer" in odd else good
            done = self.irsa("token", "mint", account, *options, *odd)
            self.assertRegex(done.stderr, r"^warning: .+; signed all the same$", odd)
            self.assertEqual(done.stdout.count("."), 2)

    def test_a_lost_laptop_orphans_nothing(self):
        self.irsa("apply", "--quiet")
        shutil.rmtree(self.folder / "keys")
        self.irsa("destroy", "--delete-bucket", "--yes")
        self.assertIn("nothing to remove", self.irsa("destroy", "--delete-bucket", "--yes").stdout)

    def test_a_second_run_at_the_same_time_is_turned_away(self):
        with open(self.folder / "irsa.yaml") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            done = self.irsa("apply", code=75)
            self.assertIn(str(os.getpid()), done.stderr)
            self.assertIn("hint: ", done.stderr)
            self.plan()
        self.irsa("apply")

    def test_the_wrong_account_is_named(self):
        (self.folder / "irsa.yaml").write_text(WISH.replace("region: us-west-2", "region: us-west-2\n  accountId: '999999999999'"))
        done = self.irsa("apply", code=3)
        self.assertIn("999999999999", done.stderr)
        self.assertIn(self.sim.ready["account"], done.stderr)

    def test_yaml_and_table_say_the_same(self):
        self.assertIn("changes:", self.irsa("plan", "-o", "yaml").stdout)
        self.assertNotIn("\x1b[", self.irsa("plan").stdout)


if __name__ == "__main__":
    unittest.main()
