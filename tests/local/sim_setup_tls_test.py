"""The flows of sim_setup_test.py over TLS."""
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "support")]
import certificates  # noqa: E402
import sim_setup_test as flows  # noqa: E402


class OverTls(flows.Flows, flows.Clients):
    """TLS makes the clients stream their payloads: aws-chunked, with a checksum in the trailer."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.verify = str(certificates.make_authority(folder))
        certificate, key = certificates.make_server(folder, "sim", "IP:127.0.0.1")
        cls.simulator_arguments = ("--tls-cert", certificate, "--tls-key", key)


if __name__ == "__main__":
    unittest.main()
