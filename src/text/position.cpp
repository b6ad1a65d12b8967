#include "text/position.h"

#include <algorithm>

namespace text {
namespace {

bool startsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

}  // namespace

std::string place(const Position& position) {
  return "line " + std::to_string(position.line) + ", column " + std::to_string(position.column);
}

std::string place(std::string_view file, const Position& position) {
  return std::string(file) + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

Locator::Locator(std::string_view text) : text_(text) {
  lines_.push_back(text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool ends = text[i] == '\n' || (text[i] == '\r' && text.substr(i + 1, 1) != "\n");
    if (ends) lines_.push_back(i + 1);
  }
  last_.offset = lines_.front();
}

Position Locator::at(std::size_t offset) {
  offset = std::min(offset, text_.size());
  auto line = std::prev(std::max(std::upper_bound(lines_.begin(), lines_.end(), offset), lines_.begin() + 1));
  Position found{std::size_t(line - lines_.begin()) + 1, 1, offset};
  std::size_t from = *line;
  if (found.line == last_.line && last_.offset <= offset) {
    from = last_.offset;
    found.column = last_.column;
  }
  for (; from < offset; ++from) found.column += startsCodePoint(text_[from]);
  return last_ = found;
}

}  // namespace text
