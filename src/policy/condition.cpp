#include "policy/condition.h"

#include <algorithm>
#include <array>
#include <compare>

#include "policy/date.h"
#include "policy/decimal.h"
#include "policy/ip_range.h"
#include "text/encoding.h"
#include "text/words.h"

namespace policy {
namespace {

struct Named {
  std::string_view name;
  Comparison comparison;
  bool isNegated = false;
};

constexpr std::array<Named, 27> kOperators{{
    {"StringEquals", Comparison::StringEquals},
    {"StringNotEquals", Comparison::StringEquals, true},
    {"StringEqualsIgnoreCase", Comparison::StringEqualsIgnoreCase},
    {"StringNotEqualsIgnoreCase", Comparison::StringEqualsIgnoreCase, true},
    {"StringLike", Comparison::StringLike},
    {"StringNotLike", Comparison::StringLike, true},
    {"NumericEquals", Comparison::NumericEquals},
    {"NumericNotEquals", Comparison::NumericEquals, true},
    {"NumericLessThan", Comparison::NumericLessThan},
    {"NumericLessThanEquals", Comparison::NumericLessThanEquals},
    {"NumericGreaterThan", Comparison::NumericGreaterThan},
    {"NumericGreaterThanEquals", Comparison::NumericGreaterThanEquals},
    {"DateEquals", Comparison::DateEquals},
    {"DateNotEquals", Comparison::DateEquals, true},
    {"DateLessThan", Comparison::DateLessThan},
    {"DateLessThanEquals", Comparison::DateLessThanEquals},
    {"DateGreaterThan", Comparison::DateGreaterThan},
    {"DateGreaterThanEquals", Comparison::DateGreaterThanEquals},
    {"Bool", Comparison::Bool},
    {"BinaryEquals", Comparison::BinaryEquals},
    {"IpAddress", Comparison::IpAddress},
    {"NotIpAddress", Comparison::IpAddress, true},
    // ArnEquals and ArnLike behave identically, by the reference.
    {"ArnEquals", Comparison::ArnLike},
    {"ArnLike", Comparison::ArnLike},
    {"ArnNotEquals", Comparison::ArnLike, true},
    {"ArnNotLike", Comparison::ArnLike, true},
    {"Null", Comparison::Null},
}};

bool takePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// What the comparison wants of "given <=> wanted".
bool isOrdered(Comparison comparison, std::strong_ordering order) {
  switch (comparison) {
    case Comparison::NumericEquals:
    case Comparison::DateEquals: return order == 0;
    case Comparison::NumericLessThan:
    case Comparison::DateLessThan: return order < 0;
    case Comparison::NumericLessThanEquals:
    case Comparison::DateLessThanEquals: return order <= 0;
    case Comparison::NumericGreaterThan:
    case Comparison::DateGreaterThan: return order > 0;
    case Comparison::NumericGreaterThanEquals:
    case Comparison::DateGreaterThanEquals: return order >= 0;
    default: return false;
  }
}

bool comparesNumbers(Comparison comparison, std::string_view given, std::string_view wanted) {
  auto left = parseDecimal(given), right = parseDecimal(wanted);
  return left && right && isOrdered(comparison, compare(*left, *right));
}

bool comparesDates(Comparison comparison, std::string_view given, std::string_view wanted) {
  auto left = parseDate(given), right = parseDate(wanted);
  return left && right && isOrdered(comparison, *left <=> *right);
}

bool isBool(std::string_view text) { return text == "true" || text == "false"; }

// Variables are for the operators on text, ARNs and truth alone.
bool sameTruth(std::string_view given, std::string_view wanted, const Context* variables) {
  auto pattern = Pattern::expand(wanted, variables);
  return pattern && isBool(text::lowerCase(given)) && pattern->equalsIgnoringCase(given);
}

bool sameBytes(std::string_view given, std::string_view wanted) {
  auto a = text::decodeBase64(given);
  auto b = text::decodeBase64(wanted);
  return a && b && *a == *b;
}

bool isInside(std::string_view given, std::string_view wanted) {
  auto address = parseIpRange(given);
  auto range = parseIpRange(wanted);
  return address && range && range->contains(*address);
}

bool matchesText(Comparison comparison, std::string_view given, std::string_view wanted, const Context* variables) {
  if (comparison != Comparison::StringEqualsIgnoreCase && isPlain(wanted, variables))
    return comparison == Comparison::StringLike ? like(wanted, given) : wanted == given;
  auto pattern = Pattern::expand(wanted, variables);
  if (!pattern) return false;
  if (comparison == Comparison::StringLike) return pattern->like(given);
  return comparison == Comparison::StringEquals ? pattern->equals(given) : pattern->equalsIgnoringCase(given);
}

bool matches(Comparison comparison, std::string_view given, std::string_view wanted, const Context* variables) {
  switch (comparison) {
    case Comparison::StringEquals:
    case Comparison::StringEqualsIgnoreCase:
    case Comparison::StringLike: return matchesText(comparison, given, wanted, variables);
    case Comparison::ArnLike: return arnLike(wanted, given, variables);
    case Comparison::Bool: return sameTruth(given, wanted, variables);
    case Comparison::BinaryEquals: return sameBytes(given, wanted);
    case Comparison::IpAddress: return isInside(given, wanted);
    case Comparison::NumericEquals:
    case Comparison::NumericLessThan:
    case Comparison::NumericLessThanEquals:
    case Comparison::NumericGreaterThan:
    case Comparison::NumericGreaterThanEquals: return comparesNumbers(comparison, given, wanted);
    case Comparison::DateEquals:
    case Comparison::DateLessThan:
    case Comparison::DateLessThanEquals:
    case Comparison::DateGreaterThan:
    case Comparison::DateGreaterThanEquals: return comparesDates(comparison, given, wanted);
    case Comparison::Null: return false;
  }
  return false;
}

const std::vector<std::string>& valuesOf(const Condition& condition, const Context& context) {
  static const std::vector<std::string> kNone;
  auto found = context.find(text::lowerCase(condition.key));
  return found == context.end() ? kNone : found->second;
}

// "A null dataset, such as an empty string", by the reference.
bool isNullSet(const std::vector<std::string>& given) {
  return std::ranges::all_of(given, [](const std::string& value) { return value.empty(); });
}

// sub of "oidc.example.com/cluster:sub"; empty for aws:SourceIp and other keys that are no claims.
std::string_view claimOf(std::string_view key) {
  auto colon = key.rfind(':');
  if (colon == key.npos || key.substr(0, colon).find('.') == key.npos) return "";
  return key.substr(colon + 1);
}

std::string subjectOf(std::string_view key) {
  std::string_view claim = claimOf(key);
  return claim.empty() ? std::string(key) : "the token's " + std::string(claim);
}

std::string listed(const std::vector<std::string>& values) {
  std::string out = text::joined(values);
  return out.empty() ? "nothing" : out;
}

// The same claim under another issuer's name, the usual slip in a trust policy.
std::string otherSpelling(std::string_view key, const Context& context) {
  std::string_view claim = claimOf(key);
  for (const auto& [name, values] : context)
    if (!claim.empty() && claimOf(name) == text::lowerCase(claim))
      return "; the request has " + name + " = " + listed(values);
  return "";
}

}  // namespace

std::optional<Operator> operatorNamed(std::string_view name) {
  Operator out;
  if (takePrefix(name, "ForAnyValue:")) {
    out.quantifier = Quantifier::AnyValue;
  } else if (takePrefix(name, "ForAllValues:")) {
    out.quantifier = Quantifier::AllValues;
  }
  if (name.ends_with("IfExists")) {
    out.ifExists = true;
    name.remove_suffix(std::string_view("IfExists").size());
  }
  auto found = std::ranges::find(kOperators, name, &Named::name);
  if (found == kOperators.end()) return std::nullopt;
  bool isPlain = out.quantifier == Quantifier::None && !out.ifExists;
  if (found->comparison == Comparison::Null && !isPlain) return std::nullopt;
  out.comparison = found->comparison;
  out.isNegated = found->isNegated;
  return out;
}

bool holds(const Condition& condition, const Context& context, const Context* variables) {
  const Operator op = *operatorNamed(condition.op);
  const std::vector<std::string>& given = valuesOf(condition, context);
  if (op.comparison == Comparison::Null)
    return std::ranges::any_of(condition.values, [&](const auto& wanted) {
      return isBool(text::lowerCase(wanted)) && (text::lowerCase(wanted) == "true") == isNullSet(given);
    });
  auto fits = [&](const std::string& value) {
    bool isListed = std::ranges::any_of(
        condition.values, [&](const auto& wanted) { return matches(op.comparison, value, wanted, variables); });
    return isListed != op.isNegated;
  };
  if (given.empty() && op.ifExists) return true;
  if (op.quantifier != Quantifier::None && isNullSet(given)) return op.quantifier == Quantifier::AllValues;
  if (op.quantifier == Quantifier::AnyValue) return std::ranges::any_of(given, fits);
  if (op.quantifier == Quantifier::AllValues) return std::ranges::all_of(given, fits);
  if (given.empty()) return op.isNegated;
  // Without a quantifier an operator speaks about one value; several match nothing.
  return given.size() == 1 && fits(given.front());
}

std::string whyNot(const Condition& condition, const Context& context) {
  const Operator op = *operatorNamed(condition.op);
  const std::vector<std::string>& given = valuesOf(condition, context);
  if (op.comparison == Comparison::Null)
    return (given.empty() ? "the request has no " : "the request has ") + condition.key + ", the policy wants it " +
           (given.empty() ? "present" : "absent") + " (Null)";
  std::string wish = std::string(op.isNegated ? "the policy wants anything but " : "the policy wants ") +
                     (condition.values.size() > 1 && !op.isNegated ? "one of " : "") + listed(condition.values);
  if (condition.op != "StringEquals") wish += " (" + condition.op + ")";
  if (given.empty()) return "the request has no " + condition.key + ", " + wish + otherSpelling(condition.key, context);
  if (op.quantifier == Quantifier::None && given.size() > 1)
    return subjectOf(condition.key) + " has several values (" + listed(given) + "), which " + condition.op +
           " never matches; " + wish;
  bool hasStar =
      std::ranges::any_of(condition.values, [](const auto& value) { return value.find_first_of("*?") != value.npos; });
  if (op.comparison == Comparison::StringEquals && !op.isNegated && hasStar)
    wish += "; StringEquals takes * and ? literally, StringLike does not";
  return subjectOf(condition.key) + " is " + listed(given) + ", " + wish;
}

}  // namespace policy
