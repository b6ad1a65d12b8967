// Where a piece of a text stands, for messages to people and for edits by byte.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace text {

struct Position {
  std::size_t line = 1, column = 1;  // from 1; columns count code points, a byte order mark is none
  std::size_t offset = 0;            // bytes from the start of the text
};

std::string place(const Position& position);                         // "line 3, column 7"
std::string place(std::string_view file, const Position& position);  // "file:3:7"

// Turns byte offsets into positions; a run of growing offsets costs one pass over the text. A line ends at LF, CR LF or
// CR. The text must outlive it.
class Locator {
 public:
  explicit Locator(std::string_view text);
  Position at(std::size_t offset);  // offsets behind the end count as the end

 private:
  std::string_view text_;
  std::vector<std::size_t> lines_;  // offsets of the lines' first bytes
  Position last_;
};

}  // namespace text
