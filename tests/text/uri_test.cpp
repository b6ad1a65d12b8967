#include "text/uri.h"

#include <gmock/gmock.h>

#include "support/seeded.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Uri, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(text::percentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(text::percentEncode("a b/c+d=e&f:@*\xc3\xa4"), "a%20b%2Fc%2Bd%3De%26f%3A%40%2A%C3%A4");
}

TEST(Uri, LeavesTheBytesAloneThatTheCallerNames) { EXPECT_EQ(text::percentEncode("/a b/c", "/"), "/a%20b/c"); }

TEST(Uri, DecodesBothCasesOfHexadecimal) { EXPECT_EQ(*text::percentDecode("%2f%2Fx%00"), std::string("//x\0", 4)); }

TEST(Uri, TakesPlusForABlankOnlyWhenAsked) {
  EXPECT_EQ(*text::percentDecode("a+b"), "a+b");
  EXPECT_EQ(*text::percentDecode("a+b%2B", true), "a b+");
  EXPECT_EQ(*text::percentDecode("%41bc%2B%2B++d%5A", true), "Abc++  dZ");
}

TEST(Uri, RefusesBrokenEscapes) {
  for (std::string_view text : {"%", "%2", "a%", "%G0", "%0G", "%%20", "% 1", "%+1"})
    EXPECT_FALSE(text::percentDecode(text)) << text;
  EXPECT_EQ(text::percentDecode("ab%zz").error().message,
            "percent-encoding: byte 2 is a % without two hexadecimal digits");
}

TEST(Uri, ReadsBackWhateverItEncoded) {
  support::Seeded random(2);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes = random.bytes(40);
    EXPECT_EQ(*text::percentDecode(text::percentEncode(bytes)), bytes);
  }
}

TEST(Uri, WritesFormsInTheGivenOrder) {
  EXPECT_EQ(text::formEncode({{"Version", "2011-06-15"}, {"Action", "Assume Role"}, {"Empty", ""}}),
            "Version=2011-06-15&Action=Assume%20Role&Empty=");
  EXPECT_EQ(text::formEncode({}), "");
}

TEST(Uri, ReadsFormsAsAwsDoes) {
  EXPECT_THAT(
      *text::formDecode("a=1&b=x+y%26&c&d=&e=f=g&a=2"),
      ElementsAre(Pair("a", "1"), Pair("b", "x y&"), Pair("c", ""), Pair("d", ""), Pair("e", "f=g"), Pair("a", "2")));
  EXPECT_THAT(*text::formDecode(""), IsEmpty());
  EXPECT_THAT(*text::formDecode("&a=1&&"), ElementsAre(Pair("a", "1")));
}

TEST(Uri, J09_RefusesAFormWithABrokenEscape) {
  EXPECT_FALSE(text::formDecode("a=%zz"));
  EXPECT_FALSE(text::formDecode("a=%2"));
  EXPECT_FALSE(text::formDecode("%=1"));
}

}  // namespace
