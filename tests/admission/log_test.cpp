#include "admission/log.h"

#include <gmock/gmock.h>

#include "support/manual_clock.h"

namespace {

using admission::Level;
using admission::Log;

std::string written(Log::Format format, Level level) {
  support::ManualClock clock;
  clock.advance(std::chrono::milliseconds(7));
  std::string out;
  Log log(format, clock, [&](std::string_view line) { out += line; });
  log.write(level, "decision", {{"reason", "Injected"}, {"role", ""}, {"pod", "a\"b\nc"}});
  return out;
}

TEST(Log, WritesKlogsText) {
  EXPECT_EQ(written(Log::Format::Text, Level::Info),
            "I1124 12:00:00.007000       1 irsa-webhook:1] \"decision\" reason=\"Injected\" pod=\"a\\\"b\\nc\"\n");
  EXPECT_EQ(written(Log::Format::Text, Level::Error).substr(0, 5), "E1124");
}

TEST(Log, CutsWhatIsLongerThanAnyName) {
  support::ManualClock clock;
  std::string out;
  Log log(Log::Format::Json, clock, [&](std::string_view line) { out += line; });
  log.write(Level::Info, "decision", {{"pod", std::string(1'000'000, '<')}});
  EXPECT_LT(out.size(), 6u * 4096 + 200);
  EXPECT_THAT(out, testing::HasSubstr("\\u003c...\\u003c"));
}

TEST(Log, WritesJson) {
  EXPECT_EQ(written(Log::Format::Json, Level::Warning),
            "{\"time\":\"2026-11-24T12:00:00.007000Z\",\"level\":\"warning\",\"message\":\"decision\","
            "\"reason\":\"Injected\",\"pod\":\"a\\\"b\\nc\"}\n");
}

}  // namespace
