#include "policy/trust_policy.h"

#include <gmock/gmock.h>

#include "policy/policy_document.h"

namespace policy {
namespace {

constexpr const char* kArn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/a";
constexpr const char* kName = "oidc.example.com/a";

std::string conditionFor(const std::vector<std::string>& subjects) {
  text::Json document = trustPolicy(kArn, kName, "sts.amazonaws.com", subjects);
  EXPECT_TRUE(parsePolicy(text::compact(document), PolicyKind::Trust));
  return text::compact(document["Statement"][0]["Condition"]);
}

TEST(TrustPolicy, PinsAudienceAndSubject) {
  EXPECT_EQ(text::compact(trustPolicy(kArn, kName, "sts.amazonaws.com", {"system:serviceaccount:default:s3-echoer"})),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":)"
            R"("arn:aws:iam::111122223333:oidc-provider/oidc.example.com/a"},"Action":"sts:AssumeRoleWithWebIdentity",)"
            R"("Condition":{"StringEquals":{"oidc.example.com/a:aud":"sts.amazonaws.com",)"
            R"("oidc.example.com/a:sub":"system:serviceaccount:default:s3-echoer"}}}]})");
}

TEST(TrustPolicy, ListsSeveralSubjectsSortedAndOnce) {
  EXPECT_EQ(conditionFor({"b", "a", "b"}),
            R"({"StringEquals":{"oidc.example.com/a:aud":"sts.amazonaws.com","oidc.example.com/a:sub":["a","b"]}})");
}

TEST(TrustPolicy, MatchesPatternsWithStringLikeAndTheAudienceStillExactly) {
  const char* expected =
      R"({"StringEquals":{"oidc.example.com/a:aud":"sts.amazonaws.com"},"StringLike":{"oidc.example.com/a:sub":"a:*"}})";
  EXPECT_EQ(conditionFor({"a:*"}), expected);
  EXPECT_EQ(
      conditionFor({"bc:b", "a:?"}),
      R"({"StringEquals":{"oidc.example.com/a:aud":"sts.amazonaws.com"},"StringLike":{"oidc.example.com/a:sub":["a:?","bc:b"]}})");
}

TEST(TrustPolicy, LetsInWhomItNamesAndNobodyElse) {
  auto document =
      parsePolicy(text::compact(trustPolicy(kArn, kName, "sts.amazonaws.com", {"a:b", "a:c-*"})), PolicyKind::Trust)
          .value();
  const std::pair<const char*, Verdict> cases[] = {{"a:b", Verdict::Allow},
                                                   {"a:c-1", Verdict::Allow},
                                                   {"a:c", Verdict::ImplicitDeny},
                                                   {"a:bb", Verdict::ImplicitDeny}};
  for (auto [subject, verdict] : cases) {
    Request request{"sts:AssumeRoleWithWebIdentity", "", "Federated", kArn, "", {}};
    request.context = {{"oidc.example.com/a:aud", {"sts.amazonaws.com"}}, {"oidc.example.com/a:sub", {subject}}};
    EXPECT_EQ(evaluate(document, PolicyKind::Trust, request).verdict, verdict) << subject;
  }
}

TEST(TrustPolicy, LeavesOutWhatAPatternCovers) {
  EXPECT_EQ(conditionFor({"a:b", "a:*", "a:b*", "a:?", "c:d"}),
            R"({"StringEquals":{"oidc.example.com/a:aud":"sts.amazonaws.com"},)"
            R"("StringLike":{"oidc.example.com/a:sub":["a:*","c:d"]}})");
  EXPECT_EQ(conditionFor({"a:?", "a:??", "a:b?"}), R"({"StringEquals":{"oidc.example.com/a:aud":"sts.amazonaws.com"},)"
                                                   R"("StringLike":{"oidc.example.com/a:sub":["a:?","a:??","a:b?"]}})")
      << "which of two patterns with ? is the wider one is not decided";
}

TEST(TrustPolicy, HasAStatementForEachIssuer) {
  text::Json document =
      trustPolicy({{kArn, kName, {"sts.amazonaws.com", "vault"}, {"a:b"}},
                   {"arn:aws:iam::111122223333:oidc-provider/b.example.com", "b.example.com", {"x"}, {"c:d"}}});
  ASSERT_EQ(document["Statement"].size(), 2U);
  EXPECT_EQ(
      text::compact(document["Statement"][0]["Condition"]),
      R"({"StringEquals":{"oidc.example.com/a:aud":["sts.amazonaws.com","vault"],"oidc.example.com/a:sub":"a:b"}})");
  EXPECT_EQ(text::compact(document["Statement"][1]["Condition"]),
            R"({"StringEquals":{"b.example.com:aud":"x","b.example.com:sub":"c:d"}})");
}

TEST(QuotaSize, CountsCharactersButNoWhiteSpace) {
  EXPECT_EQ(quotaSize("{ \"a\" :\t\"b c\"\r\n}"), std::string("{\"a\":\"bc\"}").size());
  EXPECT_EQ(quotaSize("\"\u00e9\""), 3U);
}

class MergeTrust : public testing::Test {
 protected:
  static TrustedIssuer ours(std::vector<std::string> subjects) {
    return {kArn, kName, {"sts.amazonaws.com"}, std::move(subjects)};
  }

  static text::Json merged(const std::string& document, const std::vector<TrustedIssuer>& issuers,
                           std::size_t quota = kTrustQuota) {
    auto out = mergeTrust(document, issuers, quota);
    EXPECT_TRUE(out) << document;
    return out ? *out : text::Json();
  }

  const std::string foreign_ =
      R"({"Version":"2008-10-17","Id":"theirs","Statement":[)"
      R"({"Sid":"Ec2","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},)"
      R"({"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"Bool":{"aws:SecureTransport":false}}}]})";
};

TEST_F(MergeTrust, KeepsEveryStatementOfTheDocumentAndItsVersion) {
  text::Json before = text::parseJson(foreign_).value();
  text::Json after = merged(foreign_, {ours({"a:b"})});
  EXPECT_EQ(after["Version"], "2008-10-17") << "the meaning of ${ in their statements stays";
  EXPECT_EQ(after["Id"], "theirs");
  ASSERT_EQ(after["Statement"].size(), 3U);
  EXPECT_EQ(after["Statement"][0], before["Statement"][0]);
  EXPECT_EQ(after["Statement"][1], before["Statement"][1]);
  EXPECT_EQ(after["Statement"][2], trustPolicy({ours({"a:b"})})["Statement"][0]);
  EXPECT_TRUE(parsePolicy(text::compact(after), PolicyKind::Trust));
}

TEST_F(MergeTrust, TakesADocumentWhoseStatementIsNoList) {
  text::Json after =
      merged(R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})",
             {ours({"a:b"})});
  EXPECT_EQ(after["Statement"].size(), 2U);
  EXPECT_FALSE(after.contains("Version"));
}

TEST_F(MergeTrust, ChangesNothingTheSecondTime) {
  for (std::size_t quota : {kTrustQuota, std::size_t(1)}) {
    text::Json once = merged(foreign_, {ours({"a:b", "c:*"})}, quota);
    EXPECT_EQ(merged(text::compact(once), {ours({"a:b", "c:*"})}, quota), once);
    EXPECT_EQ(merged(text::compact(once), {ours({"c:d"})}, quota), once) << "c:* lets c:d in already";
  }
}

TEST_F(MergeTrust, AddsAStatementForThoseWhoAreMissing) {
  text::Json once = merged(foreign_, {ours({"a:b"})});
  text::Json twice = merged(text::compact(once), {ours({"a:b", "c:d"})});
  ASSERT_EQ(twice["Statement"].size(), 4U);
  EXPECT_EQ(twice["Statement"][3], trustPolicy({ours({"c:d"})})["Statement"][0]);
}

TEST_F(MergeTrust, FoldsIntoOneStatementOnlyWhenTheQuotaWantsIt) {
  text::Json document = trustPolicy({ours({"a:b"})});
  document["Statement"][0]["Sid"] = "Mine";
  document["Statement"][0]["Action"] = {"sts:AssumeRoleWithWebIdentity"};
  text::Json after = merged(text::compact(document), {ours({"c:d"})}, 300);
  ASSERT_EQ(after["Statement"].size(), 1U);
  EXPECT_EQ(after["Statement"][0]["Sid"], "Mine");
  EXPECT_EQ(after["Statement"][0]["Condition"], trustPolicy({ours({"a:b", "c:d"})})["Statement"][0]["Condition"]);
}

TEST_F(MergeTrust, FoldsIntoNoStatementOfAnotherForm) {
  for (const char* change :
       {R"({"Effect":"Deny"})", R"({"Action":"sts:*"})", R"({"Condition":{"Bool":{"aws:x":true}}})",
        R"({"Principal":{"Federated":"arn:aws:iam::444455556666:oidc-provider/oidc.example.com/a"}})"}) {
    text::Json document = trustPolicy({ours({"a:b"})});
    document["Statement"][0].merge_patch(text::Json::parse(change));
    text::Json after = merged(text::compact(document), {ours({"c:d"})}, 1);
    ASSERT_EQ(after["Statement"].size(), 2U) << change;
    EXPECT_EQ(after["Statement"][0], document["Statement"][0]) << change;
  }
}

TEST_F(MergeTrust, RefusesADocumentThatIamWouldRefuse) {
  EXPECT_EQ(mergeTrust("{", {ours({"a:b"})}, kTrustQuota).error().code, "MalformedPolicyDocument");
}

}  // namespace
}  // namespace policy
