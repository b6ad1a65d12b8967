#include "admission/csv.h"

#include <algorithm>

namespace admission {

bool CsvRecord::read(std::string_view text) {
  text_.clear();
  ends_.clear();
  sorted_.clear();
  rest_ = text;
  while (!rest_.empty()) {
    std::string_view line = nextLine();
    if (line == "\n" || line.empty()) continue;
    if (readFields(line)) {
      sort();
      return true;
    }
    ends_.clear();
    return false;
  }
  return false;
}

std::string_view CsvRecord::nextLine() {
  std::size_t end = rest_.find('\n');
  std::string_view line = rest_.substr(0, end == std::string_view::npos ? end : end + 1);
  rest_.remove_prefix(line.size());
  if (end == std::string_view::npos) {
    if (line.ends_with('\r')) line.remove_suffix(1);  // "drop trailing \r before EOF"
    return line;
  }
  if (!line.ends_with("\r\n")) return line;
  line_.assign(line.substr(0, line.size() - 2)).push_back('\n');
  return line_;
}

bool CsvRecord::readFields(std::string_view line) {
  for (;;) {
    if (line.starts_with('"')) {
      line.remove_prefix(1);
      if (!readQuoted(line)) return false;
      if (!endField()) return false;
      if (!line.starts_with(',')) return true;
      line.remove_prefix(1);
      continue;
    }
    std::size_t comma = line.find(',');
    std::string_view field = line.substr(0, comma);
    if (comma == std::string_view::npos && field.ends_with('\n')) field.remove_suffix(1);
    if (field.find('"') != std::string_view::npos) return false;
    text_ += field;
    if (!endField()) return false;
    if (comma == std::string_view::npos) return true;
    line.remove_prefix(comma + 1);
  }
}

// After the opening quote; ends before the ',' or at the end of the record. A quoted field may span lines.
bool CsvRecord::readQuoted(std::string_view& line) {
  for (;;) {
    std::size_t quote = line.find('"');
    text_ += line.substr(0, quote);
    if (quote == std::string_view::npos) {
      if (rest_.empty()) return false;
      line = nextLine();
      continue;
    }
    line.remove_prefix(quote + 1);
    if (line.empty() || line == "\n" || line[0] == ',') return true;
    if (line[0] != '"') return false;
    text_ += '"';
    line.remove_prefix(1);
  }
}

std::string_view CsvRecord::at(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::string_view(text_).substr(begin, ends_[index] - begin);
}

bool CsvRecord::endField() {
  if (ends_.size() == kMostFields) return false;
  ends_.push_back(text_.size());
  return true;
}

void CsvRecord::sort() {
  for (std::uint32_t i = 0; i < size(); ++i) sorted_.push_back(i);
  std::ranges::sort(sorted_, [this](std::uint32_t one, std::uint32_t other) {
    const int order = at(one).compare(at(other));
    return order < 0 || (order == 0 && one < other);
  });
}

std::size_t CsvRecord::find(std::string_view field) const {
  const auto found = std::ranges::lower_bound(sorted_, field, {}, [this](std::uint32_t index) { return at(index); });
  return found != sorted_.end() && at(*found) == field ? *found : size();
}

}  // namespace admission
