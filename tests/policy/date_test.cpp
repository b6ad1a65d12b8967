#include "policy/date.h"

#include <gmock/gmock.h>

#include "base/time.h"

namespace policy {
namespace {

std::string read(const char* text) {
  auto date = parseDate(text);
  return date ? base::rfc3339(*date) : "no date";
}

TEST(Date, IsReadInEveryFormOfTheReference) {
  EXPECT_EQ(read("2026-11"), "2026-11-01T00:00:00Z");
  EXPECT_EQ(read("2026-11-24"), "2026-11-24T00:00:00Z");
  EXPECT_EQ(read("2026-11-24T12:30Z"), "2026-11-24T12:30:00Z");
  EXPECT_EQ(read("2026-11-24T12:30+01:00"), "2026-11-24T11:30:00Z");
  EXPECT_EQ(read("2026-11-24T12:30:15Z"), "2026-11-24T12:30:15Z");
  EXPECT_EQ(read("2026-11-24T12:30:15.75Z"), "2026-11-24T12:30:15Z");
  EXPECT_EQ(read("1795521600"), "2026-11-24T12:00:00Z");
  EXPECT_EQ(read("-1"), "1969-12-31T23:59:59Z");
}

TEST(Date, TakesANumberForSeconds) { EXPECT_EQ(read("2026"), "1970-01-01T00:33:46Z"); }

TEST(Date, IsNothingElse) {
  for (const char* text : {"", "now", "2026-11-24T12:30", "2026-11-24T12:30:15", "2026-13", "2026-11-31", "2026/11/24",
                           "1e9", "1795521600.5", "2026-11-24 12:30:15Z", "2026-11-24T"})
    EXPECT_EQ(read(text), "no date") << text;
}

}  // namespace
}  // namespace policy
