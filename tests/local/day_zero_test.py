"""The main job without a cluster: the unmodified AWS CLI, with exactly what irsa-webhook injected, gets the role or is refused."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from support import aws_world
from support.day_zero import DayZero

AWS = pathlib.Path(sys.prefix) / "bin/aws"


class AwsClisInPods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-day-zero-"))
        cls.world = cls.enterClassContext(DayZero(os.environ["IRSA"], os.environ["IRSA_WEBHOOK"], folder))
        cls.before = cls.walk()
        cls.world.must("apply", "--yes")
        cls.world.annotate("s3-echoer", "intruder")
        cls.world.api.put("default", "plain")
        cls.webhook = cls.enterClassContext(cls.world.webhook())

    @classmethod
    def walk(cls):
        return aws_world.walk(aws_world.session_of(cls.world.sim.environment()), endpoint_url=cls.world.sim.endpoint)

    def aws(self, account, *arguments):
        injected, token = self.world.admit(self.webhook, account)
        return subprocess.run([AWS, *arguments], env=self.world.container(account, injected, token), text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)

    def test_the_account_has_the_role(self):
        done = self.aws("s3-echoer", "sts", "get-caller-identity")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f":sts::{self.world.sim.ready['account']}:assumed-role/s3-echoer/", json.loads(done.stdout)["Arn"])

    def test_the_role_lists_the_bucket(self):
        done = self.aws("s3-echoer", "s3", "ls")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r" demo-[0-9a-f]{12}\n$")

    def test_the_role_may_only_read(self):
        done = self.aws("s3-echoer", "s3", "mb", "s3://another")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("AccessDenied", done.stderr)

    def test_another_account_with_the_same_annotation_is_refused(self):
        done = self.aws("intruder", "sts", "get-caller-identity")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("AccessDenied", done.stderr)
        self.assertIn("AssumeRoleWithWebIdentity", done.stderr)

    def test_an_account_without_the_annotation_gets_nothing(self):
        self.assertEqual(self.world.admit(self.webhook, "plain"), ({}, None))

    def test_destroy_leaves_the_account_as_it_was_before_apply(self):
        self.assertNotEqual(self.walk(), self.before)
        self.world.must("destroy", "--delete-bucket", "--yes")
        try:
            self.assertEqual(self.walk(), self.before)
        finally:
            self.world.must("apply", "--yes")  # the other tests' world


if __name__ == "__main__":
    unittest.main()
