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

}  // namespace text
