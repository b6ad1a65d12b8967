"""irsa webhook as a process: the manifests it prints, and what it finds in a cluster."""
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import yaml

from support.simulator import clean_environment

IRSA = os.environ["IRSA"]
WISH = """\
apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: eu-west-1}
webhook: {namespace: identity, replicas: 3, image: "registry.example.com/irsa:1", failurePolicy: Fail, guard: false}
"""


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-webhook-command-")))
        self.environment = clean_environment() | {"HOME": str(self.folder)}

    def irsa(self, *arguments, code=0):
        done = subprocess.run([IRSA, "webhook", *map(str, arguments)], env=self.environment, cwd=self.folder, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, f"irsa webhook {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done


class Render(Command):
    def render(self, *arguments):
        """{kind: object}"""
        return {item["kind"]: item for item in json.loads(self.irsa("render", "-o", "json", *arguments).stdout)["items"]}

    def arguments_of(self, objects):
        return objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]

    def test_yaml_and_json_are_the_same_objects(self):
        documents = list(yaml.safe_load_all(self.irsa("render", "--region", "us-west-2").stdout))
        listed = json.loads(self.irsa("render", "--region", "us-west-2", "-o", "json").stdout)
        self.assertEqual((listed["apiVersion"], listed["kind"]), ("v1", "List"))
        self.assertEqual(documents, listed["items"])
        self.assertEqual(documents[0]["kind"], "Namespace")

    def test_flags_say_what_differs(self):
        objects = self.render("--namespace", "identity", "--image", "registry.example.com/irsa:1", "--replicas", 3, "--failure-policy",
                              "Fail", "--region", "eu-west-1", "--no-guard", "--api-server-port", 16443)
        self.assertEqual(objects["Namespace"]["metadata"]["name"], "identity")
        self.assertEqual(objects["Deployment"]["spec"]["replicas"], 3)
        self.assertEqual(objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"], "registry.example.com/irsa:1")
        self.assertIn("--aws-default-region=eu-west-1", self.arguments_of(objects))
        self.assertEqual([entry["failurePolicy"] for entry in objects["MutatingWebhookConfiguration"]["webhooks"]], ["Fail", "Fail"])
        self.assertIn({"protocol": "TCP", "port": 16443}, objects["NetworkPolicy"]["spec"]["egress"][0]["ports"])
        self.assertNotIn("ValidatingAdmissionPolicy", objects)
        self.assertNotIn("irsa-anywhere/name", objects["Deployment"]["metadata"]["labels"])

    def test_irsa_yaml_says_the_rest_and_flags_win(self):
        (self.folder / "irsa.yaml").write_text(WISH)
        objects = self.render()
        self.assertEqual(objects["Deployment"]["metadata"]["labels"]["irsa-anywhere/name"], "edge-prod")
        self.assertEqual(objects["Deployment"]["spec"]["replicas"], 3)
        self.assertNotIn("ValidatingAdmissionPolicy", objects)
        self.assertEqual(self.render("--replicas", 2)["Deployment"]["spec"]["replicas"], 2)
        (self.folder / "irsa.yaml").rename(self.folder / "other.yaml")
        self.assertEqual(self.render("-f", "other.yaml")["Namespace"]["metadata"]["name"], "identity")
        self.assertEqual(self.render()["Namespace"]["metadata"]["name"], "irsa-system")
        self.irsa("render", "-f", "missing.yaml", code=3)

    def test_with_somebody_elses_certificate(self):
        objects = self.render("--cert-source", "files", "--secret", "tls", "--inject-ca-from", "irsa-system/webhook")
        self.assertFalse({"Secret", "Lease", "Role", "RoleBinding"} & set(objects))
        self.assertIn("--tls-cert=/certs/tls.crt", self.arguments_of(objects))
        self.assertEqual(objects["MutatingWebhookConfiguration"]["metadata"]["annotations"],
                         {"cert-manager.io/inject-ca-from": "irsa-system/webhook"})
        self.assertIn("caBundle", self.irsa("render", "--cert-source", "files", "--secret", "tls").stderr)

    def test_a_namespace_of_kubernetes_is_left_as_it_is(self):
        for namespace in ("kube-system", "default"):
            objects = self.render("--namespace", namespace)
            self.assertNotIn("Namespace", objects)  # its Pod Security labels would lock out who lives there
            self.assertEqual(objects["Deployment"]["metadata"]["namespace"], namespace)
        self.assertIn("get no role", self.irsa("render", "--namespace", "default").stderr)
        self.assertNotIn("get no role", self.irsa("render").stderr)

    def test_mistakes_are_usage_errors(self):
        for arguments, word in ((("--cert-source", "files"), "--secret"), (("--secret", "tls"), "--cert-source files"),
                                (("--inject-ca-from", "a/b"), "--cert-source files"), (("--namespace", "No_Such"), "No_Such"),
                                (("--cert-source", "files", "--secret", "A_b"), "A_b"),
                                (("--cert-source", "files", "--secret", "tls", "--inject-ca-from", "a/*"), "a/*"),
                                (("--region", "moon"), "moon"), (("--replicas", "0"), "replicas"), (("-o", "table"), "table"),
                                (("--failure-policy", "Maybe"), "Maybe"),
                                (("--cert-source", "files", "--secret", "tls", "--inject-ca-from", "webhook"), "--inject-ca-from")):
            with self.subTest(arguments):
                done = self.irsa("render", *arguments, code=3)
                self.assertEqual(done.stdout, "")
                self.assertIn(word, done.stderr)


class Cluster:
    """An API server that has these objects: {path: object, or an HTTP status}."""

    def __init__(self, objects):
        self.objects = objects

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        objects = self.objects

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                found = objects.get(urllib.parse.urlsplit(self.path).path, 404)
                status = found if isinstance(found, int) else 200
                body = json.dumps(found if status == 200 else {"kind": "Status", "code": status, "message": f"status {status}"}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


def list_of(kind, *items):
    return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {}, "items": list(items)}


CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
NOTHING = {CONFIGURATIONS: list_of("MutatingWebhookConfiguration"), "/api/v1/namespaces": list_of("Namespace"),
           "/api/v1/serviceaccounts": list_of("ServiceAccount")}
# Fails closed on a label only, by URL, so that there is nothing behind it to look at.
GOOD = {"metadata": {"name": "pod-identity-webhook"}, "webhooks": [{
    "name": "iam-for-pods.amazonaws.com", "failurePolicy": "Fail", "reinvocationPolicy": "IfNeeded", "timeoutSeconds": 5,
    "admissionReviewVersions": ["v1"], "objectSelector": {"matchLabels": {"identity": "aws"}},
    "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    "clientConfig": {"url": "https://127.0.0.1:23443/mutate"}}]}


class Lint(Command):
    def lint(self, objects, *arguments, code):
        with Cluster(objects) as cluster:
            (self.folder / "kubeconfig").write_text(json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "test", "users": [{"name": "test", "user": {}}],
                "clusters": [{"name": "test", "cluster": {"server": cluster.url}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}))
            return self.irsa("lint", "--kubeconfig", "kubeconfig", *arguments, code=code)

    def test_findings_come_in_four_forms_and_exit_with_1(self):
        account = {"metadata": {"name": "a", "namespace": "default", "annotations": {"eks.amazonaws.com/role-arn": "nonsense"}}}
        cluster = NOTHING | {"/api/v1/serviceaccounts": list_of("ServiceAccount", account)}
        table = self.lint(cluster, code=1).stdout
        self.assertIn("error WEBHOOK_MISSING  cluster\n", table)
        self.assertIn("error ROLE_ARN_INVALID  ServiceAccount default/a\n", table)
        self.assertIn("    fix: ", table)
        document = json.loads(self.lint(cluster, "-o", "json", code=1).stdout)
        self.assertEqual([finding["code"] for finding in document["findings"]], ["ROLE_ARN_INVALID", "WEBHOOK_MISSING"])
        self.assertEqual((document["errors"], document["warnings"], document["notes"]), (2, 0, 0))
        self.assertEqual(yaml.safe_load(self.lint(cluster, "-o", "yaml", code=1).stdout), document)
        log = json.loads(self.lint(cluster, "-o", "sarif", code=1).stdout)
        self.assertEqual(log["version"], "2.1.0")
        self.assertEqual([result["ruleId"] for result in log["runs"][0]["results"]], ["ROLE_ARN_INVALID", "WEBHOOK_MISSING"])

    def test_a_good_cluster_exits_with_0(self):
        good = NOTHING | {CONFIGURATIONS: list_of("MutatingWebhookConfiguration", GOOD)}
        self.assertEqual(self.lint(good, code=0).stdout, "no findings\n")
        self.assertEqual(json.loads(self.lint(good, "-o", "json", code=0).stdout)["findings"], [])

    def test_notes_alone_exit_with_0(self):
        hidden = NOTHING | {CONFIGURATIONS: list_of("MutatingWebhookConfiguration", GOOD),
                            "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies": 403}
        self.assertIn("note LOOK_DENIED", self.lint(hidden, code=0).stdout)

    def test_what_could_not_be_looked_at_exits_with_4(self):
        for status in (401, 403, 500):
            done = self.lint(NOTHING | {CONFIGURATIONS: status}, code=4)
            self.assertEqual(done.stdout, "")
            self.assertIn("mutatingwebhookconfigurations", done.stderr)
        self.assertIn("error: ", self.irsa("lint", "--kubeconfig", "kubeconfig", code=4).stderr)  # nobody listens any more

    def test_only_findings_come_as_sarif(self):
        self.assertIn("sarif", self.irsa("lint", "-o", "xml", code=3).stderr)
        done = subprocess.run([IRSA, "plan", "-o", "sarif"], env=self.environment, cwd=self.folder, text=True, capture_output=True)
        self.assertEqual(done.returncode, 3)


if __name__ == "__main__":
    unittest.main()
