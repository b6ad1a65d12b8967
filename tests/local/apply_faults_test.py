"""Every call of apply and destroy meets every fault that AWS has: the run converges, or stops with a sentence and a next step, and
then the next run converges.

In CI one fault for each call, in turn; with IRSA_SOAK=1 (script/test soak) all of them."""
import concurrent.futures
import os
import pathlib
import re
import tempfile
import unittest

from support.account import Account, copy
from support.scale import SOAK

IRSA = os.environ["IRSA"]
WISH = """\
apiVersion: irsa-anywhere/v1
name: edge
aws: {region: us-west-2}
keys: {source: generate, algorithm: ES256}
bindings:
- serviceAccount: app/a
  role:
    name: app-a
    inline: policy.json
    boundary: arn:aws:iam::aws:policy/AmazonS3FullAccess
    policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
"""
POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}'
FAULTS = ("throttle", "error500", "timeoutAfterSuccess", "accessDenied")
LOOKED_AT_IF_ALLOWED = ("GetAccountSummary", "GetPolicy", "SimulatePrincipalPolicy")


def is_cloudfronts(operation):
    return "Distribution" in operation or "OriginAccessControl" in operation or operation == "ListTagsForResource"


def walk(account):
    """The world as text, without the names that CloudFront chooses."""
    return re.sub(r"\bd[a-z0-9]{13}\.cloudfront\.net|distribution/E[A-Z0-9]{13}", "...", repr(account.walk()))


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-faults-")))
        self.template = self.folder / "template"
        self.template.mkdir()
        (self.template / "irsa.yaml").write_text(WISH)
        (self.template / "policy.json").write_text(POLICY)

    def calls(self, folder, *command):
        """Every call of an undisturbed run as (operation, the nth of this operation), and the world it leaves."""
        with Account(IRSA, folder) as account:
            account.must(*command)
            found, seen = [], {}
            for call in account.control("/_irsa/calls"):
                if call["code"] == "InvalidAction":  # what this IAM does not know can't be made to fail either
                    continue
                seen[call["operation"]] = seen.get(call["operation"], 0) + 1
                found.append((call["operation"], seen[call["operation"]]))
            return found, walk(account)

    def disturb(self, number, operation, nth, fault):
        """What went wrong; None when nothing did."""
        where = f"{fault} at {operation} {nth}"
        with Account(IRSA, copy(self.template, self.folder / f"{self.command[0]}-{number}-{fault}")) as account:
            account.control("/_irsa/expect", {"operation": operation, "nth": nth, "fault": fault})
            done = account.run(*self.command)
            may_stop = fault == "accessDenied"
            if done.returncode != 0 and not may_stop:
                return f"{where}: exit code {done.returncode}: {done.stderr}"
            if done.returncode == 0 and may_stop and operation not in LOOKED_AT_IF_ALLOWED and not self.is_known_absent(operation, nth):
                return f"{where}: went unnoticed: {done.stderr}"
            if done.returncode != 0 and not ("error: " in done.stderr and "hint: " in done.stderr and operation in done.stderr):
                return f"{where}: no sentence with a next step: {done.stderr}"
            if done.returncode != 0 and (again := account.run(*self.command)).returncode != 0:
                return f"{where}: the next run ended with {again.returncode}: {again.stderr}"
            if (world := walk(account)) != self.world:
                return f"{where}: another world: {world}"
        return None

    def is_known_absent(self, operation, nth):
        return (operation, nth) == self.account_block

    def run_all(self, *command, only=lambda operation: True):
        self.command = command
        calls, self.world = self.calls(copy(self.template, self.folder / f"reference-{command[0]}"), *command)
        # The account's public access block is asked for below a bucket's name that the simulator does not have.
        self.account_block = max((call for call in calls if call[0] == "GetObject"), default=None)
        calls = [call for call in calls if only(call[0])]
        rounds = [(i, *call, fault) for i, call in enumerate(calls) for number, fault in enumerate(FAULTS)
                  if SOAK or i % len(FAULTS) == number]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            wrong = [one for one in pool.map(lambda round: self.disturb(*round), rounds) if one]
        print(f"{command[0]}: {len(calls)} calls, {len(rounds) - len(wrong)} passed, {len(wrong)} failed", flush=True)
        self.assertEqual(wrong, [])

    def test_apply(self):
        self.run_all("apply", "--yes")

    def test_apply_and_destroy_behind_cloudfront(self):
        (self.template / "irsa.yaml").write_text(WISH.replace("bindings:", "issuer: {hosting: cloudfront}\nbindings:"))
        self.run_all("apply", "--yes", only=is_cloudfronts)
        with Account(IRSA, self.template) as account:
            account.must("apply", "--yes")
        self.run_all("destroy", "--yes", "--delete-bucket", only=is_cloudfronts)

    def test_destroy(self):
        with Account(IRSA, self.template) as account:
            account.must("apply", "--yes")
        self.run_all("destroy", "--yes", "--delete-bucket")


if __name__ == "__main__":
    unittest.main()
