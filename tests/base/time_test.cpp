#include "base/time.h"

#include <gmock/gmock.h>

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMonday = 1795464000;  // 2026-11-23T20:00:00Z

TEST(Time, WritesOneMomentInThreeForms) {
  base::Time time = base::fromUnixSeconds(kMonday);
  EXPECT_EQ(base::rfc3339(time), "2026-11-23T20:00:00Z");
  EXPECT_EQ(base::iso8601Basic(time), "20261123T200000Z");
  EXPECT_EQ(base::httpDate(time), "Mon, 23 Nov 2026 20:00:00 GMT");
}

TEST(Time, CutsFractionsWhenItWrites) {
  EXPECT_EQ(base::rfc3339(base::fromUnixSeconds(kMonday) + 999ms), "2026-11-23T20:00:00Z");
  EXPECT_EQ(base::rfc3339(base::fromUnixSeconds(0) - 1ms), "1969-12-31T23:59:59Z");
}

TEST(Time, ReadsBackWhatItWrote) {
  for (std::int64_t seconds :
       {std::int64_t(0), std::int64_t(951782400), kMonday, std::int64_t(4102444799), std::int64_t(-1)}) {
    base::Time time = base::fromUnixSeconds(seconds);
    EXPECT_EQ(*base::parseRfc3339(base::rfc3339(time)), time);
    EXPECT_EQ(*base::parseIso8601Basic(base::iso8601Basic(time)), time);
    EXPECT_EQ(*base::parseHttpDate(base::httpDate(time)), time);
    EXPECT_EQ(base::unixSeconds(time), seconds);
  }
}

TEST(Time, ReadsFractionsAndOffsets) {
  base::Time time = base::fromUnixSeconds(kMonday);
  EXPECT_EQ(*base::parseRfc3339("2026-11-23T20:00:00.5Z"), time + 500ms);
  EXPECT_EQ(*base::parseRfc3339("2026-11-23T20:00:00.123456789Z"), time + 123456us);
  EXPECT_EQ(*base::parseRfc3339("2026-11-23T21:30:00+01:30"), time);
  EXPECT_EQ(*base::parseRfc3339("2026-11-23T12:00:00-08:00"), time);
  EXPECT_EQ(*base::parseRfc3339("2026-11-23t20:00:00z"), time);
}

TEST(Time, TakesALeapSecondAsTheNextSecond) {
  EXPECT_EQ(*base::parseRfc3339("2016-12-31T23:59:60Z"), *base::parseRfc3339("2017-01-01T00:00:00Z"));
}

TEST(Time, TakesMomentsItCanNotHoldForTheFarthestItCan) {
  base::Time last = *base::parseRfc3339("9999-12-31T23:59:59.999999-23:59");
  EXPECT_EQ(base::rfc3339(last).substr(0, 5), "2262-");
  EXPECT_GT(last, *base::parseRfc3339("2262-01-01T00:00:00Z"));
  EXPECT_EQ(base::fromUnixSeconds(INT64_MAX), base::fromUnixSeconds(253402300799));
  EXPECT_LT(base::fromUnixSeconds(INT64_MIN), *base::parseRfc3339("1678-01-01T00:00:00Z"));
  EXPECT_EQ(*base::parseRfc3339("0000-01-01T00:00:00Z"), base::fromUnixSeconds(INT64_MIN));
}

TEST(Time, RefusesWhatIsNoRfc3339Time) {
  for (std::string_view text : {"",
                                "2026-11-23",
                                "2026-11-23T20:00:00",
                                "2026-11-23 20:00:00Z",
                                "2026-11-23T20:00Z",
                                "2026-11-23T20:00:00.Z",
                                "2026-11-23T20:00:00ZZ",
                                "2026-13-01T00:00:00Z",
                                "2026-02-29T00:00:00Z",
                                "2026-11-31T00:00:00Z",
                                "2026-11-23T24:00:00Z",
                                "2026-11-23T20:60:00Z",
                                "2026-11-23T20:00:61Z",
                                "-026-11-23T20:00:00Z",
                                "2026-1-23T20:00:00Z",
                                "2026-11-23T20:00:00+1:00",
                                "2026-11-23T20:00:00+24:00",
                                "2026-11-23T20:00:00+01:60",
                                "+026-11-23T20:00:00Z",
                                " 2026-11-23T20:00:00Z",
                                "2026-11-23T20:00:00+0100"})
    EXPECT_FALSE(base::parseRfc3339(text)) << text;
}

TEST(Time, RefusesWhatIsNoSigningTime) {
  for (std::string_view text : {"", "20261123", "20261123T200000", "2026-11-23T20:00:00Z", "20261323T200000Z",
                                "20261123T200000z", "20261123T200000Z "})
    EXPECT_FALSE(base::parseIso8601Basic(text)) << text;
}

TEST(Time, RefusesWhatIsNoHttpDate) {
  for (std::string_view text :
       {"", "Mon, 23 Nov 2026 20:00:00", "Mon, 23 Nov 2026 20:00:00 UTC", "Mon, 23 nov 2026 20:00:00 GMT",
        "23 Nov 2026 20:00:00 GMT", "Mon, 32 Nov 2026 20:00:00 GMT", "Mon, 23 Xyz 2026 20:00:00 GMT",
        "Monday, 23 Nov 2026 20:00:00 GMT", ", 23 Nov 2026 20:00:00 GMT", "Mon, 23 ", "Mon, "})
    EXPECT_FALSE(base::parseHttpDate(text)) << text;
}

TEST(Time, SaysWhichTextItCouldNotRead) {
  EXPECT_EQ(base::parseRfc3339("soon").error().message, "\"soon\" is no RFC 3339 time such as 2026-11-23T20:00:00Z");
  EXPECT_EQ(base::parseRfc3339("2026-02-30T00:00:00Z").error().message, "\"2026-02-30T00:00:00Z\" is no point in time");
}

}  // namespace
