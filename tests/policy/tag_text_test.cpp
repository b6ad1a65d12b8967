#include "policy/tag_text.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

TEST(TagText, IsLettersBlanksDigitsAndAFewMarks) {
  for (const char* text : {"", "team", "a b", "k_.:/=+-@9",
                           "\xc3\xbc"
                           "ber",
                           "\xe6\x97\xa5\xe6\x9c\xac", "\xc2\xa0", "\xc2\xb2", "\xf0\xa0\x80\x80"})
    EXPECT_TRUE(isTagText(text)) << text;
  for (const char* text : {"a#", "a,b", "a\tb", "\x02", "\x7f", "\xc2\x85", "\xc2\xa7", "\xe2\x82\xac", "\xe2\x80\xa6",
                           "\xe2\x86\x92", "\xf0\x9f\x98\x80", "\xff", "a\xc3"})
    EXPECT_FALSE(isTagText(text)) << text;
}

TEST(TagText, KeepsAwsKeysForAws) {
  EXPECT_TRUE(isReservedTagKey("aws:x"));
  EXPECT_TRUE(isReservedTagKey("AWS:"));
  EXPECT_FALSE(isReservedTagKey("aws"));
  EXPECT_FALSE(isReservedTagKey("my-aws:x"));
}

}  // namespace
}  // namespace policy
