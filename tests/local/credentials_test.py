"""Where irsa finds credentials, endpoints and Region, beside boto3 with the same environment and files."""
import http.server
import json
import os
import pathlib
import select
import subprocess
import tempfile
import threading
import time
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


class Endpoints(Profiles):
    """Against a simulator, and addresses where nobody listens."""

    def where(self, *services, **environment):
        """What boto3 would ask, by service."""
        return {service: self.boto(service, **environment).meta.endpoint_url for service in services or ("s3", "iam", "sts", "cloudfront")}

    def test_a_profiles_endpoint_is_asked_and_no_other(self):
        self.file.write_text(self.static() + f"endpoint_url = {self.sim.endpoint}\n")
        self.assertEqual(set(self.where(AWS_PROFILE="keys").values()), {self.sim.endpoint})
        self.irsa("plan", "--timeout", "5s", AWS_PROFILE="keys")
        (self.folder / "irsa.yaml").write_text(WISH.replace("region: us-west-2", "region: us-west-2, profile: keys"))
        self.irsa("plan", "--timeout", "5s")

    def test_the_order_is_botocores(self):
        nobody, other = "http://127.0.0.1:1", "http://127.0.0.1:2"
        services = "".join(f"{service} =\n  endpoint_url = {self.sim.endpoint}\n" for service in ("s3", "iam", "sts", "cloudfront"))
        self.file.write_text(self.static() + f"endpoint_url = {nobody}\nservices = local\n[services local]\n{services}")
        for environment, answers in (
                ({}, self.sim.endpoint),
                ({"AWS_ENDPOINT_URL": other}, other),
                ({"AWS_ENDPOINT_URL": other, "AWS_ENDPOINT_URL_STS": self.sim.endpoint}, self.sim.endpoint),
                ({"AWS_ENDPOINT_URL_STS": nobody}, nobody)):
            with self.subTest(environment):
                environment = {"AWS_PROFILE": "keys", **environment}
                self.assertEqual(self.where("sts", **environment), {"sts": answers})
                asked = self.irsa("plan", "--timeout", "5s", code=0 if answers == self.sim.endpoint and len(environment) == 1 else 4,
                                  **environment)
                if answers != self.sim.endpoint:
                    self.assertIn(f"GetCallerIdentity: {answers}: ", asked.stderr)
                elif len(environment) > 1:
                    self.assertNotIn("GetCallerIdentity", asked.stderr)
                    self.assertIn(f"{other}: ", asked.stderr)

    def test_configured_endpoints_can_be_ignored(self):
        self.file.write_text(self.static() + f"endpoint_url = {self.sim.endpoint}\n")
        ignoring = {"AWS_PROFILE": "keys", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": self.sim.endpoint}
        self.assertEqual(self.where("sts", **ignoring), {"sts": "https://sts.us-west-2.amazonaws.com"})
        said = self.irsa("plan", "--timeout", "5s", code=4, HTTPS_PROXY="http://127.0.0.1:1", **ignoring).stderr
        self.assertIn("https://sts.us-west-2.amazonaws.com", said)
        (self.folder / "irsa.yaml").write_text(WISH.replace("region: us-west-2", f"region: us-west-2, endpoint: '{self.sim.endpoint}'"))
        self.irsa("plan", **ignoring)

    def test_services_that_are_not_there_stop_both(self):
        self.file.write_text(self.static() + "services = gone\n")
        self.assertIn("[services gone]", self.irsa("plan", code=4, AWS_PROFILE="keys").stderr)
        with self.assertRaises(Exception):
            self.boto(AWS_PROFILE="keys")

    def test_a_password_in_an_endpoint_is_not_said(self):
        self.file.write_text(self.static())
        endpoint = self.sim.endpoint.replace("http://", "http://u:SECRETpw@")
        done = self.irsa("plan", code=3, AWS_PROFILE="keys", AWS_ENDPOINT_URL=endpoint)
        self.assertNotIn("SECRET", done.stdout + done.stderr)
        self.assertIn("AWS_ENDPOINT_URL", done.stderr)

    def test_fips_endpoints_are_asked_for_or_nothing_is(self):
        self.file.write_text(self.static() + "use_fips_endpoint = true\n")
        said = self.irsa("plan", code=4, AWS_PROFILE="keys").stderr
        self.assertIn("use_fips_endpoint", said)
        self.assertIn("hint: name those of S3, IAM and STS", said)
        self.irsa("plan", AWS_PROFILE="keys", AWS_ENDPOINT_URL=self.sim.endpoint)

    def test_without_irsa_yaml_the_region_is_the_profiles(self):
        self.file.write_text(self.static() + "region = eu-central-1\n")
        (self.folder / "irsa.yaml").unlink()
        said = self.irsa("adopt", "--timeout", "5s", code=4, AWS_PROFILE="keys", HTTPS_PROXY="http://127.0.0.1:1").stderr
        self.assertIn("https://sts.eu-central-1.amazonaws.com", said)

    def test_certificates_that_are_not_there_are_named(self):
        self.file.write_text(self.static() + "ca_bundle = /nonexistent/profile.pem\n")
        for path, environment in (("/nonexistent/profile.pem", {}), ("/nonexistent/env.pem", {"AWS_CA_BUNDLE": "/nonexistent/env.pem"})):
            said = self.irsa("plan", code=3, AWS_PROFILE="keys", **environment).stderr
            self.assertIn(path, said)
            self.assertIn("hint: ", said)


class Helpers(Profiles):
    def setUp(self):
        super().setUp()
        self.environment |= {"AWS_ENDPOINT_URL": self.sim.endpoint, "AWS_PROFILE": "helper"}

    def test_a_helpers_command_is_split_as_boto3_splits_it(self):
        document = json.dumps({"Version": 1, **self.keys}).replace('"', '\\"')
        self.file.write_text(f"[profile helper]\ncredential_process = sh -c 'echo \"{document}\"'\n")
        self.boto()
        self.irsa("plan")
        self.file.write_text("[profile helper]\ncredential_process = sh -c 'echo\n")
        self.assertIn("is not closed", self.irsa("plan", code=4).stderr)

    def test_a_helper_has_as_long_as_timeout_says(self):
        self.file.write_text("[profile helper]\ncredential_process = sleep 1000\n")
        began = time.monotonic()
        said = self.irsa("plan", "--timeout", "1s", code=4).stderr
        self.assertLess(time.monotonic() - began, 20)
        self.assertIn("did not end in time", said)

    def test_a_helper_ends_when_irsa_is_killed(self):
        started = self.folder / "started"
        os.mkfifo(started)
        self.file.write_text(f"[profile helper]\ncredential_process = sh -c 'exec 9>{started}; echo $$ >&9; exec sleep 1000'\n")
        running = subprocess.Popen([IRSA, "plan"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(running.wait)
        with started.open() as pipe:
            self.assertRegex(pipe.readline(), r"\d+")
            running.kill()
            self.assertEqual(select.select([pipe], [], [], 30)[0], [pipe])  # nobody holds the other end any more
            self.assertEqual(pipe.read(), "")

    def test_single_sign_on_with_the_first_aws_cli_says_which_is_needed(self):
        self.file.write_text("[profile helper]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n[sso-session corp]\n")
        said = self.irsa("plan", code=4).stderr
        self.assertIn("AWS CLI v2", said)
        self.assertNotIn("usage:", said)
        self.assertIn("aws sso login --profile helper", said)


if __name__ == "__main__":
    unittest.main()
