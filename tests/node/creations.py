"""Pods created all the time, server-side dry-run: they pass mutation and validation, and nothing is left of them."""
import base64
import collections
import http.client
import json
import pathlib
import re
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

CLIENTS = 8


class Creations:
    """`rate` a second from entering to leaving, over kept connections, as the administrator of `cluster`. What came of them:
    `injected` and `missed`, how many have and have not got their role; `refused`, {why: how many}; `unanswered`, how many tries met
    no API server, or one that comes or goes, which does not answer to its webhooks but for itself."""

    def __init__(self, cluster, pod, rate):
        view = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
        self.server = urllib.parse.urlsplit(view["clusters"][0]["cluster"]["server"])
        user, authority = view["users"][0]["user"], base64.b64decode(view["clusters"][0]["cluster"]["certificate-authority-data"])
        self.context = ssl.create_default_context(cadata=authority.decode())
        with tempfile.TemporaryDirectory() as folder:
            both = pathlib.Path(folder) / "client.pem"
            both.touch(0o600)
            both.write_bytes(base64.b64decode(user["client-key-data"]) + base64.b64decode(user["client-certificate-data"]))
            self.context.load_cert_chain(both)
        self.path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods?dryRun=All"
        self.body = json.dumps({**pod, "metadata": {**pod["metadata"], "name": None, "generateName": "probe-"}})
        self.interval = 1 / rate
        self.injected = self.missed = self.unanswered = 0
        self.refused = collections.Counter()
        self.lock, self.ending = threading.Lock(), threading.Event()

    def __enter__(self):
        self.started = self.due = time.monotonic()
        self.threads = [threading.Thread(target=self._create, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.started
        print(self, flush=True)

    def __str__(self):
        return (f"{self.injected} injected, {self.missed} missed, {self.refused.total()} refused, {self.unanswered} unanswered "
                f"in {self.seconds:.0f} s: {self.rate:.0f}/s {dict(self.refused) or ''}")

    @property
    def rate(self):
        return (self.injected + self.missed + self.refused.total()) / self.seconds

    def _next(self):
        """When the next one is due. Who falls behind does not hurry to catch up."""
        with self.lock:
            self.due = max(self.due + self.interval, time.monotonic())
            return self.due

    def _connection(self):
        return http.client.HTTPSConnection(self.server.hostname, self.server.port, context=self.context, timeout=30)

    def _create(self):
        connection = None
        while not self.ending.wait(max(self._next() - time.monotonic(), 0)):
            try:
                connection = connection or self._connection()
                connection.request("POST", self.path, self.body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                self._note(answer.status, json.load(answer))
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()
                connection = None
                with self.lock:
                    self.unanswered += 1
                self.ending.wait(0.1)
        if connection:
            connection.close()

    def _note(self, status, answer):
        why = f"{status} {answer.get('message')}"
        with self.lock:
            if why.startswith(("503 apiserver is shutting down", "403 pods is forbidden: User")):  # the latter: its RBAC is not there yet
                self.unanswered += 1
            elif status != 201:
                self.refused[re.sub(r"probe-\w+", "probe", why)[:160]] += 1
            elif "AWS_ROLE_ARN" in [entry["name"] for entry in answer["spec"]["containers"][0].get("env", ())]:
                self.injected += 1
            else:
                self.missed += 1
