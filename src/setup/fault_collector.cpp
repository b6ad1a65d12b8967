#include "setup/fault_collector.h"

#include <algorithm>
#include <charconv>

#include "text/nearest.h"
#include "text/position.h"

namespace setup {
namespace {

using Kind = text::YamlNode::Kind;

std::string_view keyOf(std::string_view name) {
  std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

std::string_view describe(Kind kind) {
  switch (kind) {
    case Kind::Null: return "nothing";
    case Kind::Scalar: return "a single value";
    case Kind::Sequence: return "a list";
    case Kind::Mapping: return "a mapping";
  }
  return "";
}

std::string inQuotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view near = text::nearest(word, candidates);
  return near.empty() ? "" : ": did you mean " + inQuotes(near) + "?";
}

}  // namespace

void FaultCollector::fault(const text::Position& at, std::string_view message) {
  faults_.push_back({at, std::string(message)});
}

base::Result<void> FaultCollector::verdict() && {
  if (faults_.empty()) return {};
  std::stable_sort(faults_.begin(), faults_.end(),
                   [](const Fault& a, const Fault& b) { return a.at.offset < b.at.offset; });
  std::string message;
  for (const Fault& fault : faults_)
    message += (message.empty() ? "" : "\n") + text::place(file_, fault.at) + ": " + fault.message;
  return base::invalid(std::move(message));
}

bool FaultCollector::isMapping(const text::YamlNode& node, std::string_view name,
                               std::span<const std::string_view> known) {
  if (node.kind != Kind::Mapping) {
    fault(node.start, std::string(name) + " must be a mapping, not " + std::string(describe(node.kind)));
    return false;
  }
  for (const auto& [key, value] : node.members)
    if (std::find(known.begin(), known.end(), key.scalar) == known.end())
      fault(key.start, "unknown key " + inQuotes(key.scalar) + suggestion(key.scalar, known));
  return true;
}

std::optional<std::string> FaultCollector::scalar(const text::YamlNode& node, std::string_view name,
                                                  const Check& check) {
  if (node.kind != Kind::Scalar) {
    fault(node.start, std::string(name) + " must be a single value, not " + std::string(describe(node.kind)));
    return std::nullopt;
  }
  std::string wrong = check ? check(node.scalar) : "";
  if (wrong.empty()) return node.scalar;
  fault(node.start, std::string(name) + " " + inQuotes(node.scalar) + " " + wrong);
  return std::nullopt;
}

std::string FaultCollector::string(const text::YamlNode& parent, std::string_view name, std::string_view fallback,
                                   const Check& check) {
  const text::YamlNode* node = parent.find(keyOf(name));
  if (!node) return std::string(fallback);
  return scalar(*node, name, check).value_or(std::string(fallback));
}

std::string FaultCollector::required(const text::YamlNode& parent, std::string_view name, const Check& check) {
  const text::YamlNode* node = parent.find(keyOf(name));
  if (node) return scalar(*node, name, check).value_or("");
  fault(parent.start, std::string(name) + " is missing");
  return "";
}

bool FaultCollector::boolean(const text::YamlNode& parent, std::string_view name, bool fallback) {
  const text::YamlNode* node = parent.find(keyOf(name));
  if (!node) return fallback;
  if (node->kind == Kind::Scalar && !node->quoted && (node->scalar == "true" || node->scalar == "false"))
    return node->scalar == "true";
  fault(node->start, std::string(name) + " must be true or false");
  return fallback;
}

int FaultCollector::integer(const text::YamlNode& parent, std::string_view name, int fallback, int least, int most) {
  const text::YamlNode* node = parent.find(keyOf(name));
  if (!node) return fallback;
  int value = 0;
  const char* end = node->scalar.data() + node->scalar.size();
  auto [at, error] = std::from_chars(node->scalar.data(), end, value);
  bool isNumber = node->kind == Kind::Scalar && !node->quoted && error == std::errc() && at == end;
  if (isNumber && value >= least && value <= most) return value;
  fault(node->start,
        std::string(name) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
  return fallback;
}

std::vector<std::string> FaultCollector::strings(const text::YamlNode& parent, std::string_view name,
                                                 const Check& check) {
  const text::YamlNode* node = parent.find(keyOf(name));
  std::vector<std::string> values;
  if (!node) return values;
  if (node->kind != Kind::Sequence) {
    fault(node->start, std::string(name) + " must be a list, not " + std::string(describe(node->kind)));
    return values;
  }
  for (const text::YamlNode& item : node->items)
    if (auto value = scalar(item, name, check)) values.push_back(std::move(*value));
  return values;
}

std::map<std::string, std::string> FaultCollector::stringMap(const text::YamlNode& parent, std::string_view name,
                                                             const Check& keyCheck) {
  const text::YamlNode* node = parent.find(keyOf(name));
  std::map<std::string, std::string> values;
  if (!node) return values;
  if (node->kind != Kind::Mapping) {
    fault(node->start, std::string(name) + " must be a mapping, not " + std::string(describe(node->kind)));
    return values;
  }
  for (const auto& [key, value] : node->members) {
    std::string wrong = keyCheck(key.scalar);
    if (!wrong.empty()) fault(key.start, std::string(name) + " " + inQuotes(key.scalar) + " " + wrong);
    if (auto text = scalar(value, std::string(name) + "." + key.scalar, nullptr)) values[key.scalar] = std::move(*text);
  }
  return values;
}

Check oneOf(std::vector<std::string_view> words) {
  return [words = std::move(words)](std::string_view value) -> std::string {
    if (std::find(words.begin(), words.end(), value) != words.end()) return "";
    std::string list;
    for (std::string_view word : words) list += (list.empty() ? "" : ", ") + std::string(word);
    return "is none of " + list + suggestion(value, words);
  };
}

}  // namespace setup
