"""irsa verify against irsa sim and a Kubernetes API of the test, which signs tokens with a generated key and runs a Job's container
as a process."""
import http.server
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import unittest

from support.simulator import Simulator, clean_environment

IRSA = os.environ["IRSA"]
WISH = """\
apiVersion: irsa-anywhere/v1
name: edge-prod
aws:
  region: us-west-2
keys:
  source: generate
webhook:
  image: registry.example.com/irsa:1
bindings:
- serviceAccount: default/s3-echoer
  role:
    name: s3-echoer
"""
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts/"


class Kubernetes:
    """ServiceAccounts, TokenRequests, and Jobs whose one container runs here, with what the webhook and the kubelet would add."""

    def __init__(self, mint, endpoint):
        self.mint, self.endpoint = mint, endpoint
        self.annotations = {}  # account -> {annotation: value}
        self.jobs, self.logs, self.seen = {}, {}, []

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def kubeconfig(self):
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": f"http://127.0.0.1:{self.server.server_address[1]}"}}],
            "users": [{"name": "test", "user": {"token": "a-token-of-the-test"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]})

    def run(self, job):
        pod = job["spec"]["template"]["spec"]
        [container] = pod["containers"]
        account = pod["serviceAccountName"]
        with tempfile.NamedTemporaryFile("w") as token:
            token.write(self.mint(account, "sts.amazonaws.com"))
            token.flush()
            environment = {**clean_environment(), **{entry["name"]: entry["value"] for entry in container["env"]},
                           "AWS_ROLE_ARN": self.annotations[account]["eks.amazonaws.com/role-arn"],
                           "AWS_WEB_IDENTITY_TOKEN_FILE": token.name}
            done = subprocess.run([IRSA, *container["command"][1:]], env=environment, text=True, capture_output=True)
        self.logs[job["metadata"]["name"]] = (done.stdout, "Succeeded" if done.returncode == 0 else "Failed")

    def answer(self, method, path, body):
        self.seen.append(f"{method} {path}")
        if path.startswith(ACCOUNTS):
            name = path.removeprefix(ACCOUNTS).split("/")[0]
            if name not in self.annotations:
                return 404, {"kind": "Status", "reason": "NotFound", "message": f'serviceaccounts "{name}" not found'}
            if method == "POST":
                return 201, {"status": {"token": self.mint(name, body["spec"]["audiences"][0])}}
            return 200, {"metadata": {"name": name, "annotations": self.annotations[name]}}
        if method == "POST" and path.endswith("/jobs"):
            self.jobs[body["metadata"]["name"]] = body
            self.run(body)
            return 201, body
        if method == "DELETE" and "/jobs/" in path:
            return 200, self.jobs.pop(re.search(r"/jobs/([^?]+)", path)[1])
        if "/log?" in path:
            return 200, self.logs[re.search(r"/pods/([^/]+)/log", path)[1].removesuffix("-pod")][0]
        if "/pods?" in path:
            name = re.search(r"job-name%3D([^&]+)", path)[1]
            phase = self.logs[name][1]
            ended = {"state": {"terminated": {"exitCode": int(phase == "Failed")}}}
            return 200, {"items": [{"metadata": {"name": name + "-pod"}, "status": {"phase": phase, "containerStatuses": [ended]}}]}
        return 404, {"kind": "Status", "reason": "NotFound", "message": path}

    def handler(api):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, answer = api.answer(self.command, self.path, body)
                answer = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_DELETE = do

            def log_message(self, *_):
                pass
        return Handler


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="irsa-verify-test-")))
        cls.sim = cls.enterClassContext(Simulator(IRSA))
        cls.environment = cls.sim.environment(HOME=str(cls.folder))
        (cls.folder / "irsa.yaml").write_text(WISH)
        cls.irsa("apply", "--quiet")
        cls.cluster = cls.enterClassContext(Kubernetes(cls.mint, cls.sim.endpoint))
        (cls.folder / "kubeconfig").write_text(cls.cluster.kubeconfig())
        (cls.folder / "with-cluster.yaml").write_text(WISH + "cluster:\n  kubeconfig: kubeconfig\n")
        role = {"eks.amazonaws.com/role-arn": f"arn:aws:iam::{cls.sim.ready['account']}:role/s3-echoer"}
        cls.cluster.annotations.update({"s3-echoer": role, "intruder": role, "plain": {},
                                        "narrow": {**role, "eks.amazonaws.com/audience": "somebody-else"}})

    @classmethod
    def irsa(cls, *arguments, code=0):
        done = subprocess.run([IRSA, *arguments], env=cls.environment, cwd=cls.folder, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        assert done.returncode == code, f"exit code {done.returncode} of {arguments}\n{done.stdout}{done.stderr}"
        return done

    @classmethod
    def mint(cls, account, audience):
        return cls.irsa("token", "mint", f"default/{account}", "--audience", audience).stdout.strip()

    def verify(self, account, *arguments, code=0):
        return self.irsa("verify", f"default/{account}", "-f", "with-cluster.yaml", *arguments, code=code)

    def test_the_account_gets_its_role(self):
        told = self.verify("s3-echoer").stdout
        self.assertRegex(told, r"I am +arn:aws:sts::\d{12}:assumed-role/s3-echoer/irsa-verify-\d+\n")
        self.assertIn("system:serviceaccount:default:s3-echoer", told)

    def test_a_refusal_shows_what_the_role_wants_and_the_token_has(self):
        told = self.verify("intruder", code=1).stdout
        self.assertIn("AccessDenied", told)
        self.assertIn("Not authorized to perform sts:AssumeRoleWithWebIdentity", told)
        self.assertIn("system:serviceaccount:default:intruder", told)
        self.assertRegex(told, r"statement .*system:serviceaccount:default:s3-echoer")

    def test_a_wrong_audience_is_refused_by_the_provider(self):
        transcript = json.loads(self.verify("narrow", "-o", "json", code=1).stdout)
        self.assertEqual(transcript["token"]["aud"], ["somebody-else"])
        self.assertEqual(transcript["error"]["code"], "InvalidIdentityToken")

    def test_accounts_without_a_role_or_none_at_all(self):
        self.assertIn("has no annotation eks.amazonaws.com/role-arn", self.verify("plain", code=1).stderr)
        self.assertIn('serviceaccounts "nobody" not found', self.verify("nobody", code=1).stderr)

    def test_a_job_tells_from_within(self):
        told = self.verify("s3-echoer", "--job").stdout
        self.assertRegex(told, r"I am +arn:aws:sts::\d{12}:assumed-role/s3-echoer/irsa-whoami-\d+\n")
        self.assertEqual(self.cluster.jobs, {})
        self.assertTrue(any(call.startswith("DELETE /apis/batch/v1/namespaces/default/jobs/irsa-verify-s3-echoer-")
                            for call in self.cluster.seen))

    def test_a_job_of_another_account_is_refused(self):
        transcript = json.loads(self.verify("intruder", "--job", "-o", "json", code=1).stdout)
        self.assertEqual(transcript["error"]["code"], "AccessDenied")
        self.assertEqual(self.cluster.jobs, {})


if __name__ == "__main__":
    unittest.main()
