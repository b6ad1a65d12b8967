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

TEST(Documents, TheBucketPolicyOpensTheDocumentsAndNothingElse) {
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
  EXPECT_TRUE(mayRead("p/openid/v1/jwks"));
  EXPECT_FALSE(mayRead("keys.json"));
  EXPECT_FALSE(mayRead("p/other"));
}

TEST(Documents, PoliciesAreComparedByMeaning) {
  EXPECT_TRUE(samePolicy(R"({"a":["x"],"b":["2","1"]})", R"({ "b": ["1", "2"], "a": "x" })"));
  EXPECT_FALSE(samePolicy(R"({"a":"x"})", R"({"a":"X"})"));
  EXPECT_FALSE(samePolicy(R"({"a":"x"})", R"({"a":"x","b":1})"));
  EXPECT_FALSE(samePolicy("", ""));
}

const std::string kProvider = "arn:aws:iam::111122223333:oidc-provider/b";
const std::string kOurs = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":")" +
                          kProvider + R"("},"Action":"sts:AssumeRoleWithWebIdentity"}]})";
const std::string kEc2 = R"({"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"})";
const std::string kDeny = R"({"Effect":"Deny","Principal":{"Federated":")" + kProvider + R"("},"Action":"*"})";

std::string trustOf(const std::string& statements) {
  return R"({"Version":"2012-10-17","Statement":)" + statements + "}";
}

TEST(Trust, ForeignStatementsStayAndOursTakesThePlaceItHad) {
  std::string open = R"({"Effect":"Allow","Principal":{"Federated":[")" + kProvider +
                     R"("]},"Action":"sts:AssumeRoleWithWebIdentity","Sid":"NoCondition"})";
  MergedTrust merged = mergedTrust(trustOf("[" + kEc2 + "," + open + "," + kDeny + "]"), kOurs, kProvider);
  EXPECT_EQ(merged.foreign, 2u);
  std::string ours = kOurs.substr(kOurs.find("[{") + 1);
  ours.resize(ours.size() - 2);
  EXPECT_EQ(merged.document, trustOf("[" + kEc2 + "," + ours + "," + kDeny + "]"));
  EXPECT_EQ(mergedTrust(merged.document, kOurs, kProvider).document, merged.document);
}

TEST(Trust, ASingleStatementIsAListOfOneAndAnUnreadableDocumentGivesWay) {
  EXPECT_EQ(mergedTrust(trustOf(kEc2), kOurs, kProvider).foreign, 1u);
  EXPECT_EQ(mergedTrust(kOurs, kOurs, kProvider).document, kOurs);
  EXPECT_EQ(mergedTrust("{", kOurs, kProvider).document, kOurs);
  EXPECT_EQ(mergedTrust("[]", kOurs, kProvider).document, kOurs);
}

TEST(Trust, WhatSharesAStatementWithOurProviderIsForeign) {
  std::string both = R"({"Effect":"Allow","Principal":{"Federated":[")" + kProvider +
                     R"(","arn:aws:iam::1:oidc-provider/c"]},"Action":"sts:AssumeRoleWithWebIdentity"})";
  std::string mixed = R"({"Effect":"Allow","Principal":{"AWS":"*","Federated":")" + kProvider + R"("},"Action":"*"})";
  EXPECT_EQ(mergedTrust(trustOf("[" + both + "," + mixed + "]"), kOurs, kProvider).foreign, 2u);
}

TEST(Trust, ProvidersOwnStatementsGoAndThoseOfOthersStay) {
  EXPECT_EQ(withoutTrust(mergedTrust(trustOf(kEc2), kOurs, kProvider).document, {kProvider}),
            trustOf("[" + kEc2 + "]"));
  EXPECT_EQ(withoutTrust(kOurs, {"arn:aws:iam::1:oidc-provider/c"}), kOurs);
  EXPECT_EQ(withoutTrust(kOurs, {"arn:aws:iam::1:oidc-provider/c", kProvider}), "");
  EXPECT_EQ(withoutTrust("{", {kProvider}), "{");
}

TEST(Jwks, KeysThatAreNoLongerThereAreLost) {
  const auto first = crypto::SigningKey::generateEc("P-256").value(),
             second = crypto::SigningKey::generateEc("P-256").value();
  const std::string both = jwksDocument(oidc::jwksOf({first.publicKey(), second.publicKey()}));
  const std::string one = jwksDocument(oidc::jwksOf({second.publicKey()}));
  EXPECT_EQ(keysLost(both, one), std::vector<std::string>{first.publicKey().keyId()});
  EXPECT_TRUE(keysLost(one, both).empty());
  EXPECT_TRUE(keysLost("words", one).empty());
}

}  // namespace
}  // namespace setup
