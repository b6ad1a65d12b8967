"""irsa webhook as a process: the manifests it prints."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

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

    def test_mistakes_are_usage_errors(self):
        for arguments, word in ((("--cert-source", "files"), "--secret"), (("--secret", "tls"), "--cert-source files"),
                                (("--inject-ca-from", "a/b"), "--cert-source files"), (("--namespace", "No_Such"), "No_Such"),
                                (("--region", "moon"), "moon"), (("--replicas", "0"), "replicas"), (("-o", "table"), "table"),
                                (("--failure-policy", "Maybe"), "Maybe"),
                                (("--cert-source", "files", "--secret", "tls", "--inject-ca-from", "webhook"), "--inject-ca-from")):
            with self.subTest(arguments):
                done = self.irsa("render", *arguments, code=3)
                self.assertEqual(done.stdout, "")
                self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
