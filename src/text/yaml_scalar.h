// The text of a YAML scalar from its source (YAML 1.2.2, chapters 7 and 8): unfolded and unescaped. libfyaml 0.7.12
// finds where scalars stand and refuses wrong ones, but its own texts can end with bytes that it never wrote.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace text {

std::string plainText(std::string_view source);
std::string singleQuotedText(std::string_view between);  // what stands between the quotes
std::string doubleQuotedText(std::string_view between);

// From the '|' or '>' to behind the last line, blank ones included. `indent`: columns before the collection around it.
std::string blockText(std::string_view source, std::size_t indent);

}  // namespace text
