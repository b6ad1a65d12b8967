#include "text/uri.h"

namespace text {
namespace {

bool isUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string percentEncode(std::string_view bytes, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size());
  for (char c : bytes) {
    if (isUnreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    unsigned byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

base::Result<std::string> percentDecode(std::string_view text, bool plusIsSpace) {
  std::string out;
  out.reserve(text.size());
  std::size_t start = 0;  // of a stretch that stands for itself, and is copied whole
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' && (text[i] != '+' || !plusIsSpace)) continue;
    out.append(text.substr(start, i - start));
    start = i + 1;
    if (text[i] == '+') {
      out += ' ';
      continue;
    }
    int high = i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? hexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return base::invalid("percent-encoding: byte " + std::to_string(i) + " is a % without two hexadecimal digits");
    out += char(high << 4 | low);
    i += 2;
    start = i + 1;
  }
  out.append(text.substr(start));
  return out;
}

std::string formEncode(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += percentEncode(name);
    out += '=';
    out += percentEncode(value);
  }
  return out;
}

base::Result<FormFields> formDecode(std::string_view text) {
  FormFields fields;
  while (!text.empty()) {
    std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(field.size() < text.size() ? field.size() + 1 : field.size());
    if (field.empty()) continue;
    std::size_t mark = field.find('=');
    std::string name = TRY(percentDecode(field.substr(0, mark), true));
    std::string value;
    if (mark != std::string_view::npos) value = TRY(percentDecode(field.substr(mark + 1), true));
    fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

}  // namespace text
