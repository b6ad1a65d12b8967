"""issuer.republish: what apply makes of it runs, with exactly its arguments, environment, files and rights, and publishes keys."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import yaml
from cryptography.hazmat.primitives import serialization

from support.control_planes import kid_of, public_of, sign
from support.nodes import SECOND_PUB, WISH, NodesCase, metric
from support.ports import free_port
from support.scale import SANITIZED
from support.until import until

IRSA = os.environ["IRSA"]
POD_TOKEN = "the-token-that-the-kubelet-gave-the-pod"
SPACE = "/namespaces/irsa-system/"
LEASE = f"/apis/coordination.k8s.io/v1{SPACE}leases/irsa-republisher"
# The pod's root file system, and of the host only its libraries.
IN_ROOT = 'mount --rbind /usr "$0/usr" && exec chroot "$0" "$@"'
VERBS = {"GET": "get", "PATCH": "patch", "PUT": "update", "POST": "create", "DELETE": "delete"}


def allows(role, namespace, method, path):
    """Whether a Role (in its namespace) or ClusterRole (namespace None) lets somebody do this."""
    parts = re.fullmatch(r"/(?:api|apis/([^/]+))/v1(?:/namespaces/([^/]+))?/([a-z]+)(?:/([^/]+))?", path)
    for rule in role["rules"]:
        if path in rule.get("nonResourceURLs", []) and VERBS[method] in rule["verbs"]:
            return True
        if not parts or (namespace and parts[2] != namespace):
            continue
        verb = "list" if method == "GET" and not parts[4] else VERBS[method]
        is_named = "resourceNames" not in rule or parts[4] in rule["resourceNames"]
        if (parts[1] or "") in rule.get("apiGroups", []) and parts[3] in rule.get("resources", []) and verb in rule["verbs"] and is_named:
            return True
    return False


@unittest.skipIf(SANITIZED, "takes minutes; its rooms have their own tests")
class Republisher(NodesCase):
    def setUp(self):
        self.begin(IRSA)
        self.write(republish="true")
        self.first, self.second = kid_of(public_of(self.planes.first_keys["sa.pub"])), kid_of(public_of(SECOND_PUB))

    def write(self, republish, hosting="s3"):
        wish = WISH.replace("us-west-2\n", f"us-west-2\n  endpoint: {self.account.sim.endpoint}\nissuer: {{hosting: {hosting}, republish: {republish}}}\n")
        (self.folder / "irsa.yaml").write_text(wish)

    def apply(self):
        return json.loads(self.irsa("apply", "--yes", "--no-wait", "-o", "json", "--quiet").stdout)

    def objects(self):
        return {path: one for path, one in self.planes.objects.items() if "irsa-republisher" in path}

    def token(self, issuer):
        """As the kubelet asks the API server for it."""
        key = (self.planes.servers[0].keys / "sa.key").read_bytes()
        now = int(time.time())
        return sign({"iss": issuer, "aud": ["sts.amazonaws.com"], "sub": "system:serviceaccount:irsa-system:irsa-republisher",
                     "iat": now, "nbf": now, "exp": now + 600}, serialization.load_pem_private_key(key, None))

    def root(self, spec, issuer):
        """What a kubelet makes of volumes and mounts."""
        root = self.folder / f"pod-{self.port}"
        mounts = {one["name"]: root / one["mountPath"].lstrip("/") for one in spec["containers"][0]["volumeMounts"]}
        for volume in spec["volumes"]:
            place = mounts[volume["name"]]
            place.mkdir(parents=True)
            if "configMap" in volume:
                data = self.planes.objects[f"/api/v1{SPACE}configmaps/{volume['configMap']['name']}"]["data"]
                for name, text in data.items():
                    (place / name).write_text(text)
                continue
            for source in volume["projected"]["sources"]:
                if token := source.get("serviceAccountToken"):
                    (place / token["path"]).write_text(self.token(issuer) if "audience" in token else POD_TOKEN)
                if "configMap" in source:
                    (place / "ca.crt").write_text((self.folder / "ca.crt").read_text())
        (root / "usr").mkdir()
        for name in ("lib", "lib64"):
            (root / name).symlink_to(f"usr/{name}")
        shutil.copy(IRSA, root / "irsa")
        return root

    def start(self, issuer):
        spec = self.planes.objects[f"/apis/apps/v1{SPACE}deployments/irsa-republisher"]["spec"]["template"]["spec"]
        [container] = spec["containers"]
        self.port = free_port()  # others on this machine may have 9999
        arguments = [argument.replace(":9999", f":{self.port}") for argument in container["args"]]
        environment = {one["name"]: one["value"] for one in container["env"]}
        environment |= {"PATH": os.environ["PATH"], "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.planes.port)}
        own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
        log = self.enterContext(open(self.folder / "pod.log", "wb"))
        process = subprocess.Popen([*own, "sh", "-c", IN_ROOT, self.root(spec, issuer), *container["command"], *arguments],
                                   env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        return process

    def end(self, process):
        """And its Lease is free at once, as it is after half a minute."""
        process.terminate()
        self.assertEqual(process.wait(10), 143, self.log())
        self.planes.objects[LEASE]["spec"] = {}

    def metric(self, name):
        with contextlib.suppress(OSError):  # it has just begun
            return metric(self.port, name)

    def log(self):
        return (self.folder / "pod.log").read_text()

    def test_what_apply_makes_runs_and_publishes_within_its_rights(self):
        self.prove("s3")

    def test_it_does_so_behind_cloudfront(self):
        self.prove("cloudfront")

    def prove(self, hosting):
        self.write(republish="true", hosting=hosting)
        issuer = self.apply()["issuer"]
        self.assertEqual(self.seen("plan")["actions"], [])
        self.assertEqual(self.published(), [self.first])
        self.teach(*self.planes.servers)
        process = self.start(issuer)
        until("both keys published", 30, lambda: process.poll() is not None or self.published() == [self.first, self.second])
        self.assertIsNone(process.poll(), self.log())
        until("a look that is counted", 10, lambda: self.metric("writes_total") == 1)
        self.assertEqual(self.metric("leader"), 1)
        self.assertEqual(self.metric("failures_total"), 0)
        self.end(process)

        self.forget(*self.planes.servers)
        self.start(issuer)
        until("a key that is remembered as retired", 30, lambda: self.metric("retired_keys") == 1)
        self.assertEqual(self.published(), [self.first, self.second])
        self.assertEqual(self.seen("plan")["actions"], [])

        roles = {path: one for path, one in self.objects().items() if one["kind"] in ("Role", "ClusterRole")}
        calls = {(method, path) for token, method, path in self.planes.calls if token == POD_TOKEN}
        self.assertLessEqual({"GET", "PUT", "PATCH"}, {method for method, _ in calls})
        self.assertEqual([call for call in calls if not any(
            allows(role, role["metadata"].get("namespace"), *call) for role in roles.values())], [])
        self.assertEqual({token for token, *_ in self.planes.calls}, {POD_TOKEN, "a-token-of-the-test"})

    def test_destroy_leaves_nothing_and_so_does_switching_it_off(self):
        self.apply()
        names = {path.rsplit("/", 2)[-2] for path in self.objects()}
        self.assertEqual(names, {"serviceaccounts", "clusterroles", "clusterrolebindings", "roles", "rolebindings", "leases", "configmaps",
                                 "networkpolicies", "deployments"})
        self.write(republish="false")
        self.apply()
        self.assertEqual(self.objects(), {})
        self.assertEqual([role["RoleName"] for role in self.account.client("iam").list_roles()["Roles"]], ["app-0"])
        self.write(republish="true")
        self.apply()
        self.irsa("destroy", "--yes", "--delete-bucket")
        self.assertEqual([path for path in self.planes.objects if "kube-system/leases" not in path], [])
        self.assertEqual(self.account.walk(), {"buckets": {}, "providers": {}, "roles": {}})

    def test_what_is_emitted_has_it_too(self):
        account = self.account.sim.ready["account"]
        self.irsa("apply", "--emit", "kustomize", "--out", self.folder / "k")
        objects = [one for one in yaml.safe_load_all((self.folder / "k/webhook.yaml").read_text())
                   if one["metadata"]["name"] == "irsa-republisher"]
        self.assertEqual(len(objects), 11)
        [deployment] = [one for one in objects if one["kind"] == "Deployment"]
        environment = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
        self.assertIn({"name": "AWS_ROLE_ARN", "value": f"arn:aws:iam::{account}:role/edge-republisher"}, environment)
        self.irsa("apply", "--emit", "terraform", "--out", self.folder / "t")
        self.assertIn('name = "edge-republisher"', (self.folder / "t/main.tf").read_text())
        policy = json.loads(self.irsa("policy", "--for", "publish", "-o", "json").stdout)
        self.assertEqual([one["Sid"] for one in policy["Statement"]], ["Bucket", "Documents"])


if __name__ == "__main__":
    unittest.main()
