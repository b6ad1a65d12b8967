"""What else may be going on while irsa sets up: fifty runs at once, a full disk, a folder that may not be written, a link where
the key belongs, no umask, too few rights; and the phases, forms and exit codes that scripts rely on."""
import concurrent.futures
import json
import os
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest

from support import crash_points
from support.account import Account
from support.scale import SANITIZED

IRSA = os.environ["IRSA"]
HEAD = "apiVersion: irsa-anywhere/v1\nname: edge\naws:\n  region: us-west-2\n"
BINDINGS = """\
bindings:
- serviceAccounts: [app/a, other/a]
  role:
    name: app-a
    policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
"""
WISH = HEAD + "keys: {source: generate, algorithm: ES256}\n" + BINDINGS


class Case(unittest.TestCase):
    wish = WISH

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-safety-")))
        (self.folder / "irsa.yaml").write_text(self.wish)
        self.account = self.enterContext(Account(IRSA, self.folder))

    def irsa(self, *arguments, code=0, **options):
        done = self.account.run(*arguments, **options)
        self.assertEqual(done.returncode, code, f"irsa {arguments}\n{done.stdout}{done.stderr}")
        return done

    def plan(self, *arguments):
        return json.loads(self.irsa("plan", "-o", "json", "--quiet", *arguments).stdout)

    def under(self, prefix, *arguments):
        return subprocess.run([*prefix, *self.account.command(*arguments)], text=True, capture_output=True, **self.account.options())


class Safety(Case):
    def test_of_fifty_runs_at_once_one_acts_and_the_others_say_who_does(self):
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            runs = list(pool.map(lambda _: self.account.run("apply", "--yes"), range(50)))
        self.assertLessEqual({run.returncode for run in runs}, {0, 75})
        self.assertIn(0, [run.returncode for run in runs])
        for run in runs:
            if run.returncode == 75:
                self.assertRegex(run.stderr, r"another run( \(process \d+\))? is at work on it\nhint: ")
        made = [call["operation"] for call in self.account.control("/_irsa/calls") if call["status"] == 200]
        for once in ("CreateBucket", "CreateOpenIDConnectProvider", "CreateRole"):
            self.assertEqual(made.count(once), 1, once)
        self.assertEqual(self.plan()["changes"], 0)

    @unittest.skipIf(SANITIZED, "a sanitizer writes too, to see what memory it may read")
    def test_a_full_disk_stops_it_before_anything_else_and_leaves_no_half_key(self):
        copy = self.folder / "copy"
        copy.mkdir()
        (copy / "irsa.yaml").write_text(self.wish)
        with Account(IRSA, copy) as other:
            written = next(point for point in crash_points.points(other.command("apply", "--yes", "--quiet"), **other.options())
                           if point.call == "write")
        done = self.under(["strace", "-f", *crash_points.NO_LEAKS, "-o", "/dev/null", "-e", "trace=write", "-e", "signal=none", "-e",
                           f"inject=write:error=ENOSPC:when={written.number}"], "apply", "--yes", "--quiet")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("No space left on device", done.stderr)
        self.assertEqual(list((self.folder / "keys").iterdir()), [])
        self.assertEqual(self.account.walk()["buckets"], {})
        self.irsa("apply", "--yes")

    def test_an_fsync_that_fails_is_a_failure_and_leaves_no_half_key(self):
        done = self.under(["strace", "-f", *crash_points.NO_LEAKS, "-o", "/dev/null", "-e", "trace=fsync", "-e", "signal=none", "-e", "inject=fsync:error=EIO:when=1"],
                          "apply", "--yes")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("Input/output error", done.stderr)
        self.assertEqual(list((self.folder / "keys").iterdir()), [])
        self.assertEqual(self.account.walk()["buckets"], {})
        self.irsa("apply", "--yes")

    @unittest.skipIf(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), "root may write everywhere")
    def test_a_folder_that_may_not_be_written_is_named_and_nothing_is_changed(self):
        (self.folder / "keys").mkdir(mode=0o500)
        prefix = []
        if os.geteuid() == 0:
            prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
        done = self.under(prefix, "apply", "--yes")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"error: .*keys/.*Permission denied")
        self.assertEqual(self.account.walk()["buckets"], {})

    def test_a_link_where_the_key_belongs_is_refused_and_its_target_stays_as_it_is(self):
        target = self.folder / "target"
        (self.folder / "keys").mkdir()
        link = self.folder / "keys" / "edge.key"
        for content in (None, "somebody's"):
            if content:
                target.write_text(content)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
            done = self.irsa("apply", "--yes", code=1)
            self.assertIn("symbolic link", done.stderr)
            self.assertEqual(target.read_text() if content else target.exists(), content or False)
        self.assertEqual(self.account.walk()["buckets"], {})

    def test_without_a_umask_the_key_is_still_the_users_alone(self):
        done = subprocess.run(["sh", "-c", 'umask 000; exec "$0" "$@"', *self.account.command("apply", "--yes")], text=True,
                              capture_output=True, **self.account.options())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(stat.S_IMODE((self.folder / "keys" / "edge.key").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE((self.folder / "keys").stat().st_mode), 0o700)

    def test_a_key_that_others_can_read_and_a_key_that_is_gone_are_refused(self):
        self.irsa("apply", "--yes")
        key = self.folder / "keys" / "edge.key"
        key.chmod(0o644)
        self.assertIn("chmod 600", self.irsa("apply", "--yes", code=1).stderr)
        key.unlink()
        done = self.irsa("apply", "--yes", code=1)
        self.assertIn("every token of the old would be refused", done.stderr)
        self.assertFalse(key.exists())

    def test_a_second_apply_makes_no_call_that_changes_anything(self):
        self.irsa("apply", "--yes")
        before = len(self.account.control("/_irsa/calls"))
        self.irsa("apply", "--yes")
        later = [call["operation"] for call in self.account.control("/_irsa/calls")[before:]]
        self.assertEqual([name for name in later if not name.startswith(("Get", "List", "Head"))], [])
        self.assertIn(f"{len(later)} calls to AWS to look", self.irsa("plan").stdout)

    def test_every_call_on_the_bucket_names_the_owner_it_expects(self):
        """Asked as another account's owner, S3 refuses each of them."""
        self.irsa("apply", "--yes")
        trace = self.folder / "trace"
        for command in (("apply", "--yes"), ("destroy", "--yes", "--delete-bucket"), ("apply", "--yes")):
            self.under(["strace", "-f", *crash_points.NO_LEAKS, "-o", str(trace), "-s", "4096", "-e", "trace=sendto", "-e", "signal=none"], *command)
            sent = [line for line in trace.read_text().splitlines() if re.search(r'"(GET|PUT|HEAD|DELETE) /edge-', line)]
            self.assertGreater(len(sent), 5)
            for line in sent:
                if not re.search(r'"PUT /edge-[0-9a-f]+ HTTP', line):  # CreateBucket has no such field
                    self.assertIn(f"x-amz-expected-bucket-owner: {self.account.sim.ready['account']}", line)


class Phases(Case):
    def test_only_and_skip_choose_what_is_looked_at(self):
        calls = {phase: {action["call"] for action in self.plan("--only", phase)["actions"]}
                 for phase in ("issuer", "provider", "roles", "apiserver", "webhook", "bindings")}
        self.assertEqual(calls["provider"], {"iam:CreateOpenIDConnectProvider"})
        self.assertEqual(calls["roles"], {"iam:CreateRole", "iam:AttachRolePolicy"})
        self.assertIn("file:Create", calls["issuer"])
        self.assertEqual(calls["apiserver"] | calls["webhook"] | calls["bindings"], set())
        rest = {action["call"] for action in self.plan("--skip", "issuer,provider")["actions"]}
        self.assertEqual(rest, calls["roles"])
        self.assertIn("did you mean roles?", self.irsa("plan", "--only", "role", code=3).stderr)
        self.irsa("plan", "--only", "roles", "--skip", "roles", code=3)

    def test_phase_by_phase_is_the_same_as_at_once(self):
        for phase in ("issuer", "provider", "roles"):
            self.irsa("apply", "--yes", "--only", phase)
        self.assertEqual(self.plan()["changes"], 0)
        self.assertIs(self.account.assumes("app-a", self.account.token("other/a")), True)

    def test_exit_codes_and_the_json_of_a_plan(self):
        self.irsa("plan", "--detailed-exitcode", code=2)
        plan = self.plan()
        self.assertEqual(plan["changes"], len(plan["actions"]))
        for action in plan["actions"]:
            self.assertEqual(sorted(action), ["call", "reason", "target"])
        self.irsa("apply", "--yes")
        self.irsa("plan", "--detailed-exitcode")

    def test_what_would_take_away_is_not_done_unasked(self):
        self.irsa("apply")
        (self.folder / "irsa.yaml").write_text(WISH.replace("[arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]", "[]"))
        done = self.irsa("apply", code=1)
        self.assertIn("irsa apply --yes", done.stderr)
        self.assertEqual(self.plan()["changes"], 1)
        self.irsa("apply", "--yes")
        self.assertEqual(self.plan()["changes"], 0)

    def test_drift_is_named_and_nothing_else(self):
        self.irsa("apply", "--yes")
        iam = self.account.client("iam")
        iam.update_role(RoleName="app-a", MaxSessionDuration=7200)
        plan = self.plan()
        self.assertEqual([(a["call"], a["target"]) for a in plan["actions"]], [("iam:UpdateRole", "role app-a")])


class Policies(Case):
    """Under exactly the policy that irsa prints, the command works; with an action less, it does not."""
    wish = WISH.replace("role:\n", "role:\n    inline: policy.json\n    boundary: arn:aws:iam::aws:policy/AmazonS3FullAccess\n")

    def setUp(self):
        super().setUp()
        (self.folder / "policy.json").write_text(
            '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}')
        # Somebody who is nobody but for the policy: a role of another set-up, through its own issuer.
        self.boot = self.folder / "boot"
        self.boot.mkdir()
        (self.boot / "irsa.yaml").write_text(HEAD.replace("edge", "boot") + "keys: {source: generate, algorithm: ES256}\n" +
                                             "bindings: [{serviceAccount: ops/irsa, role: {name: operator}}]\n")
        self.irsa("apply", "--yes", "-f", self.boot / "irsa.yaml")
        token = self.boot / "token"
        self.irsa("token", "mint", "ops/irsa", "-f", self.boot / "irsa.yaml", "--write", token)
        self.operator = {name: value for name, value in self.account.environment.items()
                         if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        self.operator |= {"AWS_ROLE_ARN": f"arn:aws:iam::{self.account.sim.ready['account']}:role/operator",
                          "AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}

    def policy(self, *arguments):
        return json.loads(self.irsa("policy", *arguments).stdout)

    def grant(self, policy):
        self.account.client("iam").put_role_policy(RoleName="operator", PolicyName="irsa", PolicyDocument=json.dumps(policy))

    def as_operator(self, *arguments):
        return self.account.run(*arguments, environment=self.operator)

    def works(self, *arguments):
        done = self.as_operator(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("not known", done.stdout + done.stderr)

    def test_each_command_works_with_its_policy_and_with_no_smaller_one(self):
        self.grant(self.policy("--for", "plan"))
        self.works("plan")
        self.assertNotEqual(self.as_operator("apply", "--yes").returncode, 0)
        self.grant(self.policy("--for", "apply"))
        self.works("apply", "--yes")
        self.works("apply", "--yes")
        self.grant(self.policy("--for", "plan"))
        self.works("plan")
        self.assertEqual(self.plan()["changes"], 0)
        self.grant(self.policy("--for", "destroy", "--delete-bucket"))
        self.works("destroy", "--yes", "--delete-bucket")
        world = self.account.walk()
        self.assertEqual((sorted(world["roles"]), len(world["buckets"]), len(world["providers"])), (["operator"], 1, 1))

    def test_every_action_of_the_plan_policy_is_needed(self):
        self.irsa("apply", "--yes")
        whole = self.policy("--for", "plan")
        for index, statement in enumerate(whole["Statement"]):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for action in actions:
                # Asked before a change only, and not a must; and what everybody may read once the bucket's policy is there.
                if action in ("iam:GetAccountSummary", "iam:GetPolicy", "s3:GetAccountPublicAccessBlock", "s3:GetObject"):
                    continue
                less = json.loads(json.dumps(whole))
                less["Statement"][index]["Action"] = [one for one in actions if one != action]
                if not less["Statement"][index]["Action"]:
                    del less["Statement"][index]
                with self.subTest(action):
                    self.grant(less)
                    done = self.as_operator("plan")
                    self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
                    self.assertIn("hint: the caller needs the permission " + action, done.stderr)

    def test_the_policy_follows_the_phases_and_names_what_irsa_names(self):
        roles = self.policy("--for", "apply", "--only", "roles")
        text = json.dumps(roles)
        self.assertNotIn("s3:", text)
        self.assertIn(f"arn:aws:iam::{self.account.sim.ready['account']}:role/app-a", text)
        self.assertIn('"iam:PolicyARN": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]', text)
        self.assertNotIn("Delete", json.dumps(self.policy("--for", "plan")))
        self.assertNotIn("s3:Delete", json.dumps(self.policy("--for", "destroy")))


class LargePolicies(Case):
    def test_a_policy_that_outgrows_iam_is_told_and_comes_in_parts_that_do_not(self):
        many = "".join(f"- {{serviceAccount: app/a{i}, role: {{name: a-role-with-a-name-{i}}}}}\n" for i in range(150))
        (self.folder / "irsa.yaml").write_text(HEAD + "bindings:\n" + many)
        done = self.irsa("policy", "--for", "apply")
        count = int(re.search(r"a managed policy takes 6144: print it as (\d+) policies", done.stderr)[1])
        self.assertGreater(count, 1)
        roles = set()
        for number in range(1, count + 1):
            part = json.loads(self.irsa("policy", "--for", "apply", "--part", number).stdout)
            self.account.client("iam").create_policy(PolicyName=f"irsa-{number}", PolicyDocument=json.dumps(part))
            roles.update(re.findall(r":role/([^\"]+)", json.dumps(part)))
        self.assertEqual(len(roles), 150)
        self.assertEqual(self.account.run("policy", "--for", "apply", "--part", count + 1).returncode, 3)


class PoliciesBehindCloudFront(Policies):
    wish = Policies.wish.replace("bindings:", "issuer: {hosting: cloudfront}\nbindings:")


if __name__ == "__main__":
    unittest.main()
