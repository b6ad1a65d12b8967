#include "policy/ip_range.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace policy {
namespace {

// All of `text` as a number of at most `most`.
std::optional<int> number(std::string_view text, int base, int most) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0 || value > most ||
      text[0] == '-')
    return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (auto found = text.find(at); found != text.npos; found = text.find(at)) {
    parts.push_back(text.substr(0, found));
    text.remove_prefix(found + 1);
  }
  parts.push_back(text);
  return parts;
}

bool readV4(std::string_view text, std::uint8_t* out) {
  auto parts = split(text, '.');
  if (parts.size() != 4) return false;
  for (std::string_view part : parts) {
    auto value = number(part, 10, 255);
    if (!value || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    *out++ = std::uint8_t(*value);
  }
  return true;
}

// The groups on one side of "::" as bytes. A dotted IPv4 address may stand last.
std::optional<std::vector<std::uint8_t>> groups(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  if (text.empty()) return bytes;
  auto parts = split(text, ':');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i + 1 == parts.size() && parts[i].find('.') != std::string_view::npos) {
      std::array<std::uint8_t, 4> tail{};
      if (!readV4(parts[i], tail.data())) return std::nullopt;
      bytes.insert(bytes.end(), tail.begin(), tail.end());
      continue;
    }
    auto value = number(parts[i], 16, 0xffff);
    if (!value || parts[i].size() > 4) return std::nullopt;
    bytes.push_back(std::uint8_t(*value >> 8));
    bytes.push_back(std::uint8_t(*value & 0xff));
  }
  return bytes;
}

bool readV6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  auto gap = text.find("::");
  auto head = groups(text.substr(0, gap));
  if (!head) return false;
  if (gap == text.npos) {
    if (head->size() != 16) return false;
    std::ranges::copy(*head, out.begin());
    return true;
  }
  auto tail = groups(text.substr(gap + 2));
  if (!tail || head->size() + tail->size() > 14) return false;
  std::ranges::copy(*head, out.begin());
  std::ranges::copy(*tail, out.end() - std::ptrdiff_t(tail->size()));
  return true;
}

}  // namespace

std::optional<IpRange> parseIpRange(std::string_view text) {
  auto slash = text.find('/');
  std::string_view address = text.substr(0, slash);
  IpRange range;
  range.isV6 = address.find(':') != address.npos;
  if (range.isV6 ? !readV6(address, range.bytes) : !readV4(address, range.bytes.data())) return std::nullopt;
  int widest = range.isV6 ? 128 : 32;
  auto prefix = slash == text.npos ? std::optional(widest) : number(text.substr(slash + 1), 10, widest);
  if (!prefix) return std::nullopt;
  range.prefix = *prefix;
  return range;
}

bool IpRange::contains(const IpRange& address) const {
  if (isV6 != address.isV6 || address.prefix < prefix) return false;
  for (int bit = 0; bit < prefix; bit += 8) {
    auto index = std::size_t(bit / 8);
    auto mask = prefix - bit >= 8 ? 0xff : 0xff << (8 - (prefix - bit)) & 0xff;
    if (((bytes[index] ^ address.bytes[index]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace policy
