"""How much of something a test does: everything in `script/test soak`, less elsewhere and under a sanitizer."""
import os
import unittest

SOAK = os.environ.get("IRSA_SOAK", "") not in ("", "0")
SANITIZED = bool(os.environ.get("IRSA_SANITIZED"))  # memory and speed are no longer the program's own

soak_only = unittest.skipUnless(SOAK, "takes a minute: script/test soak")


def scaled(usual, full):
    """`full` in `script/test soak` only."""
    return full if SOAK else usual
