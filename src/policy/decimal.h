// Numbers as policies write them, compared exactly whatever their length. For this room only.
#pragma once
#include <compare>
#include <optional>
#include <string_view>

namespace policy {

// Views into the text it was read from.
struct Decimal {
  bool isNegative = false;    // never of zero
  std::string_view whole;     // no zeros in front
  std::string_view fraction;  // no zeros behind
};

// An integer or a decimal fraction with an optional sign; no exponent, no blank.
std::optional<Decimal> parseDecimal(std::string_view text);

std::strong_ordering compare(const Decimal& left, const Decimal& right);

}  // namespace policy
