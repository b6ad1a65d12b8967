#include "policy/variable.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

TEST(Variable, IsAKeyInAnyCaseWithBlanksAroundIt) {
  EXPECT_EQ(readVariable("aws:UserName").key, "aws:username");
  EXPECT_EQ(readVariable("  aws:userid ").key, "aws:userid");
  EXPECT_FALSE(readVariable("aws:userid").fallback);
}

TEST(Variable, HasADefaultInQuotesOrNone) {
  EXPECT_EQ(readVariable("k, 'a, b'").fallback, "a, b");
  EXPECT_EQ(readVariable("k,''").fallback, "");
  for (const char* inside : {"k,", "k, a", "k, 'a", "k, '"}) EXPECT_FALSE(readVariable(inside).fallback) << inside;
}

TEST(Variable, IsNotWhatStandsForACharacter) {
  for (const char* inside : {"*", "?", "$"}) EXPECT_TRUE(isEscape(inside)) << inside;
  for (const char* inside : {"", "**", " *"}) EXPECT_FALSE(isEscape(inside)) << inside;
}

}  // namespace
}  // namespace policy
