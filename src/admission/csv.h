// The first record of a CSV text as Go's encoding/csv reads it with its defaults: separator ',', double quotes, no
// trimming. The value of the annotation skip-containers is one.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace admission {

// Reused from request to request; a warmed-up record allocates nothing.
class CsvRecord {
 public:
  // False when Go reports an error: no record at all, a bare quote in an unquoted field, an unterminated quote.
  bool read(std::string_view text);

  std::size_t size() const { return ends_.size(); }
  std::string_view at(std::size_t index) const;
  bool contains(std::string_view field) const;

 private:
  std::string_view nextLine();  // with its \n if it has one; \r\n becomes \n
  bool readFields(std::string_view line);
  bool readQuoted(std::string_view& line);

  std::string_view rest_;
  std::string text_;               // the fields, one after the other
  std::string line_;               // the line at hand
  std::vector<std::size_t> ends_;  // where each field ends in text_
};

}  // namespace admission
