#include "kube/member_name.h"

#include <gtest/gtest.h>

namespace {

using kube::isNameOf;

TEST(MemberName, IsMatchedInAnyCase) {
  for (std::string_view name : {"roleArn", "rolearn", "ROLEARN", "RoleARN"})
    EXPECT_TRUE(isNameOf(name, "RoleARN")) << name;
  for (std::string_view name : {"", "role", "roleArns", "rolearx", "xolearn"})
    EXPECT_FALSE(isNameOf(name, "RoleARN")) << name;
}

TEST(MemberName, IsMatchedByTheTwoForeignLettersThatFoldToAscii) {
  EXPECT_TRUE(isNameOf("\u017fpec", "spec"));
  EXPECT_TRUE(isNameOf("\u212aind", "kind"));
  EXPECT_TRUE(isNameOf("volume\u017f", "volumes"));
  EXPECT_FALSE(isNameOf("\u017fpe", "spec"));
  EXPECT_FALSE(isNameOf("\u00e9pec", "spec"));
}

}  // namespace
