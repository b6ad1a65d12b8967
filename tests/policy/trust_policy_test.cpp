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
      conditionFor({"a:b", "a:?"}),
      R"({"StringEquals":{"oidc.example.com/a:aud":"sts.amazonaws.com"},"StringLike":{"oidc.example.com/a:sub":["a:?","a:b"]}})");
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

}  // namespace
}  // namespace policy
