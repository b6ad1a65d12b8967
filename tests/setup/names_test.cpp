#include "setup/names.h"

#include <gtest/gtest.h>

namespace setup {
namespace {

TEST(Names, ABucketIsNamedAfterAccountRegionAndName) {
  // printf '111122223333\nus-west-2\nedge-prod' | sha256sum
  EXPECT_EQ(bucketName("111122223333", "us-west-2", "edge-prod"), "edge-prod-dde12af32e9f");
  EXPECT_NE(bucketName("111122223333", "us-west-1", "edge-prod"), bucketName("111122223333", "us-west-2", "edge-prod"));
  EXPECT_LE(bucketName("111122223333", "us-west-2", std::string(50, 'a')).size(), 63u);
}

TEST(Names, AnIssuerIsTheBucketsVirtualHost) {
  EXPECT_EQ(issuerUrl("b", "cn-north-1", "amazonaws.com.cn", ""), "https://b.s3.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(issuerUrl("b", "us-west-2", "amazonaws.com", "p/q"), "https://b.s3.us-west-2.amazonaws.com/p/q");
}

TEST(Names, ArnsFollowFromNames) {
  EXPECT_EQ(providerArn("aws", "111122223333", "https://b.s3.us-west-2.amazonaws.com/p"),
            "arn:aws:iam::111122223333:oidc-provider/b.s3.us-west-2.amazonaws.com/p");
  EXPECT_EQ(roleArn("aws-us-gov", "111122223333", "/team/", "r"), "arn:aws-us-gov:iam::111122223333:role/team/r");
}

TEST(Names, AnAccountRegionalBucketCarriesAccountAndRegion) {
  EXPECT_EQ(accountRegionalBucketName("111122223333", "us-west-2", "edge"), "edge-111122223333-us-west-2-an");
}

}  // namespace
}  // namespace setup
