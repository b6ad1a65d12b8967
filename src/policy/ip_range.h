// IP addresses and CIDR ranges (RFC 4632, RFC 4291), as aws:SourceIp and the IpAddress operators write them.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace policy {

struct IpRange {
  bool isV6 = false;
  std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 uses the first four
  int prefix = 0;                        // bits

  bool contains(const IpRange& address) const;  // false across families
};

// "203.0.113.0/24", "2001:db8::/32", or an address alone, which is a range of one. Absent when `text` is neither.
std::optional<IpRange> parseIpRange(std::string_view text);

}  // namespace policy
