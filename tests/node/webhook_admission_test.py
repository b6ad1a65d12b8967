"""What `irsa webhook render` prints, taken by a real API server: the webhook with its own rights and its own certificate, what it
does to pods, and which pods the guard refuses while it is away."""
import copy
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from control_plane import ControlPlane
from support.ports import free_port
from support.until import until
from support.webhook import Webhook

IRSA, WEBHOOK = pathlib.Path(os.environ["IRSA"]).resolve(), pathlib.Path(os.environ["IRSA_WEBHOOK"]).resolve()
ROLE = "arn:aws:iam::111122223333:role/s3-echoer"
ANNOTATION, GUARDED = {"eks.amazonaws.com/role-arn": ROLE}, {"irsa-anywhere/role": "true"}
OWN = "system:serviceaccount:irsa-system:irsa-webhook"
CONFIGURATION = ("mutatingwebhookconfiguration", "irsa-webhook")
SHARED = ("secret", "irsa-webhook", "-n", "irsa-system")


def pod(account="with-role", labels=None, annotations=None, containers=("main",), **spec):
    """`containers`: names, or whole containers. Further arguments are fields of the spec; a namespace is taken out. Obeys the
    restricted Pod Security Standard, as the webhook's namespace demands."""
    namespace = spec.pop("namespace", "default")
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "probe", "namespace": namespace, "labels": labels or {}, "annotations": annotations or {}},
            "spec": {"serviceAccountName": account, "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                     "containers": [container(c) if isinstance(c, str) else c for c in containers], **spec}}


def container(name, *variables):
    return {"name": name, "image": "irsa.test/pause:1", "env": [{"name": variable, "value": "x"} for variable in variables],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}


class Admission(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(ControlPlane())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-admission-")))
        cls.port = free_port()
        cls.rendered = cls.render()
        # The one thing that is not as rendered: the API server finds the Service's pods here, on this machine.
        cls.manifests = copy.deepcopy(cls.rendered)
        for item in cls.manifests["items"]:
            if item["kind"] == "Service":
                item["spec"] = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": cls.port}]}
            for entry in item.get("webhooks", ()):
                entry["clientConfig"]["service"]["port"] = cls.port
        cls.cluster.kubectl("apply", "-f", "-", given=cls.manifests)
        for namespace in ("default", "kube-system", "irsa-system"):
            for name, annotations, labels in (("with-role", ANNOTATION, GUARDED), ("unlabelled", ANNOTATION, {}), ("plain", {}, {}),
                                              ("labelled", {}, GUARDED), ("empty", {"eks.amazonaws.com/role-arn": ""}, GUARDED)):
                cls.cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
                    "name": name, "namespace": namespace, "annotations": annotations, "labels": labels}})
        cls.cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
            "name": "default", "namespace": "default", "annotations": ANNOTATION, "labels": GUARDED}})

    @classmethod
    def render(cls, *arguments):
        return json.loads(subprocess.run([IRSA, "webhook", "render", "--region", "us-west-2", "-o", "json", "--quiet", *arguments],
                                         cwd=cls.folder, text=True, check=True, stdout=subprocess.PIPE).stdout)

    def webhook(self, *flags):
        token = self.cluster.kubectl("create", "token", "irsa-webhook", "-n", "irsa-system").strip()
        [arguments] = [item["spec"]["template"]["spec"]["containers"][0]["args"] for item in self.rendered["items"]
                       if item["kind"] == "Deployment"]
        started = Webhook(WEBHOOK, self.folder, self.cluster.write_kubeconfig("irsa-webhook", token),
                          *(word for word in arguments if not word.startswith("--port=")), "--drain-time=0s", *flags)
        started.port = self.port
        return started

    def create(self, wanted):
        """(the pod as the API server would make it, None) or (None, why it refuses to)."""
        done = self.cluster.try_kubectl("create", "--dry-run=server", "-f", "-", "-o", "json", given=wanted)
        return (json.loads(done.stdout), None) if done.returncode == 0 else (None, done.stderr)

    def injected(self, wanted):
        made, why = self.create(wanted)
        self.assertIsNotNone(made, why)
        return "AWS_ROLE_ARN" in [entry["name"] for entry in made["spec"]["containers"][0].get("env", [])]

    def refused(self, wanted):
        return self.create(wanted)[1]

    def bundles(self):
        return [entry["clientConfig"].get("caBundle") for entry in self.cluster.get(*CONFIGURATION)["webhooks"]]

    def await_injection(self):
        until("a pod is injected", 30, lambda: self.create(pod())[0] and self.injected(pod()))

    def await_guard(self):
        until("the guard at work", 30, lambda: self.refused(pod()))

    def test_a_second_apply_in_either_way_is_taken(self):
        for how in (("--server-side", "--force-conflicts"), ()):
            self.cluster.kubectl("apply", *how, "-f", "-", given=self.manifests)

    def test_manifests_for_a_certificate_of_somebody_else_are_taken(self):
        arguments = ("--cert-source", "files", "--secret", "from-cert-manager", "--inject-ca-from", "irsa-system/webhook")
        self.cluster.kubectl("apply", "--dry-run=server", "-f", "-", given=self.render(*arguments))

    def test_the_webhook_has_the_rights_it_needs_and_no_more(self):
        def may(*question):
            return self.cluster.try_kubectl("auth", "can-i", *question, "--as", OWN, "--quiet").returncode == 0
        there = ("-n", "irsa-system")
        for verb in ("get", "update"):
            for what in (("secrets/irsa-webhook", *there), ("leases.coordination.k8s.io/irsa-webhook", *there),
                         ("mutatingwebhookconfigurations/irsa-webhook",)):
                self.assertTrue(may(verb, *what), (verb, what))
        for verb in ("get", "list", "watch"):
            self.assertTrue(may(verb, "serviceaccounts", "--all-namespaces"), verb)
        for verb in ("create", "update", "patch", "delete"):
            self.assertFalse(may(verb, "serviceaccounts", "--all-namespaces"), verb)
        for verb in ("create", "delete", "patch", "list", "watch"):
            for what in ("secrets", "leases.coordination.k8s.io", "mutatingwebhookconfigurations"):
                self.assertFalse(may(verb, what, *there), (verb, what))
        for what in (("secrets/another", *there), ("secrets/irsa-webhook", "-n", "default"), ("mutatingwebhookconfigurations/another",)):
            self.assertFalse(may("update", *what), what)

    def test_no_right_is_missing_and_none_is_never_used(self):
        self.cluster.kubectl("create", "serviceaccount", "of-a-moment")
        with self.webhook():
            self.await_injection()
            self.cluster.kubectl("annotate", "serviceaccount", "of-a-moment", "--overwrite", "a=b")
            self.assertFalse(self.injected(pod(account="of-a-moment")))  # young and without a role: the webhook asks
            until("the lease renewed", 30, lambda: self.cluster.get("lease", *SHARED[1:])["spec"].get("renewTime"))
        events = [event for event in self.cluster.asked_by(OWN) if "objectRef" in event]
        self.assertEqual([event for event in events if event["responseStatus"]["code"] == 403], [])
        used = {(event["objectRef"].get("apiGroup", ""), event["objectRef"]["resource"], event["verb"], name)
                for event in events for name in ("", event["objectRef"].get("name", ""))}
        shipped = {(group, resource, verb, name) for item in self.rendered["items"] if item["kind"] in ("Role", "ClusterRole")
                   for rule in item["rules"] for group in rule["apiGroups"] for resource in rule["resources"]
                   for verb in rule["verbs"] for name in rule.get("resourceNames", [""])}
        self.assertEqual(shipped - used, set())

    def test_pods_are_injected_by_the_webhook_with_its_own_certificate_and_rights(self):
        with self.webhook():
            self.await_injection()
            self.assertEqual(len(set(self.bundles())), 1)
            self.assertTrue(self.injected(pod()))
            self.assertTrue(self.injected(pod(account="unlabelled")))
            self.assertTrue(self.injected(pod(account="default")))
            self.assertTrue(self.injected(pod(labels={"irsa-anywhere/inject": "required"})))
            self.assertTrue(self.injected(pod(labels={"irsa-anywhere/inject": "required"}, namespace="kube-system")))
            self.assertTrue(self.injected(pod(containers=("main", "other"), annotations={"eks.amazonaws.com/skip-containers": "other"})))
            self.assertFalse(self.injected(pod(annotations={"eks.amazonaws.com/skip-containers": "main"})))
            self.assertFalse(self.injected(pod(labels={"eks.amazonaws.com/skip-pod-identity-webhook": "true"})))
            self.assertFalse(self.injected(pod(namespace="kube-system")))
            self.assertFalse(self.injected(pod(account="plain")))
            self.assertFalse(self.injected(pod(account="empty")))
            self.assertFalse(self.injected(pod(account="labelled")))

    def test_what_the_webhook_wrote_survives_another_apply(self):
        with self.webhook():
            self.await_injection()
            before = self.bundles(), self.cluster.get(*SHARED)["data"]
            for how in (("--server-side", "--force-conflicts"), ()):
                self.cluster.kubectl("apply", *how, "-f", "-", given=self.manifests)
                self.assertEqual((self.bundles(), self.cluster.get(*SHARED)["data"]), before)
            owners = {entry["manager"]: json.dumps(entry["fieldsV1"]) for entry in
                      self.cluster.get(*CONFIGURATION, "--show-managed-fields")["metadata"]["managedFields"]}
            self.assertEqual([manager for manager, fields in owners.items() if "f:caBundle" in fields], ["irsa-webhook"])

    def test_L01_L07_without_the_webhook_the_guard_refuses_pods_that_miss_their_role_and_says_what_to_do(self):
        self.await_guard()
        token = {"name": "aws-iam-token", "emptyDir": {}}
        for wanted in (pod(), pod(account="default"), pod(containers=(container("main", "AWS_REGION", "OTHER"),)),
                       pod(containers=("main", "other"), annotations={"eks.amazonaws.com/skip-containers": "other"}),
                       pod(containers=("main",), annotations={"eks.amazonaws.com/skip-containers": "mai,ain,main2,2-main"}),
                       pod(containers=(container("main", "AWS_ROLE_ARN"), "other")),
                       pod(containers=(container("main", "AWS_ROLE_ARN"),), initContainers=[container("first")]),
                       pod(volumes=[{**token, "name": "another"}]), pod(hostNetwork=True)):
            why = self.refused(wanted)
            self.assertIsNotNone(why, wanted)
            for word in ("irsa-guard", "default/with-role" if wanted["spec"]["serviceAccountName"] != "default" else "default/default",
                         "irsa webhook lint", "eks.amazonaws.com/skip-pod-identity-webhook"):
                self.assertIn(word, why)

    def test_L01_L06_L11_without_the_webhook_the_guard_lets_pods_through_that_miss_nothing(self):
        self.await_guard()
        skip = "eks.amazonaws.com/skip-containers"
        credentials = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        for wanted in (pod(account="plain"), pod(account="labelled"), pod(account="empty"), pod(account="unlabelled"),
                       pod(labels={"eks.amazonaws.com/skip-pod-identity-webhook": "true"}),
                       pod(labels={"eks.amazonaws.com/skip-pod-identity-webhook": ""}), pod(namespace="kube-system"),
                       pod(namespace="irsa-system"), pod(annotations={skip: "main"}),
                       pod(containers=("main", "other"), annotations={skip: "other,main"}),
                       pod(containers=("main", "other"), annotations={skip: '"other","main"\n'}),
                       pod(containers=(container("main", "AWS_ROLE_ARN"), "other"), annotations={skip: "other"}),
                       pod(initContainers=[container("first")], annotations={skip: "first,main"}),
                       pod(volumes=[{"name": "aws-iam-token", "emptyDir": {}}]),
                       pod(volumes=[{"name": "a", "emptyDir": {}}, {"name": "eks-pod-identity-token", "emptyDir": {}}]),
                       *(pod(containers=(container("main", name),)) for name in credentials)):
            made, why = self.create(wanted)
            self.assertIsNotNone(made, f"{wanted}: {why}")

    def test_L04_the_strict_label_makes_the_webhook_a_must(self):
        required = {"irsa-anywhere/inject": "required"}
        for wanted in (pod(labels=required), pod(account="plain", labels=required), pod(labels=required, namespace="kube-system")):
            self.assertIn("strict.irsa-webhook.irsa-system.svc", self.refused(wanted) or "it was let through")

    def test_lint_reads_the_live_objects(self):
        with self.webhook():
            self.await_injection()
            done = subprocess.run([IRSA, "webhook", "lint", "--kubeconfig", self.cluster.kubeconfig, "-o", "json"], cwd=self.folder,
                                  text=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1, done.stderr)
        found = [(entry["code"], entry["place"]) for entry in json.loads(done.stdout)["findings"]]
        self.assertEqual(found, [("WEBHOOK_MISSES_NAMESPACE", "Namespace irsa-system"),
                                 ("WEBHOOK_MISSES_NAMESPACE", "Namespace kube-system"),
                                 ("ACCOUNT_NOT_GUARDED", "ServiceAccount default/unlabelled")])

    def test_controllers_would_be_told_at_once_and_the_next_try_goes_through(self):
        self.await_guard()
        started = time.monotonic()
        self.assertIsNotNone(self.refused(pod()))
        self.assertLess(time.monotonic() - started, 2)
        with self.webhook():
            self.await_injection()
        self.await_guard()


if __name__ == "__main__":
    unittest.main(verbosity=2)
