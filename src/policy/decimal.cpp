#include "policy/decimal.h"

namespace policy {
namespace {

constexpr std::string_view kDigits = "0123456789";

std::strong_ordering compareSizes(const Decimal& left, const Decimal& right) {
  if (auto order = left.whole.size() <=> right.whole.size(); order != 0) return order;
  if (auto order = left.whole <=> right.whole; order != 0) return order;
  return left.fraction <=> right.fraction;
}

}  // namespace

std::optional<Decimal> parseDecimal(std::string_view text) {
  Decimal out;
  out.isNegative = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  auto point = text.find('.');
  out.whole = text.substr(0, point);
  if (point != text.npos) out.fraction = text.substr(point + 1);
  bool isAllDigits =
      out.whole.find_first_not_of(kDigits) == text.npos && out.fraction.find_first_not_of(kDigits) == text.npos;
  if (!isAllDigits || (out.whole.empty() && out.fraction.empty())) return std::nullopt;
  while (out.whole.starts_with('0')) out.whole.remove_prefix(1);
  while (out.fraction.ends_with('0')) out.fraction.remove_suffix(1);
  if (out.whole.empty() && out.fraction.empty()) out.isNegative = false;
  return out;
}

std::strong_ordering compare(const Decimal& left, const Decimal& right) {
  if (left.isNegative != right.isNegative)
    return left.isNegative ? std::strong_ordering::less : std::strong_ordering::greater;
  return left.isNegative ? compareSizes(right, left) : compareSizes(left, right);
}

}  // namespace policy
