#include "text/words.h"

#include <algorithm>

namespace text {
namespace {

constexpr std::string_view kDots = "...";

// A control character of ASCII, or of Latin-1 (U+0080 to U+009F, of which `next` is the second byte).
bool isControl(char c, char next) {
  const auto byte = static_cast<unsigned char>(c), second = static_cast<unsigned char>(next);
  return byte < 0x20 || byte == 0x7f || (byte == 0xc2 && second >= 0x80 && second < 0xa0);
}

void appendEscape(std::string& out, unsigned char code) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '\\';
  if (const std::size_t known = std::string_view("\n\r\t").find(char(code)); known != std::string_view::npos)
    out += "nrt"[known];
  else
    ((out += "u00") += kHex[code >> 4]) += kHex[code & 15];
}

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (!isControl(text[i], next)) {
      out += text[i];
      continue;
    }
    if (text[i] == '\xc2') ++i;
    appendEscape(out, static_cast<unsigned char>(text[i]));
  }
  return out;
}

bool isTail(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // of a character of several bytes

std::string_view beginningOf(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && isTail(text[most])) --most;
  return text.substr(0, most);
}

std::string_view endOf(std::string_view text, std::size_t most) {
  std::size_t from = text.size() - std::min(most, text.size());
  while (from < text.size() && isTail(text[from])) ++from;
  return text.substr(from);
}

}  // namespace

std::string lowerCase(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

std::string shown(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    std::string whole = escaped(text);
    if (whole.size() <= most) return whole;
  }
  // A character becomes no shorter, so this much of either end is enough.
  const std::size_t tail = most / 3, head = most - tail - kDots.size();
  std::string out = escaped(beginningOf(text, head));
  out.resize(beginningOf(out, head).size());
  const std::string end = escaped(endOf(text, tail));
  return out.append(kDots).append(endOf(end, tail));
}

}  // namespace text
