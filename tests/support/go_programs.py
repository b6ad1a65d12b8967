"""Programs that others wrote in Go, built from a folder's go.mod and go.sum; the test is skipped where Go or its modules can't be had."""
import os
import shutil
import subprocess
import unittest


def build(folder, out, package="."):
    if not shutil.which("go"):
        raise unittest.SkipTest("there is no Go")
    built = subprocess.run(["go", "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", out, package], cwd=folder, text=True,
                           env=os.environ | {"CGO_ENABLED": "0"}, capture_output=True)
    if built.returncode != 0 and any(sign in built.stderr for sign in ("dial tcp", "no such host", "proxy")):
        raise unittest.SkipTest("the Go modules can't be had: " + built.stderr.strip().splitlines()[-1])
    assert built.returncode == 0, built.stderr
    return out


def kubernetes(program):
    """One of those that tests/node/cluster/build made, or the machine's own; None when there is neither."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    made = os.path.join(cache, "irsa-anywhere")
    found = sorted(name for name in (os.listdir(made) if os.path.isdir(made) else []) if name.startswith("kubernetes-"))
    paths = [os.path.join(made, name, program) for name in found]
    return next((path for path in reversed(paths) if os.access(path, os.X_OK)), shutil.which(program))
