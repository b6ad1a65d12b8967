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
