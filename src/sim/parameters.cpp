#include "sim/parameters.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "policy/iam_text.h"

namespace sim {
namespace {

std::size_t codePoints(std::string_view text) {
  return std::size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string inQuotes(std::string_view value) { return "'" + std::string(value) + "'"; }

}  // namespace

Parameters::Parameters(text::FormFields fields) : fields_(std::move(fields)), byName_(fields_.size()) {
  std::iota(byName_.begin(), byName_.end(), 0U);
  std::stable_sort(byName_.begin(), byName_.end(), [&](auto a, auto b) { return fields_[a].first < fields_[b].first; });
}

std::optional<std::string_view> Parameters::repeated() const {
  auto same = [&](auto a, auto b) { return fields_[a].first == fields_[b].first; };
  auto found = std::adjacent_find(byName_.begin(), byName_.end(), same);
  return found == byName_.end() ? std::nullopt : std::optional<std::string_view>(fields_[*found].first);
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
  auto found = std::lower_bound(byName_.begin(), byName_.end(), name, [&](auto position, std::string_view wanted) {
    return fields_[position].first < wanted;
  });
  if (found == byName_.end() || fields_[*found].first != name) return std::nullopt;
  return fields_[*found].second;
}

std::vector<std::string> Parameters::list(std::string_view name) const {
  std::vector<std::string> out;
  for (std::size_t n = 1;; ++n) {
    auto value = find(std::string(name) + ".member." + std::to_string(n));
    if (!value) return out;
    out.emplace_back(*value);
  }
}

std::vector<std::pair<std::string, std::string>> Parameters::tags(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t n = 1;; ++n) {
    std::string prefix = std::string(name) + ".member." + std::to_string(n);
    auto key = find(prefix + ".Key");
    if (!key) return out;
    out.emplace_back(*key, get(prefix + ".Value"));
  }
}

base::Result<std::optional<std::int64_t>> Parameters::number(std::string_view name) const {
  auto text = find(name);
  if (!text) return std::optional<std::int64_t>();
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size())
    return base::Error{base::ErrorKind::Invalid, "MalformedInput", "STRING_VALUE can not be converted to an Integer"};
  return std::optional(value);
}

Constraints& Constraints::failed(std::string_view value, std::string_view member, std::string_view constraint) {
  const bool isShown = values_ == Values::Shown && !value.empty();
  faults_.push_back("Value " + (isShown ? std::string(value) + " " : "") + "at '" + std::string(member) +
                    "' failed to satisfy constraint: " + std::string(constraint));
  return *this;
}

Constraints& Constraints::required(std::string_view member, const std::optional<std::string_view>& value) {
  return value ? *this : failed("", member, "Member must not be null");
}

Constraints& Constraints::length(std::string_view member, const std::optional<std::string_view>& value,
                                 std::size_t least, std::size_t most, bool secret) {
  if (!value) return *this;
  std::size_t size = codePoints(*value);
  std::string shown = secret ? "" : inQuotes(*value);
  if (size < least) failed(shown, member, "Member must have length greater than or equal to " + std::to_string(least));
  if (size > most) failed(shown, member, "Member must have length less than or equal to " + std::to_string(most));
  return *this;
}

Constraints& Constraints::pattern(std::string_view member, const std::optional<std::string_view>& value, bool holds,
                                  std::string_view regularExpression) {
  if (!value || holds) return *this;
  return failed(inQuotes(*value), member,
                "Member must satisfy regular expression pattern: " + std::string(regularExpression));
}

Constraints& Constraints::range(std::string_view member, const std::optional<std::int64_t>& value, std::int64_t least,
                                std::int64_t most) {
  if (!value) return *this;
  std::string shown = inQuotes(std::to_string(*value));
  if (*value < least) failed(shown, member, "Member must have value greater than or equal to " + std::to_string(least));
  if (*value > most) failed(shown, member, "Member must have value less than or equal to " + std::to_string(most));
  return *this;
}

Constraints& Constraints::tag(std::size_t number, std::string_view key, std::string_view value) {
  const std::string member = "tags." + std::to_string(number) + ".member.";
  length(member + "key", key, 1, 128)
      .pattern(member + "key", key, policy::isTagText(key), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+");
  return length(member + "value", value, 0, 256)
      .pattern(member + "value", value, policy::isTagText(value), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
}

Constraints& Constraints::items(std::string_view member, bool hold, std::string_view constraints) {
  return hold ? *this : failed("", member, "Member must satisfy constraint: [" + std::string(constraints) + "]");
}

base::Result<void> Constraints::verdict() const {
  if (faults_.empty()) return {};
  std::string message = std::to_string(faults_.size()) + " validation error" + (faults_.size() == 1 ? "" : "s") +
                        " detected: " + faults_[0];
  for (std::size_t i = 1; i < faults_.size(); ++i) message += "; " + faults_[i];
  return base::Error{base::ErrorKind::Invalid, "ValidationError", message};
}

}  // namespace sim
