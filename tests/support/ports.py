"""Ports of loopback for servers that must be told theirs, or come back to it."""
import contextlib
import pathlib
import random
import socket


def free_port():
    """A port that nobody has at this moment, and that the kernel gives to no outgoing connection, so that a server may come back
    to it. Two tests at once may still take the same one."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("", random.SystemRandom().randrange(first // 2, first)))
            return probe.getsockname()[1]
