"""What the Job controller and the kubelets make of Jobs in kube-system, for the API servers of support.control_planes: the one
container runs as a process here, and the folder of its node takes the place of the node."""
import base64
import json
import subprocess
import tempfile
import threading

from support.simulator import clean_environment
from support.until import until

JOBS = "/apis/batch/v1/namespaces/kube-system/jobs"
CORE = "/api/v1/namespaces/kube-system/"


class Kubelets:
    def __init__(self, planes, irsa, go_to):
        self.planes, self.irsa, self.go_to = planes, irsa, go_to  # go_to(node): that node's folder is looked at from now on
        self.environment = clean_environment() | {"KUBECONFIG": str(planes.kubeconfig)}
        self.pods, self.logs = {}, {}  # by the Job's name
        self.made = []  # every Job, as it came
        self.refusal = ""  # of every Job
        self.waiting = None  # what containers wait for instead of running: {"reason": ..., "message": ...}
        self.warning = ""  # of the Job controller, which makes no pod then
        self.not_ready = set()
        planes.kubelets = self

    def answer(self, method, path, query, body):
        """(status, answer), or None when it is somebody else's business. Under the lock of `planes`."""
        if path == JOBS and method == "POST":
            return self.make(body)
        if path == JOBS:
            return 200, {"kind": "JobList", "items": self.left("jobs")}
        if path.startswith(JOBS + "/") and method == "DELETE":
            return self.delete(path)
        if path == CORE + "pods" and "job-name=" in query.get("labelSelector", ""):
            pod = self.pods.get(query["labelSelector"].partition("job-name=")[2])
            return 200, {"kind": "PodList", "items": [pod] if pod else []}
        if path.startswith(CORE + "pods/") and path.endswith("/log"):
            return 200, self.logs[path.removeprefix(CORE + "pods/").removesuffix("-pod/log")]
        if path == CORE + "events":
            return 200, {"kind": "EventList", "items": [{"type": "Warning", "message": self.warning}] if self.warning else []}
        name = path.removeprefix("/api/v1/nodes/")
        if name in [f"node{index}" for index in range(self.planes.nodes)]:
            ready = "False" if name in self.not_ready else "True"
            return 200, {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}
        return None

    def left(self, *plurals):
        """Objects of kube-system that are still there."""
        return [one for place, one in self.planes.objects.items() if place.startswith((JOBS, CORE)) and place.split("/")[-2] in plurals]

    def make(self, body):
        job = json.loads(body)
        if self.refusal:
            return 403, {"kind": "Status", "reason": "Forbidden", "message": self.refusal}
        self.made.append(job)
        name = job["metadata"]["name"]
        job["metadata"]["uid"] = f"uid-of-{name}"
        self.planes.objects[f"{JOBS}/{name}"] = job
        if not self.warning:
            self.tell(name, "Pending", waiting=self.waiting or {"reason": "ContainerCreating"})
        if not self.warning and not self.waiting:
            threading.Thread(target=self.run, args=(job,), daemon=True).start()
        return 201, job

    def delete(self, path):
        job = self.planes.objects.pop(path, None)
        if job is None:
            return 404, {"kind": "Status", "reason": "NotFound", "message": "not found"}
        self.pods.pop(job["metadata"]["name"], None)
        for place, one in list(self.planes.objects.items()):
            if any(owner["uid"] == job["metadata"]["uid"] for owner in one["metadata"].get("ownerReferences", [])):
                del self.planes.objects[place]
        return 200, job

    def tell(self, name, phase, **state):
        self.pods[name] = {"metadata": {"name": f"{name}-pod"}, "status": {"phase": phase, "containerStatuses": [{"state": state}]}}

    def run(self, job):
        name, spec = job["metadata"]["name"], job["spec"]["template"]["spec"]
        [container] = spec["containers"]
        self.go_to(spec["nodeName"])
        with tempfile.NamedTemporaryFile() as given:
            for volume in spec["volumes"]:
                if "secret" in volume:
                    place = f"{CORE}secrets/{volume['secret']['secretName']}"
                    secret = until("the pod's Secret", 10, lambda at=place: self.planes.objects.get(at))
                    given.write(base64.b64decode(secret["data"]["input"]))
                    given.flush()
            here = {"/node": "/", "/input/input": given.name}
            self.logs[name] = ""
            self.tell(name, "Running", running={})
            with subprocess.Popen([self.irsa, *(here.get(word, word) for word in container["command"][1:])], text=True, env=self.environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
                for line in process.stdout:
                    self.logs[name] += line
        if name in self.pods:  # else it was deleted meanwhile
            ended = "Succeeded" if process.returncode == 0 else "Failed"
            self.tell(name, ended, terminated={"exitCode": process.returncode})
