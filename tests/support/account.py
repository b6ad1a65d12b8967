"""An account in the simulator with irsa.yaml beside it, kept in files so that it can be copied: a world to break and to mend."""
import json
import pathlib
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

from support import aws_world
from support.simulator import Simulator

KEYS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
_session, _making = boto3.Session(*KEYS, region_name="us-west-2"), threading.Lock()


class Account:
    """Used as a context. `folder` holds irsa.yaml, keys/ and what the simulator keeps (state.json)."""

    def __init__(self, irsa, folder, **environment):
        self.irsa, self.folder = pathlib.Path(irsa).resolve(), pathlib.Path(folder)
        self.sim = Simulator(self.irsa, "--state", self.folder / "state.json", "--access-key-id", KEYS[0], "--secret-access-key", KEYS[1])
        self.more = environment

    def __enter__(self):
        self.sim.__enter__()
        self.environment = self.sim.environment(HOME=str(self.folder), IRSA_CONCURRENCY="1", **self.more)
        self._clients = {}
        return self

    def __exit__(self, *failure):
        self.sim.__exit__(*failure)

    def command(self, *arguments):
        return [str(self.irsa), *map(str, arguments)]

    def options(self):
        return {"cwd": self.folder, "env": self.environment, "stdin": subprocess.DEVNULL}

    def run(self, *arguments, environment=None):
        return subprocess.run(self.command(*arguments), text=True, capture_output=True,
                              **{**self.options(), "env": environment or self.environment})

    def must(self, *arguments):
        done = self.run(*arguments)
        if done.returncode != 0:
            raise AssertionError(f"irsa {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def client(self, service, **_):
        """boto3's; so that an account can stand for a session."""
        with _making:
            if service not in self._clients:
                self._clients[service] = _session.client(service, endpoint_url=self.sim.endpoint)
            return self._clients[service]

    def walk(self):
        """Everything in the account that does not differ from run to run."""
        found = aws_world.walk(self)
        for role in found["roles"].values():
            for given in ("RoleId", "CreateDate", "RoleLastUsed"):
                role["role"]["Role"].pop(given, None)
            role["attached"]["AttachedPolicies"].sort(key=lambda policy: policy["PolicyArn"])
            for tags in (role["tags"], role["role"]["Role"]):
                tags.get("Tags", []).sort(key=lambda tag: tag["Key"])
        for provider in found["providers"].values():
            provider.pop("CreateDate", None)
        for bucket in found["buckets"].values():
            for key, body in bucket["objects"].items():
                bucket["objects"][key] = without_key(body)
        return found

    def token(self, account):
        file = self.folder / "token"
        file.unlink(missing_ok=True)
        self.must("token", "mint", account, "--write", file, "--quiet")
        return file.read_text().strip()

    def assumes(self, role, token):
        """Whether STS gives the role for the token."""
        arn = f"arn:aws:iam::{self.sim.ready['account']}:role/{role}"
        form = urllib.parse.urlencode({"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": arn,
                                       "RoleSessionName": "test", "WebIdentityToken": token}).encode()
        try:
            with urllib.request.urlopen(self.sim.endpoint + "/", form, timeout=30) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def control(self, path, body=None):
        """Asks the simulator itself: what was called, or which call is to fail."""
        url, data = self.sim.endpoint + path, None if body is None else json.dumps(body).encode()
        request = botocore.awsrequest.AWSRequest("GET" if data is None else "POST", url, data=data)
        botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(*KEYS), "s3", "us-west-2").add_auth(request)
        sent = urllib.request.Request(url, data, dict(request.headers), method=request.method)
        with urllib.request.urlopen(sent, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None


def without_key(document):
    """A JWKS with the key's own numbers taken out, since each world makes its own."""
    try:
        parsed = json.loads(document)
    except ValueError:
        return document
    for key in parsed.get("keys", []):
        for member in ("kid", "x", "y", "n", "x5c"):
            if member in key:
                key[member] = "..."
    return json.dumps(parsed)


def copy(template, folder):
    shutil.copytree(template, folder)
    return folder
