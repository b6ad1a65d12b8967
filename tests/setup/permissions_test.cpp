#include "setup/permissions.h"

#include <gmock/gmock.h>

#include "setup/two_worlds.h"

namespace setup {
namespace {

using testing::SizeIs;

const std::string kAccount = "111122223333";

text::Json policyFor(const std::string& wish) {
  TwoWorlds worlds;
  auto configuration = parseConfiguration(wish, "irsa.yaml", worlds.files);
  EXPECT_TRUE(configuration) << configuration.error().message;
  auto partition = aws::partitionOf(configuration->aws.region);
  return permissionPolicy(*configuration, identifiersOf(*configuration, *partition, kAccount), kAccount, {});
}

std::string withRoles(int count) {
  std::string wish = "apiVersion: irsa-anywhere/v1\nname: edge\naws: {region: us-west-2}\nbindings:\n";
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    wish += "- {serviceAccount: app/a" + number + ", role: {name: role-" + number +
            (i % 3 == 0 ? ", policies: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']" : "") + "}}\n";
  }
  return wish;
}

// What is allowed, one line an action and resource, with the condition.
std::set<std::string> rightsOf(const std::vector<text::Json>& policies) {
  auto listed = [](const text::Json& one) { return one.is_array() ? one : text::Json::array({one}); };
  std::set<std::string> rights;
  for (const text::Json& policy : policies)
    for (const text::Json& statement : policy["Statement"])
      for (const text::Json& action : listed(statement["Action"]))
        for (const text::Json& resource : listed(statement["Resource"]))
          rights.insert(text::compact(action) + " " + text::compact(resource) + " " +
                        text::compact(text::at(statement, "Condition")));
  return rights;
}

TEST(Permissions, APolicyThatFitsIsOnePart) {
  const text::Json policy = policyFor(withRoles(5));
  const std::vector<text::Json> parts = inParts(policy);
  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_EQ(parts.front(), policy);
}

TEST(Permissions, ThePartsGiveTheSameRightsAndEachIsSmallEnough) {
  const text::Json policy = policyFor(withRoles(400));
  for (const std::size_t most : {std::size_t(1000), std::size_t(2048), kManagedPolicyQuota}) {
    const std::vector<text::Json> parts = inParts(policy, most);
    EXPECT_EQ(rightsOf(parts), rightsOf({policy}));
    EXPECT_LE(parts.size(), 2 * text::compact(policy).size() / most + 2);
    for (const text::Json& part : parts) {
      EXPECT_LE(text::compact(part).size(), most);
      EXPECT_EQ(part["Version"], "2012-10-17");
      std::set<std::string> sids;
      for (const text::Json& statement : part["Statement"])
        EXPECT_TRUE(sids.insert(text::stringAt(statement, "Sid")).second) << text::compact(part);
    }
  }
}

TEST(Permissions, ManagedPoliciesAndBoundariesMayBeLookedAt) {
  const std::set<std::string> rights = rightsOf({policyFor(
      "apiVersion: irsa-anywhere/v1\nname: edge\naws: {region: us-west-2}\nbindings:\n- {serviceAccount: app/a, role: "
      "{name: a, boundary: 'arn:aws:iam::111122223333:policy/b', policies: "
      "['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']}}\n")});
  for (const char* arn : {"arn:aws:iam::111122223333:policy/b", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"})
    EXPECT_TRUE(rights.contains("\"iam:GetPolicy\" \"" + std::string(arn) + "\" null")) << arn;
}

TEST(Permissions, PoliciesAreAttachedOnlyToRolesThatHaveSome) {
  std::size_t attaching = 0;
  for (const std::string& right : rightsOf({policyFor(withRoles(9))})) attaching += right.starts_with("\"iam:AttachR");
  EXPECT_EQ(attaching, 3u);
}

}  // namespace
}  // namespace setup
