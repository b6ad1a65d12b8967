"""`irsa-webhook` as a process of a test, and the reviews an API server would send it."""
import base64
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
import uuid

from support import certificates, json_patch
from support.ports import free_port
from support.simulator import end_with_parent


class Webhook:
    """Starts on entering, waits until it is ready, stops on leaving. `folder` has ca.crt and ca.key (or gets them).

    `waits`: for "ready", for "alive" (it listens; with the certificate that it is given here, on both ports), or for nothing. `certificate` None: the flags say where it comes from.
    `prefix` is put before the command. More goes to Popen."""

    def __init__(self, program, folder, kubeconfig, *flags, name="webhook", waits="ready", certificate=("IP:127.0.0.1",),
                 port=None, metrics_port=None, prefix=(), **popen):
        self.folder = pathlib.Path(folder)
        self.port, self.metrics_port = port or free_port(), metrics_port or free_port()
        self.program, self.kubeconfig, self.flags, self.prefix = program, kubeconfig, flags, prefix
        self.name, self.waits, self.certificate, self.popen = name, waits, certificate, popen
        self.log_file = self.folder / f"{name}.log"

    def __enter__(self):
        self.trust = self.folder / "ca.crt"
        if not self.trust.exists():
            certificates.make_authority(self.folder)
        files = ()
        if self.certificate:
            certificate, key = certificates.make_server(self.folder, self.name, *self.certificate)
            files = f"--tls-cert={certificate}", f"--tls-key={key}"
        with open(self.log_file, "w") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(self.program), "--in-cluster=false", f"--kubeconfig={self.kubeconfig}", f"--port={self.port}",
                 f"--metrics-port={self.metrics_port}", *files, *self.flags],
                **{"stdout": log, "stderr": subprocess.STDOUT, "preexec_fn": end_with_parent, **self.popen})
        self.context = ssl.create_default_context(cafile=self.trust)
        try:
            self._wait(20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait(self, seconds):
        check = {"ready": self.ready, "alive": self._alive}.get(self.waits, lambda: True)
        end = time.monotonic() + seconds
        while not check():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"irsa-webhook is not {self.waits} ({self.get('/readyz')}): {self.log()[-2000:]}")
            time.sleep(0.02)

    def _alive(self):
        try:
            if self.certificate:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
        except ConnectionRefusedError:
            return False
        return self.get("/livez")[0] == 200

    def log(self):
        return self.log_file.read_text()

    def get(self, path):
        """(status, text) of the metrics port; status 0: nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    def ready(self):
        return self.get("/readyz")[0] == 200

    def metrics(self):
        return self.get("/metrics")[1]

    def metric(self, name):
        """The sum of a metric over its labels; None when there is no such metric."""
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+]+)$", self.metrics(), re.M)
        return sum(map(float, found)) if found else None

    def resident(self):
        """Megabytes of memory."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def post(self, body, path="/mutate", content_type="application/json"):
        """(status, body) of a raw POST."""
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", data=body, method="POST",
                                         headers={"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def review(self, pod, namespace="default"):
        """The AdmissionResponse for creating `pod`."""
        status, body = self.post(json.dumps(admission_review(pod, namespace)).encode())
        if status != 200:
            raise RuntimeError(f"irsa-webhook answered {status}: {body[:500]}")
        return json.loads(body)["response"]

    def admit(self, pod, namespace="default"):
        """`pod` as it is after the webhook's patch."""
        response = self.review(pod, namespace)
        if not response["allowed"]:
            raise RuntimeError(f"irsa-webhook refused the pod: {response}")
        return json_patch.apply(pod, json.loads(base64.b64decode(response.get("patch") or "W10=")))


def admission_review(pod, namespace="default"):
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": str(uuid.uuid4()), "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"}, "namespace": namespace, "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:job-controller"}, "object": pod, "oldObject": None,
        "dryRun": False, "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}}}


def job_pod(account, name=None, namespace="default"):
    """A pod as the Job controller makes it and the API server's admission has filled it in."""
    mount = {"name": "kube-api-access-x7k2p", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    return {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"generateName": f"{name or account}-", "namespace": namespace,
                     "labels": {"batch.kubernetes.io/job-name": name or account},
                     "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": name or account, "uid": str(uuid.uuid4()),
                                          "controller": True, "blockOwnerDeletion": True}]},
        "spec": {
            "serviceAccountName": account, "serviceAccount": account, "restartPolicy": "Never", "dnsPolicy": "ClusterFirst",
            "containers": [{"name": "main", "image": "amazon/aws-cli", "command": ["aws", "sts", "get-caller-identity"],
                            "resources": {}, "volumeMounts": [mount], "imagePullPolicy": "IfNotPresent"}],
            "volumes": [{"name": mount["name"], "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}]}}


def identity_of(pod):
    """What the webhook gave the first container: ({environment}, its serviceAccountToken source or None)."""
    environment = {entry["name"]: entry["value"] for entry in pod["spec"]["containers"][0].get("env", []) if "value" in entry}
    for volume in pod["spec"].get("volumes", []):
        if volume["name"] == "aws-iam-token":
            return environment, volume["projected"]["sources"][0]["serviceAccountToken"]
    return environment, None
