// Hashes and message authentication codes (FIPS 180-4, RFC 2104). Results are raw bytes; text/encoding.h writes them.
#pragma once
#include <string>
#include <string_view>

namespace crypto {

std::string sha256(std::string_view bytes);
std::string sha1(std::string_view bytes);  // thumbprints only
std::string md5(std::string_view bytes);   // Content-MD5 and S3's ETag only
std::string hmacSha256(std::string_view key, std::string_view bytes);

// In time that depends on the sizes alone.
bool equalInConstantTime(std::string_view a, std::string_view b);

}  // namespace crypto
