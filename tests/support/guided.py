"""A set-up as the guides have it, made with the unmodified AWS CLI, with the guides' defects."""
import json
import pathlib
import subprocess
import sys

from support.web_identity import Issuer

AWS = pathlib.Path(sys.prefix) / "bin/aws"
BUCKET = "aws-irsa-oidc-1635000000"
HOST = f"s3.us-west-2.amazonaws.com/{BUCKET}"
URL = f"https://{HOST}"
ROLE = "s3-echoer"


def follow_the_guide(account):
    """Leaves the documents it sends in the account's folder. Returns the issuer, who can make tokens."""
    number = account.sim.ready["account"]
    issuer = Issuer(URL, f"system:serviceaccount:default:{ROLE}")

    def aws(*arguments, fails=False):
        done = subprocess.run([AWS, *arguments], env=account.environment, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"aws {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def file(name, document):
        (account.folder / name).write_text(json.dumps(document))
        return str(account.folder / name)

    aws("s3api", "create-bucket", "--bucket", BUCKET, "--create-bucket-configuration", "LocationConstraint=us-west-2")
    keys = file("keys.json", {"keys": [issuer.key.jwk(), issuer.key.jwk(kid="")]})
    discovery = file("discovery.json", issuer.discovery(issuer=URL + "/"))
    refused = aws("s3", "cp", "--acl", "public-read", keys, f"s3://{BUCKET}/keys.json", fails=True)
    assert "AccessControlListNotSupported" in refused, refused
    aws("s3api", "delete-public-access-block", "--bucket", BUCKET)
    aws("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", "file://" + file("policy.json", {
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
            {"Sid": "Mine", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{number}:root"},
             "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}]}))
    aws("s3api", "put-object", "--bucket", BUCKET, "--key", "keys.json", "--body", keys)
    aws("s3api", "put-object", "--bucket", BUCKET, "--key", ".well-known/openid-configuration", "--body", discovery)
    aws("iam", "create-open-id-connect-provider", "--url", URL, "--client-id-list", "amazonaws.com",
             "--thumbprint-list", "990f4193972f2becf12ddeda5237f9c952f20d9e")
    aws("iam", "create-role", "--role-name", ROLE, "--assume-role-policy-document", "file://" + file("trust.json", {
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": f"arn:aws:iam::{number}:oidc-provider/{HOST}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{HOST}:sub": "system:serviceaccount:default:s3-echoer"}}}]}))
    aws("iam", "attach-role-policy", "--role-name", ROLE, "--policy-arn", "arn:aws:iam::aws:policy/AmazonS3FullAccess")
    return issuer
