#include "local_account.h"

namespace sim {
namespace {

std::string constraint(const std::string& region) {
  return "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>" + region +
         "</LocationConstraint></CreateBucketConfiguration>";
}

TEST(CreateBucket, WantsTheRegionOfTheEndpoint) {
  LocalAccount account;
  EXPECT_EQ(
      account.s3("PUT", "/bucket").refusal(),
      "400 IllegalLocationConstraintException: The unspecified location constraint is incompatible for the region "
      "specific endpoint this request was sent to.");
  EXPECT_EQ(account.s3("PUT", "/bucket", constraint("eu-west-1")).refusal(),
            "400 IllegalLocationConstraintException: The eu-west-1 location constraint is incompatible for the region "
            "specific endpoint this request was sent to.");
  EXPECT_EQ(account.s3("PUT", "/bucket", constraint("us-east-1")).refusal(),
            "400 InvalidLocationConstraint: The specified location-constraint is not valid");
  EXPECT_EQ(account.s3("PUT", "/bucket", constraint("us-west-2")).status, 200);
  EXPECT_EQ(account.s3("GET", "/bucket?location").xml.text, "us-west-2");
}

TEST(CreateBucket, TreatsTheOldestRegionAsAwsDoes) {
  LocalAccount account;
  account.region = "us-east-1";
  EXPECT_EQ(account.s3("PUT", "/bucket", constraint("us-east-1")).code, "InvalidLocationConstraint");
  EXPECT_EQ(account.s3("PUT", "/bucket").status, 200);
  EXPECT_EQ(account.s3("PUT", "/bucket").status, 200);
  EXPECT_EQ(account.s3("GET", "/bucket?location").xml.text, "");
}

TEST(CreateBucket, SaysThatItIsOursAlready) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("PUT", "/bucket", constraint("us-west-2")).refusal(),
            "409 BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already "
            "own it.");
}

TEST(CreateBucket, RefusesBadNames) {
  LocalAccount account;
  for (std::string name : {"ab", "Bucket", "a..b", "-abc", "abc-", "192.168.1.1", "under_score", "xn--abc"})
    EXPECT_EQ(account.s3("PUT", "/" + name, constraint("us-west-2")).refusal(),
              "400 InvalidBucketName: The specified bucket is not valid.")
        << name;
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
TEST(CreateBucket, KeepsTheRegionalNamespaceOfTheAccount) {
  LocalAccount account;
  auto make = [&](const std::string& name, const std::string& nameSpace) {
    Fields headers;
    if (!nameSpace.empty()) headers.emplace_back("x-amz-bucket-namespace", nameSpace);
    return account.s3("PUT", "/" + name, constraint("us-west-2"), headers);
  };
  EXPECT_EQ(make("oidc-111122223333-us-west-2-an", "account-regional").status, 200);
  EXPECT_EQ(
      make("other-111122223333-us-west-2-an", "").refusal(),
      "400 MissingNamespaceHeader: The requested bucket is an account-regional namespace bucket, but your request "
      "is missing the required x-amz-bucket-namespace header.");
  EXPECT_EQ(make("other-111122223333-us-west-2-an", "global").code, "InvalidNamespaceHeader");
  EXPECT_EQ(make("oidc-999988887777-us-west-2-an", "account-regional").code, "InvalidBucketNamespace");
  EXPECT_EQ(make("oidc-111122223333-eu-west-1-an", "account-regional").code, "InvalidBucketNamespace");
  EXPECT_EQ(make("plain", "account-regional").code, "InvalidNamespaceHeader");
  EXPECT_EQ(make("plain", "galactic").code, "InvalidArgument");
  EXPECT_EQ(make("plain", "global").status, 200);
  EXPECT_EQ(make("japan-an", "").status, 200);
}

TEST(Buckets, AreListedInPages) {
  LocalAccount account;
  for (std::string name : {"aaa", "bbb", "ccc"}) account.makeBucket(name);
  Reply page = account.s3("GET", "/?max-buckets=2");
  EXPECT_EQ(page.xml.find("Buckets")->all("Bucket").size(), 2u);
  Reply rest = account.s3("GET", "/?max-buckets=2&continuation-token=" + page.at("ContinuationToken"));
  EXPECT_EQ(rest.at("Buckets/Bucket/Name"), "ccc");
  EXPECT_EQ(rest.at("ContinuationToken"), "(absent)");
  EXPECT_EQ(account.s3("GET", "/?prefix=b").at("Buckets/Bucket/BucketArn"), "arn:aws:s3:::bbb");
  EXPECT_EQ(account.s3("GET", "/?max-buckets=0").code, "InvalidArgument");
}

TEST(Buckets, ShowWhatCannotBeChanged) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("GET", "/bucket?acl").at("AccessControlList/Grant/Permission"), "FULL_CONTROL");
  EXPECT_EQ(account.s3("GET", "/bucket?encryption").at("Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm"),
            "AES256");
  EXPECT_EQ(account.s3("GET", "/bucket?versioning").at("Status"), "(absent)");
  std::string enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
  EXPECT_EQ(account.s3("PUT", "/bucket?versioning", enabled).status, 501);
}

TEST(Buckets, AreFoundInBothStyles) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/a/key", "body");
  for (std::string host : {"bucket.s3.us-west-2.amazonaws.com", "bucket.localhost:4566", "bucket.s3.localhost"}) {
    http::Request request = account.s3Request("GET", "/a/key", "", {});
    request.origin = "http://" + host;
    EXPECT_EQ(account.send(request, "s3").response.body, "body") << host;
  }
}

TEST(DeleteBucket, WantsItEmpty) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  EXPECT_EQ(account.s3("DELETE", "/bucket").refusal(),
            "409 BucketNotEmpty: The bucket you tried to delete is not empty");
  EXPECT_EQ(account.s3("DELETE", "/bucket/key").status, 204);
  EXPECT_EQ(account.s3("DELETE", "/bucket").status, 204);
  EXPECT_EQ(account.s3("HEAD", "/bucket").status, 404);
  EXPECT_EQ(account.s3("GET", "/bucket").refusal(), "404 NoSuchBucket: The specified bucket does not exist");
}

TEST(Buckets, HoldToTheExpectedOwner) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("GET", "/bucket", "", {{"x-amz-expected-bucket-owner", "999988887777"}}).status, 403);
  EXPECT_EQ(account.s3("GET", "/bucket", "", {{"x-amz-expected-bucket-owner", "111122223333"}}).status, 200);
}

}  // namespace
}  // namespace sim
