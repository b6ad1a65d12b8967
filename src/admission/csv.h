// The first record of a CSV text as Go's encoding/csv reads it with its defaults: separator ',', double quotes, no
// trimming. The value of the annotation skip-containers is one.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace admission {

// Reused from request to request; a warmed-up record allocates nothing.
class CsvRecord {
 public:
  // Fields of one record: as many as the 256 KiB hold that all annotations of an object may have together.
  static constexpr std::size_t kMostFields = (256u << 10) + 1;

  // False when Go reports an error: no record at all, a bare quote in an unquoted field, an unterminated quote; and
  // with more than kMostFields.
  bool read(std::string_view text);

  std::size_t size() const { return ends_.size(); }
  std::string_view at(std::size_t index) const;
  // The first field that is equal; size() when there is none. Takes the logarithm of size().
  std::size_t find(std::string_view field) const;
  bool contains(std::string_view field) const { return find(field) != size(); }

 private:
  std::string_view nextLine();  // with its \n if it has one; \r\n becomes \n
  bool readFields(std::string_view line);
  bool endField();  // false when it is one too many
  void sort();
  bool readQuoted(std::string_view& line);

  std::string_view rest_;
  std::string text_;                   // the fields, one after the other
  std::string line_;                   // the line at hand
  std::vector<std::size_t> ends_;      // where each field ends in text_
  std::vector<std::uint32_t> sorted_;  // indices of the fields, by what is in them
};

}  // namespace admission
