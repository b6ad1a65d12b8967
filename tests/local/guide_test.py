"""docs/guide/webhook.md names every flag, metric and finding there is, and none that there is not."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support.kubernetes_api import KubernetesApi
from support.webhook import Webhook

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/guide/webhook.md").read_text()
WEBHOOK = os.environ["IRSA_WEBHOOK"]


class WebhookPage(unittest.TestCase):
    def test_every_flag(self):
        usage = subprocess.run([WEBHOOK, "--help"], text=True, stderr=subprocess.PIPE, check=True).stderr
        flags = set(re.findall(r"(?m)^      (--[a-z][\w-]*) +(?!.*klog's; accepted)", usage)) - {"--version"}
        self.assertGreater(len(flags), 30)
        section = PAGE.partition("## Coming from")[2].partition("## Metrics")[0]
        self.assertEqual(set(re.findall(r"`(--[a-z][\w-]*)", section)), flags)

    def test_every_metric(self):
        with tempfile.TemporaryDirectory() as folder, KubernetesApi(folder) as api, Webhook(WEBHOOK, folder, api.kubeconfig) as webhook:
            metrics = set(re.findall(r"(?m)^# TYPE (\w+) ", webhook.metrics()))
        self.assertGreater(len(metrics), 15)
        section = PAGE.partition("## Metrics")[2].partition("## What lint")[0]
        named = set(re.findall(r"`((?:http|irsa|pod|process)_\w+)", section))
        self.assertEqual(named, metrics)

    def test_every_finding(self):
        codes = set(re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b", (ROOT / "src/setup/webhook_lint.h").read_text()))
        raised = set(re.findall(r'"([A-Z]+(?:_[A-Z0-9]+)+)"', "".join(path.read_text() for path in (ROOT / "src/setup").glob("webhook_lint*.cpp"))))
        self.assertEqual(set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)`", PAGE.partition("## What lint")[2])), codes)
        self.assertEqual(raised - {"AWS_ROLE_ARN"}, codes)


if __name__ == "__main__":
    unittest.main()
