#include "text/words.h"

#include <gtest/gtest.h>

namespace text {
namespace {

TEST(Words, LowerCaseTouchesTheTwentySixLettersOnly) {
  EXPECT_EQ(lowerCase("AZaz09@[`{-_/"), "azaz09@[`{-_/");
  EXPECT_EQ(lowerCase("\xc3\x84\xe2\x84\xaaKEY"),
            "\xc3\x84\xe2\x84\xaakey");  // neither a capital umlaut nor the kelvin sign
  EXPECT_EQ(lowerCase(""), "");
}

TEST(Words, TrimmedKeepsWhatIsBetweenWords) {
  EXPECT_EQ(trimmed(" \ta b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
}

TEST(Words, JoinedHasASeparatorBetweenWordsAndNowhereElse) {
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a"}), "a");
  EXPECT_EQ(joined({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(joined({"host", "x-amz-date"}, ";"), "host;x-amz-date");
}

}  // namespace
}  // namespace text
