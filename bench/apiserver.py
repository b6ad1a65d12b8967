"""apiserver.py IRSA: how long irsa takes to edit a kubeadm manifest and to lint 1,000 of them. Prints a table.

Whole processes are timed, the best of the rounds, since other programs only add to it; CPU is the process's own."""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROUNDS, FILES = 20, 1000
MANIFEST = pathlib.Path(__file__).parent.parent / "tests" / "cluster" / "data" / "kubeadm" / "before.yaml"
ISSUER = "https://edge-prod.s3.us-west-2.amazonaws.com"


def spent(command, expected=0):
    """Milliseconds by the clock, and of CPU."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != expected:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return clock * 1000, cpu * 1000


def best(rounds):
    return tuple(min(column) for column in zip(*rounds))


def main():
    irsa = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="irsa-bench-") as name:
        folder = pathlib.Path(name)
        text = MANIFEST.read_text()
        edits = []
        for _ in range(ROUNDS):
            (folder / "kube-apiserver.yaml").write_text(text)
            edits.append(spent([irsa, "apiserver", "patch", "--for", "static-pod", "--file", f"{folder}/kube-apiserver.yaml", "--issuer", ISSUER]))
        edit_only = best([spent([irsa, "apiserver", "patch", "--for", "static-pod", "--file", str(MANIFEST), "--issuer", ISSUER, "--dry-run"])
                          for _ in range(ROUNDS)])
        start = best([spent([irsa, "version"]) for _ in range(ROUNDS)])
        many = folder / "many"
        many.mkdir()
        paths = [str(many / f"{i}.yaml") for i in range(FILES)]
        for path in paths:
            pathlib.Path(path).write_text(text)
        lint = best([spent([irsa, "apiserver", "lint", *paths]) for _ in range(3)])
        print("| what | clock (ms) | CPU (ms) | goal |\n|---|---|---|---|")
        print(f"| start of the program alone | {start[0]:.1f} | {start[1]:.1f} | |")
        edit = best(edits)
        alone = [edit_only[i] - start[i] for i in (0, 1)]
        print(f"| edit of a manifest of {len(text):,} bytes (--dry-run, less the start) | {alone[0]:.1f} | {alone[1]:.1f} | ≤ 5 ms |")
        print(f"| the same written, with start and fsync | {edit[0]:.1f} | {edit[1]:.1f} | |")
        print(f"| lint of {FILES:,} manifests | {lint[0]:.0f} | {lint[1]:.0f} | ≤ 1,000 ms |")
        print(f"\nload average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
