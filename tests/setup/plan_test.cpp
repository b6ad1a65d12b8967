#include "setup/plan.h"

#include <gmock/gmock.h>

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
                                        "s3:PutBucketPolicy", "s3:PutObject", "s3:PutObject",
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
  EXPECT_THAT(text, HasSubstr("9 changes (9 to add, 0 to modify, 0 to remove)\n"));
  text::Json document = toJson(*made);
  EXPECT_EQ(document["changes"], 9);
  EXPECT_EQ(document["actions"][0]["call"], "s3:CreateBucket");
  EXPECT_EQ(document["actions"][0]["reason"], "does not exist");
}

}  // namespace
}  // namespace setup
