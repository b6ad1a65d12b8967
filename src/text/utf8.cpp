#include "text/utf8.h"

#include <array>

namespace text {

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

char* putUtf8(char* out, unsigned codePoint) {
  auto tail = [](unsigned bits) { return char(0x80 | (bits & 0x3f)); };
  if (codePoint < 0x80) {
    *out++ = char(codePoint);
  } else if (codePoint < 0x800) {
    *out++ = char(0xc0 | codePoint >> 6);
    *out++ = tail(codePoint);
  } else if (codePoint < 0x10000) {
    *out++ = char(0xe0 | codePoint >> 12);
    *out++ = tail(codePoint >> 6);
    *out++ = tail(codePoint);
  } else {
    *out++ = char(0xf0 | codePoint >> 18);
    *out++ = tail(codePoint >> 12);
    *out++ = tail(codePoint >> 6);
    *out++ = tail(codePoint);
  }
  return out;
}

void appendUtf8(std::string& out, unsigned codePoint) {
  std::array<char, 4> bytes;
  out.append(bytes.data(), putUtf8(bytes.data(), codePoint));
}

}  // namespace text
