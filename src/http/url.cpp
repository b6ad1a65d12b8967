#include "http/url.h"

#include <algorithm>
#include <charconv>

#include "text/words.h"

namespace http {
namespace {

bool isAllOf(std::string_view text, std::string_view further) {
  return std::ranges::all_of(text, [&](char c) {
    bool letterOrDigit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letterOrDigit || further.find(c) != std::string_view::npos;
  });
}

bool isIpv6(std::string_view host) {
  return host.find(':') != std::string_view::npos &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

// For messages: a password in it must not be repeated, however badly the rest is written.
std::string withoutUserInformation(std::string_view text) {
  const std::size_t mark = text.find("://"), begin = mark == std::string_view::npos ? 0 : mark + 3;
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(text);
  return std::string(text.substr(0, begin)) + "***" + std::string(text.substr(at));
}

std::uint16_t ownPort(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

}  // namespace

std::string Url::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != ownPort(scheme)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::origin() const { return scheme + "://" + authority(); }

base::Result<Url> parseUrl(std::string_view text) {
  auto bad = [&](std::string_view why) {
    return base::invalid("\"" + withoutUserInformation(text) + "\" " + std::string(why));
  };
  for (char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      return bad("is no URL: it has blanks, control characters or characters that are not ASCII");
  std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return bad("is no URL: it must start with https:// (or http://)");
  Url url;
  url.scheme = text::lowerCase(text.substr(0, mark));
  if (url.scheme != "http" && url.scheme != "https") return bad("is no http or https URL");
  std::string_view rest = text.substr(mark + 3);
  if (rest.find('#') != std::string_view::npos) return bad("has a fragment, which an endpoint can't have");
  std::size_t end = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, end);
  if (end != std::string_view::npos) url.target = (rest[end] == '?' ? "/" : "") + std::string(rest.substr(end));
  if (authority.find('@') != std::string_view::npos) return bad("has user information, which is refused");

  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad("has an IPv6 address without its ]");
    host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!isIpv6(host)) return bad("has no IPv6 address between [ and ]");
  } else if (std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (host.empty()) return bad("has no host");
  if (!authority.starts_with('[') && !isAllOf(host, "-._"))
    return bad("has a host that is neither a name nor an address");
  url.host = text::lowerCase(host);
  url.port = ownPort(url.scheme);
  if (!port.empty()) {
    if (port[0] != ':') return bad("has text after its host");
    auto [at, error] = std::from_chars(port.data() + 1, port.data() + port.size(), url.port);
    if (error != std::errc() || at != port.data() + port.size() || url.port == 0) return bad("has a bad port");
  }
  return url;
}

}  // namespace http
