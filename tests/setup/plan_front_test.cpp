#include <gmock/gmock.h>

#include "setup/distribution.h"
#include "setup/names.h"
#include "setup/permissions.h"
#include "setup/two_worlds.h"

namespace setup {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

const std::string kHead = R"(apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: us-west-2}
keys: {source: generate, algorithm: ES256}
bindings:
- serviceAccount: default/s3-echoer
  role: {name: s3-echoer}
tags: {team: edge}
)";
const std::string kWish = kHead + "issuer: {hosting: cloudfront}\n";
const std::string kCertificate = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000";
const std::string kOwnDomain = kHead +
                               "issuer: {hosting: cloudfront, domain: id.example.com, prefix: edge, certificate: \"" +
                               kCertificate + "\"}\n";
const std::string kOwner = "111122223333";

class Front : public testing::Test {
 protected:
  std::vector<std::string> calls(const std::string& wish = kWish, const Mode& mode = {}) {
    auto plan = worlds.plan(wish, mode);
    if (!plan) return {plan.error().message};
    std::vector<std::string> out;
    for (const Action& action : plan->actions) out.push_back(nameOf(action.call));
    return out;
  }
  aws::Distribution distribution() {
    auto listed = worlds.aws->call(aws::ListDistributions{});
    if (!listed || listed->items.size() != 1) {
      ADD_FAILURE() << "not one distribution";
      return {};
    }
    return *worlds.aws->call(aws::GetDistribution{listed->items[0].id});
  }
  // What anybody gets at https://DOMAIN/PATH.
  http::Response visit(const std::string& domain, const std::string& path) {
    http::Request request{.method = "GET", .origin = "https://" + domain, .target = path};
    request.headers.set("Host", domain);
    auto answer = worlds.awsHttp->send(request);
    return answer ? *answer : http::Response{.status = 599};
  }
  TwoWorlds worlds;
};

TEST_F(Front, ThePlanListsEveryCallBeforeTheDistributionHasAName) {
  auto plan = worlds.plan(kWish);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(calls(),
              ElementsAre("file:Create", "s3:CreateBucket", "s3:PutBucketTagging", "s3:PutPublicAccessBlock",
                          "cloudfront:CreateOriginAccessControl", "cloudfront:CreateDistributionWithTags",
                          "s3:PutBucketPolicy", "s3:PutObject", "s3:PutObject", "s3:PutObject",
                          "cloudfront:WaitUntilDeployed", "iam:CreateOpenIDConnectProvider", "iam:CreateRole"));
  EXPECT_EQ(plan->issuer, "https://" + std::string(kUnknownDomain));
  EXPECT_THAT(plan->notes, Contains(HasSubstr("CloudFront names the distribution")));
}

TEST_F(Front, ApplyingMakesAPrivateBucketThatOnlyTheDistributionReads) {
  worlds.run(kWish);
  EXPECT_THAT(calls(), IsEmpty());
  auto plan = worlds.plan(kWish);
  const aws::Distribution live = distribution();
  EXPECT_EQ(plan->issuer, "https://" + live.domainName);
  EXPECT_TRUE(live.isDeployed());
  EXPECT_EQ(live.config.textOf("Comment"), "irsa-anywhere edge-prod");
  auto block = worlds.aws->call(aws::GetPublicAccessBlock{plan->bucket, kOwner});
  ASSERT_TRUE(block);
  EXPECT_EQ(*block, (aws::PublicAccessBlock{true, true, true, true}));
  auto policy = worlds.aws->call(aws::GetBucketPolicy{plan->bucket, kOwner});
  EXPECT_THAT(*policy, HasSubstr("\"aws:SourceArn\":\"" + live.arn + "\""));
  EXPECT_THAT(*policy, HasSubstr("\"Service\":\"cloudfront.amazonaws.com\""));
  auto tags = worlds.aws->call(aws::ListTagsForResource{live.arn});
  EXPECT_EQ(*tags, (Tags{{"irsa-anywhere/name", "edge-prod"}, {"team", "edge"}}));
  EXPECT_EQ(visit(live.domainName, "/keys.json").status, 200);
  EXPECT_THAT(visit(live.domainName, "/.well-known/openid-configuration").body,
              HasSubstr("\"issuer\": \"https://" + live.domainName + "\""));
  EXPECT_EQ(visit(plan->bucket + ".s3.us-west-2.amazonaws.com", "/keys.json").status, 403);
}

TEST_F(Front, ThePlanThatWasCarriedOutHasTheNamesThatAwsGave) {
  auto plan = worlds.plan(kWish);
  const std::size_t planned = plan->actions.size();
  World world = worlds.view();
  auto configuration = parseConfiguration(kWish, "irsa.yaml", worlds.files);
  Outcome outcome = applyWholePlan(*configuration, *plan, world, {}, [](const Event&) {});
  EXPECT_THAT(outcome.failures, IsEmpty());
  EXPECT_THAT(outcome.left, IsEmpty());
  EXPECT_EQ(outcome.done, planned);
  EXPECT_EQ(plan->actions.size(), planned);
  EXPECT_EQ(plan->issuer, "https://" + distribution().domainName);
  EXPECT_THAT(plan->providerArn, HasSubstr(distribution().domainName));
}

TEST_F(Front, AnIssuerAtADomainOfOnesOwnHasAliasAndCertificate) {
  worlds.run(kOwnDomain);
  EXPECT_THAT(calls(kOwnDomain), IsEmpty());
  auto plan = worlds.plan(kOwnDomain);
  EXPECT_EQ(plan->issuer, "https://id.example.com/edge");
  EXPECT_THAT(plan->notes, Contains(HasSubstr("id.example.com must lead to " + distribution().domainName)));
  const std::string config = readableConfig(distribution().config);
  EXPECT_THAT(config, HasSubstr("Aliases.Items.CNAME: id.example.com"));
  EXPECT_THAT(config, HasSubstr("ViewerCertificate.ACMCertificateArn: " + kCertificate));
  EXPECT_EQ(visit("id.example.com", "/edge/keys.json").status, 200);
}

TEST_F(Front, AKeyThatChangesIsInvalidatedAtTheEdges) {
  worlds.run(kWish);
  auto plan = worlds.plan(kWish);
  worlds.aws->call(aws::PutObject{plan->bucket, kOwner, "keys.json", "{}", "application/json", ""}).value();
  EXPECT_THAT(calls(), ElementsAre("s3:PutObject", "cloudfront:CreateInvalidation"));
  worlds.run(kWish);
  EXPECT_THAT(calls(), IsEmpty());
  EXPECT_THAT(worlds.account->dump(), HasSubstr("/keys.json"));
}

TEST_F(Front, DriftIsRepairedAndWhatOthersSetStays) {
  worlds.run(kWish);
  aws::Distribution live = distribution();
  text::XmlElement config = overlaid(
      live.config,
      {"DistributionConfig",
       "",
       {{"Enabled", "false", {}}, {"PriceClass", "PriceClass_100", {}}, {"Comment", "irsa-anywhere edge-prod", {}}}});
  ASSERT_TRUE(worlds.aws->call(aws::UpdateDistribution{live.id, live.etag, config}));
  EXPECT_THAT(calls(), ElementsAre("cloudfront:UpdateDistribution", "cloudfront:WaitUntilDeployed"));
  worlds.run(kWish);
  EXPECT_THAT(calls(), IsEmpty());
  EXPECT_EQ(distribution().config.textOf("Enabled"), "true");
  EXPECT_EQ(distribution().config.textOf("PriceClass"), "PriceClass_100");
  ASSERT_TRUE(worlds.aws->call(aws::TagResource{live.arn, {{"team", "core"}}}));
  EXPECT_THAT(calls(), ElementsAre("cloudfront:TagResource"));
}

TEST_F(Front, DestroyKeepsWhatServesTheIssuerUnlessToldOtherwise) {
  worlds.run(kWish);
  const std::string id = distribution().id;
  Mode mode{Mode::Kind::Destroy, false, false};
  EXPECT_THAT(calls(kWish, mode), ElementsAre("iam:DeleteRole", "iam:DeleteOpenIDConnectProvider"));
  EXPECT_THAT(worlds.plan(kWish, mode)->notes, Contains(HasSubstr("and distribution " + id + " that serves them")));
}

TEST_F(Front, DestroyDisablesWaitsAndDeletesFromTheOutsideIn) {
  std::string before = worlds.account->dump();
  worlds.run(kWish);
  EXPECT_THAT(calls(kWish, kDestroy),
              ElementsAre("iam:DeleteRole", "iam:DeleteOpenIDConnectProvider", "cloudfront:UpdateDistribution",
                          "cloudfront:WaitUntilDeployed", "cloudfront:DeleteDistribution",
                          "cloudfront:DeleteOriginAccessControl", "s3:DeleteObject", "s3:DeleteObject",
                          "s3:DeleteObject", "s3:DeleteBucket"));
  worlds.run(kWish, kDestroy);
  EXPECT_EQ(worlds.account->dump(), before);
  worlds.run(kWish);
  EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(Front, ADistributionThatCannotBeDeletedKeepsTheBucket) {
  worlds.run(kWish);
  auto plan = worlds.plan(kWish, kDestroy);
  for (Action& action : plan->actions)
    if (auto* call = std::get_if<aws::UpdateDistribution>(&action.call)) call->etag = "OLD";
  World world = worlds.view();
  Outcome outcome = applyPlan(*plan, world, kDestroy, [](const Event&) {});
  ASSERT_EQ(outcome.failures.size(), 1u);
  EXPECT_THAT(outcome.left, IsSupersetOf({"origin access control " + plan->bucket, "bucket " + plan->bucket}));
}

TEST_F(Front, AnythingForeignInTheWayIsRefusedByName) {
  auto plan = worlds.plan(kWish);
  ASSERT_TRUE(worlds.aws->call(aws::CreateOriginAccessControl{plan->bucket, "somebody's"}));
  EXPECT_THAT(calls(), Contains(HasSubstr("origin access control " + plan->bucket)));
  EXPECT_THAT(calls(kWish, {.adopt = true}), Contains("cloudfront:UpdateOriginAccessControl"));
  worlds.run(kWish, {.adopt = true});
  EXPECT_THAT(calls(), IsEmpty());

  auto stranger = distributionConfig({.comment = "somebody's",
                                      .origin = "other.s3.us-west-2.amazonaws.com",
                                      .accessControl = "",
                                      .callerReference = "1",
                                      .domain = "id.example.com",
                                      .certificate = kCertificate});
  TwoWorlds other;
  other.aws->call(aws::CreateBucket{"other", "us-west-2"}).value();
  auto made = other.aws->call(aws::CreateDistributionWithTags{stranger, {{"a", "b"}}});
  ASSERT_TRUE(made) << made.error().message;
  auto refused = other.plan(kOwnDomain);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("distribution " + made->id));
}

TEST_F(Front, ARunThatDiesAtAnyRequestIsFinishedByTheNext) {
  worlds.run(kWish);
  int total = worlds.requests;
  for (bool losesAnswer : {false, true})
    for (int n = 1; n <= total; ++n) {
      SCOPED_TRACE((losesAnswer ? "answer lost at " : "dead at ") + std::to_string(n));
      TwoWorlds fresh;
      fresh.deadFrom = n;
      fresh.losesAnswer = losesAnswer;
      EXPECT_FALSE(fresh.run(kWish, {}, true).failures.empty());
      fresh.deadFrom = 0;
      fresh.run(kWish);
      auto plan = fresh.plan(kWish);
      ASSERT_TRUE(plan);
      EXPECT_THAT(plan->actions, IsEmpty());
      EXPECT_EQ(fresh.aws->call(aws::ListDistributions{})->items.size(), 1u);
      EXPECT_EQ(fresh.aws->call(aws::ListOriginAccessControls{})->items.size(), 1u);
    }
}

TEST_F(Front, ADestroyThatDiesAtAnyRequestIsFinishedByTheNext) {
  std::string before = worlds.account->dump();
  worlds.run(kWish);
  int applied = worlds.requests;
  worlds.run(kWish, kDestroy);
  int total = worlds.requests - applied;
  for (int n = 1; n <= total; ++n) {
    SCOPED_TRACE(n);
    worlds.run(kWish);
    worlds.requests = 0;
    worlds.deadFrom = n;
    worlds.losesAnswer = n % 2 == 0;
    worlds.run(kWish, kDestroy, true);
    worlds.deadFrom = 0;
    worlds.run(kWish, kDestroy);
    EXPECT_EQ(worlds.account->dump(), before);
  }
}

TEST_F(Front, WithoutAnIssuerTheRestCannotBePlanned) {
  auto plan = worlds.plan(kWish, {.phases = {Phase::Roles}});
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().hint, HasSubstr("--only issuer"));
  worlds.run(kWish, {.phases = {Phase::Issuer}});
  EXPECT_TRUE(worlds.plan(kWish, {.phases = {Phase::Roles}}));
}

TEST_F(Front, ADistributionThatIsGoneIsNotReplacedInSilence) {
  worlds.run(kWish);
  aws::Distribution live = distribution();
  text::XmlElement off = overlaid(live.config, {"DistributionConfig", "", {{"Enabled", "false", {}}}});
  auto disabled = worlds.aws->call(aws::UpdateDistribution{live.id, live.etag, off});
  worlds.clock.advance(std::chrono::minutes(1));
  ASSERT_TRUE(worlds.aws->call(aws::DeleteDistribution{live.id, disabled->etag}));
  auto plan = worlds.plan(kWish);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("every token that is in use would be refused"));
  EXPECT_THAT(plan.error().hint, HasSubstr("the distribution of that name is gone"));
}

TEST_F(Front, ThePolicyForTheOperatorNamesWhatCanBeNamed) {
  auto configuration = parseConfiguration(kWish, "irsa.yaml", worlds.files);
  ASSERT_TRUE(configuration) << configuration.error().message;
  auto names = identifiersOf(*configuration, *aws::partitionOf("us-west-2"), kOwner);
  auto policyFor = [&](const PermissionQuestion& question) {
    return text::compact(permissionPolicy(*configuration, names, kOwner, question));
  };
  const std::string apply = policyFor({.command = Command::Apply});
  EXPECT_THAT(apply, HasSubstr("cloudfront:CreateDistribution\""));
  EXPECT_THAT(apply, HasSubstr("oidc-provider/d*.cloudfront.net"));
  EXPECT_THAT(apply, Not(HasSubstr("GetAccountPublicAccessBlock")));
  EXPECT_THAT(policyFor({.command = Command::Plan}), Not(HasSubstr("UpdateDistribution")));
  EXPECT_THAT(policyFor({.command = Command::Destroy}), Not(HasSubstr("DeleteDistribution")));
  EXPECT_THAT(policyFor({.command = Command::Destroy, .deletesBucket = true}), HasSubstr("DeleteDistribution"));
  EXPECT_THAT(policyFor({.command = Command::Apply, .phases = {Phase::Roles}}),
              Not(HasSubstr("cloudfront:UpdateDistribution")));
}

}  // namespace
}  // namespace setup
