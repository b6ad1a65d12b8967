#include "sim/issuer_cache.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "sim/state.h"
#include "text/words.h"

namespace sim {
namespace {

using std::chrono::seconds;

constexpr seconds kLongest{86'400};
constexpr std::size_t kMostIssuers = 200, kMostParsed = 16;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// A number of seconds, plain or in quotes; zero for anything else, as RFC 9111 advises (section 4.2.1).
seconds secondsOf(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return kLongest;
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return seconds(0);
  return std::min(seconds(value), kLongest);
}

}  // namespace

seconds freshness(const http::Headers& headers) {
  std::optional<seconds> own, shared;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto& [name, value] = headers.at(i);
    if (text::lowerCase(name) != "cache-control") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string directive = text::lowerCase(trimmed(rest.substr(0, rest.find(','))));
      rest.remove_prefix(std::min(rest.size(), rest.find(',') == rest.npos ? rest.size() : rest.find(',') + 1));
      const std::string word = directive.substr(0, directive.find('='));
      if (word == "no-store" || word == "no-cache" || word == "private") return seconds(0);
      const seconds time =
          secondsOf(trimmed(std::string_view(directive).substr(std::min(word.size() + 1, directive.size()))));
      if (word == "max-age" && !own) own = time;
      if (word == "s-maxage" && !shared) shared = time;
    }
  }
  const seconds life = shared.value_or(own.value_or(seconds(0)));
  return std::max(seconds(0), life - secondsOf(trimmed(headers.get("age"))));
}

IssuerCache::Keys IssuerCache::find(const std::string& issuer, base::Time now) const {
  auto found = entries_.find(issuer);
  return found == entries_.end() || now >= found->second.until ? nullptr : found->second.keys;
}

void IssuerCache::keep(const std::string& issuer, Keys keys, base::Time now, seconds time) {
  if (time <= seconds(0)) {
    entries_.erase(issuer);
    return;
  }
  insert(issuer, {std::move(keys), now + time}, now);
}

void IssuerCache::keepOwn(const std::string& issuer, Keys keys, base::Time now) {
  insert(issuer, {std::move(keys), base::fromUnixSeconds(base::unixSeconds(now) + 1), true}, now);
}

void IssuerCache::forgetOwn() {
  std::erase_if(entries_, [](const auto& entry) { return entry.second.isOwn; });
}

void IssuerCache::insert(const std::string& issuer, Entry entry, base::Time now) {
  if (entries_.size() >= kMostIssuers)
    std::erase_if(entries_, [&](const auto& other) { return now >= other.second.until; });
  if (entries_.size() < kMostIssuers) entries_.insert_or_assign(issuer, std::move(entry));
}

base::Result<IssuerCache::Keys> IssuerCache::parse(const std::string& document) {
  auto found = parsed_.find(document);
  if (found != parsed_.end()) return found->second;
  Keys keys = std::make_shared<const oidc::Jwks>(TRY(oidc::parseJwks(document)));
  if (parsed_.size() == kMostParsed) parsed_.clear();
  parsed_.emplace(document, keys);
  return keys;
}

}  // namespace sim
