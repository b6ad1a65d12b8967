"""The webhook on a real node while something goes wrong: its replicas, the API server, its certificates; and in the place of AWS's
own program. Pods are created all the time and none may come out without its role."""
import base64
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from creations import Creations
from node import Node
from support import certificates
from support.scale import scaled, soak_only
from support.until import until

IRSA, WEBHOOK = pathlib.Path(os.environ["IRSA"]).resolve(), pathlib.Path(os.environ["IRSA_WEBHOOK"]).resolve()
IMAGE = "irsa.test/irsa-anywhere:test"
ROLE = "arn:aws:iam::111122223333:role/s3-echoer"
RATE = 60  # a second; 50 is what counts
THERE = ("-n", "irsa-system")
DEPLOYMENT = ("deployment/irsa-webhook", *THERE)


def pod(account="guarded", **spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": "default"},
            "spec": {"serviceAccountName": account, "containers": [{"name": "main", "image": "irsa.test/pause:1", "imagePullPolicy": "Never"}],
                     **spec}}


class Outages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = cls.enterClassContext(Node())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-outage-")))
        cls.node.load_image(IMAGE, "--entrypoint", "/irsa-webhook", f"irsa={IRSA}", f"irsa-webhook={WEBHOOK}",
                            f"webhook={WEBHOOK}")
        cls.node.await_rest()
        cls.node.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
            "name": "guarded", "annotations": {"eks.amazonaws.com/role-arn": ROLE}, "labels": {"irsa-anywhere/role": "true"}}})
        cls.manifests = json.loads(subprocess.run(
            [IRSA, "webhook", "render", "--region", "us-west-2", "--image", IMAGE, "-o", "json", "--quiet"], cwd=cls.folder, text=True,
            check=True, stdout=subprocess.PIPE).stdout)
        cls.node.kubectl("apply", "-f", "-", given=cls.manifests)
        cls.await_webhook()

    @classmethod
    def await_webhook(cls):
        cls.node.kubectl("rollout", "status", *DEPLOYMENT, "--timeout=120s")
        cls.await_injection()

    @classmethod
    def await_injection(cls):
        """As long as kube-proxy may wait before it asks an API server again that was away: the Service is unknown to it until then."""
        answers = []

        def is_injected():
            done = cls.node.try_kubectl("create", "--dry-run=server", "-f", "-", "-o", "json", given=pod())
            answers.append(done.stdout + done.stderr)
            return "AWS_ROLE_ARN" in done.stdout
        try:
            until("pods injected", 90, is_injected)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), answers[-1], *cls.failed_calls()])) from None

    def creating(self):
        return Creations(self.node, pod(), RATE)

    def assert_flawless(self, creations, at_least=50):
        found = (creations.missed, dict(creations.refused), creations.unanswered)
        self.assertEqual(found, (0, {}, 0), "" if found == (0, {}, 0) else "\n".join(self.failed_calls()))
        self.assertGreaterEqual(creations.rate, at_least)

    @classmethod
    def failed_calls(cls):
        """What the API server says of its calls to webhooks that failed."""
        logs = (cls.node.run / "fs/var/log/pods").glob("kube-system_kube-apiserver-*/*/*.log")
        return [line for log in logs for line in log.read_text(errors="replace").splitlines() if "ailed calling webhook" in line][-20:]

    def replicas(self):
        """Processes of this node's webhook, as the machine numbers them."""
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if (folder / "cmdline").read_bytes().startswith(b"/irsa-webhook\0") and self.is_on_node(int(folder.name)):
                    found.append(int(folder.name))
        return found

    def is_on_node(self, process):
        while process > 1 and process != self.node.pid:
            status = pathlib.Path(f"/proc/{process}/status").read_text()
            process = int(status.split("PPid:")[1].split()[0])
        return process == self.node.pid

    def restart_api_server(self, number, edit=lambda text: text):
        """With a manifest that differs, since the kubelet waits longer and longer with one that only died."""
        before = self.node.try_kubectl("get", "--raw", "/metrics").stdout
        text = edit(self.node.manifest.read_text())
        begin = text.index("  annotations:\n") + len("  annotations:\n")
        lines = [line for line in text[begin:].splitlines(True) if "irsa.test/restart" not in line]
        changed = self.node.manifest.with_name(".kube-apiserver.yaml")  # which the kubelet does not read
        changed.touch(0o600)
        changed.write_text(text[:begin] + f'    irsa.test/restart: "{number}"\n' + "".join(lines))
        changed.rename(self.node.manifest)

        def is_another():
            started = [line for line in self.node.try_kubectl("get", "--raw", "/metrics").stdout.splitlines()
                       if line.startswith("process_start_time_seconds")]
            return started and started[0] not in before and self.node.try_kubectl("get", "--raw", "/readyz").stdout == "ok"
        until("the API server restarted", 90, is_another)

    # What goes wrong.

    def test_O07_a_rolling_restart_is_noticed_by_nobody(self):
        with self.creating() as creations:
            for _ in range(scaled(2, 20)):
                self.node.kubectl("rollout", "restart", *DEPLOYMENT)
                self.node.kubectl("rollout", "status", *DEPLOYMENT, "--timeout=120s")
        self.assert_flawless(creations)

    def test_O08_a_replica_that_is_killed_costs_at_most_what_it_was_about_to_answer(self):
        with self.creating() as creations:
            for _ in range(scaled(2, 3)):
                replicas = until("two replicas", 60, lambda: found if len(found := self.replicas()) == 2 else None)
                os.kill(replicas[0], signal.SIGKILL)
                until("another in its place", 90, lambda: replicas[0] not in self.replicas() and len(self.replicas()) == 2)
                self.node.kubectl("rollout", "status", *DEPLOYMENT, "--timeout=120s")
        self.assertEqual((creations.missed, creations.unanswered), (0, 0))
        self.assertLessEqual(creations.refused.total(), 3 * 8)  # each of the clients may have had one under way

    def test_W09_the_api_server_restarts_again_and_again_under_load(self):
        before = set(self.replicas())
        with self.creating() as creations:
            for number in range(scaled(3, 10)):
                self.restart_api_server(number)
        self.assertEqual(creations.missed, 0)
        self.assertEqual(dict(creations.refused), {})
        self.assertGreater(creations.unanswered, 0)  # else it was not restarted
        self.assertEqual(set(self.replicas()), before)

    def test_C03_authorities_follow_each_other_under_load(self):
        most = scaled(4, 20)
        arguments = self.node.get(*DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["args"]
        def begin_with(words):
            """Anew: the authority that is there has the life that was told before, and without one the webhook makes its own."""
            self.node.kubectl("scale", *DEPLOYMENT, "--replicas=0")
            until("no webhook", 60, lambda: not self.replicas())
            self.node.kubectl("patch", "secret", "irsa-webhook", *THERE, "--type=json", "-p", '[{"op": "remove", "path": "/data"}]')
            self.node.kubectl("patch", *DEPLOYMENT, "--type=json", "-p", json.dumps(
                [{"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": words}]))
            self.node.kubectl("scale", *DEPLOYMENT, "--replicas=2")
            self.await_webhook()
        begin_with([*arguments, "--ca-lifetime=20s", "--cert-lifetime=20s", "--ca-settle=2s"])
        seen = set()
        def authorities():
            configuration = self.node.get("mutatingwebhookconfiguration", "irsa-webhook")
            bundle = base64.b64decode(configuration["webhooks"][0]["clientConfig"]["caBundle"]).decode()
            seen.update(part.strip() for part in bundle.split("-----END CERTIFICATE-----") if part.strip())
            return len(seen) > most
        with self.creating() as creations:
            until(f"{most} authorities after the first", 500, authorities)
        begin_with(arguments)
        self.assert_flawless(creations)

    def test_L02_a_deployment_that_meets_no_webhook_has_its_role_when_it_is_back(self):
        self.node.kubectl("scale", *DEPLOYMENT, "--replicas=0")
        until("no webhook", 60, lambda: not self.replicas())
        until("the guard at work", 30, lambda: "irsa-guard" in self.node.try_kubectl(
            "create", "--dry-run=server", "-f", "-", given=pod()).stderr)
        labels = {"app": "forty"}
        template = {"metadata": {"labels": labels}, "spec": {**pod()["spec"], "schedulingGates": [{"name": "irsa.test/never"}]}}
        self.node.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "forty"},
                         "spec": {"replicas": 40, "selector": {"matchLabels": labels}, "template": template}})
        until("the controller told why", 30, lambda: "irsa-guard" in json.dumps(self.node.get("replicasets", "-l", "app=forty")["items"]))
        self.assertEqual(self.node.get("pods", "-l", "app=forty")["items"], [])
        self.node.kubectl("scale", *DEPLOYMENT, "--replicas=2")
        self.await_webhook()
        def all_there():
            pods = self.node.get("pods", "-l", "app=forty")["items"]
            return pods if len(pods) == 40 else None
        for made in until("forty pods", 120, all_there):
            self.assertIn({"name": "AWS_ROLE_ARN", "value": ROLE}, made["spec"]["containers"][0]["env"])
        self.node.kubectl("delete", "deployment", "forty")

    @soak_only
    def test_the_audiences_of_the_usual_recipe_as_a_control(self):
        """--api-audiences=sts.amazonaws.com refuses every token that was there before, the webhook's too: it goes on with what it
        knows. A pod of an account that it does not know is refused by the guard; without the guard it starts without its role."""
        flag, anchor = "    - --api-audiences=sts.amazonaws.com\n", "    - --service-account-issuer="
        token = self.node.kubectl("create", "token", "guarded").strip()
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
        is_taken = lambda: json.loads(self.node.kubectl("create", "-f", "-", "-o", "json", given=review))["status"].get("authenticated", False)
        binding = next(item for item in self.manifests["items"] if item["kind"] == "ValidatingAdmissionPolicyBinding")
        def made(account):
            """How 20 pods of that account fare: (with the role, without it, refused)."""
            answers = [self.node.try_kubectl("create", "--dry-run=server", "-f", "-", "-o", "json", given=pod(account)) for _ in range(20)]
            with_role = sum("AWS_ROLE_ARN" in answer.stdout for answer in answers)
            return with_role, sum(answer.returncode == 0 for answer in answers) - with_role, sum(answer.returncode != 0 for answer in answers)
        self.assertTrue(is_taken())
        self.restart_api_server("audiences", lambda text: text.replace(anchor, flag + anchor, 1))
        try:
            self.assertFalse(is_taken())
            self.node.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
                "name": "late", "annotations": {"eks.amazonaws.com/role-arn": ROLE}, "labels": {"irsa-anywhere/role": "true"}}})
            until("the guard at work", 30, lambda: "irsa-guard" in self.node.try_kubectl(
                "create", "--dry-run=server", "-f", "-", given=pod("late")).stderr)
            self.assertEqual((made("guarded"), made("late")), ((20, 0, 0), (0, 0, 20)))
            self.node.kubectl("delete", "validatingadmissionpolicybinding", binding["metadata"]["name"])
            until("the guard gone", 30, lambda: made("late")[2] == 0)
            self.assertEqual(made("late"), (0, 20, 0))
        finally:
            self.restart_api_server("no audiences", lambda text: text.replace(flag, ""))
            self.node.apply(binding)
        self.assertTrue(is_taken())
        until("the account known", 60, lambda: made("late") == (20, 0, 0))
        self.node.kubectl("delete", "serviceaccount", "late")

    def test_AWSs_own_manifests_run_it_in_the_place_of_AWSs_program(self):
        """Their pull policy and certificate differ here, since this node has no registry and no cert-manager."""
        name = "pod-identity-webhook"
        metadata, labels = {"name": name, "namespace": "default"}, {"app": name}
        certificates.make_authority(self.folder)
        certificate, key = certificates.make_server(self.folder, name, f"DNS:{name}.default.svc")
        self.node.kubectl("create", "secret", "tls", f"{name}-cert", f"--cert={certificate}", f"--key={key}")
        subject = [{"kind": "ServiceAccount", "name": name, "namespace": "default"}]
        bind = {"apiGroup": "rbac.authorization.k8s.io", "name": name}
        rbac = "rbac.authorization.k8s.io/v1"
        self.node.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
            {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": name}, "rules": [
                {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get", "watch", "list"]},
                {"apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests"], "verbs": ["create", "get", "list", "watch"]}]},
            {"apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": name}, "roleRef": {**bind, "kind": "ClusterRole"},
             "subjects": subject},
            {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 443, "targetPort": 443}], "selector": labels}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
                "replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                    "serviceAccountName": name,
                    "containers": [{"name": name, "image": IMAGE, "imagePullPolicy": "Never", "command": [
                        "/webhook", "--in-cluster=false", "--namespace=default", f"--service-name={name}",
                        "--annotation-prefix=eks.amazonaws.com", "--token-audience=sts.amazonaws.com", "--logtostderr"],
                        "volumeMounts": [{"name": "cert", "mountPath": "/etc/webhook/certs", "readOnly": True}]}],
                    "volumes": [{"name": "cert", "secret": {"secretName": f"{name}-cert"}}]}}}},
            {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": name}, "webhooks": [{
                "name": f"{name}.amazonaws.com", "failurePolicy": "Ignore", "sideEffects": "None", "admissionReviewVersions": ["v1beta1"],
                "clientConfig": {"service": {"name": name, "namespace": "default", "path": "/mutate"},
                                 "caBundle": base64.b64encode((self.folder / "ca.crt").read_bytes()).decode()},
                "objectSelector": {"matchExpressions": [{"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"}]},
                "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]}]})
        self.node.kubectl("rollout", "status", f"deployment/{name}", "--timeout=180s")
        self.node.kubectl("scale", *DEPLOYMENT, "--replicas=0")
        try:
            until("ours gone", 60, lambda: len(self.replicas()) == 0)
            self.await_injection()
        finally:
            self.node.kubectl("delete", f"mutatingwebhookconfiguration/{name}", f"clusterrolebinding/{name}", f"clusterrole/{name}")
            self.node.kubectl("delete", f"deployment/{name}", f"service/{name}", f"serviceaccount/{name}", f"secret/{name}-cert")
            self.node.kubectl("scale", *DEPLOYMENT, "--replicas=2")
            self.await_webhook()


if __name__ == "__main__":
    unittest.main(verbosity=2)
