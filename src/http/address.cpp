#include "http/address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "http/message.h"

namespace http {
namespace {

template <typename Number>
bool readNumber(std::string_view text, int base, std::size_t longest, Number& number) {
  if (text.empty() || text.size() > longest) return false;
  auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && at == text.data() + text.size();
}

std::optional<std::string> parseV4(std::string_view text) {
  std::string bytes;
  while (bytes.size() < 4) {
    std::size_t dot = text.find('.');
    std::uint8_t part = 0;
    // A leading zero reads as octal elsewhere; refusing it leaves no two readings.
    if (!readNumber(text.substr(0, dot), 10, 3, part) || (text[0] == '0' && dot != 1 && text.size() > 1))
      return std::nullopt;
    bytes.push_back(char(part));
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
    if (bytes.size() == 4) return std::nullopt;
  }
  return bytes.size() == 4 ? std::optional(bytes) : std::nullopt;
}

// The groups of one side of "::"; an IPv4 tail is allowed at the end.
bool readGroups(std::string_view text, std::string& bytes) {
  while (!text.empty()) {
    std::size_t colon = text.find(':');
    std::string_view group = text.substr(0, colon);
    std::uint16_t number = 0;
    if (readNumber(group, 16, 4, number)) {
      bytes.push_back(char(number >> 8));
      bytes.push_back(char(number & 0xff));
    } else {
      auto tail = colon == std::string_view::npos ? parseV4(group) : std::nullopt;
      if (!tail) return false;
      bytes += *tail;
    }
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
  }
  return true;
}

std::optional<std::string> parseV6(std::string_view text) {
  std::size_t gap = text.find("::");
  std::string head, tail;
  if (!readGroups(text.substr(0, gap), head)) return std::nullopt;
  if (gap == std::string_view::npos) return head.size() == 16 ? std::optional(head) : std::nullopt;
  if (!readGroups(text.substr(gap + 2), tail) || head.size() + tail.size() > 14) return std::nullopt;
  return head + std::string(16 - head.size() - tail.size(), '\0') + tail;
}

std::string dotted(std::string_view bytes) {
  std::string out;
  for (char c : bytes) out += (out.empty() ? "" : ".") + std::to_string(static_cast<unsigned char>(c));
  return out;
}

// The IPv4 address that an IPv6 address carries; absent when it carries none.
std::optional<std::string> carriedV4(std::string_view address, const std::string& bytes) {
  // "::1" and "::" are addresses of their own.
  bool isCompatible = blockContains("::/96", address) && bytes.compare(12, 2, std::string(2, '\0')) != 0;
  if (isCompatible || blockContains("::ffff:0:0/96", address) || blockContains("64:ff9b::/96", address) ||
      blockContains("::ffff:0:0:0/96", address))
    return dotted(std::string_view(bytes).substr(12));
  if (blockContains("2002::/16", address)) return dotted(std::string_view(bytes).substr(2, 4));
  return std::nullopt;
}

constexpr std::array<std::string_view, 18> kPrivate{
    "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",   "240.0.0.0/4",    "::/128",        "64:ff9b:1::/48",
    "100::/64",       "2001::/32",     "fc00::/7",      "fe80::/10",      "fec0::/10",     "ff00::/8"};

}  // namespace

Reach reachOf(std::string_view address) {
  address = address.substr(0, address.find('%'));  // the zone of a link-local address
  auto bytes = parseAddress(address);
  if (!bytes) return Reach::Private;
  if (isLoopback(address)) return Reach::Loopback;
  if (bytes->size() == 16)
    if (auto inner = carriedV4(address, *bytes)) return reachOf(*inner);
  bool isPrivate = std::ranges::any_of(kPrivate, [&](auto block) { return blockContains(block, address); });
  return isPrivate ? Reach::Private : Reach::Internet;
}

std::optional<std::string> parseAddress(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parseV4(text) : parseV6(text);
}

bool isLoopback(std::string_view host) {
  if (sameName(host, "localhost") || sameName(host, "localhost.")) return true;
  return blockContains("127.0.0.0/8", host) || blockContains("::1/128", host);
}

bool blockContains(std::string_view block, std::string_view address) {
  std::size_t slash = block.find('/');
  unsigned bits = 0;
  auto network = parseAddress(block.substr(0, slash)), wanted = parseAddress(address);
  if (!network || !wanted || network->size() != wanted->size() || slash == std::string_view::npos) return false;
  if (!readNumber(block.substr(slash + 1), 10, 3, bits) || bits > network->size() * 8) return false;
  std::size_t whole = bits / 8, rest = bits % 8;
  if (network->compare(0, whole, *wanted, 0, whole) != 0) return false;
  auto top = [&](const std::string& bytes) { return static_cast<unsigned char>(bytes[whole]) >> (8 - rest); };
  return rest == 0 || top(*network) == top(*wanted);
}

}  // namespace http
