"""`review_load` (tests/load) as a process of a test: reviews at a steady rate, each answer looked at."""
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from support.simulator import end_with_parent


def replace_file(path, text):
    """Whoever reads the file meets the old text or the new one."""
    new = pathlib.Path(f"{path}.new")
    new.write_text(text)
    new.replace(path)


class Load:
    """Starts on entering; result() ends it and gives what it counted. Options are those of the program.

    `cases`: [(AdmissionReview, role)]; the role that the pod must get, "" for none, None for any that fits together.
    `ports`: the webhooks', or an Endpoints. `trust`: a file with PEM, read again when it changes."""

    def __init__(self, folder, cases, ports, trust, **options):
        self.folder = pathlib.Path(folder)
        self.cases, self.trust, self.options = self.folder / "cases.json", trust, options
        self.cases.write_text(json.dumps([{"review": review, "role": role} for review, role in cases]))
        self.targets = getattr(ports, "file", self.folder / "targets")
        if not isinstance(ports, Endpoints):
            replace_file(self.targets, "\n".join(map(str, ports)))

    def __enter__(self):
        options = [str(word) for option in self.options.items() for word in option]
        self.process = subprocess.Popen([os.environ["REVIEW_LOAD"], self.cases, self.trust, self.targets, *options],
                                        stdout=subprocess.PIPE, text=True, preexec_fn=self._prepare)
        return self

    @staticmethod
    def _prepare():
        end_with_parent()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # which the program lifts when it listens for it

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def result(self, stop=True):
        """Its summary: when it has asked its least (50), or, with stop=False, when it ends by itself."""
        if stop:
            self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=600)
        if self.process.returncode != 0:
            raise RuntimeError(f"review_load: exit code {self.process.returncode}")
        return json.loads(output)


def fire(*arguments, **options):
    """The summary of a load that ends by itself."""
    with Load(*arguments, **options) as load:
        return load.result(stop=False)


class Endpoints:
    """What a Service's endpoints and kube-proxy do: connections go to the replicas that were ready `lag` seconds ago."""

    def __init__(self, folder, lag):
        self.file, self.lag = pathlib.Path(folder) / "endpoints", lag
        self.replicas, self.ready, self.closing = [], None, threading.Event()
        replace_file(self.file, "")

    def __enter__(self):
        self.thread = threading.Thread(target=self._follow)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.thread.join()

    def _follow(self):
        pending = []  # (when it is known everywhere, ports)
        while not self.closing.wait(0.02):
            now, ready = time.monotonic(), sorted(replica.port for replica in list(self.replicas) if replica.ready())
            if ready != self.ready:
                self.ready = ready
                pending.append((now + self.lag, ready))
            while pending and pending[0][0] <= now:
                replace_file(self.file, "\n".join(map(str, pending.pop(0)[1])))

    def known(self):
        """The ports that connections go to now."""
        return [int(port) for port in self.file.read_text().split()]
