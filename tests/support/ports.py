"""Ports of loopback for servers that must be told theirs, or come back to it."""
import contextlib
import pathlib
import random
import socket

_taken = []


def free_port():
    """A port that nobody has at this moment, that the kernel gives to no outgoing connection, so that a server may come back to
    it, and that this function gives to nobody else until the test's process ends."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(first // 2, first)
        taken = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as probe:
            taken.bind(f"\0irsa-test-port-{port}")  # of the network namespace, as the port is; gone with the process
            probe.bind(("", port))
            _taken.append(taken)
            return port
        taken.close()
