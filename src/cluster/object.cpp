#include "cluster/object.h"

#include <algorithm>

namespace cluster {

std::string scalarAt(const text::YamlNode& node, std::string_view key) {
  const text::YamlNode* found = node.find(key);
  return found && found->kind == text::YamlNode::Kind::Scalar ? found->scalar : "";
}

std::string scalarAt(const text::YamlText& text, std::size_t document, const text::YamlPath& path) {
  const text::YamlNode* found = text.find(document, path);
  return found && found->kind == text::YamlNode::Kind::Scalar ? found->scalar : "";
}

bool isObject(const text::YamlNode& document, std::string_view apiVersion, std::string_view kind) {
  const std::string version = scalarAt(document, "apiVersion");
  return scalarAt(document, "kind") == kind &&
         (apiVersion.ends_with('/') ? version.starts_with(apiVersion) : version == apiVersion);
}

bool holds(const text::YamlText& text, std::string_view apiVersion, std::string_view kind) {
  return std::ranges::any_of(text.documents(),
                             [&](const text::YamlNode& one) { return isObject(one, apiVersion, kind); });
}

base::Result<std::size_t> onlyObject(const text::YamlText& text, std::string_view apiVersion, std::string_view kind) {
  const auto& documents = text.documents();
  std::size_t found = documents.size();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (!isObject(documents[i], apiVersion, kind)) continue;
    if (found != documents.size()) {
      return base::invalid(text::place(documents[i].start) + ": a second " + std::string(kind) +
                           " begins; put each into a file of its own");
    }
    found = i;
  }
  if (found != documents.size()) return found;
  return base::invalid("the file holds no " + std::string(kind) + " of " + std::string(apiVersion) +
                       (apiVersion.ends_with('/') ? "…" : ""));
}

text::Position outward(std::string_view text, const text::YamlNode& block, const text::Position& inner) {
  const std::size_t body = text.find('\n', block.start.offset);
  const std::size_t content = body == std::string_view::npos ? body : text.find_first_not_of(" \r\n", body);
  if (content == std::string_view::npos || text[block.start.offset] != '|') return block.start;
  const std::size_t indent = content - (text.rfind('\n', content) + 1);
  return {block.start.line + inner.line, indent + inner.column, 0};
}

}  // namespace cluster
