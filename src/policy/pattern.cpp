#include "policy/pattern.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "policy/variable.h"
#include "text/words.h"

namespace policy {
namespace {

// What stands for `${inside}`.
std::optional<std::string> valueOf(std::string_view inside, const Context& context) {
  if (isEscape(inside)) return std::string(inside);
  const Variable variable = readVariable(inside);
  const auto found = context.find(variable.key);
  if (found != context.end() && found->second.size() == 1) return found->second.front();
  if (found != context.end() && found->second.size() > 1) return std::nullopt;
  return variable.fallback ? std::optional<std::string>(*variable.fallback) : std::nullopt;
}

// Skips one character of UTF-8.
std::size_t nextCharacter(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

// Only the last '*' is ever tried again, so the time is at most the product of the two sizes.
template <class IsWild>
bool matches(std::string_view pattern, std::string_view value, IsWild isWild) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t at = 0, i = 0, star = kNone, retry = 0;
  while (i < value.size()) {
    if (at < pattern.size() && isWild(at, '*')) {
      star = ++at;
      retry = i;
    } else if (at < pattern.size() && isWild(at, '?')) {
      ++at;
      i = nextCharacter(value, i);
    } else if (at < pattern.size() && pattern[at] == value[i]) {
      ++at;
      ++i;
    } else if (star != kNone) {
      at = star;
      i = retry = nextCharacter(value, retry);
    } else {
      return false;
    }
  }
  while (at < pattern.size() && isWild(at, '*')) ++at;
  return at == pattern.size();
}

constexpr std::size_t kArnParts = 6;
using ArnParts = std::array<std::string_view, kArnParts>;

// Colons inside ${...} belong to the variable's name.
std::optional<ArnParts> arnParts(std::string_view text, bool hasVariables) {
  ArnParts parts;
  std::size_t part = 0, start = 0;
  bool inVariable = false;
  for (std::size_t i = 0; i < text.size() && part + 1 < kArnParts; ++i) {
    if (hasVariables && text.substr(i).starts_with("${")) inVariable = true;
    if (text[i] == '}') inVariable = false;
    if (text[i] != ':' || inVariable) continue;
    parts[part++] = text.substr(start, i - start);
    start = i + 1;
  }
  if (part + 1 != kArnParts) return std::nullopt;
  parts[part] = text.substr(start);
  return parts;
}

}  // namespace

void Pattern::addLiteral(std::string_view text) {
  isLiteral_.resize(bytes_.size());
  bytes_ += text;
  isLiteral_.resize(bytes_.size(), true);
}

void Pattern::addWild(std::string_view text) {
  bytes_ += text;
  if (!isLiteral_.empty()) isLiteral_.resize(bytes_.size());
}

std::optional<Pattern> Pattern::expand(std::string_view text, const Context* variables) {
  Pattern pattern;
  while (!text.empty()) {
    auto start = variables == nullptr ? text.npos : text.find("${");
    auto end = start == text.npos ? text.npos : text.find('}', start);
    pattern.addWild(text.substr(0, end == text.npos ? text.npos : start));
    if (end == text.npos) break;
    auto value = valueOf(text.substr(start + 2, end - start - 2), *variables);
    if (!value) return std::nullopt;
    pattern.addLiteral(*value);
    text.remove_prefix(end + 1);
  }
  return pattern;
}

bool Pattern::equals(std::string_view value) const { return bytes_ == value; }
bool Pattern::equalsIgnoringCase(std::string_view value) const {
  return text::lowerCase(bytes_) == text::lowerCase(value);
}

bool Pattern::like(std::string_view value) const {
  return matches(bytes_, value, [&](std::size_t at, char wildcard) { return isWild(at, wildcard); });
}

bool isPlain(std::string_view text, const Context* variables) {
  return variables == nullptr || text.find("${") == text.npos;
}

bool like(std::string_view pattern, std::string_view value) {
  return matches(pattern, value, [&](std::size_t at, char wildcard) { return pattern[at] == wildcard; });
}

bool arnLike(std::string_view pattern, std::string_view value, const Context* variables) {
  auto wanted = arnParts(pattern, variables != nullptr);
  auto given = arnParts(value, false);
  if (!wanted || !given) return false;
  for (std::size_t i = 0; i < kArnParts; ++i) {
    if (isPlain((*wanted)[i], variables)) {
      if (!like((*wanted)[i], (*given)[i])) return false;
      continue;
    }
    auto part = Pattern::expand((*wanted)[i], variables);
    if (!part || !part->like((*given)[i])) return false;
  }
  return true;
}

}  // namespace policy
