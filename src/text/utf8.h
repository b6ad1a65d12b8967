// UTF-8 (RFC 3629), as every text format here demands it.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace text {

// The offset of the first byte that belongs to no well-formed sequence (Unicode, table 3-7: neither overlong forms nor
// surrogates), or npos.
std::size_t badUtf8(std::string_view text);

// Writes one code point, at most four bytes, and returns what follows it.
char* putUtf8(char* out, unsigned codePoint);
void appendUtf8(std::string& out, unsigned codePoint);

}  // namespace text
