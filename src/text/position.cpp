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

std::size_t badUtf8(std::string_view text) {
  auto byte = [&](std::size_t at) { return unsigned(static_cast<unsigned char>(text[at])); };
  for (std::size_t at = 0; at < text.size();) {
    unsigned lead = byte(at);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - at < size) return at;
    unsigned lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(at + 1) < lowest || byte(at + 1) > highest) return at;
    for (std::size_t i = 2; i < size; ++i)
      if ((byte(at + i) & 0xc0) != 0x80) return at;
    at += size;
  }
  return std::string_view::npos;
}

}  // namespace text
