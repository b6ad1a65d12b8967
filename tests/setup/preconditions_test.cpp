#include "setup/preconditions.h"

#include <gmock/gmock.h>

#include <functional>

#include "oidc/discovery.h"
#include "setup/two_worlds.h"

namespace setup {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kWish = R"(apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: us-west-2}
keys: {source: generate, algorithm: ES256}
bindings:
- serviceAccount: default/s3-echoer
  role: {name: s3-echoer}
)";
const std::string kExisting = kWish.substr(0, kWish.find("keys:")) +
                              "issuer: {hosting: existing, url: \"https://id.test\"}\n" +
                              kWish.substr(kWish.find("bindings:"));

// Answers what a test wants answered, and leaves the rest to the account.
class Answering final : public http::Client {
 public:
  using Answer = std::function<std::optional<http::Response>(const http::Request&)>;
  Answering(http::Client& rest, Answer answer) : rest_(rest), answer_(std::move(answer)) {}
  base::Result<http::Response> send(const http::Request& request) override {
    auto given = answer_(request);
    return given ? base::Result<http::Response>(*given) : rest_.send(request);
  }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink&) override {
    return send(request);
  }

 private:
  http::Client& rest_;
  Answer answer_;
};

class Preconditions : public testing::Test {
 protected:
  base::Result<Plan> planWith(const Answering::Answer& answer, const std::string& wish = kWish) {
    Answering http(*worlds.awsHttp, answer);
    aws::Endpoints endpoints{"http://127.0.0.1", "http://127.0.0.1", "http://127.0.0.1"};
    aws::Client aws(
        http, endpoints, [this]() -> base::Result<aws::Credentials> { return worlds.keys; }, "us-west-2", worlds.clock,
        worlds.random);
    World world{.aws = aws, .files = worlds.files, .clock = worlds.clock, .web = &http};
    auto configuration = parseConfiguration(wish, "irsa.yaml", worlds.files);
    if (!configuration) return std::move(configuration).error();
    Plan made = TRY(makePlan(*configuration, world, {}));
    TRY(checkPermissions(world, made));
    return made;
  }
  TwoWorlds worlds;
};

std::optional<http::Response> when(bool matches, int status, std::string body) {
  if (!matches) return std::nullopt;
  return http::Response{.status = status, .body = std::move(body)};
}

bool asks(const http::Request& request, std::string_view action) {
  return request.body.find("Action=" + std::string(action) + "&") != std::string::npos;
}

TEST_F(Preconditions, AnAccountThatBlocksPublicBucketsIsFoundBeforeTheFirstChange) {
  std::string before = worlds.dump();
  std::string document =
      "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></"
      "PublicAccessBlockConfiguration>";
  auto account = [&](const http::Request& request) {
    return when(request.target == "/v20180820/configuration/publicAccessBlock", 200, document);
  };
  auto refused = planWith(account);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("blocks public access to all its buckets (RestrictPublicBuckets)"));
  EXPECT_THAT(refused.error().hint, HasSubstr("hosting directory"));
  EXPECT_EQ(worlds.dump(), before);
  document = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>";
  EXPECT_TRUE(planWith(account));
}

TEST_F(Preconditions, WhatMayNotBeLookedAtIsANoteAndNotARefusal) {
  auto made = planWith([](const http::Request& request) {
    return when(request.target.find("/configuration/publicAccessBlock") != std::string::npos ||
                    asks(request, "GetAccountSummary"),
                403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
  });
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->notes, testing::IsSupersetOf(
                               {HasSubstr("blocks public buckets is not known"), HasSubstr("quotas are not known")}));
}

std::string summary(const std::string& entries) {
  return "<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap>" + entries +
         "</SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>";
}

std::string entry(const std::string& name, int value) {
  return "<entry><key>" + name + "</key><value>" + std::to_string(value) + "</value></entry>";
}

TEST_F(Preconditions, ATrustPolicyBeyondTheAccountsOwnQuotaIsRefusedWithTheNumber) {
  std::string wish = kWish.substr(0, kWish.find("- serviceAccount")) + "- role: {name: r}\n  serviceAccounts:\n";
  for (int i = 0; i < 40; ++i)
    wish += "  - a-namespace-with-a-long-name/and-an-account-with-another-" + std::to_string(i) + "\n";
  auto refused = planWith([](const http::Request&) { return std::nullopt; }, wish);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              testing::ContainsRegex("role r would have [34][0-9]{3} characters; the account's "
                                     "quota is 2048"));
  auto made = planWith(
      [](const http::Request& request) {
        return when(asks(request, "GetAccountSummary"), 200, summary(entry("AssumeRolePolicySizeQuota", 8192)));
      },
      wish);
  EXPECT_TRUE(made) << made.error().message;
}

TEST_F(Preconditions, APolicyOfAnotherAccountIsRefusedBeforeTheFirstChange) {
  for (const char* role :
       {"policies: [arn:aws:iam::999999999999:policy/p]", "boundary: arn:aws:iam::999999999999:policy/p"}) {
    const auto refused = planWith([](const auto&) { return std::nullopt; },
                                  kWish.substr(0, kWish.rfind("role:")) + "role: {name: s3-echoer, " + role + "}\n");
    ASSERT_FALSE(refused) << role;
    EXPECT_THAT(refused.error().message, HasSubstr("another account's"));
  }
}

std::string withRole(const std::string& settings) {
  return kWish.substr(0, kWish.rfind("role:")) + "role: {name: s3-echoer, " + settings + "}\n";
}

TEST_F(Preconditions, PoliciesThatDoNotExistAreNamedAllAtOnceBeforeTheFirstChange) {
  const std::string before = worlds.dump();
  const auto refused = planWith([](const auto&) { return std::nullopt; },
                                withRole("policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAcces, "
                                         "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess], "
                                         "boundary: arn:aws:iam::111122223333:policy/gone"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("\n  role s3-echoer: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAcces does not exist"));
  EXPECT_THAT(refused.error().message,
              HasSubstr("\n  role s3-echoer: arn:aws:iam::111122223333:policy/gone does not exist"));
  EXPECT_EQ(refused.error().message.find("ReadOnlyAccess"), std::string::npos);
  EXPECT_THAT(refused.error().hint, HasSubstr("role.policies"));
  EXPECT_EQ(worlds.dump(), before);
}

TEST_F(Preconditions, APolicyThatOnlyServicesMayHaveIsRefused) {
  const auto refused = planWith(
      [](const http::Request& request) {
        return when(asks(request, "GetPolicy"), 200,
                    "<GetPolicyResponse><GetPolicyResult><Policy><Arn>a</Arn><IsAttachable>false</IsAttachable>"
                    "</Policy></GetPolicyResult></GetPolicyResponse>");
      },
      withRole("policies: [arn:aws:iam::aws:policy/aws-service-role/x]"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("can be attached to no role of yours"));
}

TEST_F(Preconditions, WhoMayNotAskForAPolicyIsToldInANote) {
  const auto made = planWith(
      [](const http::Request& request) {
        return when(asks(request, "GetPolicy"), 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
      },
      withRole("policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->notes, Contains(HasSubstr("AmazonS3ReadOnlyAccess exists is not known")));
}

TEST_F(Preconditions, MorePoliciesThanTheAccountsQuotaAreRefusedWithTheNumber) {
  std::string policies;
  for (int i = 0; i < 11; ++i)
    policies += (i == 0 ? "" : ", ") + std::string("arn:aws:iam::111122223333:policy/p") + std::to_string(i);
  auto answer = [](int quota) {
    return [quota](const http::Request& request) {
      const bool isPolicy = asks(request, "GetPolicy");
      return when(isPolicy || asks(request, "GetAccountSummary"), 200,
                  isPolicy ? "<GetPolicyResponse><GetPolicyResult><Policy/></GetPolicyResult></GetPolicyResponse>"
                           : summary(entry("AttachedPoliciesPerRoleQuota", quota)));
    };
  };
  const auto refused = planWith(answer(10), withRole("policies: [" + policies + "]"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("role s3-echoer is to have 11 managed policies; the account's quota is 10"));
  EXPECT_TRUE(planWith(answer(20), withRole("policies: [" + policies + "]")));
}

TEST_F(Preconditions, AFullAccountIsRefused) {
  auto refused = planWith([](const http::Request& request) {
    return when(asks(request, "GetAccountSummary"), 200, summary(entry("Roles", 1000) + entry("RolesQuota", 1000)));
  });
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("1000 of 1000 roles; 1 more do not fit"));
  refused = planWith([](const http::Request& request) {
    return when(asks(request, "GetAccountSummary"), 200, summary(entry("Providers", 100)));
  });
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("100 of 100 identity providers"));
}

TEST_F(Preconditions, AnExistingIssuerIsReadAsAwsWillReadIt) {
  int status = 200;
  std::string issuer = "https://id.test";
  auto web = [&](const http::Request& request) {
    oidc::Discovery discovery{issuer, issuer + "/keys.json", {"ES256"}};
    return when(request.origin == "https://id.test", status, text::compact(oidc::render(discovery)));
  };
  auto made = planWith(web, kExisting);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->issuer, "https://id.test");
  status = 404;
  EXPECT_THAT(planWith(web, kExisting).error().message, HasSubstr("answers with HTTP 404"));
  status = 200;
  issuer = "https://id.test/";
  EXPECT_THAT(planWith(web, kExisting).error().message, HasSubstr("says the issuer is \"https://id.test/\""));
}

TEST_F(Preconditions, PermissionsThatAreMissingAreListedAllAtOnce) {
  const std::string denied =
      "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>"
      "<member><EvalActionName>iam:CreateRole</EvalActionName><EvalResourceName>*</EvalResourceName>"
      "<EvalDecision>implicitDeny</EvalDecision></member>"
      "<member><EvalActionName>iam:TagRole</EvalActionName><EvalResourceName>*</EvalResourceName>"
      "<EvalDecision>allowed</EvalDecision></member>"
      "<member><EvalActionName>iam:AttachRolePolicy</EvalActionName><EvalResourceName>*</EvalResourceName>"
      "<EvalDecision>implicitDeny</EvalDecision><MissingContextValues><member>iam:PolicyARN</member>"
      "</MissingContextValues></member></EvaluationResults></SimulatePrincipalPolicyResult>"
      "</SimulatePrincipalPolicyResponse>";
  auto refused = planWith(
      [&](const http::Request& request) { return when(asks(request, "SimulatePrincipalPolicy"), 200, denied); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::Denied);
  EXPECT_THAT(refused.error().message, HasSubstr("\n  iam:CreateRole on *"));
  for (const char* allowed : {"TagRole", "AttachRolePolicy"})
    EXPECT_EQ(refused.error().message.find(allowed), std::string::npos) << allowed;
  EXPECT_THAT(refused.error().hint, HasSubstr("irsa policy --for apply"));
  EXPECT_TRUE(planWith([](const http::Request&) { return std::nullopt; }));  // an IAM that does not know the question
}

}  // namespace
}  // namespace setup
