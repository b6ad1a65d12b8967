"""`irsa sim` as a process of a test."""
import ctypes
import json
import os
import signal
import subprocess

PR_SET_PDEATHSIG = 1


def end_with_parent():
    """For a child process: it ends when the test that started it does, even if that was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Simulator:
    """Starts on entering and stops on leaving. `prefix` is put before the command (such as nsenter …)."""

    trust = {}  # what an AWS client's environment needs to take its certificate

    def __init__(self, irsa, *arguments, prefix=()):
        self.command = [*prefix, str(irsa), "sim", *map(str, arguments)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"no ready line from {' '.join(self.command)}: exit code {self.process.wait()}")
        self.ready = json.loads(line)
        self.endpoint = self.ready["endpoint"]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def environment(self, **more):
        """For AWS clients, as the account's administrator, with nothing of the machine's own AWS settings."""
        return {**clean_environment(), "AWS_ACCESS_KEY_ID": self.ready["accessKeyId"],
                "AWS_SECRET_ACCESS_KEY": self.ready["secretAccessKey"], "AWS_REGION": self.ready["region"],
                "AWS_DEFAULT_REGION": self.ready["region"], "AWS_ENDPOINT_URL": self.endpoint, **more}


def clean_environment():
    """This process's environment without anything an AWS client, a kubeconfig reader or a proxy would heed."""
    dropped = ("AWS_", "BOTO_", "KUBE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_")
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(dropped)}
