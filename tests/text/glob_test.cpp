#include "text/glob.h"

#include <gmock/gmock.h>

namespace {

TEST(Glob, MatchesAsStringLikeDoes) {
  EXPECT_TRUE(text::glob("", ""));
  EXPECT_TRUE(text::glob("*", ""));
  EXPECT_TRUE(text::glob("***", "x"));
  EXPECT_TRUE(text::glob("system:serviceaccount:default:*", "system:serviceaccount:default:s3-echoer"));
  EXPECT_TRUE(text::glob("system:*:s3-echoer", "system:serviceaccount:default:s3-echoer"));
  EXPECT_TRUE(text::glob("a?c", "abc"));
  EXPECT_TRUE(text::glob("*ab*ab", "abxabab"));
  EXPECT_TRUE(text::glob("a*?", "ab"));
}

TEST(Glob, RefusesWhatStringLikeRefuses) {
  EXPECT_FALSE(text::glob("", "x"));
  EXPECT_FALSE(text::glob("?", ""));
  EXPECT_FALSE(text::glob("a?c", "ac"));
  EXPECT_FALSE(text::glob("abc", "ABC"));
  EXPECT_FALSE(text::glob("a*?", "a"));
  EXPECT_FALSE(text::glob("default:*", "system:default:x"));
  EXPECT_FALSE(text::glob("*:default:a", "default:ab"));
  EXPECT_FALSE(text::glob("[a]", "a"));
}

TEST(Glob, StaysQuickOnPatternsThatMakeOthersExplode) {
  std::string pattern, value(5000, 'a');
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(text::glob(pattern + "b", value));
  EXPECT_TRUE(text::glob(pattern, value));
}

// The definition itself, exponential but plain.
bool plainly(std::string_view pattern, std::string_view value) {
  if (pattern.empty()) return value.empty();
  if (pattern[0] == '*')
    return plainly(pattern.substr(1), value) || (!value.empty() && plainly(pattern, value.substr(1)));
  return !value.empty() && (pattern[0] == '?' || pattern[0] == value[0]) && plainly(pattern.substr(1), value.substr(1));
}

TEST(Glob, AgreesWithTheDefinitionOnEveryShortText) {
  auto word = [](std::string_view alphabet, unsigned number, unsigned length) {
    std::string out;
    for (unsigned i = 0; i < length; ++i, number /= unsigned(alphabet.size()))
      out += alphabet[number % alphabet.size()];
    return out;
  };
  for (unsigned p = 0; p < 256; ++p)
    for (unsigned v = 0; v < 32; ++v) {
      std::string pattern = word("ab*?", p, 4), value = word("ab", v, 5);
      for (std::size_t size = 0; size <= value.size(); ++size)
        ASSERT_EQ(text::glob(pattern, value.substr(0, size)), plainly(pattern, value.substr(0, size)))
            << pattern << " " << value;
    }
}

}  // namespace
