"""Every Region that botocore knows, as lines: Region, partition, hosts of S3, STS and IAM, the Region that IAM's
signatures name, and the same two for CloudFront, "-" where there is none.

    python3 tests/support/aws_endpoints.py > tests/aws/data/endpoints.txt
"""
import os
import sys

import botocore.config
import botocore.session


def _host(session, service, region):
    config = botocore.config.Config(s3={"us_east_1_regional_endpoint": "regional"})
    client = session.create_client(service, region_name=region, aws_access_key_id="x", aws_secret_access_key="y", config=config)
    return client.meta.endpoint_url.removeprefix("https://"), client


def lines():
    os.environ["AWS_STS_REGIONAL_ENDPOINTS"] = "regional"
    session = botocore.session.Session()
    # Endpoints come from data, so a Region costs some milliseconds; clients share the loaded models.
    for partition in session.get_available_partitions():
        regions = set(session.get_available_regions("sts", partition)) | set(session.get_available_regions("s3", partition))
        for region in sorted(region for region in regions if "global" not in region and not region.startswith(("fips-", "s3-")) and "-fips" not in region):
            s3, _ = _host(session, "s3", region)
            sts, _ = _host(session, "sts", region)
            iam, client = _host(session, "iam", region)
            signing = client._request_signer.region_name
            front, front_region = "-", "-"
            if session.get_available_regions("cloudfront", partition, allow_non_regional=True):
                front, client = _host(session, "cloudfront", region)
                front_region = client._request_signer.region_name
            yield f"{region} {partition} {s3} {sts} {iam} {signing} {front} {front_region}"


if __name__ == "__main__":
    sys.stdout.write("".join(line + "\n" for line in lines()))
