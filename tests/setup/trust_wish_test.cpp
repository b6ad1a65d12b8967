#include "setup/trust_wish.h"

#include <gmock/gmock.h>

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using text::Json;

constexpr const char* kRole = "arn:aws-cn:iam::111122223333:role/team/orders";

TrustWish wishing(std::vector<std::string> accounts) {
  return {
      .serviceAccounts = std::move(accounts), .issuers = {"https://oidc.example.com/One"}, .account = "111122223333"};
}

std::string refusal(const TrustWish& wish) {
  auto issuers = trustedIssuers(wish);
  return issuers ? "" : issuers.error().message + " " + issuers.error().hint;
}

TEST(TrustWish, BecomesProvidersAndSubjects) {
  TrustWish wish = wishing({"shop/orders", "shop/carts"});
  wish.issuers.emplace_back("https://b.example.com");
  wish.partition = "aws-cn";
  auto issuers = trustedIssuers(wish).value();
  ASSERT_EQ(issuers.size(), 2U);
  EXPECT_EQ(issuers[0].providerArn, "arn:aws-cn:iam::111122223333:oidc-provider/oidc.example.com/One");
  EXPECT_EQ(issuers[0].providerName, "oidc.example.com/One");
  EXPECT_THAT(issuers[0].audiences, ElementsAre("sts.amazonaws.com"));
  EXPECT_THAT(issuers[1].subjects,
              ElementsAre("system:serviceaccount:shop:orders", "system:serviceaccount:shop:carts"));
}

TEST(TrustWish, TakesPatternsOnlyWhenToldAndNeverOfAllNamespaces) {
  TrustWish wish = wishing({"shop/app-*"});
  EXPECT_THAT(refusal(wish), HasSubstr("--allow-wildcard"));
  wish.allowsPatterns = true;
  EXPECT_EQ(refusal(wish), "");
  for (const char* account : {"team-*/x", "shop/*", "shop/?", "t?/x*"}) {
    wish.serviceAccounts = {account};
    EXPECT_EQ(refusal(wish), "") << account;
  }
  for (const char* account : {"*/x", "?eam/x", "*/*"}) {
    wish.serviceAccounts = {account};
    EXPECT_THAT(refusal(wish), HasSubstr("all namespaces")) << account;
  }
}

TEST(TrustWish, RefusesWhatKubernetesOrAwsHasNot) {
  for (const char* account : {"", "shop", "/x", "shop/", "Shop/x", "shop/X", "a/b/c", "a:b/c", "-a/b", "a/b c"})
    EXPECT_NE(refusal(wishing({account})), "") << account;
  TrustWish wish = wishing({"shop/orders"});
  wish.account = "123";
  EXPECT_THAT(refusal(wish), HasSubstr("--account"));
  wish = wishing({"shop/orders"});
  wish.issuers = {"http://oidc.example.com"};
  EXPECT_NE(refusal(wish), "");
  wish.issuers = {};
  EXPECT_THAT(refusal(wish), HasSubstr("--issuer"));
  for (const std::string& audience :
       {std::string("*"), std::string("sts.*"), std::string(), std::string("${aws:x}"), std::string(256, 'a')}) {
    wish = wishing({"shop/orders"});
    wish.audiences.push_back(audience);
    EXPECT_NE(refusal(wish), "") << audience;
  }
  for (const char* partition : {"foo", "", "aws-", "AWS", "awsx", "aws:cn"}) {
    wish = wishing({"shop/orders"});
    wish.partition = partition;
    EXPECT_NE(refusal(wish), "") << partition;
  }
  for (const char* partition : {"aws", "aws-cn", "aws-us-gov", "aws-iso-b"}) {
    wish.partition = partition;
    EXPECT_EQ(refusal(wish), "") << partition;
  }
}

Json claims() {
  return {{"iss", "https://oidc.example.com/One"},
          {"sub", "system:serviceaccount:shop:orders"},
          {"aud", {"sts.amazonaws.com"}}};
}

TEST(WebIdentityRequest, HasTheKeysThatStsMakesOfAToken) {
  policy::Request request = webIdentityRequest(claims(), kRole, "echo").value();
  EXPECT_EQ(request.action, "sts:AssumeRoleWithWebIdentity");
  EXPECT_EQ(request.principal, "arn:aws-cn:iam::111122223333:oidc-provider/oidc.example.com/One");
  EXPECT_EQ(request.principalKind, "Federated");
  EXPECT_EQ(request.context.size(), 4U);
  EXPECT_THAT(request.context["oidc.example.com/one:sub"], ElementsAre("system:serviceaccount:shop:orders"));
  EXPECT_THAT(request.context["oidc.example.com/one:aud"], ElementsAre("sts.amazonaws.com"));
  EXPECT_THAT(request.context["sts:rolesessionname"], ElementsAre("echo"));
}

TEST(WebIdentityRequest, TakesTheAuthorizedPartyForTheAudience) {
  Json one = claims();
  one["azp"] = "sts.amazonaws.com";
  one["aud"] = {"a", "b"};
  policy::Request request = webIdentityRequest(one, kRole, "echo").value();
  EXPECT_THAT(request.context["oidc.example.com/one:aud"], ElementsAre("sts.amazonaws.com"));
  EXPECT_THAT(request.context["oidc.example.com/one:oaud"], ElementsAre("a", "b"));
  one.erase("azp");
  EXPECT_THAT(webIdentityRequest(one, kRole, "echo").error().message, HasSubstr("more than one audience"));
}

TEST(WebIdentityRequest, KnowsMethodsSourceIdentityAndTags) {
  Json one = claims();
  one["amr"] = {"mfa", "pin"};
  one["https://aws.amazon.com/source_identity"] = "alice";
  one["https://aws.amazon.com/tags"] = {{"principal_tags", {{"Team", {"shop"}}}}};
  policy::Request request = webIdentityRequest(one, kRole, "echo").value();
  EXPECT_THAT(request.context["oidc.example.com/one:amr"], ElementsAre("mfa", "pin"));
  EXPECT_THAT(request.context["sts:sourceidentity"], ElementsAre("alice"));
  EXPECT_THAT(request.context["aws:requesttag/team"], ElementsAre("shop"));
  EXPECT_THAT(request.context["aws:tagkeys"], ElementsAre("Team"));
}

TEST(WebIdentityRequest, WantsIssuerSubjectAndARole) {
  Json one = claims();
  one.erase("sub");
  EXPECT_EQ(webIdentityRequest(one, kRole, "echo").error().message, "Missing a required claim: sub");
  one.erase("iss");
  EXPECT_EQ(webIdentityRequest(one, kRole, "echo").error().message, "Missing a required claim: iss");
  EXPECT_FALSE(webIdentityRequest(claims(), "orders", "echo"));
  EXPECT_FALSE(webIdentityRequest(claims(), "arn:aws:iam::111122223333:user/orders", "echo"));
}

}  // namespace
}  // namespace setup
