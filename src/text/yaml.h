// YAML as people write it: a tree that knows where each piece stands, so that a file can be checked with line and
// column and edited by splicing bytes, leaving comments, order and quoting alone. Parsed by libfyaml.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/json.h"
#include "text/position.h"

namespace text {

struct YamlMember;

struct YamlNode {
  enum class Kind { Null, Scalar, Sequence, Mapping };  // Null: nothing, or a plain ~ or null
  Kind kind = Kind::Null;
  std::string scalar;               // unquoted, unescaped
  bool quoted = false;              // 'x', "x", or a block scalar: always a string
  bool flow = false;                // [..] or {..}
  Position start, end;              // [start, end) in the text; for block collections end is the end of the last child
  std::vector<YamlNode> items;      // Sequence
  std::vector<YamlMember> members;  // Mapping, in the file's order

  const YamlNode* find(std::string_view key) const;  // null when absent or no mapping
};

struct YamlMember {
  YamlNode key, value;
};

// Exactly one document. Errors say line and column. Duplicate keys, keys that are no scalars, control characters, bytes
// that are no UTF-8, tabs as indentation, anchors that expand to more than 100,000 nodes and depth above 64 are
// refused. A merge key (<<) is a key like others.
base::Result<YamlNode> parseYaml(std::string_view document);
base::Result<std::vector<YamlNode>> parseYamlDocuments(std::string_view documents);

// Plain scalars become null, booleans (true and false only) and numbers by the JSON schema of YAML 1.2; others strings.
Json toJson(const YamlNode& node);

// Writes block style, two blanks a level, strings quoted whenever a YAML 1.1 reader could take them for something else.
std::string writeYaml(const Json& json);

}  // namespace text
