"""Measures on this machine how long irsa takes to edit a kubeadm manifest, to lint 1,000 of them, and what is its own share of a
switch: one against an API server that is back at once. Writes bench/data/apiserver.json and its section of bench/README.md.

    apiserver.py PROGRAM      (script/bench apiserver builds it and calls it)
"""
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from machine import circumstances, machine_line, publish, timed  # pylint: disable=wrong-import-position
from support.control_planes import ControlPlanes  # pylint: disable=wrong-import-position

ROUNDS, LINTS, FILES = 20, 3, 1000
COLUMNS = ("seconds", "cpu")
MANIFEST = HERE.parent / "tests/cluster/data/kubeadm/before.yaml"
ISSUER = ["--issuer", "https://edge-prod.s3.us-west-2.amazonaws.com"]


def cost(command):
    took = timed(command)
    return {column: took[column] for column in COLUMNS}


def edits(irsa, folder, *options):
    rounds = []
    for _ in range(ROUNDS):
        path = folder / "kube-apiserver.yaml"
        path.write_bytes(MANIFEST.read_bytes())
        rounds.append(cost([irsa, "apiserver", "patch", "--for", "static-pod", "--file", path, *ISSUER, *options]))
    return rounds


def lints(irsa, folder):
    many = folder / "many"
    many.mkdir()
    paths = [many / f"{number}.yaml" for number in range(FILES)]
    for path in paths:
        path.write_bytes(MANIFEST.read_bytes())
    return [cost([irsa, "apiserver", "lint", *paths]) for _ in range(LINTS)]


def switches(irsa, folder):
    folder.mkdir()
    with ControlPlanes(folder, away=0) as planes:
        manifest, rounds = planes.manifests[0], []
        at = ["--manifest", manifest, "--root", planes.servers[0].root, "--kubeconfig", planes.kubeconfig, "--yes"]
        for _ in range(ROUNDS):
            rounds.append(cost([irsa, "apiserver", "patch", *ISSUER, *at]))
            cost([irsa, "apiserver", "rollback", *at])
    return rounds


def section(data):
    best = {name: {column: min(one[column] for one in rounds) for column in COLUMNS} for name, rounds in data["rounds"].items()}
    start = best["start"]
    alone = {column: max(best["edit"][column] - start[column], 0) for column in start}
    rows = [("the program alone (`irsa version`)", start), (f"edit of a manifest of {MANIFEST.stat().st_size:,} bytes, less that", alone),
            ("the same written, with start and fsync", best["write"]), (f"lint of {FILES:,} manifests", best["lint"]),
            ("a switch on the node, of an API server that is back at once", best["switch"])]
    table = "\n".join(f"| {what} | {row['seconds'] * 1000:.1f} | {row['cpu'] * 1000:.1f} |" for what, row in rows)
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
        data["rounds"] = {"start": [cost([irsa, "version"]) for _ in range(ROUNDS)], "edit": edits(irsa, folder, "--dry-run"),
                          "write": edits(irsa, folder), "lint": lints(irsa, folder), "switch": switches(irsa, folder / "nodes")}
    publish("apiserver", data, section(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
