"""Measures irsa apply against irsa sim on this machine, and the same set-up by AWS CLI commands in a shell. Writes
bench/data/apply.json and bench/README.md.

    apply.py PROGRAM [ROUNDS]      (script/bench apply builds it and calls it, with the Python that has the AWS CLI)
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from machine import circumstances, machine_line, publish, timed  # pylint: disable=wrong-import-position
from support.simulator import Simulator  # pylint: disable=wrong-import-position

POLICY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
HEAD = "apiVersion: irsa-anywhere/v1\nname: bench\naws: {region: us-west-2}\nkeys: {source: generate, algorithm: ES256}\nbindings:\n"


def wish(bindings):
    lines = (f"- serviceAccount: app/app-{i}\n  role: {{name: app-{i}, policies: [{POLICY}]}}\n" for i in range(bindings))
    return HEAD + "".join(lines)


def shell(folder, account):
    """What a guide tells people to type, as one script."""
    bucket, provider = "bench-by-hand", f"arn:aws:iam::{account}:oidc-provider/bench-by-hand.s3.us-west-2.amazonaws.com"
    public = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
              "Resource": [f"arn:aws:s3:::{bucket}/keys.json", f"arn:aws:s3:::{bucket}/.well-known/openid-configuration"]}]}
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{bucket}.s3.us-west-2.amazonaws.com:sub": "system:serviceaccount:app:app-0"}}}]}
    for name, document in (("public.json", public), ("trust.json", trust), ("keys.json", {"keys": []}), ("discovery.json", {})):
        (folder / name).write_text(json.dumps(document))
    commands = [
        "sts get-caller-identity",
        f"s3api create-bucket --bucket {bucket} --create-bucket-configuration LocationConstraint=us-west-2",
        f"s3api put-public-access-block --bucket {bucket} --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false",
        f"s3api put-bucket-policy --bucket {bucket} --policy file://public.json",
        f"s3api put-object --bucket {bucket} --key keys.json --body keys.json --content-type application/json",
        f"s3api put-object --bucket {bucket} --key .well-known/openid-configuration --body discovery.json --content-type application/json",
        f"iam create-open-id-connect-provider --url https://{bucket}.s3.us-west-2.amazonaws.com --client-id-list sts.amazonaws.com",
        "iam create-role --role-name app-0 --assume-role-policy-document file://trust.json",
        f"iam attach-role-policy --role-name app-0 --policy-arn {POLICY}"]
    script = folder / "by-hand.sh"
    script.write_text("set -e\n" + "".join(f"aws {command} > /dev/null\n" for command in commands))
    return script, len(commands)


class Bench:
    def __init__(self, program):
        self.program = pathlib.Path(program).resolve()
        self.aws = pathlib.Path(sys.prefix) / "bin"

    def in_account(self, work):
        """A new account and folder for one measurement."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="irsa-bench-"))
        try:
            with Simulator(self.program) as sim:
                environment = sim.environment(HOME=str(folder), PATH=f"{self.aws}:{os.environ['PATH']}")
                return work(folder, sim, {"cwd": folder, "env": environment})
        finally:
            shutil.rmtree(folder)

    def apply(self, bindings):
        def work(folder, _, options):
            (folder / "irsa.yaml").write_text(wish(bindings))
            first = timed([self.program, "apply", "--yes", "--quiet"], **options)
            second = timed([self.program, "apply", "--yes", "--quiet", "-o", "json"], **options)
            plan = json.loads(second.pop("output"))
            if plan["changes"] != 0:
                raise SystemExit(f"bench: the second apply made {plan['changes']} changes")
            first.pop("output")
            return {"first": first, "second": {**second, "calls": plan["calls"]}}
        return self.in_account(work)

    def by_hand(self):
        def work(folder, sim, options):
            script, calls = shell(folder, sim.ready["account"])
            took = timed(["sh", script], **options)
            took.pop("output")
            return {**took, "calls": calls}
        return self.in_account(work)


def best(rounds, *path):
    """The median, which a busy machine disturbs least."""
    values = []
    for one in rounds:
        for name in path:
            one = one[name]
        values.append(one)
    return sorted(values)[len(values) // 2]


def section(data):
    rows = [("`irsa apply` from nothing, 1 binding", "one", "first"), ("again, nothing to do", "one", "second"),
            ("`irsa apply` from nothing, 500 bindings", "many", "first"), ("again, nothing to do", "many", "second")]
    table = "".join(f"| {title} | {best(data[size], run, 'seconds') * 1000:,.0f} | {best(data[size], run, 'cpu') * 1000:,.0f} |\n"
                    for title, size, run in rows)
    hand, one = data["byHand"], data["one"]
    ratio = best(hand, "seconds") / best(one, "first", "seconds")
    return f"""## apply

Against `irsa sim` on loopback, an ES256 key made on the way, the median of {len(one)} rounds. CPU is that of the command alone, without
the simulator's. The last line is the same set-up (one binding) with {hand[0]["calls"]} commands of the AWS CLI in a shell.

| what | ms | CPU (ms) |
|---|---|---|
{table}| by hand, one binding | {best(hand, "seconds") * 1000:,.0f} | {best(hand, "cpu") * 1000:,.0f} |

`irsa apply` against the shell: {ratio:.0f} times faster, {best(hand, "cpu") / best(one, "first", "cpu"):.0f} times less CPU. A second apply makes no call that \
changes anything and {data["many"][0]["second"]["calls"]:,} that look, eight at a time.

{machine_line(data)}
"""


def main(program, rounds="3"):
    data = {"machine": circumstances()}
    bench = Bench(program)
    for name, measure in (("one", lambda: bench.apply(1)), ("many", lambda: bench.apply(500)), ("byHand", bench.by_hand)):
        data[name] = [measure() for _ in range(int(rounds))]
    publish("apply", data, section(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
