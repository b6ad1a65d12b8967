"""Waiting for what becomes true, with an end."""
import time


def until(what, seconds, probe):
    """What `probe` gives once it is true; fails with `what` after that time."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.2)
