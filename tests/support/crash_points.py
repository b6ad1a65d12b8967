"""Ends a program right before each system call with which it would change something (strace)."""
import collections
import dataclasses
import pathlib
import re
import subprocess
import tempfile

CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "unlink",
         "unlinkat", "mkdir", "mkdirat", "chmod", "fchmod", "fchown", "ftruncate", "sendto", "sendmsg")
NO_LEAKS = ("-E", "ASAN_OPTIONS=detect_leaks=0")  # which a sanitizer cannot look for under strace
LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
READS = re.compile(r"Action=(?:Get|List|Simulate)")


@dataclasses.dataclass(frozen=True)
class Point:
    call: str
    number: int  # the nth of this call in the program's life


def _changes(call, arguments, following):
    """`following` is what the next call sends: the head of a request and its body may go out one after the other."""
    if call == "openat":
        return "O_CREAT" in arguments
    if call in ("write", "pwrite64"):  # what is said on the terminal changes nothing
        return arguments.split(",")[0] not in ("1", "2")
    if call in ("sendto", "sendmsg"):
        sent = arguments.partition('"')[2]
        if sent.startswith(("GET ", "HEAD ")):
            return False
        hasForm = "Action=" in sent
        return not READS.search(sent if hasForm or not sent.startswith("POST ") else following)
    return True


def points(command, **options):
    """Runs the command to its end: every point at which it was about to change something, in order."""
    with tempfile.TemporaryDirectory(prefix="irsa-trace-") as folder:
        log = pathlib.Path(folder) / "log"
        strace = ["strace", "-f", *NO_LEAKS, "--seccomp-bpf", "-o", log, "-s", "65536", "-e", "trace=" + ",".join(CALLS)]
        subprocess.run([*strace, *command], check=True, capture_output=True, **options)
        seen, found = collections.Counter(), []
        calls = [match for match in map(LINE.match, log.read_text(errors="replace").splitlines()) if match and match[1] in CALLS]
        for i, call in enumerate(calls):
            seen[call[1]] += 1
            if _changes(call[1], call[2], calls[i + 1][2] if i + 1 < len(calls) else ""):
                found.append(Point(call[1], seen[call[1]]))
        return found


def run_until(point, command, **options):
    """Runs the command until it is killed at the point. False when it ended before."""
    strace = ["strace", "-f", *NO_LEAKS, "-o", "/dev/null", "-e", f"trace={point.call}", "-e",
              f"inject={point.call}:signal=SIGKILL:when={point.number}"]
    return subprocess.run([*strace, *command], capture_output=True, check=False, **options).returncode == -9


def sample(all_points, count):
    """About `count` of the points, spread over all of them, and at least one of each call."""
    if len(all_points) <= count:
        return list(all_points)
    chosen = {all_points[i * len(all_points) // count] for i in range(count)}
    for point in all_points:
        if all(one.call != point.call for one in chosen):
            chosen.add(point)
    return [point for point in all_points if point in chosen]


def table(all_points):
    counts = collections.Counter(point.call for point in all_points)
    return ", ".join(f"{call} {count}" for call, count in sorted(counts.items()))
