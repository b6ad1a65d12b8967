#include "admission/go_values.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <utility>

namespace admission {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the prefix that says the base off `digits`. An underscore may follow it.
int takeBase(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char letter = char(digits[1] | 0x20);
  const int base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
  digits.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  if (digits.starts_with('_')) digits.remove_prefix(1);
  return base;
}

// The units of time.ParseDuration, in nanoseconds; the micro sign comes in two spellings.
std::optional<std::uint64_t> unitOf(std::string_view name) {
  static constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"ns", 1},         {"us", 1'000},        {"\u00b5s", 1'000},    {"\u03bcs", 1'000},
      {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
  const auto* found = std::ranges::find(kUnits, name, [](const auto& unit) { return unit.first; });
  if (found == std::end(kUnits)) return std::nullopt;
  return found->second;
}

std::string_view takeWhile(std::string_view& text, bool (*belongs)(char)) {
  const auto end = std::ranges::find_if_not(text, belongs);
  const std::string_view taken(text.begin(), end);
  text.remove_prefix(taken.size());
  return taken;
}

// Takes one number and its unit off `text`, as nanoseconds.
std::optional<std::uint64_t> takePart(std::string_view& text) {
  constexpr std::uint64_t kMost = std::uint64_t(1) << 63;
  constexpr std::size_t kUseful = 15;  // digits of a fraction
  const std::string_view whole = takeWhile(text, isDigit);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = takeWhile(text, isDigit);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  const auto unit = unitOf(takeWhile(text, [](char c) { return c != '.' && !isDigit(c); }));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (!unit || (!whole.empty() && error != std::errc()) || value > kMost / *unit) return std::nullopt;
  value *= *unit;
  double share = 0, scale = 1;
  for (char digit : fraction.substr(0, kUseful)) {
    scale *= 10;
    share += double(digit - '0') / scale;
  }
  return value + std::uint64_t(share * double(*unit));
}

}  // namespace

std::optional<bool> parseGoBool(std::string_view text) {
  for (std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
    if (text == yes) return true;
  for (std::string_view no : {"0", "f", "F", "FALSE", "false", "False"})
    if (text == no) return false;
  return std::nullopt;
}

std::optional<std::int64_t> parseGoInt(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parseGoLiteral(std::string_view text) {
  const bool isSigned = text.starts_with('-') || text.starts_with('+');
  std::string_view digits = text.substr(isSigned ? 1 : 0);
  if (digits.starts_with('-') || digits.ends_with('_') || digits.find("__") != std::string_view::npos)
    return std::nullopt;
  if (digits.starts_with('_')) return std::nullopt;
  const int base = takeBase(digits);
  std::string plain = text.starts_with('-') ? "-" : "";
  std::ranges::copy_if(digits, std::back_inserter(plain), [](char c) { return c != '_'; });
  if (plain.empty() || plain == "-") return std::nullopt;
  std::int64_t value = 0;
  const char* end = plain.data() + plain.size();
  const auto [stopped, error] = std::from_chars(plain.data(), end, value, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::chrono::nanoseconds> parseGoDuration(std::string_view text) {
  const bool isNegative = text.starts_with('-');
  if (isNegative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const std::optional<std::uint64_t> part = takePart(text);
    if (!part || *part > INT64_MAX - total) return std::nullopt;
    total += *part;
  }
  return std::chrono::nanoseconds(isNegative ? -std::int64_t(total) : std::int64_t(total));
}

}  // namespace admission
