"""The product without a cluster: what the API server and the kubelet would do for a pod is done here, everything else is the
real thing (irsa, irsa-webhook, and irsa sim as AWS)."""
import json
import pathlib
import subprocess

from support.kubernetes_api import KubernetesApi
from support.simulator import Simulator, clean_environment
from support.webhook import Webhook, identity_of, job_pod

WISH = """\
apiVersion: irsa-anywhere/v1
name: demo
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


class DayZero:
    """Used as a context: `sim` and `api` run inside it. Nothing is set up yet. `sim`: a stand-in for it, of the same shape."""

    def __init__(self, irsa, webhook, folder, sim=None, wish=WISH):
        self.irsa, self.webhook_program, self.folder = pathlib.Path(irsa).resolve(), pathlib.Path(webhook).resolve(), pathlib.Path(folder)
        self.sim, self.api, self.wish = sim or Simulator(self.irsa), KubernetesApi(self.folder), wish

    def __enter__(self):
        self.sim.__enter__()
        self.api.__enter__()
        self.role = f"arn:aws:iam::{self.sim.ready['account']}:role/s3-echoer"
        (self.folder / "irsa.yaml").write_text(self.wish)
        return self

    def __exit__(self, *failure):
        self.api.__exit__(*failure)
        self.sim.__exit__(*failure)

    def run(self, *arguments, environment=None):
        """(exit code, standard output, standard error) of irsa, as the account's administrator unless said otherwise."""
        done = subprocess.run([str(self.irsa), *map(str, arguments)], env=environment or self.sim.environment(HOME=str(self.folder)),
                              cwd=self.folder, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def must(self, *arguments):
        """Standard output of an irsa that succeeds."""
        code, out, errors = self.run(*arguments)
        if code != 0:
            raise RuntimeError(f"irsa {' '.join(map(str, arguments))}: exit code {code}\n{out}{errors}")
        return out

    def plan(self):
        return json.loads(self.must("plan", "--quiet", "-o", "json"))

    def annotate(self, *accounts):
        for account in accounts:
            self.api.put("default", account, {"eks.amazonaws.com/role-arn": self.role})

    def webhook(self):
        return Webhook(self.webhook_program, self.folder, self.api.kubeconfig, "--aws-default-region=us-west-2")

    def admit(self, webhook, account):
        """({environment}, token source) that a Job's pod of the account gets from the webhook; the source is None for none."""
        return identity_of(webhook.admit(job_pod(account)))

    def container(self, account, injected, token):
        """The environment of the container's process once the kubelet has projected its token. (The token's path is below
        the folder instead of below the container's root.)"""
        file = self.folder / account / injected["AWS_WEB_IDENTITY_TOKEN_FILE"].lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        self.must("token", "mint", f"default/{account}", "--audience", token["audience"], "--expiration",
                  f"{token['expirationSeconds']}s", "--write", file)
        return {**clean_environment(), **injected, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ENDPOINT_URL": self.sim.endpoint,
                "HOME": str(file.parent), **self.sim.trust}
