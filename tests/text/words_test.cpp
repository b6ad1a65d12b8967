#include "text/words.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

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

TEST(Words, ShownIsOneLineThatShowsWhatCanNotBeSeen) {
  EXPECT_EQ(text::shown("role/\xc3\xa9 <x>", 32), "role/\xc3\xa9 <x>");
  EXPECT_EQ(text::shown("a\nb\r\tc\x01\x7f\xc2\x85\xc2\xa0", 64), "a\\nb\\r\\tc\\u0001\\u007f\\u0085\xc2\xa0");
  EXPECT_EQ(text::shown("", 16), "");
}

TEST(Words, ShownLeavesTheMiddleOut) {
  EXPECT_EQ(text::shown("0123456789abcdef", 16), "0123456789abcdef");
  EXPECT_EQ(text::shown("0123456789abcdefg", 16), "01234567...cdefg");
  EXPECT_EQ(text::shown(std::string(16, '\n'), 16), "\\n\\n\\n\\n...n\\n\\n");
  for (std::size_t i = 0; i < 8; ++i) {
    std::string text = std::string(i, 'x');
    for (int j = 0; j < 40; ++j) text += "\xe2\x82\xac";
    const std::string out = text::shown(text, 64 + i);
    EXPECT_LE(out.size(), 64 + i);
    EXPECT_GE(out.size(), 58 + i);
    EXPECT_EQ(text::badUtf8(out), std::string::npos) << out;
  }
}

TEST(Words, JoinedHasASeparatorBetweenWordsAndNowhereElse) {
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a"}), "a");
  EXPECT_EQ(joined({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(joined({"host", "x-amz-date"}, ";"), "host;x-amz-date");
}

}  // namespace
}  // namespace text
