#include "text/utf8.h"

#include <gmock/gmock.h>

namespace {

TEST(Utf8, FindsTheFirstByteThatIsNoUtf8) {
  for (std::string_view good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(text::badUtf8(good), std::string_view::npos) << good;
  for (std::string_view bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82\x28", "\xf0\x9f\x98\x28"})
    EXPECT_EQ(text::badUtf8("ok" + std::string(bad)), 2u);
}

TEST(Utf8, WritesWhatItFindsGood) {
  for (unsigned point : {0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string out;
    text::appendUtf8(out, point);
    EXPECT_EQ(text::badUtf8(out), std::string::npos) << point;
    EXPECT_EQ(out.size(), point < 0x80 ? 1u : point < 0x800 ? 2u : point < 0x10000 ? 3u : 4u);
  }
}

}  // namespace
