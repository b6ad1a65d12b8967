"""One real Kubernetes node for a test (tests/node/cluster/up), and this process inside its network."""
import copy
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import tempfile

from kubectl import CLUSTER, Kubectl, programs
from support.until import until

CLONE_NEWNET = 0x40000000
# Objects that the cluster itself rewrites all the time, whoever does what.
RESTLESS_KINDS = ("events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses")


class Node(Kubectl):
    """Up on entering; down on leaving, when this process ends in whatever way, and when the start fails. With
    IRSA_KEEP_NODE it stays, and how to enter it and how to end it is printed."""

    def __enter__(self):
        self.keep = bool(os.environ.get("IRSA_KEEP_NODE"))
        self.bin = programs()
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="irsa-node-"))
        self.own_network = os.open("/proc/self/ns/net", os.O_RDONLY)
        # A signal ends the test as an exception would, so that everything is left in order.
        signal.signal(signal.SIGTERM, lambda *_: exit(128 + signal.SIGTERM))
        try:
            subprocess.run([CLUSTER / "up", self.run, self.bin, *([] if self.keep else [str(os.getpid())])], check=True)
            self.pid = int((self.run / "pid").read_text())
            self.enter_network(f"/proc/{self.pid}/ns/net")
        except BaseException:
            self.__exit__()
            raise
        self.kubeconfig = self.run / "admin.conf"
        self.kubernetes = self.run / "fs/etc/kubernetes"
        self.manifest = self.kubernetes / "manifests/kube-apiserver.yaml"
        return self

    def __exit__(self, *_):
        self.enter_network(f"/proc/self/fd/{self.own_network}")
        os.close(self.own_network)
        if self.keep and (self.run / "admin.conf").exists():
            print(f"\nthe node stays. Enter it:  nsenter -t {self.pid} --net {self.bin}/kubectl --kubeconfig {self.run}/admin.conf get pods -A"
                  f"\n                End it:    {CLUSTER}/down {self.run}", flush=True)
            return
        subprocess.run([CLUSTER / "down", self.run], check=True)

    @staticmethod
    def enter_network(path):
        """Sockets and child processes of this thread are in that network from now on; files stay those of the machine."""
        with open(path, "rb") as namespace:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns({path})")

    def load_image(self, name, *arguments):
        subprocess.run([CLUSTER / "image", self.run, name, *map(str, arguments)], check=True)

    def issuers(self):
        """The --service-account-issuer values of the API server's manifest, in order."""
        flag = "- --service-account-issuer="
        return [line.strip()[len(flag):] for line in self.manifest.read_text().splitlines() if line.strip().startswith(flag)]

    def served_issuer(self):
        return json.loads(self.kubectl("get", "--raw", "/.well-known/openid-configuration"))["issuer"]

    def await_rest(self):
        """Returns once the start is over: four static pods ready, and the service account that pods need."""
        def rested():
            statuses = [status for pod in self.get("pods", "-n", "kube-system")["items"]
                        for status in pod["status"].get("containerStatuses", [])]
            return len(statuses) == 4 and all(status["ready"] for status in statuses)
        until("every part of the control plane ready", 60, rested)
        until("the default service account", 30, lambda: self.try_kubectl("get", "serviceaccount", "default").returncode == 0)

    def containers(self):
        """{namespace/pod of the parts that must not restart: [(containerID, restartCount)]}."""
        return {f"{pod['metadata']['namespace']}/{pod['metadata']['name']}":
                [(status["containerID"], status["restartCount"]) for status in pod["status"]["containerStatuses"]]
                for pod in self.get("pods", "-A")["items"]
                if pod["metadata"]["name"].startswith("etcd-") or pod["metadata"]["namespace"] == "irsa-system"}

    def world(self):
        """{kind/namespace/name: object} of every listable kind, less what the cluster rewrites by itself."""
        kinds = sorted(set(self.kubectl("api-resources", "--verbs=list", "-o", "name").split()) - set(RESTLESS_KINDS))
        items = self.get(",".join(kinds), "-A")["items"]
        return {"/".join((item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])): settled(item) for item in items}

    def files(self):
        """{path: content} of /etc/kubernetes, less our own back-ups."""
        return {str(path.relative_to(self.kubernetes)): path.read_bytes() for path in sorted(self.kubernetes.rglob("*"))
                if path.is_file() and "irsa-backup" not in path.parts}


def settled(item):
    """The object without what differs between two looks at an untouched cluster whose API server was restarted."""
    item = copy.deepcopy(item)
    metadata = item["metadata"]
    for field in ("resourceVersion", "managedFields"):
        metadata.pop(field, None)
    if "kubernetes.io/config.mirror" in metadata.get("annotations", {}):
        # A static pod's mirror is made anew whenever its manifest changes; its config.hash tells whether it is the same.
        for field in ("uid", "creationTimestamp"):
            metadata.pop(field)
        metadata["annotations"].pop("kubernetes.io/config.seen")
        item.pop("status")
    if item["kind"] == "EndpointSlice" and metadata["name"] == "kubernetes":
        metadata.pop("generation")  # counts how often the API server left its Service and came back
    if item["kind"] == "Node":
        item["status"].pop("images", None)
        for condition in item["status"]["conditions"]:
            condition.pop("lastHeartbeatTime", None)
    return item
