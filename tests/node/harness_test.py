"""The harness itself: a node goes without a trace, even when the test that had it is killed."""
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from support.until import until

HOLD = "import sys; sys.path.insert(0, sys.argv[1]); from node import Node; node = Node().__enter__(); print(node.run, flush=True); sys.stdin.read()"


def traces(run):
    """What there is on this machine of a node."""
    found = [str(path) for path in pathlib.Path("/sys/fs/cgroup").rglob("kubepods*") if path.is_dir()]
    found += [path for path in ("/etc/kubernetes", "/var/lib/kubelet", "/var/lib/etcd", "/etc/cni/net.d", "/run/netns", run) if os.path.exists(path)]
    found += [line for line in pathlib.Path("/proc/self/mounts").read_text().splitlines() if run in line]
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        found += [command] if run in command else []
    return found


def machine_settings():
    return {name: (pathlib.Path("/proc/sys") / name).read_text() for name in ("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory")}


class Harness(unittest.TestCase):
    def test_a_node_leaves_no_trace_when_its_owner_is_killed(self):
        before = (traces("no such folder"), machine_settings())
        environment = {name: value for name, value in os.environ.items() if name != "IRSA_KEEP_NODE"}
        owner = subprocess.Popen([sys.executable, "-c", HOLD, os.path.dirname(os.path.abspath(__file__))], env=environment, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with owner.stdin, owner.stdout:
            run = owner.stdout.readline().strip()
            self.assertTrue(run, "the node did not come up")
            self.assertGreater(len(traces(run)), 10)
            owner.send_signal(signal.SIGKILL)
            owner.wait()
        try:
            until("the node went", 60, lambda: traces(run) == before[0])
        except AssertionError:
            self.fail(f"what is left of {run}: {sorted(set(traces(run)) - set(before[0]))}")
        self.assertEqual(machine_settings(), before[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
