#include "policy/date.h"

#include <charconv>
#include <string>

#include "base/time.h"

namespace policy {
namespace {

// "2026-11-23T20:00Z" with seconds added; other text as it is.
std::string withSeconds(std::string_view text) {
  constexpr std::size_t kMinutes = 16;  // the length of 2026-11-23T20:00
  std::string out(text);
  bool endsThere = text.size() > kMinutes && text[10] == 'T' && text[kMinutes] != ':';
  if (endsThere) out.insert(kMinutes, ":00");
  return out;
}

std::optional<base::Time> parseEpoch(std::string_view text) {
  std::int64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return base::fromUnixSeconds(seconds);
}

}  // namespace

std::optional<base::Time> parseDate(std::string_view text) {
  if (auto epoch = parseEpoch(text)) return epoch;
  std::string full = withSeconds(text);
  if (text.size() == 7) full += "-01";
  if (full.size() == 10) full += "T00:00:00Z";
  auto time = base::parseRfc3339(full);
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace policy
