// Bytes as text: hexadecimal, base64 (RFC 4648 section 4) and base64url without padding (section 5, RFC 7515).
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace text {

std::string hex(std::string_view bytes);  // lower case
std::string base64(std::string_view bytes);
void appendBase64(std::string& out, std::string_view bytes);
std::string base64Url(std::string_view bytes);

// Strict: no white space, canonical trailing bits, and padding exactly as the alphabet demands.
base::Result<std::string> decodeBase64(std::string_view text);
base::Result<std::string> decodeBase64Url(std::string_view text);

}  // namespace text
