#include "text/yaml_scalar.h"

#include <gmock/gmock.h>

using namespace std::string_literals;

namespace {

TEST(YamlScalar, FoldsPlainLines) {
  EXPECT_EQ(text::plainText("one"), "one");
  EXPECT_EQ(text::plainText("one  \n   two"), "one two");
  EXPECT_EQ(text::plainText("one\r\n \r\n\r\n two"), "one\n\ntwo");
  EXPECT_EQ(text::plainText("it's \"so\" \\n"), "it's \"so\" \\n");
}

// YAML 1.2.2, examples 7.5, 7.6, 7.8 and 7.9.
TEST(YamlScalar, FoldsQuotedLinesAsTheStandardShows) {
  EXPECT_EQ(text::doubleQuotedText("folded \nto a space,\t\n \nto a line feed, or \t\\\n \\ \tnon-content"),
            "folded to a space,\nto a line feed, or \t \tnon-content");
  EXPECT_EQ(text::doubleQuotedText(" 1st non-empty\n\n 2nd non-empty \n\t3rd non-empty "),
            " 1st non-empty\n2nd non-empty 3rd non-empty ");
  EXPECT_EQ(text::singleQuotedText(" 1st non-empty\n\n 2nd non-empty \n\t3rd non-empty "),
            " 1st non-empty\n2nd non-empty 3rd non-empty ");
  EXPECT_EQ(text::singleQuotedText("here''s to \"quotes\" \\n"), "here's to \"quotes\" \\n");
}

// Example 5.13, and JSON's surrogate pairs.
TEST(YamlScalar, UnescapesEveryEscape) {
  EXPECT_EQ(text::doubleQuotedText(R"(\\ \" \a \b \e \f \n \r \t \0 \v \  \_ \N \L \P \x41 \u0041 \U00000041 \/)"),
            "\\ \" \a \b \x1b \f \n \r \t \0 \v   \xc2\xa0 \xc2\x85 \xe2\x80\xa8 \xe2\x80\xa9 A A A /"s);
  EXPECT_EQ(text::doubleQuotedText(R"(\ud83d\ude00\U0001F600)"), "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
  EXPECT_EQ(text::doubleQuotedText(R"(\ud83dx)"), "\xef\xbf\xbdx");
  EXPECT_EQ(text::doubleQuotedText("a\\ \n  b"), "a  b");
}

TEST(YamlScalar, KeepsTheLinesOfALiteral) {
  EXPECT_EQ(text::blockText("|\n  one\n\n   two \n\n", 0), "one\n\n two \n");
  EXPECT_EQ(text::blockText("|- # comment\r\n  one\r\n  two\r\n", 0), "one\ntwo");
  EXPECT_EQ(text::blockText("|+\n one\n\n \n", 0), "one\n\n\n");
  EXPECT_EQ(text::blockText("|\n\n  one\n", 0), "\none\n");
  EXPECT_EQ(text::blockText("|\n  one", 0), "one");
  EXPECT_EQ(text::blockText("|", 0), "");
  EXPECT_EQ(text::blockText("|-\n\n", 0), "");
  EXPECT_EQ(text::blockText("|+\n\n", 0), "\n");
}

TEST(YamlScalar, ObeysAnIndentationIndicator) {
  EXPECT_EQ(text::blockText("|2-\n   one\n  two\n", 0), " one\ntwo");
  EXPECT_EQ(text::blockText("|-2\n     one\n", 2), " one");
}

// Examples 8.10 to 8.12.
TEST(YamlScalar, FoldsAsTheStandardShows) {
  EXPECT_EQ(text::blockText(
                ">\n\n folded\n line\n\n next\n line\n   * bullet\n\n   * list\n   * lines\n\n last\n line\n\n", 0),
            "\nfolded line\nnext line\n  * bullet\n\n  * list\n  * lines\n\nlast line\n");
  EXPECT_EQ(text::blockText(">-\n  x\n  y\n", 0), "x y");
  EXPECT_EQ(text::blockText(">+\n  x\n\n", 0), "x\n\n");
}

}  // namespace
