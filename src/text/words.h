// Words as protocols and people write them. ASCII: bytes of other characters stay as they are.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace text {

std::string lowerCase(std::string_view text);

// Without the blanks, tabs and line ends around it.
std::string_view trimmed(std::string_view text);

// "a, b, c"; empty for none.
std::string joined(const std::vector<std::string>& words, std::string_view separator = ", ");

// On one line of at most `most` bytes: control characters as escapes (\n, \u0085), and of what is longer the beginning
// and the end, with dots between them. `text` is UTF-8; most >= 16.
std::string shown(std::string_view text, std::size_t most);

}  // namespace text
