"""Where irsa finds credentials, endpoints and Region, beside boto3 with the same environment and files."""
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest
import unittest.mock

import botocore.session

from support.simulator import Simulator, clean_environment

IRSA = os.environ["IRSA"]
WISH = """\
apiVersion: irsa-anywhere/v1
name: edge
aws: {region: us-west-2}
bindings:
- serviceAccount: default/s3-echoer
  role: {name: s3-echoer}
"""
ROLE = "role_arn = arn:aws:iam::111122223333:role/none"


class Container(http.server.ThreadingHTTPServer):
    """What hands out credentials to a container; `asked` counts."""

    def __init__(self, keys):
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked, self.document = 0, json.dumps({**keys, "Token": "", "Expiration": "2100-01-01T00:00:00Z"}).encode()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.document)))
        self.end_headers()
        self.wfile.write(self.server.document)

    def log_message(self, *_):
        pass


class Profiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Simulator(IRSA))
        cls.keys = {"AccessKeyId": cls.sim.ready["accessKeyId"], "SecretAccessKey": cls.sim.ready["secretAccessKey"]}
        cls.container = cls.enterClassContext(Container(cls.keys))
        cls.addClassCleanup(cls.container.shutdown)

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-credentials-test-")))
        (self.folder / "irsa.yaml").write_text(WISH)
        (self.folder / ".aws").mkdir()
        self.environment = clean_environment() | {"HOME": str(self.folder), "AWS_EC2_METADATA_DISABLED": "true"}
        self.file = self.folder / ".aws/config"

    def static(self, name="keys"):
        return (f"[profile {name}]\naws_access_key_id = {self.keys['AccessKeyId']}\n"
                f"aws_secret_access_key = {self.keys['SecretAccessKey']}\n")

    def irsa(self, *arguments, code=0, **environment):
        done = subprocess.run([IRSA, *arguments], cwd=self.folder, env=self.environment | environment, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, code, f"{environment}\n{done.stdout}{done.stderr}")
        return done

    def boto(self, service="sts", **environment):
        """A client of boto3's, made in the environment that irsa has."""
        with unittest.mock.patch.dict(os.environ, self.environment | environment, clear=True):
            client = botocore.session.Session().create_client(service, region_name="us-west-2")
            if client._request_signer._credentials:
                client._request_signer._credentials.get_frozen_credentials()
            return client


class BrokenProfiles(Profiles):
    def setUp(self):
        super().setUp()
        self.environment |= {"AWS_ENDPOINT_URL": self.sim.endpoint,
                             "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self.container.server_port}/"}

    def test_never_fall_through_to_the_containers_identity(self):
        self.file.write_text(f"""\
[profile web]
{ROLE}
web_identity_token_file = /nonexistent
[profile process]
credential_process = /nonexistent/helper
[profile chain]
{ROLE}
source_profile = nope
[profile role]
{ROLE}
[profile circle]
{ROLE}
source_profile = chain-back
[profile chain-back]
{ROLE}
source_profile = circle
[profile environment]
{ROLE}
credential_source = Environment
[profile instance]
{ROLE}
credential_source = Ec2InstanceMetadata
[profile half]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = admin
""")
        asked = self.container.asked
        for profile in ("web", "process", "chain", "role", "circle", "environment", "instance", "half", "sso", "missing"):
            with self.subTest(profile):
                said = self.irsa("plan", code=4, AWS_PROFILE=profile).stderr
                self.assertIn(profile, said)
                self.assertIn(str(self.file), said)
                self.assertIn("hint: ", said)
                with self.assertRaises(Exception):
                    self.boto(AWS_PROFILE=profile)
        self.assertEqual(self.container.asked, asked)

    def test_a_profile_that_says_nothing_of_credentials_leaves_it_to_the_container(self):
        self.file.write_text("[profile bare]\nregion = us-west-2\n")
        asked = self.container.asked
        self.irsa("plan", AWS_PROFILE="bare")
        self.boto(AWS_PROFILE="bare")
        self.assertEqual(self.container.asked, asked + 2)


if __name__ == "__main__":
    unittest.main()
