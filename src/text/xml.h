// XML as AWS's protocols use it: elements and text, no attributes but xmlns, no DTD.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace text {

struct XmlElement {
  std::string name;  // without its prefix
  std::string text;  // character data of this element, entities resolved
  std::vector<XmlElement> children;

  const XmlElement* find(std::string_view child) const;   // the first of that name, or null
  std::string_view textOf(std::string_view child) const;  // empty when absent
  std::vector<const XmlElement*> all(std::string_view child) const;
};

// Refuses DTDs, depth above 32, documents over 1 MiB and trailing text. White space between elements is dropped.
base::Result<XmlElement> parseXml(std::string_view document);

// Appends elements to one string: open("A"); leaf("B", "text"); close();
class XmlWriter {
 public:
  XmlWriter();  // starts with the XML declaration
  XmlWriter& open(std::string_view name, std::string_view xmlns = "");
  XmlWriter& leaf(std::string_view name, std::string_view text);
  XmlWriter& element(const XmlElement& tree);  // the whole of it; an element with children has no text
  XmlWriter& close();
  std::string take() &&;  // closes what is open

 private:
  std::string out_;
  std::vector<std::string> open_;
};

std::string escapeXml(std::string_view text);

}  // namespace text
