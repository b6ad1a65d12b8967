#include "setup/plan.h"

#include <gmock/gmock.h>

#include "setup/documents.h"
#include "setup/key_files.h"
#include "setup/names.h"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Configuration kWish = {
    .name = "edge",
    .aws = {.region = "us-west-2"},
    .bindings = {{"default", "app", {.name = "app", .policies = {"arn:aws:iam::aws:policy/P"}}},
                 {"team", "job-*", {.name = "app", .policies = {"arn:aws:iam::aws:policy/P"}}}},
    .tags = {{"team", "edge"}}};

Desired desired(const Configuration& wish = kWish) {
  return desire(wish, aws::partitionOf("us-west-2").value(), {.account = "111122223333"});
}

Observed nothing(const Configuration& wish = kWish) {
  Observed observed;
  observed.name = wish.name;
  observed.caller = {"111122223333", "arn:aws:iam::111122223333:user/priya", "U"};
  observed.identifiers = identifiersOf(wish, aws::partitionOf("us-west-2").value(), "111122223333");
  return observed;
}

std::vector<std::string> calls(const Plan& plan) {
  std::vector<std::string> out;
  for (const Action& action : plan.actions) out.push_back(nameOf(action.call));
  return out;
}

TEST(Plan, PublishesTheDocumentsBeforeTheProviderPointsAtThem) {
  auto made = plan(desired(), nothing(), {});
  ASSERT_TRUE(made);
  EXPECT_THAT(calls(*made), ElementsAre("s3:CreateBucket", "s3:PutBucketTagging", "s3:PutPublicAccessBlock",
                                        "s3:PutBucketPolicy", "s3:PutObject", "s3:PutObject", "s3:PutObject",
                                        "iam:CreateOpenIDConnectProvider", "iam:CreateRole", "iam:AttachRolePolicy"));
}

TEST(Plan, ARoleOfSeveralBindingsTrustsAllTheirSubjectsAndPinsTheAudience) {
  const Desired wanted = desired();
  ASSERT_EQ(wanted.roles.size(), 1u);
  const std::string& trust = wanted.roles.front().trustPolicy;
  EXPECT_THAT(trust, HasSubstr(R"(["system:serviceaccount:default:app","system:serviceaccount:team:job-*"])"));
  EXPECT_THAT(trust, HasSubstr(R"(:aud":"sts.amazonaws.com")"));
}

TEST(Plan, SaysWhatItDoesNotDo) {
  EXPECT_THAT(desired().notes, ElementsAre(HasSubstr("has no cluster"), HasSubstr("team/job-*")));
}

TEST(Plan, RoleTagsWinOverCommonTagsAndOursOverBoth) {
  Configuration wish = kWish;
  for (Binding& binding : wish.bindings) binding.role.tags = {{"team", "data"}};
  Tags expected{{"team", "data"}, {"irsa-anywhere/name", "edge"}};
  EXPECT_EQ(desired(wish).roles.at(0).tags, expected);
}

TEST(Plan, AnUntaggedBucketOfADerivedNameIsHalfMadeAndAGivenOneIsForeign) {
  Observed observed = nothing();
  observed.bucket.exists = true;
  EXPECT_TRUE(plan(desired(), observed, {}));
  observed.isBucketNameOurs = false;
  auto refused = plan(desired(), observed, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("bucket " + observed.identifiers.bucket));
  EXPECT_TRUE(plan(desired(), observed, {.adopt = true}));
}

TEST(Plan, KeepsTheTagsOthersPutOnTheBucket) {
  Observed observed = nothing();
  observed.bucket.exists = true;
  observed.bucket.tags = {{std::string(kNameTag), "edge"}, {"cost-centre", "42"}};
  auto made = plan(desired(), observed, {});
  ASSERT_TRUE(made);
  auto* tagging = std::get_if<aws::PutBucketTagging>(&made->actions.at(0).call);
  ASSERT_TRUE(tagging);
  EXPECT_EQ(tagging->tags.at("cost-centre"), "42");
}

TEST(Plan, ARoleElsewhereInThePathsIsRefusedBecauseIamCannotMoveIt) {
  Observed observed = nothing();
  observed.roles = {{{.name = "app",
                      .path = "/old/",
                      .arn = "arn:aws:iam::111122223333:role/old/app",
                      .tags = {{std::string(kNameTag), "edge"}}}}};
  auto refused = plan(desired(), observed, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("neither move nor rename"));
}

TEST(Plan, DestroyGoesFromRoleToProviderToBucket) {
  Observed observed = nothing();
  Tags ours{{std::string(kNameTag), "edge"}};
  observed.bucket = {.exists = true, .tags = ours, .documents = {{"keys.json", {}}}};
  observed.providers = {{observed.identifiers.providerArn, {.url = "x", .tags = ours}}};
  observed.roles = {{{.name = "app", .tags = ours}, {"arn:aws:iam::aws:policy/P"}, {{"inline", "{}"}}}};
  EXPECT_THAT(calls(planDestroy(observed, {.deleteBucket = true})),
              ElementsAre("iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole",
                          "iam:DeleteOpenIDConnectProvider", "s3:DeleteObject", "s3:DeleteBucket"));
}

TEST(Plan, DestroyTouchesNothingForeign) {
  Observed observed = nothing();
  observed.isBucketNameOurs = false;
  observed.bucket.exists = true;
  observed.providers = {{observed.identifiers.providerArn, {.url = "x"}}};
  observed.roles = {{{.name = "app", .tags = {{std::string(kNameTag), "another"}}}}};
  EXPECT_THAT(calls(planDestroy(observed, {.deleteBucket = true})), testing::IsEmpty());
}

TEST(Plan, IsDescribedWithSignsReasonsAndATotal) {
  auto made = plan(desired(), nothing(), {});
  ASSERT_TRUE(made);
  std::string text = describe(*made);
  EXPECT_THAT(text, HasSubstr("  + bucket edge-"));
  EXPECT_THAT(text, HasSubstr("s3:CreateBucket                 "));
  EXPECT_THAT(text, HasSubstr("10 changes (10 to add, 0 to modify, 0 to remove)\n"));
  EXPECT_THAT(text, HasSubstr("\nissuer\n  + bucket"));
  EXPECT_THAT(text, HasSubstr("\nroles\n  + role app\n"));
  EXPECT_THAT(text, HasSubstr("does not exist; trust policy of 4"));
  EXPECT_THAT(describe(*made, true), HasSubstr("\x1b[32m+\x1b[0m bucket edge-"));
  text::Json document = toJson(*made);
  EXPECT_EQ(document["changes"], 10);
  EXPECT_EQ(document["actions"][0]["call"], "s3:CreateBucket");
  EXPECT_EQ(document["actions"][0]["reason"], "does not exist");
}

TEST(Plan, ADocumentThatDiffersIsReplacedAndShownAsADiff) {
  Observed observed = nothing();
  const Desired wanted = desired();
  observed.bucket = {
      .exists = true, .tags = wanted.tags, .publicAccess = wanted.publicAccess, .policy = wanted.bucketPolicy};
  for (const DesiredDocument& document : wanted.documents) observed.bucket.documents[document.key] = document.object;
  observed.bucket.documents["keys.json"].body = "{\n  \"keys\": \"none\"\n}\n";
  observed.bucket.documents["openid/v1/jwks"].contentType = "text/plain";
  auto made = plan(wanted, observed, {.phases = {Phase::Issuer}});
  ASSERT_TRUE(made);
  EXPECT_THAT(calls(*made), ElementsAre("s3:PutObject", "s3:PutObject"));
  std::string text = describe(*made);
  EXPECT_THAT(text, HasSubstr("  ↻ s3://edge-"));
  EXPECT_THAT(text, HasSubstr("        -  \"keys\": \"none\"\n        +  \"keys\": []\n"));
  EXPECT_THAT(text, HasSubstr("is served as text/plain, Cache-Control \"public, max-age=300\""));
  EXPECT_THAT(text, HasSubstr("2 changes (0 to add, 0 to modify, 0 to remove, 2 to replace)\n"));
  EXPECT_EQ(text.find("--- before"), std::string::npos);
}

TEST(Plan, OnlyThePhasesThatAreAskedForAreInIt) {
  EXPECT_THAT(calls(*plan(desired(), nothing(), {.phases = {Phase::Roles}})),
              ElementsAre("iam:CreateRole", "iam:AttachRolePolicy"));
  EXPECT_THAT(calls(*plan(desired(), nothing(), {.phases = {Phase::Provider}})),
              ElementsAre("iam:CreateOpenIDConnectProvider"));
  EXPECT_THAT(calls(*plan(desired(), nothing(), {.phases = {Phase::ApiServer}})), testing::IsEmpty());
}

TEST(Plan, ManagedPoliciesAreAttachedBeforeOthersGoUnlessTheQuotaHasNoRoomForBoth) {
  const Desired wanted = desired();
  Observed observed = nothing();
  auto plannedWith = [&](std::size_t attached) {
    const DesiredRole& role = wanted.roles.front();
    ObservedRole live{.role = {.name = "app", .path = "/", .arn = role.arn, .tags = role.tags}};
    live.role.assumeRolePolicyDocument = role.trustPolicy;
    live.role.description = role.description;
    for (std::size_t i = 0; i < attached; ++i)
      live.attachedPolicies.push_back("arn:aws:iam::aws:policy/Q" + std::to_string(i));
    observed.roles = {live};
    return calls(*plan(wanted, observed, {.phases = {Phase::Roles}}));
  };
  EXPECT_THAT(plannedWith(1), ElementsAre("iam:AttachRolePolicy", "iam:DetachRolePolicy"));
  EXPECT_EQ(plannedWith(9).front(), "iam:AttachRolePolicy");
  EXPECT_EQ(plannedWith(10).front(), "iam:DetachRolePolicy");
  EXPECT_EQ(plannedWith(10).back(), "iam:AttachRolePolicy");
}

TEST(Plan, AFolderGetsTheDocumentsAndNoBucketIsMade) {
  Configuration wish = kWish;
  wish.issuer = {.hosting = Hosting::Directory, .url = "https://id.example.com/edge", .directory = "out"};
  Observed observed = nothing(wish);
  auto made = plan(desired(wish), observed, {.phases = {Phase::Issuer, Phase::Provider}});
  ASSERT_TRUE(made);
  std::vector<std::string> targets;
  for (const Action& action : made->actions) targets.push_back(action.target);
  EXPECT_THAT(targets,
              ElementsAre("file out/keys.json", "file out/openid/v1/jwks", "file out/.well-known/openid-configuration",
                          "OIDC provider https://id.example.com/edge"));
  EXPECT_THAT(made->bucket, testing::IsEmpty());
  EXPECT_THAT(made->notes, testing::Contains(HasSubstr("copy the folder out")));
}

TEST(Plan, AnExistingIssuerOnlyGetsAProviderWithTheThumbprintsOfItsAuthority) {
  Configuration wish = kWish;
  wish.issuer = {.hosting = Hosting::Existing, .url = "https://id.example.com", .thumbprints = {"aa", "bb"}};
  Observed observed = nothing(wish);
  EXPECT_THAT(calls(*plan(desired(wish), observed, {.phases = {Phase::Issuer, Phase::Provider}})),
              ElementsAre("iam:CreateOpenIDConnectProvider"));
  observed.providers = {
      {observed.identifiers.providerArn, {"id.example.com", {"sts.amazonaws.com"}, {"bb", "aa"}, desired(wish).tags}}};
  EXPECT_THAT(calls(*plan(desired(wish), observed, {.phases = {Phase::Provider}})), testing::IsEmpty());
  observed.providers[0].provider.thumbprints = {"cc"};
  EXPECT_THAT(calls(*plan(desired(wish), observed, {.phases = {Phase::Provider}})),
              ElementsAre("iam:UpdateOpenIDConnectProviderThumbprint"));
  wish.issuer.thumbprints.clear();
  EXPECT_THAT(calls(*plan(desired(wish), observed, {.phases = {Phase::Provider}})), testing::IsEmpty());
}

Configuration cephWish() {
  Configuration wish = kWish;
  wish.aws.dialect = Dialect::Ceph;
  wish.aws.s3Endpoint = "https://rgw.test:8443";
  for (Binding& binding : wish.bindings) binding.role.policies.clear(), binding.role.inlinePolicy = "{}";
  return wish;
}

Desired desiredOfCeph(const oidc::Jwks& jwks) {
  return desire(cephWish(), aws::partitionOf("us-west-2").value(), {.jwks = jwks});
}

oidc::Jwks certifiedKeys() {
  oidc::Jwks jwks = oidc::jwksOf({crypto::SigningKey::generateEc("P-256").value().publicKey()});
  EXPECT_TRUE(certify(jwks, nullptr, {}, base::Time(std::chrono::hours(24 * 365 * 56))));
  return jwks;
}

TEST(Plan, ForCephTheIssuerLiesBelowTheEndpointAndNothingIsAskedThatItLacks) {
  const oidc::Jwks jwks = certifiedKeys();
  const Desired wanted = desiredOfCeph(jwks);
  Observed observed;
  observed.identifiers = identifiersOf(cephWish(), aws::partitionOf("us-west-2").value(), "");
  EXPECT_EQ(wanted.issuer, "https://rgw.test:8443/" + wanted.bucket);
  EXPECT_EQ(wanted.providerArn, "arn:aws:iam:::oidc-provider/rgw.test:8443/" + wanted.bucket);
  auto made = plan(wanted, observed, {});
  ASSERT_TRUE(made);
  EXPECT_THAT(calls(*made), ElementsAre("s3:CreateBucket", "s3:PutBucketTagging", "s3:PutBucketPolicy", "s3:PutObject",
                                        "s3:PutObject", "s3:PutObject", "iam:CreateOpenIDConnectProvider",
                                        "iam:CreateRole", "iam:PutRolePolicy"));
  EXPECT_EQ(std::get<aws::CreateBucket>(made->actions[0].call).region, "");
  const auto& provider = std::get<aws::CreateOpenIDConnectProvider>(made->actions[6].call);
  EXPECT_EQ(provider.thumbprints, thumbprintsOf(jwks));
  EXPECT_TRUE(provider.tags.empty());
  const auto& role = std::get<aws::CreateRole>(made->actions[7].call);
  EXPECT_EQ(role.description, "");
  EXPECT_THAT(role.assumeRolePolicyDocument,
              HasSubstr(R"("Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"])"));
  EXPECT_THAT(describe(*made), testing::StartsWith("no account in us-west-2\n"));
}

TEST(Plan, AProviderOfCephIsMadeAgainWhenTheKeysChangeAndKeepsTheAudiencesOfOthers) {
  const Desired wanted = desiredOfCeph(certifiedKeys());
  Observed observed;
  observed.name = "edge";
  observed.providers = {{wanted.providerArn,
                         {.url = "x",
                          .clientIds = {"other", "sts.amazonaws.com"},
                          .thumbprints = {std::string(40, '0')},
                          .tags = {{std::string(kNameTag), "edge"}}}}};
  auto made = plan(wanted, observed, {.phases = {Phase::Provider}});
  ASSERT_TRUE(made);
  EXPECT_THAT(calls(*made), ElementsAre("iam:DeleteOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider"));
  EXPECT_THAT(std::get<aws::CreateOpenIDConnectProvider>(made->actions[1].call).clientIds,
              ElementsAre("other", "sts.amazonaws.com"));
  observed.providers[0].provider.thumbprints = wanted.thumbprints;
  EXPECT_THAT(calls(*plan(wanted, observed, {.phases = {Phase::Provider}})), testing::IsEmpty());
}

TEST(Plan, KeepsTheAudiencesOthersGaveTheProviderAndSaysSo) {
  Observed observed = nothing();
  observed.providers = {{observed.identifiers.providerArn, {"x", {"sts.amazonaws.com", "other"}, {}, desired().tags}}};
  auto made = plan(desired(), observed, {.phases = {Phase::Provider}});
  ASSERT_TRUE(made);
  EXPECT_THAT(made->actions, testing::IsEmpty());
  EXPECT_THAT(made->notes, testing::Contains(HasSubstr("accepts the audience other")));
}

TEST(Plan, WhatTakesAwayIsDestructive) {
  const auto takes = [](Call call) { return isDestructive({.call = std::move(call), .target = "", .reason = ""}); };
  EXPECT_TRUE(takes(aws::DeleteRole{"r"}));
  EXPECT_TRUE(takes(aws::DetachRolePolicy{"r", "p"}));
  EXPECT_TRUE(takes(DeleteKubernetesObject{"/api/v1/namespaces/x"}));
  EXPECT_FALSE(takes(aws::PutBucketPolicy{"b", "", ""}));
  EXPECT_FALSE(takes(aws::CreateRole{.roleName = "r", .assumeRolePolicyDocument = ""}));
}

TEST(Plan, OfTwoIssuersOfOursTheFormerStaysForTheMoveAndGoesAfterIt) {
  const Desired wanted = desired();
  Observed observed = nothing();
  const std::string former = "arn:aws:iam::111122223333:oidc-provider/id.example.com";
  const Tags ours{{std::string(kNameTag), "edge"}};
  observed.providers = {{former, {.url = "id.example.com", .tags = ours}}};
  EXPECT_THAT(plan(wanted, observed, {}).error().hint, HasSubstr("irsa migrate"));
  EXPECT_TRUE(plan(wanted, observed, {.isMoving = true}));

  const std::string theirs =
      R"({"Effect":"Allow","Principal":{"Federated":")" + former + R"("},"Action":"sts:AssumeRoleWithWebIdentity"})";
  const std::string both = mergedTrust(R"({"Version":"2012-10-17","Statement":[)" + theirs + "]}",
                                       wanted.roles.front().trustPolicy, wanted.providerArn)
                               .document;
  observed.roles = {{.role = {.name = "app", .assumeRolePolicyDocument = both, .tags = ours}},
                    {.role = {.name = "another's", .assumeRolePolicyDocument = both}}};
  const Plan gone = planFormer(observed, "https://id.example.com");
  EXPECT_THAT(calls(gone), ElementsAre("iam:UpdateAssumeRolePolicy", "iam:DeleteOpenIDConnectProvider"));
  EXPECT_EQ(gone.actions.front().target, "role app");
  EXPECT_THAT(planFormer(observed, "https://somebody.else").actions, testing::IsEmpty());
}

TEST(Plan, ADocumentIsReplacedOnlyAsItWasSeen) {
  const Desired wanted = desired();
  Observed observed = nothing();
  observed.bucket = {.exists = true, .tags = wanted.tags};
  observed.bucket.documents[wanted.documents.front().key] = {"old", "text/plain", "", "\"e1\""};
  const base::Result<Plan> made = plan(wanted, observed, {.phases = {Phase::Issuer}});
  ASSERT_TRUE(made);
  std::vector<std::string> conditions;
  for (const Action& action : made->actions)
    if (const auto* put = std::get_if<aws::PutObject>(&action.call)) conditions.push_back(put->ifMatch);
  EXPECT_THAT(conditions, ElementsAre("\"e1\"", "", ""));
}

}  // namespace
}  // namespace setup
