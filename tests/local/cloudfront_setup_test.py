"""A private bucket behind CloudFront, through the command line: made, used by a token, changed, and taken down again."""
import concurrent.futures
import json
import os
import pathlib
import re
import tempfile
import unittest

from support import crash_points
from support.account import Account
from support.scale import SOAK

IRSA = os.environ["IRSA"]
HEAD = "apiVersion: irsa-anywhere/v1\nname: edge\naws:\n  region: us-west-2\nkeys: {source: generate, algorithm: ES256}\n"
BINDINGS = "bindings:\n- serviceAccount: app/a\n  role: {name: app-a}\n"
WISH = HEAD + "issuer: {hosting: cloudfront}\n" + BINDINGS
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000"
SAMPLE = 10**6 if SOAK else 8


class CloudFront(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="irsa-front-")))
        (self.folder / "irsa.yaml").write_text(WISH)
        self.account = self.enterContext(Account(IRSA, self.folder))

    def plan(self, *arguments):
        return json.loads(self.account.must("plan", "-o", "json", "--quiet", *arguments))

    def distributions(self):
        return self.account.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])

    def test_a_pods_token_is_good_for_the_role_and_the_bucket_is_nobodys(self):
        done = self.account.run("apply", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        (distribution,) = self.distributions()
        issuer = "https://" + distribution["DomainName"]
        self.assertIn("issuer    " + issuer, done.stdout)
        self.assertNotIn("?", done.stdout)
        self.assertIn("waiting: ", done.stderr)
        self.assertEqual(self.plan()["changes"], 0)
        self.assertEqual(self.plan()["issuer"], issuer)
        self.assertIs(self.account.assumes("app-a", self.account.token("app/a")), True)
        self.assertIn("AccessDenied", self.account.assumes("app-a", self.account.token("app/b")))
        (bucket,) = self.account.client("s3").list_buckets()["Buckets"]
        block = self.account.client("s3").get_public_access_block(Bucket=bucket["Name"])["PublicAccessBlockConfiguration"]
        self.assertEqual(set(block.values()), {True})
        self.assertIs(self.account.client("s3").get_bucket_policy_status(Bucket=bucket["Name"])["PolicyStatus"]["IsPublic"], False)

    def test_a_domain_of_ones_own_is_alias_and_issuer(self):
        (self.folder / "irsa.yaml").write_text(
            HEAD + f"issuer: {{hosting: cloudfront, domain: id.example.com, certificate: '{CERTIFICATE}'}}\n" + BINDINGS)
        done = self.account.run("apply", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        (distribution,) = self.distributions()
        self.assertEqual(distribution["Aliases"]["Items"], ["id.example.com"])
        self.assertIn("id.example.com must lead to " + distribution["DomainName"], done.stdout)
        self.assertIs(self.account.assumes("app-a", self.account.token("app/a")), True)
        self.assertEqual(self.plan()["changes"], 0)

    def test_a_new_key_is_published_and_invalidated(self):
        self.account.must("apply", "--yes")
        (distribution,) = self.distributions()
        (bucket,) = self.account.client("s3").list_buckets()["Buckets"]
        self.account.client("s3").put_object(Bucket=bucket["Name"], Key="keys.json", Body=b"{}")
        self.assertEqual([action["call"] for action in self.plan()["actions"]], ["s3:PutObject", "cloudfront:CreateInvalidation"])
        self.account.must("apply", "--yes")
        front = self.account.client("cloudfront")
        (batch,) = front.list_invalidations(DistributionId=distribution["Id"])["InvalidationList"]["Items"]
        made = front.get_invalidation(DistributionId=distribution["Id"], Id=batch["Id"])["Invalidation"]
        self.assertEqual(made["InvalidationBatch"]["Paths"]["Items"], ["/keys.json"])

    def test_destroy_keeps_what_serves_the_issuer_unless_told_otherwise(self):
        self.account.must("apply", "--yes")
        (distribution,) = self.distributions()
        done = self.account.run("destroy", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, f"bucket edge-[0-9a-f]+ is kept.* distribution {distribution['Id']}")
        self.account.must("apply", "--yes")
        self.assertEqual([one["Id"] for one in self.distributions()], [distribution["Id"]])
        self.account.must("destroy", "--yes", "--delete-bucket")
        self.assertEqual(self.distributions(), [])
        self.assertEqual(self.account.client("cloudfront").list_origin_access_controls()["OriginAccessControlList"].get("Items", []), [])
        self.assertEqual(self.account.walk(), {"buckets": {}, "providers": {}, "roles": {}})

    def test_somebody_elses_distribution_at_the_domain_is_refused_by_name(self):
        front = self.account.client("cloudfront")
        (self.folder / "irsa.yaml").write_text(
            HEAD + f"issuer: {{hosting: cloudfront, domain: id.example.com, certificate: '{CERTIFICATE}'}}\n" + BINDINGS)
        self.account.client("s3").create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        theirs = front.create_distribution(DistributionConfig={
            "CallerReference": "1", "Comment": "theirs", "Enabled": True, "Aliases": {"Quantity": 1, "Items": ["id.example.com"]},
            "ViewerCertificate": {"ACMCertificateArn": CERTIFICATE, "SSLSupportMethod": "sni-only"},
            "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "theirs.s3.us-west-2.amazonaws.com",
                                                  "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only",
                                     "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}})["Distribution"]
        done = self.account.run("apply", "--yes")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("distribution " + theirs["Id"], done.stderr)
        self.assertEqual([one["Name"] for one in self.account.client("s3").list_buckets()["Buckets"]], ["theirs"])

    def test_killed_before_a_change_the_next_run_finishes_and_doubles_nothing(self):
        command = "apply", "--yes", "--only", "issuer"
        points = crash_points.points(self.account.command(*command), **self.account.options())

        def killed_at(number, point):
            folder = self.folder / f"world-{number}"
            folder.mkdir()
            (folder / "irsa.yaml").write_text(WISH)
            with Account(IRSA, folder) as account:
                reached = crash_points.run_until(point, account.command(*command), **account.options())
                account.must(*command)
                front = account.client("cloudfront")
                return (reached, front.list_distributions()["DistributionList"]["Quantity"],
                        front.list_origin_access_controls()["OriginAccessControlList"]["Quantity"],
                        json.loads(account.must("plan", "-o", "json", "--quiet", "--only", "issuer"))["changes"])

        chosen = crash_points.sample(points, SAMPLE)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            ended = list(pool.map(killed_at, range(len(chosen)), chosen))
        for point, (reached, distributions, controls, changes) in zip(chosen, ended):
            self.assertEqual((reached, distributions, controls, changes), (True, 1, 1, 0), str(point))
        print(f"apply behind CloudFront: {len(points)} points ({crash_points.table(points)})", flush=True)

    def test_the_policy_that_is_printed_names_cloudfront_and_no_more(self):
        policy = self.account.must("policy", "--for", "apply")
        self.assertIn('"cloudfront:CreateDistribution"', policy)
        self.assertTrue(re.search(r'oidc-provider/d\*\.cloudfront\.net"', policy))
        self.assertNotIn("GetAccountPublicAccessBlock", policy)
        self.assertNotIn("Delete", "".join(re.findall(r'"cloudfront:\w+"', policy)))


if __name__ == "__main__":
    unittest.main()
