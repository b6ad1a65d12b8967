"""What the tests of irsa-webhook as a process share."""
import contextlib
import json
import os
import pathlib
import shutil
import tempfile
import time
import unittest

from support import certificates
from support.kubernetes_api import KubernetesApi
from support.scale import SANITIZED, SOAK, scaled  # pylint: disable=unused-import
from support.webhook import Webhook, admission_review, job_pod

PROGRAM = os.environ["IRSA_WEBHOOK"]
ROLE = "arn:aws:iam::111122223333:role/s3-echoer"
ANNOTATION = "eks.amazonaws.com/role-arn"
RATE = 50 if SANITIZED else scaled(100, 300)  # reviews a second, beside which something goes wrong


def eventually(check, seconds=20):
    """The first true value of `check`; the last one when the time is over."""
    end = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


def environment_of(pod):
    return {e["name"]: e.get("value") for c in pod["spec"]["containers"] for e in c.get("env", [])}


def review_of(account, namespace="default"):
    return admission_review(job_pod(account), namespace)


class Case(unittest.TestCase):
    """A folder with an authority, an API server with one account that has a role, and as many webhooks as are started."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="irsa-webhook-"))
        self.addCleanup(shutil.rmtree, self.folder)
        certificates.make_authority(self.folder)
        self.api = self.enter(KubernetesApi(self.folder))
        self.api.put("default", "a", {ANNOTATION: ROLE})

    def enter(self, context):
        return self.enterContext(context)

    def start(self, *flags, drain="0s", **options):
        return self.enter(Webhook(PROGRAM, self.folder, self.api.kubeconfig, f"--drain-time={drain}", *flags, **options))

    def must(self, check, seconds=20, why=""):
        value = eventually(check, seconds)
        self.assertTrue(value, why() if callable(why) else why)
        return value

    def post(self, webhook, account, namespace="default"):
        """(status, response); the latter None if the status is not 200."""
        status, body = webhook.post(json.dumps(review_of(account, namespace)).encode())
        return status, json.loads(body)["response"] if status == 200 else None

    def assert_injects(self, webhook, account="a"):
        status, response = self.post(webhook, account)
        self.assertEqual(status, 200)
        self.assertIn("patch", response)

    def assert_flawless(self, result, at_least=1):
        """Of a load: no review failed, none was answered wrongly."""
        self.assertEqual((result["failed"], result["wrong"]), (0, 0), result)
        self.assertGreaterEqual(result["reviews"], at_least)


@contextlib.contextmanager
def lifted(fault):
    """The fault ends with the block."""
    try:
        yield fault
    finally:
        fault.lifted.set()
