"""The whole set-up and a pod's whole flow against `irsa sim` with three unmodified clients (the AWS CLI, boto3 and the AWS SDK for
JavaScript v3) over http; sim_setup_tls_test.py has the same over TLS.
The programs' paths come from the environment: IRSA=path/to/irsa NODE_PACKAGES=folder with bin/node and node_modules."""
import json
import os
import pathlib
import ssl
import subprocess
import sys
import unittest
import urllib.request

import boto3
import boto3.s3.transfer

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "support")]
import sim_clients_test as world  # noqa: E402
from simulator import clean_environment  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
NODE_PACKAGES = pathlib.Path(os.environ["NODE_PACKAGES"])
BUCKET, REGION, ACCOUNT = world.BUCKET, world.REGION, world.ACCOUNT
ROLE = f"arn:aws:iam::{ACCOUNT}:role/echo"
LARGE = os.urandom(1 << 20) * 12  # bytes: the clients send it in parts


def distribution_config(access_id, enabled=True):
    return {
        "CallerReference": "issuer", "Comment": "", "Enabled": enabled,
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "bucket", "DomainName": f"{BUCKET}.s3.{REGION}.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""},
            "OriginAccessControlId": access_id}]},
        "DefaultCacheBehavior": {"TargetOriginId": "bucket", "ViewerProtocolPolicy": "https-only",
                                 "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}}


def distribution_policy(arn):
    statement = {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject",
                 "Resource": f"arn:aws:s3:::{BUCKET}/*", "Condition": {"StringEquals": {"AWS:SourceArn": arn}}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Clients(world.Clients):
    def documents(self):
        return {".well-known/openid-configuration": json.dumps(self.issuer.discovery), "keys.json": json.dumps(self.issuer.jwks)}

    def environment(self, **more):
        home = os.path.join(self.folder, "home")  # the CLI caches credentials in its home
        os.makedirs(home, exist_ok=True)
        trust = {"AWS_CA_BUNDLE": self.verify, "NODE_EXTRA_CA_CERTS": self.verify} if self.verify else {}
        return {**clean_environment(), "HOME": home, "AWS_ENDPOINT_URL": self.simulator.endpoint, "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", **trust, **more}

    def administrator(self):
        ready = self.simulator.ready
        return self.environment(AWS_ACCESS_KEY_ID=ready["accessKeyId"], AWS_SECRET_ACCESS_KEY=ready["secretAccessKey"])

    def aws(self, environment, *arguments):
        ran = subprocess.run([sys.executable, "-m", "awscli", *arguments, "--output", "json"], env=environment, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, f"aws {' '.join(arguments)}: {ran.stderr}")
        return ran.stdout

    def view(self, domain, path):
        """What a viewer gets whose browser found the simulator under the distribution's name."""
        request = urllib.request.Request(self.simulator.endpoint + path, headers={"Host": domain})
        return self.plain().open(request)

    def plain(self):
        """An opener without a proxy that trusts the simulator's certificate."""
        handlers = [urllib.request.ProxyHandler({})]
        if self.verify:
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.verify)))
        return urllib.request.build_opener(*handlers)


class Flows:
    """What each transport has to carry."""

    def test_boto3_sends_and_copies_large_objects_in_parts(self):
        self.set_up_issuer()
        path = pathlib.Path(self.folder, "large")
        path.write_bytes(LARGE)
        for extra in ({}, {"ChecksumAlgorithm": "SHA256"}):
            self.s3.upload_file(str(path), BUCKET, "large", ExtraArgs={"Metadata": {"who": "me"}, **extra})
            head = self.s3.head_object(Bucket=BUCKET, Key="large", ChecksumMode="ENABLED")
            self.assertEqual((head["ContentLength"], head["Metadata"]), (len(LARGE), {"who": "me"}))
            self.assertRegex(head["ETag"], '^"[0-9a-f]{32}-2"$')
            self.assertEqual(head["ChecksumType"], "COMPOSITE")
            self.s3.download_file(BUCKET, "large", str(path) + ".back")
            self.assertEqual(pathlib.Path(str(path) + ".back").read_bytes(), LARGE)
        self.s3.copy({"Bucket": BUCKET, "Key": "large"}, BUCKET, "copy", Config=boto3.s3.transfer.TransferConfig(multipart_threshold=1))
        self.assertEqual(self.s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read(), LARGE)
        self.assertEqual(self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []), [])

    def test_boto3_puts_a_distribution_before_a_private_bucket(self):
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_object(Bucket=BUCKET, Key="keys.json", Body=b"{}", ContentType="application/json")
        cloudfront = self.client("cloudfront")
        access = cloudfront.create_origin_access_control(OriginAccessControlConfig={
            "Name": "issuer", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"})
        made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags={
            "DistributionConfig": distribution_config(access["OriginAccessControl"]["Id"]),
            "Tags": {"Items": [{"Key": "owner", "Value": "test"}]}})
        distribution = made["Distribution"]
        cloudfront.get_waiter("distribution_deployed").wait(Id=distribution["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=distribution_policy(distribution["ARN"]))
        with self.view(distribution["DomainName"], "/keys.json") as answer:
            self.assertEqual((answer.read(), answer.headers["Content-Type"]), (b"{}", "application/json"))
        batch = {"Paths": {"Quantity": 1, "Items": ["/keys.json"]}, "CallerReference": "1"}
        asked = cloudfront.create_invalidation(DistributionId=distribution["Id"], InvalidationBatch=batch)["Invalidation"]
        cloudfront.get_waiter("invalidation_completed").wait(DistributionId=distribution["Id"], Id=asked["Id"],
                                                             WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        self.assertEqual(cloudfront.list_tags_for_resource(Resource=distribution["ARN"])["Tags"]["Items"], [{"Key": "owner", "Value": "test"}])
        self.take_down(cloudfront, distribution["Id"], access["OriginAccessControl"]["Id"])

    def take_down(self, cloudfront, distribution, access):
        current = cloudfront.get_distribution_config(Id=distribution)
        off = cloudfront.update_distribution(Id=distribution, IfMatch=current["ETag"], DistributionConfig={**current["DistributionConfig"], "Enabled": False})
        cloudfront.get_waiter("distribution_deployed").wait(Id=distribution, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        cloudfront.delete_distribution(Id=distribution, IfMatch=off["ETag"])
        cloudfront.delete_origin_access_control(Id=access, IfMatch=cloudfront.get_origin_access_control(Id=access)["ETag"])
        self.assertEqual(cloudfront.list_distributions()["DistributionList"]["Quantity"], 0)

    def test_the_aws_cli_does_the_whole_set_up_and_a_pods_flow(self):
        admin, folder = self.administrator(), pathlib.Path(self.folder)
        run = lambda *arguments: self.aws(admin, *arguments)  # noqa: E731
        run("s3api", "create-bucket", "--bucket", BUCKET, "--create-bucket-configuration", f"LocationConstraint={REGION}")
        run("s3api", "put-public-access-block", "--bucket", BUCKET, "--public-access-block-configuration", json.dumps(world.OPEN))
        run("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", world.read_policy())
        self.assertTrue(json.loads(run("s3api", "get-bucket-policy-status", "--bucket", BUCKET))["PolicyStatus"]["IsPublic"])
        for key, text in self.documents().items():
            (folder / "document").write_text(text)
            run("s3", "cp", str(folder / "document"), f"s3://{BUCKET}/{key}", "--content-type", "application/json", "--cache-control", "max-age=300")
        run("iam", "create-open-id-connect-provider", "--url", world.ISSUER, "--client-id-list", "sts.amazonaws.com")
        run("iam", "create-role", "--role-name", "echo", "--assume-role-policy-document", world.trust_policy())
        run("iam", "attach-role-policy", "--role-name", "echo", "--policy-arn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
        (folder / "large").write_bytes(LARGE)
        run("s3", "cp", str(folder / "large"), f"s3://{BUCKET}/large", "--no-progress")
        run("s3", "cp", f"s3://{BUCKET}/large", f"s3://{BUCKET}/copy", "--no-progress")
        (folder / "token").write_text(self.issuer.token())
        pod = self.environment(AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=str(folder / "token"))
        self.assertIn("assumed-role/echo/", json.loads(self.aws(pod, "sts", "get-caller-identity"))["Arn"])
        self.aws(pod, "s3", "cp", f"s3://{BUCKET}/copy", str(folder / "back"), "--no-progress")
        self.assertEqual((folder / "back").read_bytes(), LARGE)
        run("s3", "rm", f"s3://{BUCKET}", "--recursive")
        run("s3", "rb", f"s3://{BUCKET}")

    def test_boto3_does_a_pods_flow_from_its_environment(self):
        self.set_up_issuer()
        token = pathlib.Path(self.folder, "token")
        token.write_text(self.issuer.token())
        script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn']); print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
        pod = self.environment(AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=str(token), AWS_ROLE_SESSION_NAME="pod")
        ran = subprocess.run([sys.executable, "-c", script], env=pod, capture_output=True, text=True)
        self.assertEqual(ran.stdout.split(), [f"arn:aws:sts::{ACCOUNT}:assumed-role/echo/pod", BUCKET], ran.stderr)

    def test_the_javascript_sdk_does_the_whole_set_up_and_a_pods_flow(self):
        token = pathlib.Path(self.folder, "token")
        token.write_text(self.issuer.token())
        wish = {**self.simulator.ready, "bucket": BUCKET, "issuer": world.ISSUER, "documents": self.documents(), "role": "echo",
                "trustPolicy": world.trust_policy(), "readPolicy": world.read_policy(), "tokenFile": str(token)}
        ran = subprocess.run([NODE_PACKAGES / "bin" / "node", HERE.parent / "npm" / "sim_flow.mjs"], input=json.dumps(wish), capture_output=True, text=True,
                             env=self.environment(NODE_PACKAGES=str(NODE_PACKAGES)), timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        seen = json.loads(ran.stdout)
        self.assertEqual(seen["pod"], f"arn:aws:sts::{ACCOUNT}:assumed-role/echo/pod")
        self.assertEqual((seen["read"], seen["presigned"]), (self.issuer.jwks, self.issuer.jwks))
        self.assertEqual((seen["refused"], seen["isWhole"]), ("AccessDenied", True))
        self.assertRegex(seen["upload"], '^"[0-9a-f]{32}-3"$')
        self.assertEqual(seen["keys"], [".well-known/openid-configuration", "copy", "keys.json", "large"])
        self.assertEqual(seen["trustPolicy"], json.loads(world.trust_policy()))
        self.assertTrue(seen["distribution"].endswith(".cloudfront.net"))


class OverHttp(Flows, Clients):
    pass


if __name__ == "__main__":
    unittest.main()
