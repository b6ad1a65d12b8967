"""Measures on this machine how long irsa takes to edit a kubeadm manifest, to lint 1,000 of them, and what is its own share of a
switch: one against an API server that is back at once. Writes bench/data/apiserver.json and its section of bench/README.md.

    apiserver.py PROGRAM      (script/bench apiserver builds it and calls it)
"""
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from machine import circumstances, machine_line, publish  # pylint: disable=wrong-import-position
from support.control_planes import ControlPlanes  # pylint: disable=wrong-import-position

ROUNDS, LINTS, FILES = 20, 3, 1000
MANIFEST = HERE.parent / "tests/cluster/data/kubeadm/before.yaml"
ISSUER = ["--issuer", "https://edge-prod.s3.us-west-2.amazonaws.com"]


def spent(command):
    """Milliseconds by the clock, and of CPU."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          check=False)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"bench: {command}: exit {done.returncode}: {done.stderr.decode()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"clock": clock * 1000, "cpu": cpu * 1000}


def edits(irsa, folder, *options):
    rounds = []
    for _ in range(ROUNDS):
        path = folder / "kube-apiserver.yaml"
        path.write_bytes(MANIFEST.read_bytes())
        rounds.append(spent([irsa, "apiserver", "patch", "--for", "static-pod", "--file", path, *ISSUER, *options]))
    return rounds


def lints(irsa, folder):
    many = folder / "many"
    many.mkdir()
    paths = [many / f"{number}.yaml" for number in range(FILES)]
    for path in paths:
        path.write_bytes(MANIFEST.read_bytes())
    return [spent([irsa, "apiserver", "lint", *paths]) for _ in range(LINTS)]


def switches(irsa, folder):
    folder.mkdir()
    with ControlPlanes(folder, away=0) as planes:
        manifest, rounds = planes.manifests[0], []
        at = ["--manifest", manifest, "--root", planes.servers[0].root, "--kubeconfig", planes.kubeconfig, "--yes"]
        for _ in range(ROUNDS):
            rounds.append(spent([irsa, "apiserver", "patch", *ISSUER, *at]))
            spent([irsa, "apiserver", "rollback", *at])
    return rounds


def section(data):
    best = {name: {column: min(one[column] for one in rounds) for column in ("clock", "cpu")} for name, rounds in data["rounds"].items()}
    start = best["start"]
    alone = {column: max(best["edit"][column] - start[column], 0) for column in start}
    rows = [("the program alone (`irsa version`)", start), (f"edit of a manifest of {MANIFEST.stat().st_size:,} bytes, less that", alone),
            ("the same written, with start and fsync", best["write"]), (f"lint of {FILES:,} manifests", best["lint"]),
            ("a switch on the node, of an API server that is back at once", best["switch"])]
    table = "\n".join(f"| {what} | {row['clock']:.1f} | {row['cpu']:.1f} |" for what, row in rows)
    return f"""## apiserver

Whole processes, the best of {ROUNDS} rounds ({LINTS} for lint), since whatever else runs only adds to them. The switch keeps the pre-image, checks
the manifest, renames it in, and waits for a token of the new issuer; what a real kubelet and API server take comes on top.

| what | ms | CPU (ms) |
|---|---|---|
{table}

{machine_line(data)}
"""


def main(irsa):
    irsa = pathlib.Path(irsa).resolve()
    data = {"machine": circumstances()}
    with tempfile.TemporaryDirectory(prefix="irsa-bench-") as name:
        folder = pathlib.Path(name)
        data["rounds"] = {"start": [spent([irsa, "version"]) for _ in range(ROUNDS)], "edit": edits(irsa, folder, "--dry-run"),
                          "write": edits(irsa, folder), "lint": lints(irsa, folder), "switch": switches(irsa, folder / "nodes")}
    publish("apiserver", data, section(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
