#include "text/position.h"

#include <gmock/gmock.h>

namespace {

std::string placeAt(std::string_view text, std::size_t offset) { return place(text::Locator(text).at(offset)); }

TEST(Position, CountsLinesFromOneAtEveryKindOfLineBreak) {
  std::string_view text = "a\nb\r\nc\rd";
  EXPECT_EQ(placeAt(text, 0), "line 1, column 1");
  EXPECT_EQ(placeAt(text, 1), "line 1, column 2");
  EXPECT_EQ(placeAt(text, 2), "line 2, column 1");
  EXPECT_EQ(placeAt(text, 5), "line 3, column 1");
  EXPECT_EQ(placeAt(text, 7), "line 4, column 1");
  EXPECT_EQ(placeAt(text, 99), "line 4, column 2");
}

TEST(Position, CountsCodePointsAndNoByteOrderMark) {
  EXPECT_EQ(placeAt("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80x", 9), "line 1, column 4");
  EXPECT_EQ(placeAt("\xef\xbb\xbfname", 3), "line 1, column 1");
  EXPECT_EQ(placeAt("\xef\xbb\xbfname", 0), "line 1, column 1");
}

TEST(Position, AnswersInAnyOrder) {
  std::string text = "one\ntwo \xc3\xa4 three\nfour\n";
  text::Locator locator(text);
  for (std::size_t offset : {9u, 4u, 12u, 0u, 19u, 12u, 3u})
    EXPECT_EQ(place(locator.at(offset)), placeAt(text, offset));
}

TEST(Position, NamesTheFileAsCompilersDo) { EXPECT_EQ(text::place("irsa.yaml", {3, 7, 40}), "irsa.yaml:3:7"); }

}  // namespace
