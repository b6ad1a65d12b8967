"""The product's main job on a real kubeadm node: from nothing, through a pod that has its AWS role and others that are refused,
back to nothing. One story; each step needs the one before, so the first that fails ends it."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import boto3
import botocore
import botocore.config
import botocore.exceptions

from node import Node
from support import aws_world, certificates, tokens
from support.simulator import Simulator
from support.until import until

IRSA, WEBHOOK = pathlib.Path(os.environ["IRSA"]).resolve(), pathlib.Path(os.environ["IRSA_WEBHOOK"]).resolve()
ADDRESS = "192.0.2.10"
IMAGE = "irsa.test/irsa-anywhere:test"
OLD_ISSUER = "https://kubernetes.default.svc.cluster.local"
API_IN_PODS = "https://203.0.113.1"

WISH = """\
apiVersion: irsa-anywhere/v1
name: node-test
aws:
  region: us-west-2
  endpoint: {endpoint}
  caFile: {ca}
cluster:
  kubeconfig: {kubeconfig}
keys:
  source: cluster        # the cluster's own keys: irsa never sees the private one
webhook:
  image: {image}
bindings:
- serviceAccount: default/s3-echoer
  role:
    name: s3-echoer
    policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
"""


def host_pod(account, endpoint, *command):
    """The spec of a pod that runs programs of this machine, mounted read-only, the unmodified AWS CLI among them."""
    machine = {"usr": "/usr", "bin": "/usr/bin", "lib": "/usr/lib", "lib64": "/usr/lib64", "python": sys.prefix}
    places = {**{name: f"/{name}" for name in machine}, "python": sys.prefix}
    present = [name for name, path in machine.items() if os.path.isdir(path)]
    return {
        "serviceAccountName": account, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
        "containers": [{
            "name": "main", "image": "irsa.test/pause:1", "imagePullPolicy": "Never", "command": list(command),
            "env": [{"name": name, "value": value} for name, value in {
                "HOME": "/home", "PATH": f"{sys.prefix}/bin:/usr/bin", "AWS_ENDPOINT_URL": endpoint, "AWS_CA_BUNDLE": "/ca/ca.crt"}.items()],
            "volumeMounts": [{"name": "ca", "mountPath": "/ca"},
                             *[{"name": name, "mountPath": places[name], "readOnly": True} for name in present]]}],
        "volumes": [{"name": "ca", "configMap": {"name": "sim-ca"}},
                    *[{"name": name, "hostPath": {"path": machine[name]}} for name in present]]}


def set_up_node(case):
    """Gives a TestCase's class a node, a folder, the simulator with TLS on the node's address and an environment for it; returns
    the file of the authority."""
    case.node = case.enterClassContext(Node())
    case.folder = pathlib.Path(case.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-node-test-")))
    ca = certificates.make_authority(case.folder)
    certificate, key = certificates.make_server(case.folder, "sim", f"IP:{ADDRESS}")
    case.sim = case.enterClassContext(Simulator(IRSA, "--listen", f"{ADDRESS}:0", "--i-know", ADDRESS,
                                                "--tls-cert", certificate, "--tls-key", key))
    case.environment = case.sim.environment(AWS_CA_BUNDLE=str(ca), HOME=str(case.folder))
    return ca


class TheMainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ca = set_up_node(cls)
        cls.session = aws_world.session_of(cls.environment)
        cls.options = {"endpoint_url": cls.sim.endpoint, "verify": str(ca)}
        s3 = cls.session.client("s3", **cls.options)
        s3.create_bucket(Bucket="the-data", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket="the-data", Key="hello.txt", Body=b"hello\n")
        (cls.folder / "irsa.yaml").write_text(
            WISH.format(endpoint=cls.sim.endpoint, ca=ca, kubeconfig=cls.node.kubeconfig, image=IMAGE))
        cls.node.load_image(IMAGE, "--entrypoint", "/irsa-webhook", f"irsa={IRSA}", f"irsa-webhook={WEBHOOK}",
                            f"webhook={WEBHOOK}")
        cls.role = f"arn:aws:iam::{cls.sim.ready['account']}:role/s3-echoer"

    def setUp(self):
        self.started = time.monotonic()

    def tearDown(self):
        print(f"  {time.monotonic() - self.started:6.1f} s", end=" ", flush=True)

    # How the steps act.

    def irsa(self, *arguments, code=0):
        """Runs irsa as a person would; gives what it wrote (both streams)."""
        done = subprocess.run([IRSA, *map(str, arguments)], env=self.environment, cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, code, f"irsa {' '.join(map(str, arguments))}:\n{done.stdout}")
        return done.stdout

    def plan(self):
        return json.loads(self.irsa("plan", "-f", "irsa.yaml", "-o", "json", "--quiet"))

    def bucket(self):
        return self.issuer.split("://")[1].split(".")[0]

    def run_job(self, name, account, script):
        """Has the Job controller run `script`; gives ("Complete" or "Failed", log, pod)."""
        spec = host_pod(account, self.sim.endpoint, "/usr/bin/sh", "-c", script)
        self.node.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                         "spec": {"backoffLimit": 0, "template": {"spec": spec}}})
        def verdict():
            conditions = self.node.get("job", name).get("status", {}).get("conditions", [])
            return next((entry["type"] for entry in conditions if entry["status"] == "True" and entry["type"] in ("Complete", "Failed")), None)
        ended = until(f"the end of job {name}", 60, verdict)
        pod = self.node.get("pods", "-l", f"batch.kubernetes.io/job-name={name}")["items"][0]
        return ended, self.node.kubectl("logs", f"job/{name}"), pod

    def assume(self, token):
        client = boto3.client("sts", region_name="us-west-2", config=botocore.config.Config(signature_version=botocore.UNSIGNED), **self.options)
        return client.assume_role_with_web_identity(RoleArn=self.role, RoleSessionName="node-test", WebIdentityToken=token)

    def refusal(self, token):
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            self.assume(token)
        return raised.exception.response["Error"]["Code"]

    def environment_of(self, pod):
        return {entry["name"]: entry.get("value") for entry in pod["spec"]["containers"][0].get("env", [])}

    def ask_api_as_witness(self):
        """What the API server says to the token that the pod from before has."""
        script = ("import json,ssl,urllib.request as u;d='/var/run/secrets/kubernetes.io/serviceaccount/';"
                  "r=u.Request('%s/apis/authentication.k8s.io/v1/selfsubjectreviews',b'{\"kind\":\"SelfSubjectReview\",\"apiVersion\":"
                  "\"authentication.k8s.io/v1\"}',{'Authorization':'Bearer '+open(d+'token').read(),'Content-Type':'application/json'});"
                  "print(json.load(u.urlopen(r,context=ssl.create_default_context(cafile=d+'ca.crt')))['status']['userInfo']['username'])")
        def ask():
            done = self.node.try_kubectl("exec", "witness", "--", "/usr/bin/python3", "-c", script % API_IN_PODS)
            # Right after the API server's restart kube-proxy has no endpoint for its Service yet.
            return None if "Connection refused" in done.stderr else done
        done = until("the API server behind its Service", 30, ask)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def issuer_of_witness(self):
        token = self.node.kubectl("exec", "witness", "--", "/usr/bin/cat", "/var/run/secrets/kubernetes.io/serviceaccount/token")
        return tokens.claims_of(token)["iss"]

    # The story.

    def test_01_the_worlds_before(self):
        cls = type(self)
        self.node.await_rest()
        cls.cluster_before = self.node.world()
        cls.files_before = self.node.files()
        cls.aws_before = aws_world.walk(self.session, **self.options)
        self.assertIn("Node//node0", cls.cluster_before)
        self.assertEqual(list(cls.aws_before["buckets"]), ["the-data"])
        self.assertEqual(self.node.issuers(), [OLD_ISSUER])

    def test_02_a_pod_that_was_there_before(self):
        self.node.kubectl("create", "configmap", "sim-ca", f"--from-file=ca.crt={self.folder / 'ca.crt'}")
        self.node.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "witness"},
                         "spec": host_pod("default", self.sim.endpoint, "/usr/bin/sleep", "1000000")})
        self.node.kubectl("wait", "--for=condition=Ready", "pod/witness", "--timeout=60s")
        self.assertEqual(self.issuer_of_witness(), OLD_ISSUER)
        self.assertEqual(self.ask_api_as_witness(), "system:serviceaccount:default:default")

    def test_03_apply(self):
        self.assertIn("the webhook works", self.irsa("apply", "-f", "irsa.yaml", "--yes"))
        account = self.node.get("serviceaccount", "s3-echoer")
        self.assertEqual(account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"], self.role)
        self.node.kubectl("rollout", "status", "deployment", "-n", "irsa-system", "--timeout=1s")  # apply has waited for it
        self.irsa("plan", "-f", "irsa.yaml", "--detailed-exitcode")
        plan = self.plan()
        self.assertEqual(plan["changes"], 0)
        type(self).issuer = plan["issuer"]
        type(self).containers_before = self.node.containers()
        self.assertGreaterEqual(len(self.containers_before), 2)

    def test_04_what_drifts_is_named_and_repaired(self):
        self.maxDiff = None
        s3, iam = (self.session.client(name, **self.options) for name in ("s3", "iam"))
        [provider] = [entry["Arn"] for entry in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
        bucket = self.bucket()
        webhooks = ("mutatingwebhookconfiguration", "irsa-webhook")
        drifts = [
            (lambda: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={
                "BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}),
             ("s3:PutPublicAccessBlock", f"bucket {bucket}")),
            (lambda: s3.put_object(Bucket=bucket, Key="keys.json", Body=b'{"keys":[]}'), ("s3:PutObject", f"s3://{bucket}/keys.json")),
            (lambda: iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="sts.amazonaws.com"),
             ("iam:AddClientIDToOpenIDConnectProvider", f"OIDC provider {self.issuer}")),
            (lambda: iam.update_assume_role_policy(RoleName="s3-echoer", PolicyDocument=json.dumps({
                "Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": provider}}]})),
             ("iam:UpdateAssumeRolePolicy", "role s3-echoer")),
            (lambda: iam.detach_role_policy(RoleName="s3-echoer", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
             ("iam:AttachRolePolicy", "role s3-echoer")),
            (lambda: self.node.kubectl("annotate", "serviceaccount", "s3-echoer", "eks.amazonaws.com/role-arn-"),
             ("kubernetes:Apply", "ServiceAccount default/s3-echoer")),
            (lambda: self.node.kubectl("patch", *webhooks, "--type=json", "-p", json.dumps(
                [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"}])), ("kubernetes:Apply", "MutatingWebhookConfiguration irsa-webhook")),
        ]
        found = []
        for drift, _ in drifts:
            drift()
            found.append([(action["call"], action["target"]) for action in self.plan()["actions"]])
            self.irsa("apply", "-f", "irsa.yaml", "--yes")
            self.assertEqual(self.plan()["changes"], 0)
        self.assertEqual(found, [[named] for _, named in drifts])

    def test_05_the_api_server_gets_the_issuer(self):
        self.irsa("apiserver", "patch", "-f", "irsa.yaml", "--manifest", self.node.manifest, "--yes")
        self.assertEqual(self.node.issuers(), [self.issuer, OLD_ISSUER])
        self.assertEqual(self.node.served_issuer(), self.issuer)
        self.assertEqual(self.node.kubectl("get", "--raw", "/readyz"), "ok")

    def test_06_the_republisher_keeps_the_keys_published(self):
        wish = self.folder / "irsa.yaml"
        wish.write_text(wish.read_text() + "issuer: {republish: true}\n")
        self.irsa("apply", "-f", "irsa.yaml", "--yes")
        self.node.kubectl("rollout", "status", "deployment/irsa-republisher", "-n", "irsa-system", "--timeout=60s")
        s3, place = self.session.client("s3", **self.options), {"Bucket": self.bucket(), "Key": "keys.json"}
        published = s3.get_object(**place)["Body"].read()
        s3.put_object(**place, Body=b'{"keys":[]}')
        until("the keys published again", 120, lambda: s3.get_object(**place)["Body"].read() == published)
        self.assertEqual(self.plan()["changes"], 0)
        said = self.node.kubectl("logs", "deployment/irsa-republisher", "-n", "irsa-system")
        self.assertNotIn("orbidden", said)
        after = self.node.containers()
        self.assertEqual({name: after[name] for name in self.containers_before}, self.containers_before)
        type(self).containers_before = after

    def test_07_a_job_of_the_account_has_the_role(self):
        ended, log, pod = self.run_job("s3-echoer", "s3-echoer", "aws sts get-caller-identity && aws s3 ls && aws s3 ls s3://the-data")
        self.assertEqual(ended, "Complete", log)
        self.assertRegex(log, rf'"Arn": "arn:aws:sts::{self.sim.ready["account"]}:assumed-role/s3-echoer/[^"]+"')
        self.assertRegex(log, r"(?m)\d\d the-data$")
        self.assertRegex(log, r"(?m) 6 hello\.txt$")
        injected = self.environment_of(pod)
        self.assertEqual(injected["AWS_ROLE_ARN"], self.role)
        self.assertEqual(injected["AWS_WEB_IDENTITY_TOKEN_FILE"], "/var/run/secrets/eks.amazonaws.com/serviceaccount/token")
        self.assertEqual(injected["AWS_REGION"], "us-west-2")
        self.assertIn("aws-iam-token", [volume["name"] for volume in pod["spec"]["volumes"]])
        self.assertEqual(pod["metadata"]["ownerReferences"][0]["kind"], "Job")
        self.assertEqual(self.irsa("webhook", "lint", "-f", "irsa.yaml"), "no findings\n")

    def test_08_the_same_job_under_another_account_is_refused(self):
        self.node.kubectl("create", "serviceaccount", "intruder")
        self.node.kubectl("annotate", "serviceaccount", "intruder", f"eks.amazonaws.com/role-arn={self.role}")
        ended, log, pod = self.run_job("intruder", "intruder", "aws sts get-caller-identity && aws s3 ls")
        self.assertEqual(ended, "Failed", log)
        self.assertEqual(self.environment_of(pod)["AWS_ROLE_ARN"], self.role)
        self.assertIn("AccessDenied", log)
        self.assertIn("AssumeRoleWithWebIdentity", log)
        self.assertNotIn("the-data", log)

    def test_09_bad_tokens_are_refused(self):
        create = ("create", "token", "s3-echoer", "--duration=1h")
        good = self.node.kubectl(*create, "--audience=sts.amazonaws.com").strip()
        own_key = tokens.read_key(self.node.kubernetes / "pki/sa.key")
        now = int(time.time())
        self.assertIn(":assumed-role/s3-echoer/", self.assume(good)["AssumedRoleUser"]["Arn"])
        self.assertIn(":assumed-role/s3-echoer/", self.assume(tokens.signed_again(good, own_key))["AssumedRoleUser"]["Arn"])
        self.assertEqual(self.refusal(tokens.tampered(good)), "InvalidIdentityToken")
        self.assertEqual(self.refusal(tokens.signed_again(good, tokens.foreign_key())), "InvalidIdentityToken")
        self.assertEqual(self.refusal(self.node.kubectl(*create, "--audience=somebody-else").strip()), "InvalidIdentityToken")
        self.assertEqual(self.refusal(self.node.kubectl(*create).strip()), "InvalidIdentityToken")  # the API server's own audience
        expired = tokens.signed_again(good, own_key, iat=now - 7200, nbf=now - 7200, exp=now - 3600)
        self.assertEqual(self.refusal(expired), "ExpiredTokenException")

    def test_10_a_pod_of_an_unannotated_account_is_untouched(self):
        self.node.kubectl("create", "serviceaccount", "plain")
        wanted = host_pod("plain", self.sim.endpoint, "/usr/bin/sleep", "1000000")
        self.node.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "plain"}, "spec": wanted})
        pod = self.node.get("pod", "plain")
        self.assertEqual(pod["spec"]["containers"][0]["env"], wanted["containers"][0]["env"])
        added = {volume["name"] for volume in pod["spec"]["volumes"]} - {volume["name"] for volume in wanted["volumes"]}
        self.assertEqual([re.sub(r"-\w+$", "", name) for name in added], ["kube-api-access"])

    def test_11_what_ran_before_runs_on(self):
        self.assertEqual(self.issuer_of_witness(), OLD_ISSUER)
        self.assertEqual(self.ask_api_as_witness(), "system:serviceaccount:default:default")
        self.assertEqual(self.node.containers(), self.containers_before)

    def test_12_verify(self):
        self.assertIn(":assumed-role/s3-echoer/", self.irsa("verify", "default/s3-echoer", "-f", "irsa.yaml", "--job"))
        self.assertIn("AccessDenied", self.irsa("verify", "default/intruder", "-f", "irsa.yaml", code=1))

    def test_13_the_workloads_go(self):
        self.node.kubectl("delete", "job", "--all", "--wait")
        self.node.kubectl("delete", "pod", "witness", "plain", "--wait")
        self.node.kubectl("delete", "serviceaccount", "intruder", "plain")
        self.node.kubectl("delete", "configmap", "sim-ca")
        until("no pod left in default", 30, lambda: not self.node.get("pods")["items"])

    def test_14_rollback(self):
        self.irsa("apiserver", "rollback", "-f", "irsa.yaml", "--manifest", self.node.manifest, "--yes")
        self.assertEqual(self.node.files(), self.files_before)
        self.assertEqual(self.node.served_issuer(), OLD_ISSUER)
        self.assertEqual(self.node.containers(), self.containers_before)

    def test_15_destroy(self):
        self.irsa("destroy", "-f", "irsa.yaml", "--delete-bucket", "--yes")
        self.irsa("destroy", "-f", "irsa.yaml", "--delete-bucket", "--yes")  # nothing left to do is no error

    def test_16_the_worlds_are_as_before(self):
        self.maxDiff = None
        def same():
            after = self.node.world()
            type(self).difference = {key: (self.cluster_before.get(key), after.get(key))
                                     for key in self.cluster_before.keys() | after.keys() if self.cluster_before.get(key) != after.get(key)}
            return not self.difference
        try:
            until("the cluster as it was", 60, same)
        except AssertionError:
            self.fail(json.dumps(self.difference, indent=1))
        self.assertEqual(aws_world.walk(self.session, **self.options), self.aws_before)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
