#include "aws/s3.h"

#include <gmock/gmock.h>

namespace aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(S3, OnlyOutsideUsEast1ABucketHasALocationConstraint) {
  EXPECT_EQ(encode(CreateBucket{"b", "us-east-1"}).body, "");
  EXPECT_EQ(encode(CreateBucket{"b", ""}).body, "");
  EXPECT_FALSE(encode(CreateBucket{"b", "us-east-1"}).headers.find("x-amz-bucket-namespace"));
  EXPECT_EQ(encode(CreateBucket{"b", "us-east-1", true}).headers.get("x-amz-bucket-namespace"), "account-regional");
  EXPECT_THAT(encode(CreateBucket{"b", "eu-west-1"}).body,
              HasSubstr("<LocationConstraint>eu-west-1</LocationConstraint>"));
}

TEST(S3, TheFourFlagsOfThePublicAccessBlockAreAllSaid) {
  std::string body = encode(PutPublicAccessBlock{"b", "", {.blockPublicAcls = true, .ignorePublicAcls = true}}).body;
  for (const char* flag : {"<BlockPublicAcls>true<", "<IgnorePublicAcls>true<", "<BlockPublicPolicy>false<",
                           "<RestrictPublicBuckets>false<"})
    EXPECT_THAT(body, HasSubstr(flag));
}

TEST(S3, AnObjectCarriesTypeCachingAndChecksum) {
  Operation made =
      encode(PutObject{"b", "111122223333", ".well-known/a b", "x", "application/json", "public, max-age=300"});
  EXPECT_EQ(made.path, "/.well-known/a%20b");
  EXPECT_EQ(made.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(made.headers.get("Cache-Control"), "public, max-age=300");
  EXPECT_EQ(made.headers.get("x-amz-expected-bucket-owner"), "111122223333");
  EXPECT_EQ(made.headers.get("x-amz-checksum-sha256"), "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=");
}

TEST(S3, TagsSurviveTheWayThereAndBack) {
  std::map<std::string, std::string> tags{{"a&b", "<1>"}, {"c", ""}};
  http::Response response{.body = encode(PutBucketTagging{"b", "", tags}).body};
  auto read = decode(GetBucketTagging{"b", ""}, response);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, tags);
}

TEST(S3, AListIsCutIntoPages) {
  http::Response response{
      .body =
          "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t/1</NextContinuationToken>"
          "<Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents></ListBucketResult>"};
  auto page = decode(ListObjectsV2{"b", ""}, response);
  ASSERT_TRUE(page);
  EXPECT_THAT(page->keys, ElementsAre("a", "b"));
  EXPECT_EQ(encode(ListObjectsV2{"b", "", page->continuationToken}).query, "continuation-token=t%2F1&list-type=2");
}

}  // namespace
}  // namespace aws
