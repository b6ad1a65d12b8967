#include "cluster/version.h"

#include <charconv>

namespace cluster {

std::optional<std::pair<int, int>> versionIn(std::string_view text) {
  const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!isDigit(text[at]) || (at > 0 && (isDigit(text[at - 1]) || text[at - 1] == '.'))) continue;
    const char* const end = text.data() + text.size();
    int major = 0, minor = 0;
    const auto dot = std::from_chars(text.data() + at, end, major);
    if (dot.ec != std::errc() || dot.ptr == end || *dot.ptr != '.') continue;
    if (std::from_chars(dot.ptr + 1, end, minor).ec == std::errc()) return std::pair(major, minor);
  }
  return std::nullopt;
}

bool isAtLeast(std::string_view text, int major, int minor) {
  const auto version = versionIn(text);
  return version && *version >= std::pair(major, minor);
}

}  // namespace cluster
