#include "policy/tag_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/utf8.h"
#include "text/words.h"

namespace policy {
namespace {

using Span = std::pair<char32_t, char32_t>;  // first and last

// Code points that are neither letters nor separators nor numbers, by their blocks.
constexpr std::array<Span, 17> kOthers{{{0x0, 0x1f},
                                        {0x7f, 0x9f},
                                        {0xa1, 0xa9},
                                        {0xab, 0xb1},
                                        {0xb4, 0xb4},
                                        {0xb6, 0xb8},
                                        {0xbb, 0xbb},
                                        {0xbf, 0xbf},
                                        {0xd7, 0xd7},
                                        {0xf7, 0xf7},
                                        {0x200b, 0x2027},
                                        {0x202a, 0x202e},
                                        {0x2030, 0x205e},
                                        {0x20a0, 0x20cf},
                                        {0x2190, 0x245f},
                                        {0x2500, 0x2bff},
                                        {0xe000, 0xf8ff}}};

bool isAsciiTagCharacter(char c) {
  const bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return isLetter || (c >= '0' && c <= '9') || std::string_view(" _.:/=+-@").find(c) != std::string_view::npos;
}

// REQUIRES: well-formed UTF-8, and a sequence of more than one byte at its front, which is cut off.
char32_t takeCodePoint(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  char32_t point = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  text.remove_prefix(size);
  return point;
}

}  // namespace

bool isTagText(std::string_view text) {
  if (text::badUtf8(text) != std::string_view::npos) return false;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      if (!isAsciiTagCharacter(text.front())) return false;
      text.remove_prefix(1);
      continue;
    }
    const char32_t point = takeCodePoint(text);
    const bool isSymbol = point >= 0x1f000 && point <= 0x1faff;
    if (isSymbol || std::ranges::any_of(kOthers, [point](Span s) { return s.first <= point && point <= s.second; }))
      return false;
  }
  return true;
}

bool isReservedTagKey(std::string_view key) { return text::lowerCase(key).starts_with("aws:"); }

}  // namespace policy
