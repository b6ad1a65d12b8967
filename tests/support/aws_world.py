"""Everything an account holds of S3 and IAM, walked with boto3."""
import boto3
import botocore.exceptions


def _try(call, **arguments):
    """The answer without its metadata, or the code of the error; its status where botocore finds no code in it, as with Ceph's."""
    try:
        return {name: value for name, value in call(**arguments).items() if name != "ResponseMetadata"}
    except botocore.exceptions.ClientError as error:
        return error.response.get("Error", {}).get("Code") or error.response["ResponseMetadata"]["HTTPStatusCode"]


def _listed(call, member):
    """The entries of a list. Of an empty one Ceph says NoSuchEntity."""
    found = _try(call)
    if isinstance(found, dict):
        return found[member]
    assert found == 404, found
    return []


def _bucket(s3, name):
    objects = _try(s3.list_objects_v2, Bucket=name).get("Contents", [])
    return {
        "objects": {entry["Key"]: s3.get_object(Bucket=name, Key=entry["Key"])["Body"].read() for entry in objects},
        "policy": _try(s3.get_bucket_policy, Bucket=name),
        "publicAccessBlock": _try(s3.get_public_access_block, Bucket=name),
        "tags": _try(s3.get_bucket_tagging, Bucket=name)}


def _role(iam, name):
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {"role": _try(iam.get_role, RoleName=name), "tags": _try(iam.list_role_tags, RoleName=name),
            "attached": _try(iam.list_attached_role_policies, RoleName=name),
            "inline": {policy: _try(iam.get_role_policy, RoleName=name, PolicyName=policy) for policy in inline}}


def walk(session, **options):
    """`options` go to each boto3 client (endpoint_url, verify)."""
    s3, iam = session.client("s3", **options), session.client("iam", **options)
    providers = _listed(iam.list_open_id_connect_providers, "OpenIDConnectProviderList")
    return {
        "buckets": {bucket["Name"]: _bucket(s3, bucket["Name"]) for bucket in s3.list_buckets()["Buckets"]},
        "providers": {entry["Arn"]: _try(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=entry["Arn"]) for entry in providers},
        "roles": {role["RoleName"]: _role(iam, role["RoleName"]) for role in _listed(iam.list_roles, "Roles")}}


def session_of(environment):
    return boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=environment["AWS_REGION"])
