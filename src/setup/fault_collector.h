// Reads a YAML tree key by key and collects every fault with its place, so that all of them can be told at once.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/yaml.h"

namespace setup {

// What is wrong with a value, or empty: the words follow the value's name, as in `aws.region "x" has the form of ...`.
using Check = std::function<std::string(std::string_view value)>;

class FaultCollector {
 public:
  explicit FaultCollector(std::string file) : file_(std::move(file)) {}

  void fault(const text::Position& at, std::string_view message);
  // Invalid with every fault on a line of its own, in the file's order; ok when there was none.
  base::Result<void> verdict() &&;

  // Whether `node` is a mapping (else a fault); each key that is not in `known` is a fault with the nearest one that
  // is.
  bool isMapping(const text::YamlNode& node, std::string_view name, std::span<const std::string_view> known);

  // A member of `parent`, whose full name is `name` ("aws.region"; the key is what follows the last dot). Absent and
  // faulty members give the fallback.
  std::string string(const text::YamlNode& parent, std::string_view name, std::string_view fallback = "",
                     const Check& check = nullptr);
  std::string required(const text::YamlNode& parent, std::string_view name, const Check& check = nullptr);
  bool boolean(const text::YamlNode& parent, std::string_view name, bool fallback);
  int integer(const text::YamlNode& parent, std::string_view name, int fallback, int least, int most);
  std::vector<std::string> strings(const text::YamlNode& parent, std::string_view name, const Check& check);
  std::map<std::string, std::string> stringMap(const text::YamlNode& parent, std::string_view name,
                                               const Check& keyCheck);

 private:
  struct Fault {
    text::Position at;
    std::string message;
  };
  std::optional<std::string> scalar(const text::YamlNode& node, std::string_view name, const Check& check);

  std::string file_;
  std::vector<Fault> faults_;
};

// A Check that allows only these words and proposes the nearest.
Check oneOf(std::vector<std::string_view> words);

}  // namespace setup
