#include "text/yaml_scalar.h"

#include <algorithm>
#include <span>
#include <vector>

#include "text/utf8.h"

namespace text {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool isBlank(char c) { return c == ' ' || c == '\t'; }
bool isBreak(char c) { return c == '\n' || c == '\r'; }

// Moves past one LF, CR LF or CR.
void passBreak(std::string_view source, std::size_t& at) { at += source.substr(at).starts_with("\r\n") ? 2 : 1; }

// Moves past blanks and line breaks; returns the number of breaks.
std::size_t passLines(std::string_view source, std::size_t& at) {
  std::size_t breaks = 0;
  while (at < source.size() && (isBlank(source[at]) || isBreak(source[at]))) {
    if (isBlank(source[at])) {
      ++at;
      continue;
    }
    passBreak(source, at);
    ++breaks;
  }
  return breaks;
}

unsigned hexadecimal(std::string_view digits) {
  unsigned value = 0;
  for (char c : digits) value = value << 4 | unsigned(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  return value;
}

// Section 5.7. `at` stands behind the backslash and moves behind the escape.
void appendEscape(std::string& out, std::string_view source, std::size_t& at) {
  constexpr std::string_view kNames = "0abt\tnvfre \"/\\N_LP";
  constexpr unsigned kValues[] = {0, 7, 8, 9, 9, 10, 11, 12, 13, 27, ' ', '"', '/', '\\', 0x85, 0xa0, 0x2028, 0x2029};
  char name = source[at++];
  std::size_t width = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
  if (width == 0) {
    std::size_t known = kNames.find(name);
    return appendUtf8(out, known == kNone ? 0xfffd : kValues[known]);
  }
  auto number = [&](std::size_t from) { return hexadecimal(source.substr(std::min(from, source.size()), width)); };
  unsigned value = number(at);
  at = std::min(at + width, source.size());
  bool high = value >= 0xd800 && value <= 0xdbff && source.substr(at).starts_with("\\u");  // as JSON writes pairs
  unsigned low = high ? number(at + 2) : 0;
  if (low >= 0xdc00 && low <= 0xdfff) {
    value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
    at = std::min(at + 6, source.size());
  }
  appendUtf8(out, (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff ? 0xfffd : value);
}

// Section 6.5, flow folding; `quote` is 0 for plain scalars.
std::string flowText(std::string_view source, char quote) {
  std::string out;
  std::size_t kept = 0;  // what stands in out[0, kept) was escaped or folded: no blank to drop at a line's end
  for (std::size_t at = 0; at < source.size();) {
    char c = source[at];
    if (isBreak(c)) {
      while (out.size() > kept && isBlank(out.back())) out.pop_back();
      std::size_t breaks = passLines(source, at);
      out += breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n');
      kept = out.size();
    } else if (quote == '\'' && c == '\'') {
      out += c;
      at += 2;
    } else if (quote == '"' && c == '\\' && at + 1 < source.size()) {
      ++at;
      if (isBreak(source[at]))
        out += std::string(passLines(source, at) - 1, '\n');
      else
        appendEscape(out, source, at);
      kept = out.size();
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

struct Lines {
  std::vector<std::string_view> lines;
  bool lastIsWhole = false;  // ended by a line break
};

Lines linesOf(std::string_view source) {
  Lines found;
  for (std::size_t at = 0; at < source.size();) {
    std::size_t end = std::min(source.find_first_of("\r\n", at), source.size());
    found.lines.push_back(source.substr(at, end - at));
    at = end;
    found.lastIsWhole = at < source.size();
    if (found.lastIsWhole) passBreak(source, at);
  }
  return found;
}

// Section 8.1.1.1: the first line that is not empty sets the indentation.
std::size_t detectedIndent(const std::vector<std::string_view>& lines) {
  for (std::string_view line : lines)
    if (std::size_t content = line.find_first_not_of(' '); content != kNone) return content;
  std::size_t longest = 0;
  for (std::string_view line : lines) longest = std::max(longest, line.size());
  return longest;
}

}  // namespace

std::string plainText(std::string_view source) { return flowText(source, '\0'); }
std::string singleQuotedText(std::string_view between) { return flowText(between, '\''); }
std::string doubleQuotedText(std::string_view between) { return flowText(between, '"'); }

std::string blockText(std::string_view source, std::size_t indent) {
  if (source.empty()) return {};
  bool folded = source[0] == '>';
  std::size_t headerEnd = std::min(source.find_first_of("\r\n"), source.size());
  std::string_view header = source.substr(1, std::min(source.find_first_of(" \t#\r\n"), source.size()) - 1);
  bool keep = header.find('+') != kNone, strip = header.find('-') != kNone;
  std::size_t bodyStart = headerEnd;
  if (bodyStart < source.size()) passBreak(source, bodyStart);
  auto [lines, lastIsWhole] = linesOf(source.substr(bodyStart));

  std::size_t digit = header.find_first_of("123456789");
  std::size_t column = digit == kNone ? detectedIndent(lines) : indent + std::size_t(header[digit] - '0');
  for (std::string_view& line : lines)
    line.remove_prefix(std::min({column, line.size(), std::min(line.find_first_not_of(' '), line.size())}));
  std::size_t trailing = 0;  // empty lines at the end
  while (trailing < lines.size() && lines[lines.size() - 1 - trailing].empty()) ++trailing;
  std::size_t count = lines.size() - trailing;

  std::string out;
  std::size_t empty = 0;
  bool joins = false;  // the line before was ordinary text, so that folding may join the next one to it
  bool first = true;
  for (std::string_view line : std::span(lines).first(count)) {
    if (line.empty()) {
      ++empty;
      continue;
    }
    bool ordinary = !isBlank(line[0]);
    if (!first && !(folded && joins && ordinary))
      out += '\n';
    else if (!first && empty == 0)
      out += ' ';
    out.append(empty, '\n').append(line);
    joins = ordinary;
    first = false;
    empty = 0;
  }
  if (!strip && count > 0 && (trailing > 0 || lastIsWhole)) out += '\n';
  if (keep) out.append(trailing, '\n');
  return out;
}

}  // namespace text
