#include "http/codec_lines.h"

#include <gmock/gmock.h>

namespace http {
namespace {

using Outcome = LineReader::Outcome;

TEST(LineReader, CutsLinesOutOfPieces) {
  LineReader lines(100);
  std::string_view line, first = "one\r\ntw", second = "o\r", third = "\n\r\n";
  ASSERT_EQ(lines.next(first, line), Outcome::Line);
  EXPECT_EQ(line, "one");
  ASSERT_EQ(lines.next(first, line), Outcome::NeedMore);
  ASSERT_EQ(lines.next(second, line), Outcome::NeedMore);
  ASSERT_EQ(lines.next(third, line), Outcome::Line);
  EXPECT_EQ(line, "two");
  ASSERT_EQ(lines.next(third, line), Outcome::Line);
  EXPECT_EQ(line, "");
  EXPECT_EQ(lines.total(), 12u);
}

TEST(LineReader, CountsToItsLimitAndNoFurther) {
  for (std::size_t size : {8u, 9u}) {
    LineReader lines(10);
    std::string text = std::string(size, 'x') + "\r\n";
    std::string_view input = text, line;
    EXPECT_EQ(lines.next(input, line), size == 8 ? Outcome::Line : Outcome::TooLong);
  }
}

TEST(ListContains, ComparesWholeTokensWithoutCase) {
  EXPECT_TRUE(listContains("a, Close ,b", "close"));
  EXPECT_TRUE(listContains("close", "close"));
  EXPECT_FALSE(listContains("closed,enclose", "close"));
  EXPECT_FALSE(listContains("", "close"));
}

TEST(StaysOpen, HearsEveryConnectionField) {
  Headers headers;
  EXPECT_TRUE(staysOpen(headers, true));
  EXPECT_FALSE(staysOpen(headers, false));
  headers.add("Connection", "Keep-Alive");
  EXPECT_TRUE(staysOpen(headers, false));
  headers.add("connection", "x, close");
  EXPECT_FALSE(staysOpen(headers, true));
  EXPECT_FALSE(staysOpen(headers, false));
}

TEST(ParseContentLength, TakesDigitsUpTo2To63) {
  EXPECT_EQ(parseContentLength("0"), 0u);
  EXPECT_EQ(parseContentLength("007"), 7u);
  EXPECT_EQ(parseContentLength("9223372036854775807"), std::uint64_t(INT64_MAX));
  for (auto bad : {"", " 1", "1 ", "+1", "-1", "1.0", "1e3", "9223372036854775808", "99999999999999999999999"})
    EXPECT_FALSE(parseContentLength(bad)) << bad;
}

}  // namespace
}  // namespace http
