#include "base/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace base {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::year_month_day;

struct Civil {
  int year, month, day, hour, minute, second, weekday;
};

Civil civil(Time time) {
  auto day = floor<days>(time);
  year_month_day date(day);
  std::chrono::hh_mm_ss clock(floor<seconds>(time - day));
  return {int(date.year()),
          int(unsigned(date.month())),
          int(unsigned(date.day())),
          int(clock.hours().count()),
          int(clock.minutes().count()),
          int(clock.seconds().count()),
          int(std::chrono::weekday(day).c_encoding())};
}

template <typename... Numbers>
std::string format(const char* pattern, Numbers... numbers) {
  std::array<char, 64> out{};
  int size = std::snprintf(out.data(), out.size(), pattern, numbers...);
  return std::string(out.data(), std::size_t(size));
}

// Reads exactly `width` digits at `at` and moves past them.
bool digits(std::string_view text, std::size_t& at, std::size_t width, int& out) {
  if (text.size() < width || at > text.size() - width) return false;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + at + width, out);
  if (error != std::errc() || end != text.data() + at + width || text[at] == '-') return false;
  at += width;
  return true;
}

bool literal(std::string_view text, std::size_t& at, std::string_view word) {
  if (at > text.size() || !text.substr(at).starts_with(word)) return false;
  at += word.size();
  return true;
}

Result<Time> timeOf(const Civil& c, std::string_view text) {
  year_month_day date{std::chrono::year(c.year), std::chrono::month(unsigned(c.month)),
                      std::chrono::day(unsigned(c.day))};
  if (!date.ok() || c.hour > 23 || c.minute > 59 || c.second > 60)
    return invalid("\"" + std::string(text) + "\" is no point in time");
  seconds whole = std::chrono::sys_days(date).time_since_epoch();
  whole += std::chrono::hours(c.hour) + std::chrono::minutes(c.minute) + seconds(c.second);
  return fromUnixSeconds(whole.count());
}

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

}  // namespace

std::string rfc3339(Time time) {
  Civil c = civil(time);
  return format("%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string iso8601Basic(Time time) {
  Civil c = civil(time);
  return format("%04d%02d%02dT%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string httpDate(Time time) {
  Civil c = civil(time);
  return format("%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[std::size_t(c.weekday)], c.day,
                kMonths[std::size_t(c.month - 1)].data(), c.year, c.hour, c.minute, c.second);
}

Result<Time> parseRfc3339(std::string_view text) {
  Civil c{};
  std::size_t at = 0;
  auto bad = [&] { return invalid("\"" + std::string(text) + "\" is no RFC 3339 time such as 2026-11-23T20:00:00Z"); };
  if (!digits(text, at, 4, c.year) || !literal(text, at, "-") || !digits(text, at, 2, c.month) ||
      !literal(text, at, "-") || !digits(text, at, 2, c.day) || !(literal(text, at, "T") || literal(text, at, "t")) ||
      !digits(text, at, 2, c.hour) || !literal(text, at, ":") || !digits(text, at, 2, c.minute) ||
      !literal(text, at, ":") || !digits(text, at, 2, c.second))
    return bad();
  std::chrono::microseconds fraction{0};
  if (literal(text, at, ".")) {
    std::int64_t unit = 100000;
    std::size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
      fraction += std::chrono::microseconds(unit * (text[at] - '0'));
    if (at == first) return bad();
  }
  int offsetHours = 0, offsetMinutes = 0, sign = 0;
  if (literal(text, at, "+"))
    sign = 1;
  else if (literal(text, at, "-"))
    sign = -1;
  else if (!literal(text, at, "Z") && !literal(text, at, "z"))
    return bad();
  if (sign != 0 &&
      (!digits(text, at, 2, offsetHours) || !literal(text, at, ":") || !digits(text, at, 2, offsetMinutes)))
    return bad();
  if (at != text.size() || offsetHours > 23 || offsetMinutes > 59) return bad();
  Time time = TRY(timeOf(c, text));
  return time + fraction - sign * (std::chrono::hours(offsetHours) + std::chrono::minutes(offsetMinutes));
}

Result<Time> parseIso8601Basic(std::string_view text) {
  Civil c{};
  std::size_t at = 0;
  if (!digits(text, at, 4, c.year) || !digits(text, at, 2, c.month) || !digits(text, at, 2, c.day) ||
      !literal(text, at, "T") || !digits(text, at, 2, c.hour) || !digits(text, at, 2, c.minute) ||
      !digits(text, at, 2, c.second) || !literal(text, at, "Z") || at != text.size())
    return invalid("\"" + std::string(text) + "\" is no time such as 20261123T200000Z");
  return timeOf(c, text);
}

Result<Time> parseHttpDate(std::string_view text) {
  Civil c{};
  std::size_t at = 0;
  auto bad = [&] { return invalid("\"" + std::string(text) + "\" is no HTTP date"); };
  auto isNext = [&](std::string_view word) { return literal(text, at, word); };
  if (std::ranges::none_of(kDays, isNext) || !isNext(", ") || !digits(text, at, 2, c.day) || !isNext(" ")) return bad();
  auto month = std::ranges::find_if(kMonths, isNext);
  if (month == kMonths.end()) return bad();
  c.month = int(month - kMonths.begin()) + 1;
  if (!isNext(" ") || !digits(text, at, 4, c.year) || !isNext(" ") || !digits(text, at, 2, c.hour) || !isNext(":") ||
      !digits(text, at, 2, c.minute) || !isNext(":") || !digits(text, at, 2, c.second) || !isNext(" GMT") ||
      at != text.size())
    return bad();
  return timeOf(c, text);
}

std::int64_t unixSeconds(Time time) { return floor<seconds>(time.time_since_epoch()).count(); }

Time fromUnixSeconds(std::int64_t value) {
  // The clock counts nanoseconds in 64 bits; a few days of room remain for offsets and fractions.
  constexpr std::int64_t kFarthest = 9'223'000'000;
  return Time(seconds(std::clamp(value, -kFarthest, kFarthest)));
}

}  // namespace base
