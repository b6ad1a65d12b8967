"""kubectl against the cluster of a test, and the Kubernetes programs that clusters are made of."""
import json
import pathlib
import subprocess

CLUSTER = pathlib.Path(__file__).parent / "cluster"


def programs():
    """The folder with kube-apiserver, etcd, kubectl and the rest; built first if need be."""
    return pathlib.Path(subprocess.run([CLUSTER / "build"], text=True, stdout=subprocess.PIPE, check=True).stdout.strip())


class Kubectl:
    """What has `bin`, the folder with kubectl, and `kubeconfig`."""

    def try_kubectl(self, *arguments, given=None):
        return subprocess.run([self.bin / "kubectl", "--kubeconfig", self.kubeconfig, *map(str, arguments)], text=True,
                              input=given if given is None or isinstance(given, str) else json.dumps(given),
                              stdin=subprocess.DEVNULL if given is None else None, capture_output=True)

    def kubectl(self, *arguments, given=None):
        done = self.try_kubectl(*arguments, given=given)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def apply(self, *objects):
        self.kubectl("apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": list(objects)})
