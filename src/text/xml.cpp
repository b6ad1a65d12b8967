#include "text/xml.h"

#include <cstring>
#include <pugixml.hpp>

namespace text {
namespace {

constexpr std::size_t kLargest = 1 << 20;
constexpr int kDeepest = 32;

std::string_view withoutPrefix(std::string_view name) { return name.substr(name.find(':') + 1); }

bool convert(const pugi::xml_node& from, XmlElement& to, int depth) {
  if (depth > kDeepest) return false;
  to.name = withoutPrefix(from.name());
  for (const pugi::xml_node& child : from.children()) {
    if (child.type() == pugi::node_element) {
      if (!convert(child, to.children.emplace_back(), depth + 1)) return false;
    } else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      to.text += child.value();
    }
  }
  return true;
}

// What stands for a character that can't be written as it is; empty for all others.
std::string_view escaped(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&apos;";
    case '\r': return "&#13;";
    default:
      // XML 1.0 section 2.2: other control characters can't be written at all, not even as references.
      return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' ? "\xef\xbf\xbd" : "";
  }
}

// Long stretches that need nothing are copied whole.
void appendEscaped(std::string& out, std::string_view text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string_view instead = escaped(text[i]);
    if (instead.empty()) continue;
    out.append(text.substr(start, i - start)).append(instead);
    start = i + 1;
  }
  out.append(text.substr(start));
}

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
  for (const XmlElement& element : children)
    if (element.name == child) return &element;
  return nullptr;
}

std::string_view XmlElement::textOf(std::string_view child) const {
  const XmlElement* found = find(child);
  return found ? std::string_view(found->text) : std::string_view();
}

std::vector<const XmlElement*> XmlElement::all(std::string_view child) const {
  std::vector<const XmlElement*> found;
  for (const XmlElement& element : children)
    if (element.name == child) found.push_back(&element);
  return found;
}

base::Result<XmlElement> parseXml(std::string_view document) {
  if (document.size() > kLargest) return base::invalid("XML: the document is larger than 1 MiB");
  if (document.find('\0') != std::string_view::npos) return base::invalid("XML: the document has a zero byte");
  pugi::xml_document parsed;
  unsigned options = pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment | pugi::parse_ws_pcdata_single;
  pugi::xml_parse_result result = parsed.load_buffer(document.data(), document.size(), options, pugi::encoding_utf8);
  if (!result) {
    std::string where = "XML: byte " + std::to_string(result.offset) + ": ";
    return base::invalid(where + result.description());
  }
  pugi::xml_node root;
  for (const pugi::xml_node& child : parsed.children()) {
    if (child.type() == pugi::node_doctype) return base::invalid("XML: the document has a DOCTYPE, which is refused");
    bool isText = child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata;
    if (isText && std::strspn(child.value(), " \t\r\n") != std::strlen(child.value()))
      return base::invalid("XML: the document has text outside of its root element");
    if (child.type() != pugi::node_element) continue;
    if (root) return base::invalid("XML: the document has a second root element");
    root = child;
  }
  if (!root) return base::invalid("XML: the document has no element");
  XmlElement element;
  if (!convert(root, element, 1)) return base::invalid("XML: nested deeper than 32 levels");
  return element;
}

XmlWriter::XmlWriter() {
  constexpr std::size_t kUsual = 2048;  // bytes of an answer
  out_.reserve(kUsual);
  out_ += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
}

XmlWriter& XmlWriter::open(std::string_view name, std::string_view xmlns) {
  out_.append("<").append(name);
  if (!xmlns.empty()) out_.append(" xmlns=\"").append(escapeXml(xmlns)).append("\"");
  out_ += '>';
  open_.emplace_back(name);
  return *this;
}

XmlWriter& XmlWriter::leaf(std::string_view name, std::string_view text) {
  out_.append("<").append(name).append(">");
  appendEscaped(out_, text);
  out_.append("</").append(name).append(">");
  return *this;
}

XmlWriter& XmlWriter::element(const XmlElement& tree) {
  if (tree.children.empty()) return leaf(tree.name, tree.text);
  open(tree.name);
  for (const XmlElement& child : tree.children) element(child);
  return close();
}

XmlWriter& XmlWriter::close() {
  if (open_.empty()) return *this;
  out_.append("</").append(open_.back()).append(">");
  open_.pop_back();
  return *this;
}

std::string XmlWriter::take() && {
  while (!open_.empty()) close();
  return std::move(out_);
}

std::string escapeXml(std::string_view text) {
  std::string out;
  appendEscaped(out, text);
  return out;
}

}  // namespace text
