"""demo.py PROGRAMS: the main job without a cluster, one check mark a step."""
import pathlib
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from support.day_zero import DayZero  # noqa: E402

STARTED = time.monotonic()
COLOR = sys.stdout.isatty()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOR else text


def passed(text, detail=""):
    print(f"{paint(32, '✓')} {text}  {paint(2, f'({time.monotonic() - STARTED:.1f} s)')}", flush=True)
    for line in filter(None, detail.splitlines()):
        print(f"    {line}", flush=True)


def demand(truth, text, evidence=""):
    if not truth:
        print(f"{paint(31, '✗')} {text}\n{evidence}", flush=True)
        sys.exit(1)


def set_up(world):
    world.must("apply", "--yes")
    plan = world.plan()
    demand(plan["changes"] == 0, "a second look found something to change", plan)
    passed("irsa apply: key, bucket, issuer documents, OIDC provider, role; a second look finds 0 changes", f"issuer {plan['issuer']}")


def serve(world, webhook):
    injected, token = world.admit(webhook, "s3-echoer")
    demand(token and injected.get("AWS_ROLE_ARN") == world.role, "the webhook did not inject the role", injected)
    passed("irsa-webhook: the pod of Job default/s3-echoer has its role injected",
           "\n".join(f"{name}={value}" for name, value in injected.items()) +
           f"\nvolume aws-iam-token: audience {token['audience']}, {token['expirationSeconds']} s")
    code, out, errors = world.run("whoami", environment=world.container("s3-echoer", injected, token))
    demand(code == 0 and "assumed-role/s3-echoer/" in out, f"irsa whoami: exit code {code}", out + errors)
    passed("irsa whoami, in that container's place: AWS lets it in", out)


def refuse(world, webhook):
    injected, token = world.admit(webhook, "intruder")
    code, out, errors = world.run("whoami", environment=world.container("intruder", injected, token))
    demand(code == 1 and "AccessDenied" in out + errors, f"default/intruder was not refused: exit code {code}", out + errors)
    passed("irsa whoami as default/intruder, which names the same role: refused, as it must be", out + errors)


def leave(world):
    world.must("destroy", "--delete-bucket", "--yes")
    passed("irsa destroy --delete-bucket: role, provider and bucket are gone")


def main():
    programs = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="irsa-demo-") as folder:
        with DayZero(programs / "irsa", programs / "irsa-webhook", folder) as world:
            passed("irsa sim: a local S3, IAM and STS that verify what they are sent", world.sim.endpoint)
            set_up(world)
            world.annotate("s3-echoer", "intruder")
            with world.webhook() as webhook:
                passed("irsa-webhook: knows the service accounts, ready")
                serve(world, webhook)
                refuse(world, webhook)
            leave(world)
    print(f"""
Done in {time.monotonic() - STARTED:.1f} s. What to type next:
    {programs}/irsa --help   what else it does
    script/demo --node              the same on a real Kubernetes node (as root; building Kubernetes takes 11 minutes, once)
    script/test                     everything
and read "Five minutes on a real cluster" in README.md.""")


main()
