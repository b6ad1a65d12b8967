#include "text/yaml_text.h"

#include <algorithm>
#include <utility>

namespace text {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::size_t lineBegin(std::string_view text, std::size_t offset) {
  const std::size_t before = offset == 0 ? kNone : text.rfind('\n', offset - 1);
  const std::size_t begin = before == kNone ? 0 : before + 1;
  return begin == 0 && text.starts_with("\xef\xbb\xbf") ? 3 : begin;
}

std::size_t nextLine(std::string_view text, std::size_t offset) {
  const std::size_t end = text.find('\n', offset);
  return end == kNone ? text.size() : end + 1;
}

std::string lineEndOf(std::string_view text) {
  const std::size_t end = text.find('\n');
  return end != kNone && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

base::Error refused(const YamlNode& at, std::string_view why) {
  return base::invalid(place(at.start) + ": " + std::string(why));
}

constexpr std::string_view kUnkept = "this can't be edited without touching what stands around it; edit it by hand";

std::size_t indexOf(const YamlStep& step) {
  const std::size_t* index = std::get_if<std::size_t>(&step);
  return index ? *index : kNone;
}

const YamlNode* child(const YamlNode& node, const YamlStep& step) {
  if (const std::string* key = std::get_if<std::string>(&step)) return node.find(*key);
  const std::size_t index = indexOf(step);
  return index < node.items.size() ? &node.items[index] : nullptr;
}

Json& childTree(Json& tree, const YamlStep& step) {
  if (const std::string* key = std::get_if<std::string>(&step)) return tree[*key];
  return tree[indexOf(step)];
}

Json& treeAt(Json& tree, const YamlPath& path) {
  Json* at = &tree;
  for (const YamlStep& step : path) at = &childTree(*at, step);
  return *at;
}

bool hasMergeKey(const YamlNode& mapping) { return mapping.find("<<") != nullptr; }

// A literal block whose body is `value`: the header and the indentation of `old`, as far as `old` has lines.
std::string literalLike(std::string_view old, std::string_view value, const std::string& lineEnd) {
  const std::size_t header = std::min(old.find_first_of("\r\n"), old.size());
  const std::size_t content = old.find_first_not_of(" \r\n", header);
  std::size_t indent = content == kNone ? 0 : content - (old.rfind('\n', content) + 1);
  std::string out(old.substr(0, header));
  if (value.ends_with('\n')) value.remove_suffix(1);
  while (true) {
    const std::size_t end = std::min(value.find('\n'), value.size());
    out += lineEnd;
    if (end > 0) out.append(indent, ' ').append(value.substr(0, end));
    if (end == value.size()) return out;
    value.remove_prefix(end + 1);
  }
}

bool holdsLineEnd(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().find('\n') != kNone;
  return value.is_structured() && std::ranges::any_of(value, holdsLineEnd);
}

}  // namespace

YamlPath operator/(YamlPath path, YamlStep step) {
  path.push_back(std::move(step));
  return path;
}

std::string yamlScalar(std::string_view value, const YamlNode* like, std::string_view text, bool flow) {
  const char quote = like && like->quoted && like->start.offset < text.size() ? text[like->start.offset] : '\0';
  const bool onePiece = std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (quote == '\'' && onePiece) {
    std::string out = "'";
    for (const char c : value) out.append(c == '\'' ? 2 : 1, c);
    return out + "'";
  }
  std::string written = writeYaml(Json(std::string(value)));
  written.pop_back();
  const bool ambiguous = flow && value.find_first_of(",[]{}") != kNone;
  if (quote == '"' || ambiguous || written.find('\n') != kNone) return compact(Json(std::string(value)));
  return written;
}

YamlText::YamlText(std::string text, std::vector<YamlNode> documents)
    : text_(std::move(text)), lineEnd_(lineEndOf(text_)), documents_(std::move(documents)) {
  const std::size_t first = text_.find_first_not_of(" \t\r\n");
  isJson_ = first != kNone && (text_[first] == '{' || text_[first] == '[');
}

base::Result<YamlText> YamlText::parse(std::string text) {
  std::vector<YamlNode> documents = TRY(parseYamlDocuments(text));
  return YamlText(std::move(text), std::move(documents));
}

const YamlNode* YamlText::find(std::size_t document, const YamlPath& path) const {
  const YamlNode* node = document < documents_.size() ? &documents_[document] : nullptr;
  for (const YamlStep& step : path) {
    if (!node) return nullptr;
    node = child(*node, step);
  }
  return node;
}

base::Result<const YamlNode*> YamlText::nodeAt(std::size_t document, const YamlPath& path) const {
  const YamlNode* node = find(document, path);
  if (!node) return base::internal("an edit names a place that is not there");
  return node;
}

std::vector<Json> YamlText::trees() const {
  std::vector<Json> found;
  for (const YamlNode& document : documents_) found.push_back(toJson(document));
  return found;
}

// A literal block that ends the text without a line end gets one when something comes behind it.
std::vector<Json> YamlText::treesBefore(const Splice& splice) const {
  std::vector<Json> found = trees();
  const bool isBehind = splice.from == text_.size() && !text_.empty() && !text_.ends_with('\n');
  if (!isBehind || documents_.empty()) return found;
  const YamlNode* node = &documents_.back();
  Json* tree = &found.back();
  while (!node->members.empty() || !node->items.empty()) {
    node = node->items.empty() ? &node->members.back().value : &node->items.back();
    tree = tree->is_array() ? &tree->back() : &(*tree)[std::prev(tree->end()).key()];
  }
  const std::string_view source = std::string_view(text_).substr(node->start.offset);
  const std::string_view header = source.substr(0, source.find_first_of("\r\n"));
  const bool isBlock = node->quoted && (header.starts_with('|') || header.starts_with('>'));
  if (isBlock && header.find('-') == kNone && node->end.offset == text_.size())
    *tree = node->scalar + (node->scalar.ends_with('\n') ? "" : "\n");
  return found;
}

base::Result<void> YamlText::apply(const Splices& splices, const std::vector<Json>& wished, const YamlNode& at) {
  std::string edited;
  std::size_t from = 0;
  for (const Splice& splice : splices) {
    if (splice.from < from) return refused(at, kUnkept);
    edited.append(text_, from, splice.from - from).append(splice.text);
    from = splice.to;
  }
  edited.append(text_, from);
  base::Result<YamlText> reread = parse(std::move(edited));
  if (!reread || reread->trees() != wished) return refused(at, kUnkept);
  text_ = std::move(reread->text_);
  documents_ = std::move(reread->documents_);
  return {};
}

base::Result<void> YamlText::setScalar(std::size_t document, const YamlPath& path, std::string_view value) {
  const YamlNode* node = TRY(nodeAt(document, path));
  if (node->kind != YamlNode::Kind::Scalar) return refused(*node, "a single value is wanted here");
  const std::size_t from = node->start.offset, to = node->end.offset;
  const std::string_view old = std::string_view(text_).substr(from, to - from);
  if (old.starts_with('>')) return refused(*node, "a folded block (>) can't be edited in place; write it as |");
  std::vector<Json> wished = trees();
  Json& tree = treeAt(wished[document], path);
  if (tree == Json(std::string(value))) return {};
  tree = std::string(value);
  const YamlNode* parent = path.empty() ? nullptr : find(document, YamlPath(path.begin(), path.end() - 1));
  const bool flow = parent && parent->flow;
  std::string written =
      old.starts_with('|') && node->quoted ? literalLike(old, value, lineEnd_) : yamlScalar(value, node, text_, flow);
  return apply({{from, to, std::move(written)}}, wished, *node);
}

// "    - " before an item that has its line to itself.
base::Result<std::string> YamlText::bulletOf(const YamlNode& item) const {
  const std::size_t begin = lineBegin(text_, item.start.offset);
  const std::string lead = text_.substr(begin, item.start.offset - begin);
  const std::size_t dash = lead.find_first_not_of(' ');
  const bool alone =
      dash != kNone && lead[dash] == '-' && dash + 1 < lead.size() && lead.find_first_not_of(' ', dash + 1) == kNone;
  if (!alone) return refused(item, kUnkept);
  return lead;
}

std::string YamlText::block(const Json& value, std::size_t indent) const {
  std::string written = writeYaml(value), out;
  for (std::size_t from = 0; from < written.size();) {
    const std::size_t end = written.find('\n', from);
    if (end > from) out.append(indent, ' ').append(written, from, end - from);
    out += lineEnd_;
    from = end + 1;
  }
  return out;
}

std::string YamlText::inFlow(const Json& value, const YamlNode* like) const {
  if (isJson_) return compact(value);
  if (value.is_string()) return yamlScalar(value.get_ref<const std::string&>(), like, text_, true);
  if (!value.is_structured()) return compact(value);
  std::string out;
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (!out.empty()) out += ", ";
    if (value.is_object()) out += yamlScalar(member.key(), nullptr, text_, true) + ": ";
    out += inFlow(*member, nullptr);
  }
  return value.is_object() ? "{" + out + "}" : "[" + out + "]";
}

// Behind a text without a line end: the new last line has none either, unless it is one of a literal block, to which
// it belongs.
std::string YamlText::atTheEnd(std::string written, std::size_t at, const Json& value) const {
  if (text_.empty() || text_.ends_with('\n') || at != text_.size()) return written;
  if (!holdsLineEnd(value)) written.resize(written.size() - lineEnd_.size());
  return lineEnd_ + written;
}

base::Result<YamlText::Splice> YamlText::addedItem(const YamlNode& list, std::size_t index, const Json& value) const {
  const std::size_t count = list.items.size();
  const YamlNode* neighbour = count == 0 ? nullptr : &list.items[std::min(index, count - 1)];
  if (list.flow) {
    const std::string written = inFlow(value, neighbour);
    if (!neighbour) return Splice{list.start.offset + 1, list.start.offset + 1, written};
    const std::size_t at = index < count ? neighbour->start.offset : neighbour->end.offset;
    return Splice{at, at, index < count ? written + ", " : ", " + written};
  }
  if (!neighbour) return refused(list, kUnkept);
  const std::string bullet = TRY(bulletOf(*neighbour));
  std::string written = block(value, bullet.size());
  if (!value.is_string()) {
    written.replace(0, bullet.size(), bullet);
  } else if (const auto& line = value.get_ref<const std::string&>(); line.find('\n') == kNone) {
    written = bullet + yamlScalar(line, neighbour, text_, false) + lineEnd_;
  } else {
    written = block(Json::array({value}), bullet.find('-'));
  }
  if (index < count) {
    const std::size_t at = lineBegin(text_, neighbour->start.offset);
    return Splice{at, at, written};
  }
  const std::size_t at = nextLine(text_, neighbour->end.offset);
  return Splice{at, at, atTheEnd(std::move(written), at, value)};
}

base::Result<void> YamlText::insertItem(std::size_t document, const YamlPath& path, std::size_t index,
                                        const Json& value) {
  const YamlNode* list = TRY(nodeAt(document, path));
  if (list->kind != YamlNode::Kind::Sequence) return refused(*list, "a list is wanted here");
  index = std::min(index, list->items.size());
  const Splice splice = TRY(addedItem(*list, index, value));
  std::vector<Json> wished = treesBefore(splice);
  Json& tree = treeAt(wished[document], path);
  tree.insert(tree.begin() + std::ptrdiff_t(index), value);
  return apply({splice}, wished, *list);
}

// Block items with their bullets and line ends; flow items with the comma that goes with them.
YamlText::Splice YamlText::wholeItems(const YamlNode& list, std::size_t first, std::size_t last) const {
  const std::vector<YamlNode>& items = list.items;
  if (!list.flow) {
    return {lineBegin(text_, items[first].start.offset), nextLine(text_, items[last].end.offset), ""};
  }
  if (first > 0) return {items[first - 1].end.offset, items[last].end.offset, ""};
  const std::size_t to = last + 1 < items.size() ? items[last + 1].start.offset : items[last].end.offset;
  return {items[first].start.offset, to, ""};
}

base::Result<void> YamlText::removeItem(std::size_t document, const YamlPath& path, std::size_t index) {
  const YamlNode* list = TRY(nodeAt(document, path));
  if (index >= list->items.size()) return refused(*list, "there is no such item");
  if (!list->flow) {
    if (list->items.size() == 1) return refused(*list, kUnkept);
    TRY(bulletOf(list->items[index]));
  }
  std::vector<Json> wished = trees();
  treeAt(wished[document], path).erase(index);
  return apply({wholeItems(*list, index, index)}, wished, list->items[index]);
}

base::Result<void> YamlText::moveItems(std::size_t document, const YamlPath& path, std::size_t first, std::size_t last,
                                       std::size_t to) {
  const YamlNode* list = TRY(nodeAt(document, path));
  const std::vector<YamlNode>& items = list->items;
  const bool inside = last < items.size() && first <= last && to <= items.size();
  if (!inside || (to >= first && to <= last + 1)) return inside ? base::Result<void>() : refused(*list, kUnkept);
  const Splice gone = wholeItems(*list, first, last);
  Splice come;
  if (list->flow) {
    const std::string moved =
        text_.substr(items[first].start.offset, items[last].end.offset - items[first].start.offset);
    come.from = to < first ? items[to].start.offset : items[to - 1].end.offset;
    come.text = to < first ? moved + ", " : ", " + moved;
  } else {
    TRY(bulletOf(items[first]));
    TRY(bulletOf(items[to < first ? to : to - 1]));
    come.from = to < first ? lineBegin(text_, items[to].start.offset) : nextLine(text_, items[to - 1].end.offset);
    come.text = text_.substr(gone.from, gone.to - gone.from);
    if (!come.text.ends_with('\n')) come.text += lineEnd_;
    if (come.from == text_.size() && !text_.ends_with('\n')) come.text = lineEnd_ + come.text;
  }
  come.to = come.from;
  std::vector<Json> wished = trees();
  Json& tree = treeAt(wished[document], path);
  const auto at = [&tree](std::size_t index) { return tree.begin() + std::ptrdiff_t(index); };
  if (to < first) {
    std::rotate(at(to), at(first), at(last + 1));
    return apply({come, gone}, wished, items[first]);
  }
  std::rotate(at(first), at(last + 1), at(to));
  return apply({gone, come}, wished, items[first]);
}

base::Result<YamlText::Splice> YamlText::addedMember(const YamlNode& mapping, std::size_t indent,
                                                     const Json& members) const {
  const bool empty = mapping.members.empty();
  if (mapping.flow) {
    std::string written = inFlow(members, nullptr);
    written = written.substr(1, written.size() - 2);
    if (empty) return Splice{mapping.start.offset + 1, mapping.start.offset + 1, written};
    const std::size_t at = mapping.members.back().value.end.offset;
    return Splice{at, at, ", " + written};
  }
  if (mapping.kind == YamlNode::Kind::Null && mapping.start.offset != mapping.end.offset)
    return refused(mapping, kUnkept);
  const std::size_t at = nextLine(text_, mapping.end.offset);
  return Splice{at, at, atTheEnd(block(members, indent), at, members)};
}

// Behind a key that has nothing behind it.
base::Result<void> YamlText::fillMember(std::size_t document, const YamlPath& whole, std::size_t indent,
                                        const Json& value) {
  const YamlNode* node = TRY(nodeAt(document, whole));
  std::vector<Json> wished = trees();
  treeAt(wished[document], whole) = value;
  Splice splice{node->end.offset, node->end.offset, ""};
  if (value.is_structured() && !value.empty()) {
    splice = TRY(addedMember(*node, value.is_array() ? indent - 2 : indent, value));
  } else {
    splice.text = " " + inFlow(value, nullptr);
  }
  return apply({splice}, wished, *node);
}

base::Result<void> YamlText::putMember(std::size_t document, const YamlPath& path, const std::string& key,
                                       const Json& value) {
  const YamlPath whole = path / key;
  YamlPath known;
  const YamlNode nothing;
  const YamlNode* node = documents_.empty() ? &nothing : TRY(nodeAt(document, {}));
  std::size_t indent = 0;  // of what would stand below `node`
  while (known.size() < whole.size()) {
    const YamlNode* next = child(*node, whole[known.size()]);
    if (!next) break;
    for (const YamlMember& member : node->members) {
      if (&member.value == next) indent = member.key.start.column + 1;
    }
    known.push_back(whole[known.size()]);
    node = next;
  }
  if (known.size() == whole.size()) {
    if (node->kind == YamlNode::Kind::Null) return fillMember(document, whole, indent, value);
    if (node->kind != YamlNode::Kind::Scalar || !value.is_string()) return refused(*node, "another value stands here");
    return setScalar(document, whole, value.get_ref<const std::string&>());
  }
  if (node->kind != YamlNode::Kind::Mapping && node->kind != YamlNode::Kind::Null)
    return refused(*node, "a mapping is wanted here");
  if (hasMergeKey(*node)) return refused(*node, "a merge key (<<) may bring what is to be added; write it out first");
  Json members = value;
  for (std::size_t i = whole.size(); i > known.size(); --i)
    members = Json::object({{std::get<std::string>(whole[i - 1]), members}});
  if (!node->members.empty()) indent = node->members.front().key.start.column - 1;
  Splice splice{text_.size(), text_.size(),
                (text_.empty() || text_.ends_with('\n') ? "" : lineEnd_) + block(members, 0)};
  if (!documents_.empty()) splice = TRY(addedMember(*node, indent, members));
  std::vector<Json> wished = treesBefore(splice);
  if (documents_.empty()) wished.emplace_back();
  treeAt(wished[document], known).update(members);
  return apply({splice}, wished, *node);
}

base::Result<std::size_t> YamlText::addDocument(const Json& value) {
  std::string written = text_.empty() || text_.ends_with('\n') ? "" : lineEnd_;
  if (!documents_.empty()) written += "---" + lineEnd_;
  written += block(value, 0);
  Splice splice{text_.size(), text_.size(), std::move(written)};
  std::vector<Json> wished = treesBefore(splice);
  wished.push_back(value);
  const YamlNode nothing;
  TRY(apply({std::move(splice)}, wished, nothing));
  return documents_.size() - 1;
}

base::Result<void> YamlText::removeMember(std::size_t document, const YamlPath& path, const std::string& key) {
  const YamlNode* mapping = TRY(nodeAt(document, path));
  const auto& members = mapping->members;
  const auto member = std::ranges::find(members, key, [](const YamlMember& one) { return one.key.scalar; });
  if (member == members.end()) return {};
  if (!mapping->flow && members.size() == 1) return refused(member->key, kUnkept);
  std::vector<Json> wished = trees();
  treeAt(wished[document], path).erase(key);
  Splice splice;
  if (!mapping->flow) {
    splice = {lineBegin(text_, member->key.start.offset), nextLine(text_, member->value.end.offset), ""};
    const std::string_view lead = std::string_view(text_).substr(splice.from, member->key.start.offset - splice.from);
    if (lead.find_first_not_of(' ') != kNone) return refused(member->key, kUnkept);
  } else if (member != members.begin()) {
    splice = {(member - 1)->value.end.offset, member->value.end.offset, ""};
  } else {
    splice = {member->key.start.offset, members.size() > 1 ? (member + 1)->key.start.offset : member->value.end.offset,
              ""};
  }
  return apply({splice}, wished, member->key);
}

}  // namespace text
