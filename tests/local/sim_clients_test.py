"""Unmodified AWS clients against `irsa sim`: boto3 call by call, and the AWS CLI through a pod's whole flow.
The program's path comes from the environment: IRSA=path/to/irsa."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from simulator import Simulator, clean_environment  # noqa: E402

IRSA = os.environ["IRSA"]
ACCOUNT, REGION, BUCKET = "111122223333", "us-west-2", "issuer-of-the-test"
ISSUER = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"
NAME = ISSUER.removeprefix("https://")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{NAME}"
SUBJECT = "system:serviceaccount:default:echo"
OPEN = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


class Issuer:
    """An RSA key as a cluster has it: its JWKS, and tokens signed with it. All by the openssl program."""

    def __init__(self, folder):
        self.key = os.path.join(folder, "key.pem")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key)
        modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
        public = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")
        self.kid = encode(hashlib.sha256(public).digest())
        self.jwks = {"keys": [{"use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256", "n": encode(bytes.fromhex(modulus)), "e": "AQAB"}]}
        self.discovery = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys.json", "response_types_supported": ["id_token"],
                          "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]}

    def token(self, **changes):
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": ["sts.amazonaws.com"], "iat": now, "nbf": now, "exp": now + 3600, **changes}
        head = {"alg": "RS256", "kid": self.kid}
        text = ".".join(encode(json.dumps(part).encode()) for part in (head, claims))
        return text + "." + encode(openssl("dgst", "-sha256", "-sign", self.key, data=text.encode()))


def trust_policy():
    condition = {"StringEquals": {f"{NAME}:aud": "sts.amazonaws.com", f"{NAME}:sub": SUBJECT}}
    statement = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def read_policy():
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                 "Resource": [f"arn:aws:s3:::{BUCKET}/.well-known/openid-configuration", f"arn:aws:s3:::{BUCKET}/keys.json"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Clients(unittest.TestCase):
    simulator_arguments = ()
    verify = None  # a CA file, with TLS

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.simulator = Simulator(IRSA, *self.simulator_arguments).__enter__()
        self.addCleanup(self.simulator.__exit__)
        ready = self.simulator.ready
        self.session = boto3.Session(ready["accessKeyId"], ready["secretAccessKey"], region_name=REGION)
        self.s3, self.iam, self.sts = (self.client(name) for name in ("s3", "iam", "sts"))
        self.issuer = Issuer(self.folder)

    def client(self, service, session=None):
        config = botocore.config.Config(retries={"max_attempts": 0}, read_timeout=20)
        client = (session or self.session).client(service, endpoint_url=self.simulator.endpoint, verify=self.verify, config=config)
        self.addCleanup(client.close)
        return client

    def refusal(self, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        return caught.exception.response["Error"]["Code"], caught.exception.response["Error"]["Message"]

    def set_up_issuer(self):
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=OPEN)
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=read_policy())
        for key, document in ((".well-known/openid-configuration", self.issuer.discovery), ("keys.json", self.issuer.jwks)):
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document), ContentType="application/json")
        self.iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40])
        self.iam.create_role(RoleName="echo", AssumeRolePolicyDocument=trust_policy())
        self.iam.attach_role_policy(RoleName="echo", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")

    def assume(self, token, **more):
        return self.sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/echo", RoleSessionName="test", WebIdentityToken=token, **more)


class OverHttp(Clients):
    def test_objects_come_back_as_they_were_put(self):
        self.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_object(Bucket="data", Key="a b/ü.json", Body=b"hello\n", ContentType="application/json", CacheControl="max-age=300", Metadata={"who": "me"})
        got = self.s3.get_object(Bucket="data", Key="a b/ü.json")
        self.assertEqual(got["Body"].read(), b"hello\n")
        self.assertEqual((got["ContentType"], got["CacheControl"], got["Metadata"]), ("application/json", "max-age=300", {"who": "me"}))
        self.assertEqual(self.s3.head_object(Bucket="data", Key="a b/ü.json")["ContentLength"], 6)
        self.assertEqual([entry["Key"] for entry in self.s3.list_objects_v2(Bucket="data")["Contents"]], ["a b/ü.json"])
        deleted = self.s3.delete_objects(Bucket="data", Delete={"Objects": [{"Key": "a b/ü.json"}]})
        self.assertEqual(deleted["Deleted"][0]["Key"], "a b/ü.json")
        self.s3.delete_bucket(Bucket="data")
        self.assertEqual(self.s3.list_buckets()["Buckets"], [])

    def test_empty_objects_do_not_hold_up_what_comes_after_them(self):
        self.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, body in (("folder/", b""), ("folder/a", b"x"), ("folder/b", b""), ("folder/c", b""), ("folder/d", b"y")):
            self.s3.put_object(Bucket="data", Key=key, Body=body)
        sizes = {entry["Key"]: entry["Size"] for entry in self.s3.list_objects_v2(Bucket="data")["Contents"]}
        self.assertEqual(sizes, {"folder/": 0, "folder/a": 1, "folder/b": 0, "folder/c": 0, "folder/d": 1})

    def test_lists_are_paged(self):
        self.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        for number in range(5):
            self.s3.put_object(Bucket="data", Key=f"k{number}", Body=b"x")
            self.iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=trust_policy())
        pages = list(self.s3.get_paginator("list_objects_v2").paginate(Bucket="data", PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["Contents"]) for page in pages], [2, 2, 1])
        pages = list(self.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 3}))
        self.assertEqual([role["RoleName"] for page in pages for role in page["Roles"]], [f"r{number}" for number in range(5)])

    def test_a_presigned_url_is_enough_to_read(self):
        self.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_object(Bucket="data", Key="k", Body=b"hello")
        signer = self.session.client("s3", endpoint_url=self.simulator.endpoint, config=botocore.config.Config(signature_version="s3v4"))
        self.addCleanup(signer.close)
        url = signer.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "k"})
        plain = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with plain.open(url) as answer:
            self.assertEqual(answer.read(), b"hello")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            plain.open(url[:-1] + ("0" if url[-1] != "0" else "1"))
        self.assertEqual(caught.exception.code, 403)
        caught.exception.close()

    def test_new_buckets_refuse_acls_and_public_policies(self):
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.assertEqual(self.refusal(self.s3.put_object, Bucket=BUCKET, Key="k", Body=b"x", ACL="public-read"),
                         ("AccessControlListNotSupported", "The bucket does not allow ACLs"))
        self.assertEqual(self.refusal(self.s3.put_bucket_policy, Bucket=BUCKET, Policy=read_policy())[0], "AccessDenied")
        self.assertEqual(self.s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"], [{"ObjectOwnership": "BucketOwnerEnforced"}])

    def test_a_service_account_gets_its_role(self):
        self.set_up_issuer()
        answer = self.assume(self.issuer.token())
        self.assertEqual(answer["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/echo/test")
        self.assertEqual((answer["Provider"], answer["SubjectFromWebIdentityToken"], answer["Audience"]), (PROVIDER, SUBJECT, "sts.amazonaws.com"))
        keys = answer["Credentials"]
        pod = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION)
        self.assertEqual(self.client("sts", pod).get_caller_identity()["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/echo/test")
        reader = self.client("s3", pod)
        self.assertEqual([bucket["Name"] for bucket in reader.list_buckets()["Buckets"]], [BUCKET])
        self.assertEqual(self.refusal(reader.put_object, Bucket=BUCKET, Key="k", Body=b"x")[0], "AccessDenied")

    def test_tokens_that_are_not_meant_for_it_are_refused(self):
        self.set_up_issuer()
        other = Issuer(tempfile.mkdtemp(dir=self.folder))
        past = int(time.time()) - 7200
        head, claims, signature = self.issuer.token().split(".")
        tampered = ".".join((head, claims, ("A" if signature[9] != "A" else "B").join((signature[:9], signature[10:]))))
        cases = [(self.issuer.token(sub="system:serviceaccount:default:other"), "AccessDenied"),
                 (self.issuer.token(aud="vault"), "InvalidIdentityToken"),
                 (self.issuer.token(exp=past + 60, iat=past, nbf=past), "ExpiredTokenException"),
                 (self.issuer.token(iss="https://example.com"), "InvalidIdentityToken"),
                 (other.token(), "InvalidIdentityToken"), (tampered, "InvalidIdentityToken"), ("garbage", "InvalidIdentityToken")]
        for token, code in cases:
            with self.subTest(code=code):
                self.assertEqual(self.refusal(self.assume, token=token)[0], code)

    def test_errors_carry_the_codes_of_the_model(self):
        with self.assertRaises(self.iam.exceptions.NoSuchEntityException):
            self.iam.get_role(RoleName="nobody")
        with self.assertRaises(self.s3.exceptions.NoSuchBucket):
            self.s3.list_objects_v2(Bucket="nothing-here")
        self.set_up_issuer()
        with self.assertRaises(self.iam.exceptions.EntityAlreadyExistsException):
            self.iam.create_role(RoleName="ECHO", AssumeRolePolicyDocument=trust_policy())
        with self.assertRaises(self.iam.exceptions.DeleteConflictException):
            self.iam.delete_role(RoleName="echo")
        with self.assertRaises(self.s3.exceptions.BucketAlreadyOwnedByYou):
            self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def test_the_aws_cli_walks_a_pods_whole_flow(self):
        self.set_up_issuer()
        token = os.path.join(self.folder, "token")
        pathlib.Path(token).write_text(self.issuer.token())
        home = os.path.join(self.folder, "home")  # the CLI caches credentials in its home
        environment = {**clean_environment(), "HOME": home, "AWS_ENDPOINT_URL": self.simulator.endpoint, "AWS_REGION": REGION,
                       "AWS_DEFAULT_REGION": REGION, "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/echo", "AWS_WEB_IDENTITY_TOKEN_FILE": token,
                       "AWS_EC2_METADATA_DISABLED": "true"}
        os.mkdir(home)

        def aws(*arguments):
            return subprocess.run([sys.executable, "-m", "awscli", *arguments], env=environment, capture_output=True, text=True)

        identity = aws("sts", "get-caller-identity")
        self.assertIn("assumed-role/echo/", identity.stdout, identity.stderr)
        self.assertIn(BUCKET, aws("s3", "ls").stdout)
        self.assertEqual(json.loads(aws("s3", "cp", f"s3://{BUCKET}/keys.json", "-").stdout), self.issuer.jwks)
        denied = aws("s3", "rm", f"s3://{BUCKET}/keys.json")
        self.assertIn("AccessDenied", denied.stderr)
        self.assertNotEqual(denied.returncode, 0)


class OverTls(Clients):
    """TLS makes the clients stream their payloads: aws-chunked, with a checksum in the trailer."""

    @classmethod
    def setUpClass(cls):
        cls.tls = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.tls)
        cls.verify, key = os.path.join(cls.tls, "ca.pem"), os.path.join(cls.tls, "key.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cls.verify,
                "-days", "2", "-subj", "/CN=sim", "-addext", "subjectAltName=IP:127.0.0.1")
        cls.simulator_arguments = ("--tls-cert", cls.verify, "--tls-key", key)

    def test_a_streamed_payload_arrives_whole(self):
        self.assertTrue(self.simulator.endpoint.startswith("https://127.0.0.1:"))
        self.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        body = os.urandom(3 << 20)
        self.s3.put_object(Bucket="data", Key="k", Body=body, ChecksumAlgorithm="SHA256")
        self.assertEqual(self.s3.get_object(Bucket="data", Key="k", ChecksumMode="ENABLED")["Body"].read(), body)

    def test_a_service_account_gets_its_role(self):
        self.set_up_issuer()
        self.assertIn("assumed-role/echo", self.assume(self.issuer.token())["AssumedRoleUser"]["Arn"])


class AsAProcess(unittest.TestCase):
    def test_every_answered_write_survives_sigkill(self):
        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state.json")
            keys = ("--access-key-id", "AKIATEST", "--secret-access-key", "secret", "--state", state)
            for number in range(5):
                simulator = Simulator(IRSA, *keys).__enter__()
                session = boto3.Session("AKIATEST", "secret", region_name=REGION)
                s3 = session.client("s3", endpoint_url=simulator.endpoint)
                s3.create_bucket(Bucket=f"bucket-{number}", CreateBucketConfiguration={"LocationConstraint": REGION})
                names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
                s3.close()
                simulator.process.send_signal(signal.SIGKILL)
                simulator.process.wait(10)
                simulator.process.stdout.close()
                self.assertEqual(names, [f"bucket-{n}" for n in range(number + 1)])
            self.assertEqual(os.stat(state).st_mode & 0o777, 0o600)

    def test_sigterm_is_a_good_end(self):
        with Simulator(IRSA) as simulator:
            simulator.process.terminate()
            self.assertEqual(simulator.process.wait(10), 0)

    def test_it_wants_a_region(self):
        for region in ("", "mars", "us-west-", "us west-2"):
            refused = subprocess.run([IRSA, "sim", "--region", region], capture_output=True, text=True, timeout=20)
            self.assertEqual(refused.returncode, 3, region)
            self.assertIn("no name of a Region", refused.stderr)

    def test_a_state_file_belongs_to_one_process(self):
        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state.json")
            with Simulator(IRSA, "--state", state) as first:
                second = subprocess.run([IRSA, "sim", "--state", state], capture_output=True, text=True, timeout=20)
                self.assertEqual((second.returncode, second.stdout), (75, ""))
                self.assertRegex(second.stderr, rf"another run \(process {first.process.pid}\) is at work on it\nhint: ")
                self.assertIn(state, second.stderr)
            with Simulator(IRSA, "--state", state):
                self.assertEqual(os.stat(state + ".lock").st_mode & 0o777, 0o600)

    def test_it_listens_on_loopback_only(self):
        refused = subprocess.run([IRSA, "sim", "--listen", "0.0.0.0:0"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 3)
        self.assertIn("--i-know 0.0.0.0", refused.stderr)


if __name__ == "__main__":
    unittest.main()
