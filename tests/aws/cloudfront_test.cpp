#include "aws/cloudfront.h"

#include <gmock/gmock.h>

namespace aws {
namespace {

using testing::HasSubstr;

const text::XmlElement kConfig{"DistributionConfig", "", {{"CallerReference", "1", {}}, {"Comment", "a & b", {}}}};

TEST(CloudFront, ADistributionIsMadeTogetherWithItsTags) {
  Operation made = encode(CreateDistributionWithTags{kConfig, {{"irsa-anywhere/name", "edge"}}});
  EXPECT_EQ(made.method + " " + made.path + "?" + made.query, "POST /2020-05-31/distribution?WithTags=");
  EXPECT_THAT(made.body, HasSubstr("<DistributionConfigWithTags xmlns=\"http://cloudfront.amazonaws.com/doc/"
                                   "2020-05-31/\"><DistributionConfig><CallerReference>1</CallerReference>"));
  EXPECT_THAT(made.body, HasSubstr("<Tags><Items><Tag><Key>irsa-anywhere/name</Key><Value>edge</Value></Tag></Items>"));
}

TEST(CloudFront, ChangesAndDeletionsNameTheVersionTheyAreMeantFor) {
  for (const Operation& made :
       {encode(UpdateDistribution{"E1", "V1", kConfig}), encode(DeleteDistribution{"E1", "V1"}),
        encode(DeleteOriginAccessControl{"E1", "V1"}), encode(UpdateOriginAccessControl{"E1", "V1", "n", "d"})})
    EXPECT_EQ(made.headers.get("If-Match"), "V1") << made.name;
  EXPECT_EQ(encode(UpdateDistribution{"E1", "V1", kConfig}).path, "/2020-05-31/distribution/E1/config");
}

TEST(CloudFront, ADistributionIsReadWithItsConfigAndVersion) {
  http::Response response;
  response.body =
      "<Distribution><Id>E1</Id><ARN>arn:aws:cloudfront::111122223333:distribution/E1</ARN><Status>InProgress</Status>"
      "<DomainName>d1.cloudfront.net</DomainName><DistributionConfig><Comment>c</Comment></DistributionConfig>"
      "</Distribution>";
  response.headers.set("ETag", "V1");
  auto read = decode(GetDistribution{"E1"}, response);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id + " " + read->domainName + " " + read->etag, "E1 d1.cloudfront.net V1");
  EXPECT_FALSE(read->isDeployed());
  EXPECT_EQ(read->config.textOf("Comment"), "c");
  EXPECT_FALSE(decode(GetDistribution{"E1"}, http::Response{.body = "<Distribution/>"}));
}

TEST(CloudFront, ListsAreFollowedByTheirMarker) {
  http::Response response;
  response.body =
      "<DistributionList><Marker/><NextMarker>E 2</NextMarker><IsTruncated>true</IsTruncated><Items>"
      "<DistributionSummary><Id>E1</Id><Comment>c</Comment></DistributionSummary></Items></DistributionList>";
  auto page = decode(ListDistributions{}, response);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].config.textOf("Comment"), "c");
  EXPECT_EQ(encode(ListDistributions{page->marker}).query, "Marker=E%202");
  EXPECT_EQ(encode(ListDistributions{}).query, "");
}

TEST(CloudFront, AnInvalidationCountsItsPaths) {
  Operation made = encode(CreateInvalidation{"E1", "r", {"/keys.json", "/openid/v1/jwks"}});
  EXPECT_THAT(made.body, HasSubstr("<Quantity>2</Quantity><Items><Path>/keys.json</Path>"));
  EXPECT_THAT(made.body, HasSubstr("<CallerReference>r</CallerReference>"));
}

}  // namespace
}  // namespace aws
