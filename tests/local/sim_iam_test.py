"""boto3 against the IAM of irsa sim: roles, managed policies, simulation, pages, and the errors of the API reference; what is too
much for it; and what SIGKILL leaves of --state."""
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import threading
import unittest

import boto3
import botocore.config
import botocore.exceptions

from support.scale import SANITIZED, scaled
from support.simulator import Simulator, end_with_parent

IRSA = os.environ["IRSA"]
PACE = 5 if SANITIZED else 1  # a sanitizer's
ACCOUNT, REGION = "111122223333", "us-west-2"
URL = "https://issuer.example.com/a"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com/a"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal=None, **more):
    return policy({"Effect": "Allow", "Principal": principal or {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity", **more})


READER = policy({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})


def client_of(ready, service="iam"):
    session = boto3.Session(ready["accessKeyId"], ready["secretAccessKey"], region_name=REGION)
    config = botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False)
    return session.client(service, endpoint_url=ready["endpoint"], config=config)


class Iam(unittest.TestCase):
    def setUp(self):
        simulator = self.enterContext(Simulator(IRSA))
        self.iam = client_of(simulator.ready)
        self.addCleanup(self.iam.close)

    def refused(self, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        answer = caught.exception.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]

    def provide(self, **more):
        return self.iam.create_open_id_connect_provider(**{"Url": URL, "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": ["a" * 40], **more})


class Providers(Iam):
    def test_urls(self):
        create = self.iam.create_open_id_connect_provider
        invalid = (400, "ValidationError", "Invalid Open ID Connect Provider URL")
        for url in ("http://issuer.example.com", "issuer.example.com", "https://issuer.example.com:8443", "https://", "ftp://issuer.example.com"):
            with self.subTest(url):
                self.assertEqual(self.refused(create, Url=url, ThumbprintList=["a" * 40]), invalid)
        for url in (URL + "?x=1", URL + "#x"):
            with self.subTest(url):
                self.assertEqual(self.refused(create, Url=url, ThumbprintList=["a" * 40])[:2], (400, "InvalidInput"))
        self.assertEqual(self.refused(create, Url="https://" + "x" * 250 + ".com", ThumbprintList=["a" * 40])[1], "ValidationError")
        made = create(Url="https://issuer.example.com:443/a", ThumbprintList=["a" * 40])
        self.assertEqual(made["OpenIDConnectProviderArn"], PROVIDER)
        self.assertEqual(self.refused(create, Url=URL, ThumbprintList=["a" * 40]), (409, "EntityAlreadyExists", f"Provider with url {URL} already exists."))

    def test_client_ids(self):
        self.provide(ClientIDList=[f"id{number}" for number in range(100)])
        add, remove = self.iam.add_client_id_to_open_id_connect_provider, self.iam.remove_client_id_from_open_id_connect_provider
        quota = (409, "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
        self.assertEqual(self.refused(add, OpenIDConnectProviderArn=PROVIDER, ClientID="one-more"), quota)
        add(OpenIDConnectProviderArn=PROVIDER, ClientID="id0")
        for _ in range(2):
            remove(OpenIDConnectProviderArn=PROVIDER, ClientID="id0")
        add(OpenIDConnectProviderArn=PROVIDER, ClientID="one-more")
        self.assertEqual(self.refused(self.provide, Url=URL + "/b", ClientIDList=[f"id{number}" for number in range(101)]), quota)
        self.assertEqual(self.refused(add, OpenIDConnectProviderArn=PROVIDER, ClientID="x" * 256)[1], "ValidationError")

    def test_thumbprints(self):
        self.assertEqual(self.refused(self.provide, ThumbprintList=["a" * 40] * 6), (400, "InvalidInput", "Thumbprint list must contain fewer than 5 entries."))
        self.assertEqual(self.refused(self.provide, ThumbprintList=["a" * 39])[1], "ValidationError")
        self.provide(ThumbprintList=["a" * 40] * 5)
        update = self.iam.update_open_id_connect_provider_thumbprint
        self.assertEqual(self.refused(update, OpenIDConnectProviderArn=PROVIDER, ThumbprintList=[]), (400, "InvalidInput", "Thumbprint list must contain at least one entry."))
        update(OpenIDConnectProviderArn=PROVIDER, ThumbprintList=["b" * 40])
        self.assertEqual(self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)["ThumbprintList"], ["b" * 40])

    def test_absent_ones(self):
        self.assertEqual(self.refused(self.iam.get_open_id_connect_provider, OpenIDConnectProviderArn=PROVIDER), (404, "NoSuchEntity", f"OpenIDConnect Provider not found for arn {PROVIDER}"))
        self.assertEqual(self.refused(self.iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=PROVIDER), (404, "NoSuchEntity", f"OpenId connect Provider {PROVIDER} cannot be found."))

    def test_one_that_iam_cannot_reach_needs_a_thumbprint(self):
        self.assertEqual(self.refused(self.iam.create_open_id_connect_provider, Url="https://127.0.0.1")[:2], (400, "OpenIdIdpCommunicationError"))

    def test_a_hundred_at_most(self):
        for number in range(100):
            self.provide(Url=f"{URL}/{number}")
        self.assertEqual(self.refused(self.provide, Url=URL + "/100")[:2], (409, "LimitExceeded"))

    def test_tags(self):
        self.provide(Tags=[{"Key": "a", "Value": "1"}])
        self.iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER, Tags=[{"Key": "A", "Value": "2"}])
        self.assertEqual(self.iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=PROVIDER)["Tags"], [{"Key": "A", "Value": "2"}, {"Key": "a", "Value": "1"}])
        self.assertEqual(self.refused(self.iam.tag_open_id_connect_provider, OpenIDConnectProviderArn=PROVIDER, Tags=[{"Key": "b", "Value": ""}, {"Key": "b", "Value": ""}])[1], "InvalidInput")
        many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
        self.assertEqual(self.refused(self.iam.tag_open_id_connect_provider, OpenIDConnectProviderArn=PROVIDER, Tags=many)[:2], (409, "LimitExceeded"))


class Roles(Iam):
    def test_names_and_paths(self):
        role = self.iam.create_role(RoleName="Echo", Path="/pods/", AssumeRolePolicyDocument=trust(), Tags=[{"Key": "a", "Value": "b"}], Description="it echoes")["Role"]
        self.assertEqual(role["Arn"], f"arn:aws:iam::{ACCOUNT}:role/pods/Echo")
        self.assertRegex(role["RoleId"], r"^AROA[A-Z2-7]{17}$")
        self.assertEqual(role["AssumeRolePolicyDocument"], json.loads(trust()))
        self.assertEqual(self.refused(self.iam.create_role, RoleName="ECHO", AssumeRolePolicyDocument=trust()), (409, "EntityAlreadyExists", "Role with name ECHO already exists."))
        for arguments in ({"RoleName": "with space"}, {"RoleName": "x" * 65}, {"Path": "pods"}, {"Path": "/a b/"}, {"MaxSessionDuration": 3599}, {"MaxSessionDuration": 43201}, {"Description": "x" * 1001}, {"PermissionsBoundary": "short"}):
            with self.subTest(arguments):
                self.assertEqual(self.refused(self.iam.create_role, **{"RoleName": "other", "AssumeRolePolicyDocument": trust(), **arguments})[:2], (400, "ValidationError"))
        self.assertEqual(self.refused(self.iam.get_role, RoleName="nobody"), (404, "NoSuchEntity", "The role with name nobody cannot be found."))

    def test_the_quota_of_a_trust_policy_counts_no_white_space(self):
        wide = json.dumps(json.loads(trust()), indent=400)
        self.assertGreater(len(wide), 2048)
        self.iam.create_role(RoleName="wide", AssumeRolePolicyDocument=wide)
        long = trust(Condition={"StringEquals": {"issuer.example.com/a:sub": ["x" * 100 + str(number) for number in range(20)]}})
        quota = (409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
        self.assertEqual(self.refused(self.iam.create_role, RoleName="long", AssumeRolePolicyDocument=long), quota)
        self.assertEqual(self.refused(self.iam.update_assume_role_policy, RoleName="wide", PolicyDocument=long), quota)

    def test_trust_policies_that_are_malformed(self):
        statement = json.loads(trust())["Statement"][0]
        cases = {
            "not json": None,
            policy({**statement, "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/x"}}): "Federated principals must be valid domain names or SAML metadata ARNs",
            policy({**statement, "Principal": {"AWS": "arn:aws:iam::x"}}): 'Invalid principal in policy: "AWS":"arn:aws:iam::x"',
            policy({**statement, "Resource": "*"}): "Has prohibited field Resource",
            policy({**statement, "Action": "s3:GetObject"}): "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity",
            policy({**statement, "Action": "sts:GetCallerIdentity"}): "AssumeRole policy may only specify STS AssumeRole actions.",
            json.dumps({"Version": "2012-10-18", "Statement": [statement]}): None,
            policy({**statement, "Sid": "a"}, {**statement, "Sid": "a"}): "Statement IDs (SID) in a single policy must be unique.",
            policy({name: value for name, value in statement.items() if name != "Action"}): "Policy statement must contain actions.",
            policy({**statement, "Condition": {"StringIs": {"a": "b"}}}): None}
        for document, message in cases.items():
            with self.subTest(document):
                status, code, said = self.refused(self.iam.create_role, RoleName="r", AssumeRolePolicyDocument=document)
                self.assertEqual((status, code), (400, "MalformedPolicyDocument"))
                if message:
                    self.assertEqual(said, message)

    def test_deleting(self):
        self.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
        self.iam.attach_role_policy(RoleName="r", PolicyArn=READ_ONLY)
        self.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=READER)
        self.assertEqual(self.refused(self.iam.delete_role, RoleName="r"), (409, "DeleteConflict", "Cannot delete entity, must detach all policies first."))
        self.iam.detach_role_policy(RoleName="r", PolicyArn=READ_ONLY)
        self.assertEqual(self.refused(self.iam.delete_role, RoleName="r"), (409, "DeleteConflict", "Cannot delete entity, must delete policies first."))
        self.iam.delete_role_policy(RoleName="r", PolicyName="p")
        self.iam.delete_role(RoleName="r")
        self.assertEqual(self.refused(self.iam.delete_role, RoleName="r")[:2], (404, "NoSuchEntity"))

    def test_policies_of_a_role(self):
        self.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
        missing = f"arn:aws:iam::{ACCOUNT}:policy/none"
        self.assertEqual(self.refused(self.iam.attach_role_policy, RoleName="r", PolicyArn=missing), (404, "NoSuchEntity", f"Policy {missing} does not exist or is not attachable."))
        self.assertEqual(self.refused(self.iam.detach_role_policy, RoleName="r", PolicyArn=READ_ONLY)[:2], (404, "NoSuchEntity"))
        for number in range(10):
            arn = self.iam.create_policy(PolicyName=f"p{number}", PolicyDocument=READER)["Policy"]["Arn"]
            for _ in range(2):
                self.iam.attach_role_policy(RoleName="r", PolicyArn=arn)
        self.assertEqual(self.refused(self.iam.attach_role_policy, RoleName="r", PolicyArn=READ_ONLY), (409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"))
        large = policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::" + "x" * 1000 + str(number) for number in range(6)]})
        self.iam.put_role_policy(RoleName="r", PolicyName="one", PolicyDocument=large)
        self.assertEqual(self.refused(self.iam.put_role_policy, RoleName="r", PolicyName="two", PolicyDocument=large)[:2], (409, "LimitExceeded"))
        self.assertEqual(self.refused(self.iam.put_role_policy, RoleName="r", PolicyName="two", PolicyDocument="{")[:2], (400, "MalformedPolicyDocument"))
        self.assertEqual(self.refused(self.iam.get_role_policy, RoleName="r", PolicyName="none")[:2], (404, "NoSuchEntity"))

    def test_a_boundary_is_a_policy_that_exists(self):
        missing = f"arn:aws:iam::{ACCOUNT}:policy/none"
        self.assertEqual(self.refused(self.iam.create_role, RoleName="r", AssumeRolePolicyDocument=trust(), PermissionsBoundary=missing)[:2], (404, "NoSuchEntity"))
        arn = self.iam.create_policy(PolicyName="limit", PolicyDocument=READER)["Policy"]["Arn"]
        self.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(), PermissionsBoundary=arn)
        self.assertEqual(self.iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"], arn)
        self.assertEqual(self.refused(self.iam.delete_policy, PolicyArn=arn)[:2], (409, "DeleteConflict"))

    def test_pages(self):
        for number in range(7):
            self.iam.create_role(RoleName=f"r{number}", Path="/pods/", AssumeRolePolicyDocument=trust())
            self.iam.put_role_policy(RoleName="r0", PolicyName=f"p{number}", PolicyDocument=READER)
            self.iam.tag_role(RoleName="r0", Tags=[{"Key": f"k{number}", "Value": "v"}])
        for name, arguments, key in (("list_roles", {"PathPrefix": "/pods/"}, "Roles"), ("list_role_policies", {"RoleName": "r0"}, "PolicyNames"), ("list_role_tags", {"RoleName": "r0"}, "Tags")):
            with self.subTest(name):
                pages = list(self.iam.get_paginator(name).paginate(**arguments, PaginationConfig={"PageSize": 3}))
                self.assertEqual([len(page[key]) for page in pages], [3, 3, 1])
        for items in (0, 1001):
            self.assertEqual(self.refused(self.iam.list_roles, MaxItems=items)[:2], (400, "ValidationError"))
        self.assertEqual(self.refused(self.iam.list_roles, Marker="nonsense")[:2], (400, "ValidationError"))


class ManagedPolicies(Iam):
    def test_a_life(self):
        arn = self.iam.create_policy(PolicyName="reader", PolicyDocument=READER, Tags=[{"Key": "a", "Value": "b"}])["Policy"]["Arn"]
        version = self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=READER, SetAsDefault=True)["PolicyVersion"]
        self.assertEqual((version["VersionId"], version["IsDefaultVersion"]), ("v2", True))
        self.assertEqual(self.iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"], json.loads(READER))
        self.assertEqual([one["VersionId"] for one in self.iam.list_policy_versions(PolicyArn=arn)["Versions"]], ["v2", "v1"])
        self.iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
        self.assertEqual([one["PolicyName"] for one in self.iam.list_policies(Scope="Local")["Policies"]], ["reader"])
        self.assertEqual(self.iam.list_policy_tags(PolicyArn=arn)["Tags"], [{"Key": "a", "Value": "b"}])
        self.iam.delete_policy(PolicyArn=arn)
        with self.assertRaises(self.iam.exceptions.NoSuchEntityException):
            self.iam.get_policy(PolicyArn=arn)

    def test_simulation(self):
        denied = policy({"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"})
        answer = self.iam.simulate_custom_policy(PolicyInputList=[READER, denied], ActionNames=["s3:ListAllMyBuckets", "s3:DeleteBucket", "s3:PutObject"])
        self.assertEqual([one["EvalDecision"] for one in answer["EvaluationResults"]], ["allowed", "explicitDeny", "implicitDeny"])
        self.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
        self.iam.attach_role_policy(RoleName="r", PolicyArn=READ_ONLY)
        pages = self.iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/r", ActionNames=["s3:GetObject", "s3:PutObject"], ResourceArns=["arn:aws:s3:::a/b", "arn:aws:s3:::c/d"], PaginationConfig={"PageSize": 3})
        self.assertEqual([one["EvalDecision"] for page in pages for one in page["EvaluationResults"]], ["allowed"] * 2 + ["implicitDeny"] * 2)


class TooMuch(Iam):
    """Documents that are long, deep or forbidden, each with its documented error; none of them leaves memory behind."""
    POLICIES = {
        "of 200 KB": json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "x" * 200_000, "Effect": "Allow", "Action": "*"}]}),
        "deep": '{"Statement":' * 5_000, "cut": trust()[:-20],
        "with a member twice": '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}'}
    CONFIGURATIONS = {
        "with a DTD": '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><CreateBucketConfiguration>&c;</CreateBucketConfiguration>',
        "from outside": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><CreateBucketConfiguration/>',
        "deep": "<a>" * 50_000, "of another kind": '{"LocationConstraint":"us-west-2"}'}

    def setUp(self):
        simulator = self.enterContext(Simulator(IRSA))
        self.process, self.iam, self.s3 = simulator.process, client_of(simulator.ready), client_of(simulator.ready, "s3")
        self.addCleanup(self.iam.close)
        self.addCleanup(self.s3.close)
        self.s3.meta.events.register("before-call.s3.CreateBucket", lambda params, **_: params.update(body=self.body.encode()))

    def round(self):
        found = {name: self.refused(self.iam.create_role, RoleName="r", AssumeRolePolicyDocument=document)[:2]
                 for name, document in self.POLICIES.items()}
        for name, self.body in self.CONFIGURATIONS.items():
            found["bucket " + name] = self.refused(self.s3.create_bucket, Bucket="too-much")[:2]
        return found

    def resident(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    def test_each_has_its_error_and_memory_stays(self):
        malformed = (400, "MalformedXML")
        self.assertEqual(self.round(), {
            "of 200 KB": (400, "ValidationError"), "deep": (400, "MalformedPolicyDocument"), "cut": (400, "MalformedPolicyDocument"),
            "with a member twice": (400, "MalformedPolicyDocument"),
            **{"bucket " + name: malformed for name in self.CONFIGURATIONS}})
        for _ in range(5):
            self.round()
        before = self.resident()
        for _ in range(30):
            self.round()
        if not SANITIZED:  # a sanitizer keeps what was freed
            self.assertLess(self.resident() - before, 2)


class Killed(unittest.TestCase):
    def test_what_was_answered_is_there_and_the_file_is_whole(self):
        """SIGKILL amid writes: each answered role is in the next start's state, and that state always parses."""
        seeded = random.Random(5)
        with tempfile.TemporaryDirectory() as folder:
            state = pathlib.Path(folder) / "state.json"
            command = [IRSA, "sim", "--state", str(state), "--access-key-id", "AKIAADMINISTRATOR001", "--secret-access-key", "secret"]
            answered = set()
            for turn in range(scaled(25, 100)):
                process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent)
                iam = client_of(json.loads(process.stdout.readline()))
                there = {role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]}
                self.assertLessEqual(answered, there, f"turn {turn}")
                self.assertLessEqual(len(there - answered), turn, "no more than the write that was under way each time")
                killer = threading.Timer(seeded.uniform(0.005, 0.06) * PACE, process.send_signal, (signal.SIGKILL,))
                killer.start()
                for number in range(1000):
                    name = f"r{turn}-{number}"
                    try:
                        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
                    except botocore.exceptions.BotoCoreError:
                        break
                    answered.add(name)
                killer.join()
                process.wait()
                process.stdout.close()
                iam.close()
                self.assertEqual(json.loads(state.read_text())["version"], 1)
            self.assertGreater(len(answered), 10)


if __name__ == "__main__":
    unittest.main()
