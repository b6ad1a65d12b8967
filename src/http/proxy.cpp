#include "http/proxy.h"

#include <algorithm>

#include "http/address.h"
#include "http/message.h"
#include "text/encoding.h"
#include "text/uri.h"
#include "text/words.h"

namespace http {
namespace {

bool endsWithName(std::string_view host, std::string_view suffix) {
  return host.size() > suffix.size() && sameName(host.substr(host.size() - suffix.size()), suffix);
}

// Cuts ":8443" off "name:8443" or "[::1]:8443", not off a bare IPv6 address.
std::string_view cutPort(std::string_view& entry) {
  std::size_t colon = entry.rfind(':');
  bool isBareV6 = entry.find(':') != colon && !entry.starts_with('[');
  std::string_view port;
  if (colon != std::string_view::npos && !isBareV6 && entry.back() != ']') {
    port = entry.substr(colon + 1);
    entry = entry.substr(0, colon);
  }
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  return port;
}

bool matches(const Url& url, std::string_view entry) {
  if (entry == "*") return true;
  if (entry.find('/') != std::string_view::npos) return blockContains(entry, url.host);
  std::string_view port = cutPort(entry);
  if (!port.empty() && port != std::to_string(url.port)) return false;
  if (auto address = parseAddress(entry)) return parseAddress(url.host) == address;
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.empty()) return false;
  if (entry.starts_with('.')) return endsWithName(url.host, entry);
  return sameName(url.host, entry) || endsWithName(url.host, "." + std::string(entry));
}

}  // namespace

base::Result<Proxy> parseProxy(std::string_view text) {
  std::string_view rest = text;
  std::size_t scheme = rest.find("://");
  if (scheme != std::string_view::npos && !sameName(rest.substr(0, scheme), "http"))
    return base::invalid("the proxy's scheme is \"" + std::string(rest.substr(0, scheme)) +
                         "\", but only http:// proxies are spoken to");
  if (scheme != std::string_view::npos) rest.remove_prefix(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  Proxy proxy;
  if (std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    std::string userInfo = TRY(text::percentDecode(rest.substr(0, at)));
    proxy.authorization = "Basic " + text::base64(userInfo);
    rest.remove_prefix(at + 1);
  }
  // The message must not repeat the user information.
  Url url = TRY(parseUrl("http://" + std::string(rest)));
  proxy.host = url.host;
  proxy.port = url.port;
  return proxy;
}

base::Result<std::optional<Proxy>> proxyFor(const Url& url, const ProxySettings& settings) {
  const std::string& wanted = url.scheme == "https" ? settings.https : settings.http;
  if (wanted.empty() || isLoopback(url.host) || bypassesProxy(url, settings.none)) return std::optional<Proxy>();
  return std::optional(TRY(parseProxy(wanted)));
}

bool bypassesProxy(const Url& url, std::string_view none) {
  while (!none.empty()) {
    std::size_t comma = std::min(none.find(','), none.size());
    std::string_view entry = text::trimmed(none.substr(0, comma));
    if (!entry.empty() && matches(url, entry)) return true;
    none.remove_prefix(std::min(comma + 1, none.size()));
  }
  return false;
}

}  // namespace http
