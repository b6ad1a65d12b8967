// Kubernetes objects, and what looks like them, among the documents of a YAML text.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/yaml_text.h"

namespace cluster {

using text::operator/;

std::string scalarAt(const text::YamlNode& node, std::string_view key);  // empty when there is no such scalar
std::string scalarAt(const text::YamlText& text, std::size_t document, const text::YamlPath& path);

// `apiVersion` may end in '/': then any version of the group.
bool isObject(const text::YamlNode& document, std::string_view apiVersion, std::string_view kind);
bool holds(const text::YamlText& text, std::string_view apiVersion, std::string_view kind);

// The number of the one document that is such an object. Invalid when there is none, or a second one (with its line).
base::Result<std::size_t> onlyObject(const text::YamlText& text, std::string_view apiVersion, std::string_view kind);

// Where the piece at `inner` of a literal block's text stands in the text around it. `text` holds `block`.
text::Position outward(std::string_view text, const text::YamlNode& block, const text::Position& inner);

}  // namespace cluster
