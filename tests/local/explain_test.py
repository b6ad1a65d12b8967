"""irsa explain against irsa sim: each fault is put into a set-up that works, STS is asked, and what it says is explained.
docs/guide/explain.md holds the figures; this test holds the page to them."""
import hashlib
import http.server
import json
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import threading
import unittest

import boto3
import botocore.config
import botocore.exceptions

from support.certificates import make_authority, make_server
from support.simulator import Simulator
from support.web_identity import Issuer, Key

IRSA = os.environ["IRSA"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/guide/explain.md").read_text()
ACCOUNT, REGION, BUCKET = "111122223333", "us-west-2", "issuer-of-the-test"
ISSUER = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"
NAME = ISSUER.removeprefix("https://")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{NAME}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/echo"
SUBJECT = "system:serviceaccount:default:echo"
OPEN = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
# One session for all simulators: what botocore knows of the services is read once.
KEYS = ("--access-key-id", "AKIAADMINISTRATOR001", "--secret-access-key", "secret")
SESSION = boto3.Session(KEYS[1], KEYS[3], region_name=REGION)
TAGS = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["edge"]}}}


def trust(effect="Allow", principal=PROVIDER, action="sts:AssumeRoleWithWebIdentity", condition=None, more=()):
    condition = condition or {"StringEquals": {f"{NAME}:aud": "sts.amazonaws.com", f"{NAME}:sub": SUBJECT}}
    statement = {"Effect": effect, "Principal": {"Federated": principal}, "Action": action, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement, *more]})


def read_policy(*keys):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": [f"arn:aws:s3:::{BUCKET}/{key}" for key in keys]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class World:
    """An account with an issuer in a bucket and a role that works. A fault changes what is here, and `asked`."""

    def __init__(self, simulator):
        options = {"endpoint_url": simulator.endpoint, "config": botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False)}
        self.s3, self.iam, self.sts = (SESSION.client(name, **options) for name in ("s3", "iam", "sts"))
        self.issuer = Issuer(ISSUER, SUBJECT)
        self.asked = {"RoleArn": ROLE, "RoleSessionName": "test", "WebIdentityToken": self.issuer.token()}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=OPEN)
        self.open(".well-known/openid-configuration", "keys.json")
        self.put(".well-known/openid-configuration", self.issuer.discovery())
        self.put("keys.json", {"keys": [self.issuer.key.jwk()]})
        self.provide(ISSUER)
        self.iam.create_role(RoleName="echo", AssumeRolePolicyDocument=trust())

    def open(self, *keys):
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=read_policy(*keys))

    def put(self, key, document):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document), ContentType="application/json")

    def provide(self, url):
        self.iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40])

    def remove_provider(self):
        self.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)

    def token(self, *without, **changes):
        self.asked["WebIdentityToken"] = self.issuer.token(without, **changes)

    def trust(self, **changes):
        self.iam.update_assume_role_policy(RoleName="echo", PolicyDocument=trust(**changes))

    def condition(self, operator="StringEquals", **keys):
        names = {f"{NAME}:aud": "sts.amazonaws.com", f"{NAME}:sub": SUBJECT, **keys}
        self.trust(condition={operator: {name: value for name, value in names.items() if value is not None}})

    def refusal(self):
        try:
            self.sts.assume_role_with_web_identity(**self.asked)
        except botocore.exceptions.ClientError as error:
            return str(error)
        return ""


def now_and(seconds):
    return Issuer(ISSUER, SUBJECT).claims()["iat"] + seconds


def case_of_issuer(world):
    world.provide(ISSUER + "/Cluster")
    world.token(iss=ISSUER + "/cluster")


def swapped_key(world):
    world.put("keys.json", {"keys": [{**Key().jwk(), "kid": world.issuer.key.kid}]})


def other_path(world):
    world.iam.delete_role(RoleName="echo")
    world.iam.create_role(RoleName="echo", Path="/pods/", AssumeRolePolicyDocument=trust())


# The code of the cause and how it is put in, in the order in which STS would meet them.
FAULTS = {
    "SESSION_NAME_INVALID": lambda world: world.asked.update(RoleSessionName="my session"),
    "DURATION_INVALID": lambda world: world.asked.update(DurationSeconds=300),
    "ROLE_ARN_INVALID": lambda world: world.asked.update(RoleArn="arn:aws:iam::::role/echo"),
    "TOKEN_NOT_JWT": lambda world: world.asked.update(WebIdentityToken="k8s-aws-v1.aHR0cHM6Ly9zdHM"),
    "TOKEN_ALGORITHM": lambda world: world.token(header={"alg": "HS256"}),
    "TOKEN_CRITICAL_HEADER": lambda world: world.token(header={"crit": ["b64"], "b64": False}),
    "ISSUER_NOT_URL": lambda world: world.token("aud", "exp", iss="kubernetes/serviceaccount"),
    "ISSUER_NOT_HTTPS": lambda world: world.token(iss="http://" + NAME),
    "PROVIDER_MISSING": lambda world: world.remove_provider(),
    "ISSUER_SLASH": lambda world: world.token(iss=ISSUER + "/"),
    "ISSUER_CASE": case_of_issuer,
    "PROVIDER_OTHER_PARTITION": lambda world: world.asked.update(RoleArn=ROLE.replace("arn:aws:", "arn:aws-cn:")),
    "PROVIDER_OTHER_ACCOUNT": lambda world: world.asked.update(RoleArn=ROLE.replace(ACCOUNT, "444455556666")),
    "CLAIM_MISSING": lambda world: world.token("aud"),
    "CLAIM_EMPTY": lambda world: world.token(aud=[]),
    "AUD_SEVERAL": lambda world: world.token(aud=["sts.amazonaws.com", "vault"]),
    "AUD_MISMATCH": lambda world: world.token(aud=["vault"]),
    "AUD_HIDDEN_BYTES": lambda world: world.token(aud=["sts.amazonaws.com\u200b"]),
    "TOKEN_FOR_API_SERVER": lambda world: world.token(aud=["https://kubernetes.default.svc.cluster.local"]),
    "TIMESTAMP_INVALID": lambda world: world.token(exp=now_and(600) + 0.5),
    "TOKEN_EXPIRED": lambda world: world.token(iat=now_and(-7200), nbf=now_and(-7200), exp=now_and(-3600)),
    "TOKEN_TOO_OLD": lambda world: world.token(iat=now_and(-441398), nbf=now_and(-441398)),
    "TOKEN_NOT_YET_VALID": lambda world: world.token(nbf=now_and(900)),
    "TOKEN_FROM_FUTURE": lambda world: world.token("nbf", iat=now_and(900)),
    "DISCOVERY_NOT_PUBLIC": lambda world: world.s3.delete_bucket_policy(Bucket=BUCKET),
    "DISCOVERY_INVALID": lambda world: world.put(".well-known/openid-configuration", ["no object"]),
    "ISSUER_MISMATCH": lambda world: world.put(".well-known/openid-configuration", world.issuer.discovery(issuer="https://other.example.com")),
    "JWKS_NOT_PUBLIC": lambda world: world.open(".well-known/openid-configuration"),
    "JWKS_UNREACHABLE": lambda world: world.put(".well-known/openid-configuration", world.issuer.discovery(jwks_uri="https://127.0.0.1/keys.json")),
    "JWKS_INVALID": lambda world: world.put("keys.json", {"keys": "none"}),
    "KID_MISSING": lambda world: world.put("keys.json", {"keys": [Key().jwk()]}),
    "TOKEN_WITHOUT_KID": lambda world: (world.put("keys.json", {"keys": [world.issuer.key.jwk(), Key().jwk()]}), world.token(header={"kid": None})),
    "KEY_UNUSABLE": lambda world: world.put("keys.json", {"keys": [world.issuer.key.jwk(key_ops=["verify"])]}),
    "KEYS_TOO_MANY": lambda world: world.put("keys.json", {"keys": [world.issuer.key.jwk(), *(Key().jwk() for _ in range(100))]}),
    "KEY_MISMATCH": swapped_key,
    "ROLE_MISSING": lambda world: world.iam.delete_role(RoleName="echo"),
    "ROLE_PATH": other_path,
    "TRUST_DENIES": lambda world: world.trust(more=[{"Effect": "Deny", "Principal": {"Federated": PROVIDER}, "Action": "sts:*", "Condition": {"StringLike": {f"{NAME}:sub": "*:default:*"}}}]),
    "PRINCIPAL_MISMATCH": lambda world: world.trust(principal=PROVIDER.replace(REGION, "eu-west-1")),
    "PRINCIPAL_OTHER_ACCOUNT": lambda world: world.trust(principal=PROVIDER.replace(ACCOUNT, "444455556666")),
    "ACTION_MISSING": lambda world: world.trust(action="sts:AssumeRole"),
    "SUB_MISMATCH": lambda world: world.condition(**{f"{NAME}:sub": "system:serviceaccount:other:echo"}),
    "WILDCARD_IN_EQUALS": lambda world: world.condition(**{f"{NAME}:sub": "system:serviceaccount:default:*"}),
    "AUD_CONDITION": lambda world: world.condition(**{f"{NAME}:aud": "https://sts.amazonaws.com"}),
    "CONDITION_KEY": lambda world: world.condition(**{f"{NAME}:sub": None, f"{ISSUER}:sub": SUBJECT}),
    "CONDITION_UNMET": lambda world: world.condition(**{"aws:PrincipalOrgID": "o-1234567890"}),
    "SESSION_TAGS_INVALID": lambda world: world.token(**{"https://aws.amazon.com/tags": "team=edge"}),
    "TAG_SESSION_MISSING": lambda world: world.token(**TAGS),
    "SOURCE_IDENTITY_MISSING": lambda world: world.token(**{"https://aws.amazon.com/source_identity": "alice"}),
    "DURATION_OVER_MAXIMUM": lambda world: world.asked.update(DurationSeconds=7200),
}


class Explain(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def explain(self, *arguments, environment, text=None):
        done = subprocess.run([IRSA, "explain", *arguments, "-o", "json", "--quiet"], input=text, text=True, capture_output=True,
                              cwd=self.folder, env={**environment, "HOME": str(self.folder)})
        self.assertEqual(done.stderr, "")
        findings = json.loads(done.stdout)["findings"]
        blames = [finding for finding in findings if finding["severity"] != "note"]
        self.assertEqual(done.returncode, 1 if blames else 0)
        return blames

    def of_token_and_role(self, asked, simulator, text, *arguments):
        (self.folder / "token").write_text(asked["WebIdentityToken"] + "\n")
        duration = ["--duration", str(asked["DurationSeconds"])] if "DurationSeconds" in asked else []
        return self.explain("-", "--token", "token", "--role", asked["RoleArn"], "--session-name", asked["RoleSessionName"], *duration, *arguments,
                            environment=simulator.environment(), text=text)


class SeededFaults(Explain):
    def measure(self, fault):
        """What STS says, and the places of the fault among what is found: by token and role, and by the text alone."""
        with Simulator(IRSA, *KEYS) as simulator:
            world = World(simulator)
            FAULTS[fault](world)
            said = world.refusal()
            self.assertNotEqual(said, "")
            findings = self.of_token_and_role(world.asked, simulator, said)
            for finding in findings:
                self.assertTrue(all(finding[member] for member in ("place", "why", "fix")), finding)
            codes = [finding["code"] for finding in findings]
            alone = [finding["code"] for finding in self.explain("-", environment=simulator.environment(), text=said)]
        place = f"{alone.index(fault) + 1} of {len(alone)}" if fault in alone else f"– of {len(alone)}"
        return said, codes, place

    def test_the_injected_cause_comes_first(self):
        rows = re.findall(r"(?m)^\| `(\w+)` \| ([^|]+) \| (\d+) of (\d+) \| ([^|]+) \|$", PAGE.partition("## Seeded faults")[2])
        stated = {code: (text.strip("` "), int(place), int(count), alone.strip()) for code, text, place, count, alone in rows}
        self.assertEqual(list(stated), list(FAULTS))
        self.assertGreaterEqual(len(FAULTS), 24)
        for fault in FAULTS:
            with self.subTest(fault):
                said, codes, alone = self.measure(fault)
                self.assertEqual(codes[:1], [fault], said)
                self.assertEqual((stated[fault][1:]), (1, len(codes), alone), codes)
                self.assertIn(stated[fault][0].partition("…")[0], said)

    def test_a_set_up_that_works_has_no_causes(self):
        with Simulator(IRSA, *KEYS) as simulator:
            world = World(simulator)
            self.assertEqual(world.refusal(), "")
            self.assertEqual(self.of_token_and_role(world.asked, simulator, None), [])

    def test_two_faults_are_both_named(self):
        with Simulator(IRSA, *KEYS) as simulator:
            world = World(simulator)
            world.condition(**{f"{NAME}:sub": "system:serviceaccount:other:echo"})
            world.token(aud=["vault"])
            said = world.refusal()
            self.assertIn("Incorrect token audience", said)
            codes = [finding["code"] for finding in self.of_token_and_role(world.asked, simulator, said)]
        self.assertEqual(codes, ["AUD_MISMATCH", "SUB_MISMATCH"])

    def test_the_opaque_dialect_has_the_same_causes(self):
        for fault in ("PROVIDER_MISSING", "AUD_MISMATCH", "PROVIDER_OTHER_ACCOUNT"):
            with self.subTest(fault), Simulator(IRSA, *KEYS, "--dialect", "opaque") as simulator:
                world = World(simulator)
                FAULTS[fault](world)
                said = world.refusal()
                self.assertTrue(said.endswith("The web identity token provided could not be validated."), said)
                self.assertEqual(self.of_token_and_role(world.asked, simulator, said)[0]["code"], fault)


class Documents(http.server.BaseHTTPRequestHandler):
    answers = {}

    def do_GET(self):
        status, headers, body = self.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class IssuersElsewhere(Explain):
    """An issuer on a host of its own, with TLS: what a bucket cannot do wrong."""

    def setUp(self):
        super().setUp()
        self.authority = make_authority(self.folder)
        certificate, key = make_server(self.folder, "issuer", "IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.chain = self.folder / "chain.crt"
        self.chain.write_text(certificate.read_text() + self.authority.read_text())
        context.load_cert_chain(self.chain, key)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Documents)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.issuer = Issuer(f"https://127.0.0.1:{server.server_address[1]}", SUBJECT)
        Documents.answers = {"/.well-known/openid-configuration": (200, {}, json.dumps(self.issuer.discovery()).encode()),
                             "/keys.json": (200, {}, json.dumps({"keys": [self.issuer.key.jwk()]}).encode())}

    def codes(self, *, trusted=True, thumbprint="a" * 40):
        roots = ("--ca-file", str(self.authority)) if trusted else ()
        with Simulator(IRSA, *KEYS, "--allow-loopback-issuers", *roots) as simulator:
            iam, sts = (SESSION.client(name, endpoint_url=simulator.endpoint) for name in ("iam", "sts"))
            name = self.issuer.url.removeprefix("https://")
            iam.create_open_id_connect_provider(Url=self.issuer.url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[thumbprint])
            condition = {"StringEquals": {f"{name}:aud": "sts.amazonaws.com", f"{name}:sub": SUBJECT}}
            iam.create_role(RoleName="echo", AssumeRolePolicyDocument=trust(principal=f"arn:aws:iam::{ACCOUNT}:oidc-provider/{name}", condition=condition))
            asked = {"RoleArn": ROLE, "RoleSessionName": "test", "WebIdentityToken": self.issuer.token()}
            said = ""
            try:
                sts.assume_role_with_web_identity(**asked)
            except botocore.exceptions.ClientError as error:
                said = str(error)
            return said, [finding["code"] for finding in self.of_token_and_role(asked, simulator, said, "--allow-loopback-issuers", *roots)]

    def test_a_good_one_has_no_causes(self):
        self.assertEqual(self.codes(), ("", []))

    def test_a_redirect(self):
        Documents.answers["/.well-known/openid-configuration"] = (301, {"Location": "/elsewhere"}, b"")
        said, codes = self.codes()
        self.assertIn("Couldn't retrieve verification key", said)
        self.assertEqual(codes, ["DISCOVERY_REDIRECT"])

    def test_redirected_and_missing_keys(self):
        Documents.answers["/keys.json"] = (302, {"Location": self.issuer.url + "/k"}, b"")
        self.assertEqual(self.codes()[1], ["JWKS_REDIRECT"])
        del Documents.answers["/keys.json"]
        self.assertEqual(self.codes()[1], ["JWKS_MISSING"])

    def test_a_missing_document(self):
        Documents.answers.clear()
        self.assertEqual(self.codes()[1], ["DISCOVERY_MISSING"])

    def test_a_certificate_that_nobody_trusts(self):
        said, codes = self.codes(trusted=False)
        self.assertIn("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint", said)
        self.assertEqual(codes, ["ISSUER_CERTIFICATE"])

    def test_a_certificate_that_only_the_providers_thumbprint_vouches_for(self):
        der = ssl.PEM_cert_to_DER_cert(self.authority.read_text())
        self.assertEqual(self.codes(trusted=False, thumbprint=hashlib.sha1(der).hexdigest())[0], "")

    def test_documents_that_must_not_be_cached_keep_nobody_from_the_role(self):
        body = Documents.answers["/keys.json"][2]
        Documents.answers["/keys.json"] = (200, {"Cache-Control": "no-cache"}, body)
        self.assertEqual(self.codes(), ("", []))


class Texts(Explain):
    """What people paste, without token and role: users ask with no more than that."""

    def test_each_text_has_its_likeliest_cause_first(self):
        environment = {"PATH": os.environ["PATH"]}
        for text, code in {
                "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity": "SUB_MISMATCH",
                "AccessDenied": "SUB_MISMATCH",
                "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://x": "PROVIDER_MISSING",
                "InvalidIdentityToken: Incorrect token audience": "AUD_MISMATCH",
                "Missing a required claim: aud": "CLAIM_MISSING",
                "Couldn't retrieve verification key from your identity provider,  please\n reference AssumeRoleWithWebIdentity documentation for requirements": "JWKS_NOT_PUBLIC",
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint": "ISSUER_CERTIFICATE",
                "ExpiredTokenException": "TOKEN_EXPIRED", "ExpiredToken": "TOKEN_EXPIRED",
                "ValidationError: Request ARN is invalid": "ROLE_ARN_INVALID",
                "Unable to locate credentials. You can configure credentials by running \"aws configure\".": "NOT_INJECTED",
                "User: arn:aws:sts::111122223333:assumed-role/nodes/i-0123456789abcdef0 is not authorized to perform: s3:ListBucket": "NOT_INJECTED",
                "kube-system  kube-apiserver-cp1  0/1  CrashLoopBackOff": "API_SERVER_MANIFEST",
                "open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: permission denied": "TOKEN_UNREADABLE",
                "dial tcp 54.0.0.1:443: i/o timeout (sts.amazonaws.com)": "STS_UNREACHABLE",
                "failed calling webhook \"x\": x509: certificate signed by unknown authority": "WEBHOOK_CA_STALE",
                "x509: certificate relies on legacy Common Name field, use SANs instead": "WEBHOOK_NO_SAN",
                "x509: certificate has expired or is not yet valid": "WEBHOOK_EXPIRED",
                "no serving certificate available for the webhook, is the CSR approved?": "WEBHOOK_SIGNER_GONE",
                "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048": "TRUST_TOO_LONG",
                "connection is unauthorized: Unauthorized": "ISSUER_SWAPPED",
                "AccessControlListNotSupported: The bucket does not allow ACLs": "BUCKET_ACL",
                "The web identity token provided could not be validated.": "PROVIDER_MISSING",
                "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.": "KEY_MISMATCH"}.items():
            with self.subTest(text):
                self.assertEqual(self.explain(text, environment=environment)[0]["code"], code)

    def test_what_it_does_not_know_is_said(self):
        unknown, = self.explain("it does not work", environment={"PATH": ""})
        self.assertEqual(unknown["code"], "ANSWER_UNEXPLAINED")
        done = subprocess.run([IRSA, "explain"], text=True, capture_output=True, env={"HOME": str(self.folder)}, cwd=self.folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn("there is nothing to explain", done.stderr)
        done = subprocess.run([IRSA, "explain", "--token", "/absent"], text=True, capture_output=True, env={"HOME": str(self.folder)}, cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (4, ""))

    def test_without_aws_the_token_is_explained_as_far_as_it_goes(self):
        (self.folder / "token").write_text(Issuer(ISSUER, SUBJECT).token(without=("sub",)))
        found = self.explain("--token", "token", "--role", ROLE, "--offline", environment={"PATH": ""})
        self.assertEqual([finding["code"] for finding in found], ["CLAIM_MISSING"])


class ThePage(unittest.TestCase):
    def test_names_every_code(self):
        declared = set(re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b", (ROOT / "src/setup/explain.h").read_text()))
        raised = set(re.findall(r'"([A-Z]+(?:_[A-Z0-9]+)+)"', "".join(path.read_text() for path in (ROOT / "src/setup").glob("explain*.cpp"))))
        built = {f"{what}_{kind}" for what in ("DISCOVERY", "JWKS") for kind in ("SLOW", "UNREACHABLE", "NOT_PUBLIC", "REDIRECT", "MISSING", "INVALID")}
        self.assertEqual(raised | built, declared)
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)`", PAGE.partition("## Codes")[2].partition("## Seeded faults")[0]))
        self.assertEqual(named, declared)


if __name__ == "__main__":
    unittest.main()
