#include "setup/documents.h"

#include <gmock/gmock.h>

#include "oidc/discovery.h"
#include "policy/policy_document.h"

namespace setup {
namespace {

TEST(Documents, TheIssuerIsTheSameByteForByteAndTheKeysAreBesideIt) {
  auto key = crypto::SigningKey::generateEc("P-256").value();
  oidc::Jwks jwks = oidc::jwksOf({key.publicKey()});
  auto discovery = oidc::parseDiscovery(discoveryDocument("https://b.s3.us-west-2.amazonaws.com", jwks));
  ASSERT_TRUE(discovery);
  EXPECT_EQ(discovery->issuer, "https://b.s3.us-west-2.amazonaws.com");
  EXPECT_EQ(discovery->jwksUri, "https://b.s3.us-west-2.amazonaws.com/keys.json");
  EXPECT_THAT(discovery->signingAlgorithms, testing::ElementsAre("ES256"));
  auto read = oidc::parseJwks(jwksDocument(jwks));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->keys.at(0).kid, key.publicKey().keyId());
}

TEST(Documents, TheBucketPolicyOpensTwoObjectsAndNothingElse) {
  auto document = policy::parsePolicy(bucketPolicy("aws-cn", "b", "p"), policy::PolicyKind::Bucket);
  ASSERT_TRUE(document) << document.error().message;
  auto mayRead = [&](std::string key) {
    policy::Request request;
    request.action = "s3:GetObject";
    request.resource = "arn:aws-cn:s3:::b/" + key;
    return policy::evaluate(*document, policy::PolicyKind::Bucket, request).verdict == policy::Verdict::Allow;
  };
  EXPECT_TRUE(mayRead("p/keys.json"));
  EXPECT_TRUE(mayRead("p/.well-known/openid-configuration"));
  EXPECT_FALSE(mayRead("keys.json"));
  EXPECT_FALSE(mayRead("p/other"));
}

TEST(Documents, PoliciesAreComparedByMeaning) {
  EXPECT_TRUE(samePolicy(R"({"a":["x"],"b":["2","1"]})", R"({ "b": ["1", "2"], "a": "x" })"));
  EXPECT_FALSE(samePolicy(R"({"a":"x"})", R"({"a":"X"})"));
  EXPECT_FALSE(samePolicy(R"({"a":"x"})", R"({"a":"x","b":1})"));
  EXPECT_FALSE(samePolicy("", ""));
}

}  // namespace
}  // namespace setup
