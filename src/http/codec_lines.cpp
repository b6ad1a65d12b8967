#include "http/codec_lines.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace http {
namespace {

constexpr auto kNoTokenBytes = [] {
  ByteSet table{};
  table.fill(true);
  for (char c = '0'; c <= '9'; ++c) table[std::size_t(c)] = false;
  for (char c = 'A'; c <= 'Z'; ++c) table[std::size_t(c)] = false;
  for (char c = 'a'; c <= 'z'; ++c) table[std::size_t(c)] = false;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[std::size_t(c)] = false;
  return table;
}();

bool isBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

constexpr auto kControlBytes = [] {
  ByteSet table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = c != '\t';
  table[0x7f] = true;
  return table;
}();

}  // namespace

LineReader::Outcome LineReader::next(std::string_view& input, std::string_view& line) {
  if (handedOut_) partial_.clear();
  handedOut_ = false;
  std::size_t end = input.find('\n');
  std::size_t taken = end == std::string_view::npos ? input.size() : end + 1;
  if (taken > limit_ - std::min(limit_, total_)) {
    partial_.append(input.substr(0, 1 + limit_ - std::min(limit_, total_)));
    return Outcome::TooLong;
  }
  total_ += taken;
  std::string_view piece = input.substr(0, taken);
  input.remove_prefix(taken);
  if (end == std::string_view::npos) {
    partial_.append(piece);
    return Outcome::NeedMore;
  }
  if (!partial_.empty()) {
    partial_.append(piece);
    piece = partial_;
    handedOut_ = true;
  }
  if (!piece.ends_with("\r\n")) return Outcome::BareLineFeed;
  line = piece.substr(0, piece.size() - 2);
  return Outcome::Line;
}

void LineReader::reset() {
  total_ = 0;
  partial_.clear();
  handedOut_ = false;
}

FieldLine parseFieldLine(std::string_view line) {
  if (isBlank(line.front())) return {{}, {}, {400, "a header field is folded over two lines"}};
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {{}, {}, {400, "a header line has no colon"}};
  FieldLine field{line.substr(0, colon), trimmed(line.substr(colon + 1)), {}};
  if (!isToken(field.name)) field.refusal = {400, "a header field's name has characters that it can't have"};
  if (hasOneOf(field.value, kControlBytes)) field.refusal = {400, "a header field's value has control characters"};
  return field;
}

bool hasOneOf(std::string_view text, const ByteSet& bytes) {
  for (char c : text)
    if (bytes.data()[static_cast<unsigned char>(c)]) return true;
  return false;
}

bool isToken(std::string_view text) { return !text.empty() && !hasOneOf(text, kNoTokenBytes); }

bool listContains(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    std::size_t comma = std::min(list.find(','), list.size());
    if (sameName(trimmed(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

bool staysOpen(const Headers& headers, bool usually) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    auto [name, value] = headers.at(i);
    if (!sameName(name, "connection")) continue;
    if (listContains(value, "close")) return false;
    usually = usually || listContains(value, "keep-alive");
  }
  return usually;
}

std::optional<std::uint64_t> parseContentLength(std::string_view value) {
  std::uint64_t length = 0;
  if (value.empty() || value[0] < '0' || value[0] > '9') return std::nullopt;
  auto [at, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc() || at != value.data() + value.size() || length > INT64_MAX) return std::nullopt;
  return length;
}

std::optional<std::pair<int, int>> parseVersion(std::string_view text) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 8 || !text.starts_with("HTTP/") || !digit(text[5]) || text[6] != '.' || !digit(text[7]))
    return std::nullopt;
  return std::pair{text[5] - '0', text[7] - '0'};
}

}  // namespace http
