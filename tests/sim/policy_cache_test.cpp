#include "sim/policy_cache.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

const std::string kDocument =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]})";

TEST(PolicyCache, ReadsADocumentOnceForEachKind) {
  PolicyCache cache;
  auto first = cache.parse(kDocument, policy::PolicyKind::Identity);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->statements.size(), 1u);
  EXPECT_EQ(cache.parse(kDocument, policy::PolicyKind::Identity), first);
  EXPECT_FALSE(cache.parse(kDocument, policy::PolicyKind::Trust)) << "a trust policy has no Resource";
  EXPECT_FALSE(cache.parse("{", policy::PolicyKind::Identity));
}

TEST(PolicyCache, StaysSmall) {
  PolicyCache cache;
  auto first = cache.parse(kDocument, policy::PolicyKind::Identity);
  for (int i = 0; i < 600; ++i)
    EXPECT_TRUE(cache.parse(kDocument + std::string(std::size_t(i), ' '), policy::PolicyKind::Identity));
  EXPECT_EQ(first->statements.size(), 1u) << "what is in use stays whole";
}

}  // namespace
}  // namespace sim
