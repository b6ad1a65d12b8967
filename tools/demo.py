"""demo.py PROGRAMS: the main job without a cluster. The API server's part (asking the webhook, minting the token) is done here;
everything else is the real thing: irsa, irsa-webhook, and irsa sim as AWS."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))
from support.serviceaccount_api import ServiceAccountApi  # noqa: E402
from support.simulator import Simulator, clean_environment  # noqa: E402
from support.webhook import Webhook, identity_of, job_pod  # noqa: E402

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
STARTED = time.monotonic()
COLOR = sys.stdout.isatty()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOR else text


def passed(text, detail=""):
    print(f"{paint(32, '✓')} {text}{paint(2, f'  {time.monotonic() - STARTED:.1f} s')}", flush=True)
    for line in filter(None, detail.strip().splitlines()):
        print(f"    {line}", flush=True)


def demand(truth, text, evidence=""):
    if not truth:
        print(f"{paint(31, '✗')} {text}\n{evidence}", flush=True)
        sys.exit(1)


class Demo:
    def __init__(self, programs, folder):
        self.irsa, self.program = programs / "irsa", programs / "irsa-webhook"
        self.folder = folder

    def run(self, *arguments, environment):
        command = [str(self.irsa), *map(str, arguments)]
        done = subprocess.run(command, env=environment, cwd=self.folder, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def must(self, *arguments, environment):
        code, out, errors = self.run(*arguments, environment=environment)
        demand(code == 0, f"irsa {' '.join(map(str, arguments))}: exit code {code}", out + errors)
        return out

    def set_up(self, sim):
        (self.folder / "irsa.yaml").write_text(WISH)
        self.must("apply", "--yes", environment=sim.environment())
        plan = json.loads(self.must("plan", "-o", "json", "--detailed-exitcode", environment=sim.environment()))
        demand(plan["changes"] == 0, "a second look finds nothing to change", json.dumps(plan, indent=1))
        self.role = f"arn:aws:iam::{sim.ready['account']}:role/s3-echoer"
        passed("irsa apply: key, bucket, issuer documents, OIDC provider and role; a second look finds 0 changes", plan.get("issuer", ""))

    def become(self, sim, account):
        """What a container of a Job of that account sees: admitted by the webhook, token projected by the kubelet."""
        injected, token = identity_of(self.webhook.admit(job_pod(account)))
        demand(token, f"the webhook gave {account}'s pod a token volume")
        file = self.folder / account / injected["AWS_WEB_IDENTITY_TOKEN_FILE"].lstrip("/")
        file.parent.mkdir(parents=True)
        file.touch(mode=0o600)
        file.write_text(self.must("token", "mint", f"default/{account}", "--audience", token["audience"], "--expiration",
                                  f"{token['expirationSeconds']}s", environment=clean_environment()).strip())
        environment = {**clean_environment(), **injected, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ENDPOINT_URL": sim.endpoint,
                       "HOME": str(file.parent)}
        return injected, token, self.run("whoami", environment=environment)

    def serve(self, sim):
        injected, token, (code, out, errors) = self.become(sim, "s3-echoer")
        demand(injected.get("AWS_ROLE_ARN") == self.role, "the webhook injected the role", json.dumps(injected))
        passed("irsa-webhook: the Job's pod of default/s3-echoer has its role injected",
               "\n".join(f"{name}={value}" for name, value in injected.items()) +
               f"\nvolume aws-iam-token: audience {token['audience']}, {token['expirationSeconds']} s")
        demand(code == 0 and "assumed-role/s3-echoer/" in out, f"irsa whoami: exit code {code}", out + errors)
        passed("irsa whoami, as that container: AWS let it in", out)

    def refuse(self, sim):
        _, _, (code, out, errors) = self.become(sim, "intruder")
        demand(code != 0 and "AccessDenied" in out + errors, f"the intruder was not refused: exit code {code}", out + errors)
        passed("irsa whoami, as default/intruder with the same annotation: refused, as it must be", out + errors)

    def play(self):
        with Simulator(self.irsa) as sim, ServiceAccountApi(self.folder) as api:
            passed("irsa sim: S3, IAM and STS on loopback", sim.endpoint)
            self.set_up(sim)
            for account in ("s3-echoer", "intruder"):
                api.put("default", account, {"eks.amazonaws.com/role-arn": self.role})
            with Webhook(self.program, self.folder, api.kubeconfig, "--aws-default-region=us-west-2") as self.webhook:
                passed("irsa-webhook: started, service accounts known, ready")
                self.serve(sim)
                self.refuse(sim)
            self.must("destroy", "--delete-bucket", "--yes", environment=sim.environment())
            passed("irsa destroy --delete-bucket: role, provider and bucket are gone")


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="irsa-demo-") as folder:
        Demo(programs, pathlib.Path(folder)).play()
    print(f"""
Done in {time.monotonic() - STARTED:.1f} s. What to type next:
    {sys.argv[1]}/irsa --help        what else it does
    script/demo --node               the same on a real Kubernetes node (root; the first time builds Kubernetes, 11 minutes)
    script/test                      everything
and README.md, "Five minutes on a real cluster".""")


main()
