#include "admission/go_values.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using admission::parseGoBool;
using admission::parseGoDuration;
using admission::parseGoInt;
using admission::parseGoLiteral;

TEST(GoValues, BooleansAreTwelveWords) {
  for (std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) EXPECT_EQ(parseGoBool(yes), true) << yes;
  for (std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) EXPECT_EQ(parseGoBool(no), false) << no;
  for (std::string_view bad : {"", "yes", " true", "tRUE", "on", "2"}) EXPECT_EQ(parseGoBool(bad), std::nullopt) << bad;
}

TEST(GoValues, B11_AnnotationsNumbersAreDecimal) {
  EXPECT_EQ(parseGoInt("+700"), 700);
  EXPECT_EQ(parseGoInt("007000"), 7000);
  EXPECT_EQ(parseGoInt("-9223372036854775808"), INT64_MIN);
  for (std::string_view bad : {"", "+", "-", "+-1", " 1", "1e3", "0x10", "1_000", "9223372036854775808", "1.0"})
    EXPECT_EQ(parseGoInt(bad), std::nullopt) << bad;
}

TEST(GoValues, FlagsNumbersMayHaveABase) {
  EXPECT_EQ(parseGoLiteral("0"), 0);
  EXPECT_EQ(parseGoLiteral("00"), 0);
  EXPECT_EQ(parseGoLiteral("-5"), -5);
  EXPECT_EQ(parseGoLiteral("+86400"), 86400);
  EXPECT_EQ(parseGoLiteral("0x1BB"), 443);
  EXPECT_EQ(parseGoLiteral("-0X10"), -16);
  EXPECT_EQ(parseGoLiteral("0443"), 291);
  EXPECT_EQ(parseGoLiteral("0o20"), 16);
  EXPECT_EQ(parseGoLiteral("0b_101"), 5);
  EXPECT_EQ(parseGoLiteral("86_400"), 86400);
  EXPECT_EQ(parseGoLiteral("0_7"), 7);
  EXPECT_EQ(parseGoLiteral("9223372036854775807"), INT64_MAX);
  for (std::string_view bad : {"", "+", "-", "08", "0x", "0b2", "1__0", "_1", "1_", "0x_", "+-1", "--1", " 1", "1 ",
                               "1e3", "ff", "9223372036854775808", "0xg"})
    EXPECT_EQ(parseGoLiteral(bad), std::nullopt) << bad;
}

TEST(GoValues, DurationsAreNumbersWithUnits) {
  EXPECT_EQ(parseGoDuration("0"), 0ns);
  EXPECT_EQ(parseGoDuration("-0"), 0ns);
  EXPECT_EQ(parseGoDuration("250ms"), 250ms);
  EXPECT_EQ(parseGoDuration("1m30s"), 90s);
  EXPECT_EQ(parseGoDuration("1h1m1s1ms1us1ns"), 3661s + 1ms + 1us + 1ns);
  EXPECT_EQ(parseGoDuration(".5s"), 500ms);
  EXPECT_EQ(parseGoDuration("1.s"), 1s);
  EXPECT_EQ(parseGoDuration("1.5h"), 90min);
  EXPECT_EQ(parseGoDuration("-1.5s"), -1500ms);
  EXPECT_EQ(parseGoDuration("+3s"), 3s);
  EXPECT_EQ(parseGoDuration("5\u00b5s"), 5us);
  EXPECT_EQ(parseGoDuration("5\u03bcs"), 5us);
  EXPECT_EQ(parseGoDuration("0.333333333333333333333s"), 333333333ns);
  EXPECT_EQ(parseGoDuration("2562047h"), 2562047h);
  for (std::string_view bad : {"", "+", "1", "s", ".", ".s", "1d", "1s ", " 1s", "1 s", "1s2", "--1s", "1.2.3s",
                               "2562048h", "99999999999999999999ns", "1e3s"})
    EXPECT_EQ(parseGoDuration(bad), std::nullopt) << bad;
}

}  // namespace
