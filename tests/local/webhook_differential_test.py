"""5,000 pods that nobody would write, through irsa-webhook: each comes out as it did from AWS's amazon-eks-pod-identity-webhook.

data/webhook_differential.txt has what AWS's made of each, a digest a line, as it was recorded by
    webhook_differential_test.py record PROGRAM
with AWS's program v0.6.17 (built with Go). A sanitizer takes the first 1,000."""
import base64
import copy
import hashlib
import http.client
import json
import pathlib
import random
import sys
import tempfile
import unittest

from support import json_patch
from support.kubernetes_api import KubernetesApi
from support.random_pod import ACCOUNTS, IDENTITIES, MAPPING, random_pod
from support.webhook import Webhook, admission_review
from support.webhook_case import PROGRAM, SANITIZED, eventually

RECORD = pathlib.Path(__file__).with_name("data") / "webhook_differential.txt"
PODS = 5000
WAYS = {"defaults": (),
        "region": ("--aws-default-region=eu-west-1", "--sts-regional-endpoint", "--token-expiration=1000"),
        "mapping": ("--watch-config-map", "--namespace=eks", "--aws-default-region=us-east-1"),
        "identities": ("--watch-container-credentials-config=identities.json", "--aws-default-region=eu-west-1"),
        "own-names": ("--annotation-prefix=eks.amazonaws.com", "--token-audience=ours", "--token-mount-path=/data/")}


def case(number):
    """(the pod, the name of its way) of a number, always the same."""
    source = random.Random(number)
    return random_pod(source), list(WAYS)[number % len(WAYS)]


def shape(members):
    """A list of a container or a pod as the API server keeps it: empty members are absent."""
    return [{key: value for key, value in (member or {}).items() if value not in ("", False, None)} for member in members or []]


def outcome(pod):
    """What an injection decides, of a pod after its patch. A lifetime that is drawn at random is only checked."""
    pod = copy.deepcopy(pod)

    def volume(entry):
        for source in (entry.get("projected") or {}).get("sources") or []:
            token = source.get("serviceAccountToken", {})
            if entry.get("name") == "eks-pod-identity-token" and 79200 <= token.get("expirationSeconds", 0) <= 86400:
                token["expirationSeconds"] = "drawn"
        return entry

    def containers(which):
        return [{"name": (c or {}).get("name", ""), "env": shape((c or {}).get("env")), "mounts": shape((c or {}).get("volumeMounts"))}
                for c in pod["spec"].get(which) or []]
    return {"labels": pod["metadata"].get("labels") or {}, "volumes": [volume(v) for v in shape(pod["spec"].get("volumes"))],
            "containers": containers("containers"), "initContainers": containers("initContainers")}


def untouched(pod):
    """The pod without what an injection may touch."""
    rest = copy.deepcopy(pod)
    rest["metadata"].pop("labels", None)
    rest["spec"].pop("volumes", None)
    for which in ("containers", "initContainers"):
        rest["spec"][which] = [{k: v for k, v in (c or {"name": ""}).items() if k not in ("env", "volumeMounts")}
                               for c in rest["spec"].get(which) or []]
    return rest


class Reviewer:
    """A running webhook, asked over one connection."""

    def __init__(self, webhook):
        self.connection = http.client.HTTPSConnection("127.0.0.1", webhook.port, context=webhook.context, timeout=30)

    def admit(self, pod):
        self.connection.request("POST", "/mutate?timeout=10s", json.dumps(admission_review(pod, "team")),
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {body[:200]}")
        response = json.loads(body)["response"]
        if not response["allowed"]:
            raise RuntimeError(f"refused: {response}")
        return json_patch.apply(pod, json.loads(base64.b64decode(response.get("patch") or "W10=")))


def fill(api, folder):
    for name, annotations in ACCOUNTS.items():
        if annotations is not None:
            api.put("team", name, {f"eks.amazonaws.com/{key}": value for key, value in annotations.items()})
    api.write("configmaps", "eks", "pod-identity-webhook", data={"config": json.dumps(MAPPING)})
    (folder / "identities.json").write_text(json.dumps(IDENTITIES))


def flags_of(way, folder):
    return [flag.replace("=identities.json", f"={folder}/identities.json") for flag in WAYS[way]]


class AsAwsDoes(unittest.TestCase):
    def test_B15_5000_random_pods_come_out_as_from_awss_webhook(self):
        recorded = RECORD.read_text().split()
        self.assertEqual(len(recorded), PODS)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        api = self.enterContext(KubernetesApi(folder))
        fill(api, folder)
        reviewers = {way: Reviewer(self.enterContext(Webhook(PROGRAM, folder, api.kubeconfig, "--drain-time=0s", *flags_of(way, folder),
                                                             name=way))) for way in WAYS}
        for reviewer in reviewers.values():
            self.addCleanup(reviewer.connection.close)
        changed = 0
        for number in range(1000 if SANITIZED else PODS):
            pod, way = case(number)
            admitted = reviewers[way].admit(pod)
            changed += admitted != pod
            self.assertEqual(untouched(admitted), untouched(pod), number)
            self.assertEqual(digest(admitted), recorded[number],
                             f"pod {number} ({way}): {json.dumps(pod)}\ncame out as {json.dumps(outcome(admitted))}")
        self.assertGreater(changed, number // 3)


def digest(pod):
    return hashlib.sha256(json.dumps(outcome(pod), sort_keys=True).encode()).hexdigest()[:12]


class Peer(Webhook):
    """AWS's program, which has no /readyz: ready is when it injects."""

    def ready(self):
        try:
            return "AWS_ROLE_ARN" in json.dumps(self.admit({"metadata": {}, "spec": {
                "serviceAccountName": "role", "containers": [{"name": "c"}]}}, "team"))
        except OSError:
            return False


def record(program, *shown):
    """Writes RECORD; of the numbers given, prints what came out instead."""
    with tempfile.TemporaryDirectory() as name, KubernetesApi(name) as api:
        folder, digests = pathlib.Path(name), {}
        fill(api, folder)
        for way in WAYS:
            with Peer(program, folder, api.kubeconfig, *flags_of(way, folder), name=way) as peer:
                reviewer = Reviewer(peer)
                eventually(lambda: "AWS_ROLE_ARN" in json.dumps(peer.admit({"metadata": {}, "spec": {
                    "serviceAccountName": "mapped", "containers": [{"name": "c"}]}}, "team")), 3 if way == "mapping" else 0)
                for number in range(PODS):
                    pod, its = case(number)
                    if its == way:
                        admitted = reviewer.admit(pod)
                        digests[number] = digest(admitted)
                        if str(number) in shown:
                            print(number, json.dumps(outcome(admitted)))
    if not shown:
        RECORD.write_text("".join(f"{digests[number]}\n" for number in range(PODS)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["record"]:
        record(*sys.argv[2:])
    else:
        unittest.main(verbosity=2)
