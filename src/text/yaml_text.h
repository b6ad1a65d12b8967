// A YAML text that is edited by splicing bytes: what an edit does not name stays as it was, comments, order, quoting,
// indentation, flow style and line ends included. After each edit the text is parsed again and compared, document by
// document, with the tree that the edit was to make; whatever a splice could not do cleanly (an anchor that is used
// elsewhere, an item that shares its line) is refused with its line and column, and the text stays as it was.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "text/json.h"
#include "text/yaml.h"

namespace text {

using YamlStep = std::variant<std::string, std::size_t>;  // a key, or an index
using YamlPath = std::vector<YamlStep>;

YamlPath operator/(YamlPath path, YamlStep step);

class YamlText {
 public:
  // What parseYamlDocuments() refuses is refused.
  static base::Result<YamlText> parse(std::string text);

  const std::string& text() const { return text_; }
  const std::vector<YamlNode>& documents() const { return documents_; }
  const YamlNode* find(std::size_t document, const YamlPath& path) const;  // null when nothing is there

  // The scalar at `path`, quoted as it was. A literal block (|) keeps its header and indentation; a folded one (>) is
  // refused.
  base::Result<void> setScalar(std::size_t document, const YamlPath& path, std::string_view value);

  // In the sequence at `path`, before item `index`, or behind the last one.
  base::Result<void> insertItem(std::size_t document, const YamlPath& path, std::size_t index, const Json& value);
  // Refuses the only item of a block sequence: remove the member that holds it.
  base::Result<void> removeItem(std::size_t document, const YamlPath& path, std::size_t index);
  // Items [first, last] go before the item that was number `to`, which lies outside; `to` may be the number of items.
  base::Result<void> moveItems(std::size_t document, const YamlPath& path, std::size_t first, std::size_t last,
                               std::size_t to);

  // Sets the scalar member `key` of the mapping at `path`, or adds it behind the others. Mappings that are missing on
  // the way are added too, and a document when the text has none. Refuses to hide a merge key (<<).
  base::Result<void> putMember(std::size_t document, const YamlPath& path, const std::string& key, const Json& value);
  // Behind the others; returns its number.
  base::Result<std::size_t> addDocument(const Json& value);
  // Refuses the only member of a block mapping.
  base::Result<void> removeMember(std::size_t document, const YamlPath& path, const std::string& key);

 private:
  struct Splice {
    std::size_t from = 0, to = 0;  // bytes that go
    std::string text;              // bytes that come
  };
  using Splices = std::vector<Splice>;  // in the text's order, disjoint

  YamlText(std::string text, std::vector<YamlNode> documents);

  base::Result<void> apply(const Splices& splices, const std::vector<Json>& wished, const YamlNode& at);
  std::vector<Json> trees() const;
  std::vector<Json> treesBefore(const Splice& splice) const;
  base::Result<const YamlNode*> nodeAt(std::size_t document, const YamlPath& path) const;
  base::Result<Splice> addedMember(const YamlNode& mapping, std::size_t indent, const Json& members) const;
  base::Result<std::string> bulletOf(const YamlNode& item) const;
  base::Result<Splice> addedItem(const YamlNode& list, std::size_t index, const Json& value) const;
  Splice wholeItems(const YamlNode& list, std::size_t first, std::size_t last) const;
  std::string block(const Json& value, std::size_t indent) const;
  std::string atTheEnd(std::string written, std::size_t at, const Json& value) const;
  std::string inFlow(const Json& value, const YamlNode* like) const;
  base::Result<void> fillMember(std::size_t document, const YamlPath& whole, std::size_t indent, const Json& value);

  std::string text_, lineEnd_;
  bool isJson_ = false;  // written as JSON, and to stay so
  std::vector<YamlNode> documents_;
};

// `value` as a scalar that reads back as that string: in the style of `like` where that is possible.
std::string yamlScalar(std::string_view value, const YamlNode* like, std::string_view text, bool flow);

}  // namespace text
