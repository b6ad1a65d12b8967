// The annotation skip-containers: one line of CSV, against Go's rules written down a second time, byte by byte.
// Covers: src/admission/csv.cpp
#include "admission/csv.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/target.h"

namespace {

using fuzz::require;
using Fields = std::vector<std::string>;

// Lines end in \n, and a \r before the end of the text is dropped.
std::string withPlainEnds(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || (i + 1 != text.size() && text[i + 1] != '\n')) out += text[i];
  return out;
}

// Absent where Go reports an error or the end of the file.
std::optional<Fields> firstRecord(std::string_view text) {
  enum class State { FieldBegins, Plain, Quoted, QuoteInQuoted } state = State::FieldBegins;
  const std::string plain = withPlainEnds(text);
  const std::size_t begin = plain.find_first_not_of('\n');
  if (begin == std::string::npos) return std::nullopt;
  Fields fields(1);
  for (char c : plain.substr(begin)) {
    const bool isBetween = state == State::FieldBegins || state == State::Plain || state == State::QuoteInQuoted;
    if (isBetween && c == '\n') return fields;
    if (isBetween && c == ',') {
      fields.emplace_back();
      state = State::FieldBegins;
    } else if (state == State::Quoted && c == '"') {
      state = State::QuoteInQuoted;
    } else if (state == State::FieldBegins && c == '"') {
      state = State::Quoted;
    } else if ((state == State::Plain && c == '"') || (state == State::QuoteInQuoted && c != '"')) {
      return std::nullopt;
    } else {
      fields.back() += c;
      state = state == State::Quoted || state == State::QuoteInQuoted ? State::Quoted : State::Plain;
    }
  }
  if (state == State::Quoted) return std::nullopt;
  return fields;
}

void requireSame(const admission::CsvRecord& record, bool isRead, const std::optional<Fields>& expected) {
  require(isRead == expected.has_value(), "a record is one to Go");
  if (!expected) return require(record.size() == 0, "there is nothing in what is no record");
  require(record.size() == expected->size(), "a record has as many fields as with Go");
  for (std::size_t i = 0; i < record.size(); ++i) {
    require(record.at(i) == (*expected)[i], "a field is as with Go");
    require(record.contains(record.at(i)), "a record contains its fields");
    const std::string other = (*expected)[i] + "x";
    require(record.contains(other) == (std::count(expected->begin(), expected->end(), other) > 0),
            "a record contains nothing else", other);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::textOf(data, size);
  const std::optional<Fields> expected = firstRecord(text);
  admission::CsvRecord record;
  requireSame(record, record.read(text), expected);
  record.read("\"something\",else,\"before");
  requireSame(record, record.read(text), expected);
  return 0;
}
