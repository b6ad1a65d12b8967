#include "policy/pattern.h"

#include <gmock/gmock.h>

namespace policy {
namespace {

const Context kContext{{"aws:username", {"echo"}}, {"oidc.example.com:sub", {"a*b"}}, {"many", {"x", "y"}}};

Pattern pattern(std::string_view text) { return Pattern::expand(text, &kContext).value(); }

TEST(Pattern, MatchesWildcards) {
  const std::tuple<const char*, const char*, bool> cases[] = {{"*", "", true},
                                                              {"*", "a/b:c", true},
                                                              {"?", "", false},
                                                              {"?", "a", true},
                                                              {"?", "ab", false},
                                                              {"a*c", "abbc", true},
                                                              {"a*c", "ac", true},
                                                              {"a*c", "acb", false},
                                                              {"a?c", "abc", true},
                                                              {"a?c", "ac", false},
                                                              {"*a*b*", "xaybz", true},
                                                              {"*a*b", "ab", true},
                                                              {"**", "x", true},
                                                              {"", "", true},
                                                              {"", "a", false},
                                                              {"?", "\xc3\xa4", true},
                                                              {"a?b",
                                                               "a\xe2\x82\xac"
                                                               "b",
                                                               true},
                                                              {"A", "a", false}};
  for (auto [text, value, expected] : cases) EXPECT_EQ(pattern(text).like(value), expected) << text << " " << value;
}

TEST(Pattern, EndsSoonOnHostileInput) { EXPECT_FALSE(pattern("*a*a*a*a*a*a*a*a*a*a*b").like(std::string(5000, 'a'))); }

TEST(Pattern, FillsInVariables) {
  EXPECT_TRUE(pattern("home/${aws:username}/*").like("home/echo/file"));
  EXPECT_TRUE(pattern("home/${AWS:UserName}").equals("home/echo"));
  EXPECT_TRUE(pattern("${aws:PrincipalTag/team, 'none'}").equals("none"));
  EXPECT_TRUE(pattern("${aws:username,'none'}").equals("echo"));
  EXPECT_TRUE(pattern("${aws:username").equals("${aws:username")) << "not closed, so plain text";
}

TEST(Pattern, TakesTheValueOfAVariableLiterally) {
  EXPECT_TRUE(pattern("${oidc.example.com:sub}").like("a*b"));
  EXPECT_FALSE(pattern("${oidc.example.com:sub}").like("axxb"));
}

TEST(Pattern, TakesEscapesLiterally) {
  EXPECT_TRUE(pattern("a${*}b").like("a*b"));
  EXPECT_FALSE(pattern("a${*}b").like("axb"));
  EXPECT_TRUE(pattern("${?}${$}").like("?$"));
  EXPECT_FALSE(pattern("${?}").like("x"));
}

TEST(Pattern, IsNoneWhenAVariableHasNoSingleValue) {
  for (const char* text : {"${unknown}", "${many}", "${many, 'x'}", "${unknown, x}", "${unknown, '}", "${}"})
    EXPECT_FALSE(Pattern::expand(text, &kContext)) << text;
}

TEST(Pattern, KnowsNoVariablesInOldDocuments) {
  auto old = Pattern::expand("${aws:username}", nullptr);
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->equals("${aws:username}"));
}

TEST(ArnPattern, MatchesPartByPart) {
  EXPECT_TRUE(arnLike("arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/a/b", nullptr));
  EXPECT_FALSE(arnLike("arn:aws:*:role/x", "arn:aws:iam::1:role/x", nullptr)) << "a star does not cross a colon";
  EXPECT_FALSE(arnLike("*", "arn:aws:iam::1:role/x", nullptr));
  EXPECT_FALSE(arnLike("arn:aws:iam::1:role/x", "role/x", nullptr));
  EXPECT_TRUE(arnLike("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/echo/x:y", &kContext));
}

}  // namespace
}  // namespace policy
