// Which proxy a URL is reached through, from the environment's variables as every other program reads them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/url.h"

namespace http {

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string authorization;  // value for Proxy-Authorization (Basic, RFC 7617), a secret; empty: none
};

struct ProxySettings {
  std::string https, http;  // HTTPS_PROXY, HTTP_PROXY: http://[user:password@]host:port, the scheme may be missing
  std::string none;         // NO_PROXY
};

// "http://user:password@host:port". Only proxies that are themselves spoken to in plain HTTP.
base::Result<Proxy> parseProxy(std::string_view text);

// Absent: go there directly. localhost and loopback addresses are never sent to a proxy.
base::Result<std::optional<Proxy>> proxyFor(const Url& url, const ProxySettings& settings);

// NO_PROXY: a comma-separated list of "*", host names (which stand for their subdomains too; with a leading "." or "*."
// for those alone), addresses and CIDR blocks, each with an optional :port.
bool bypassesProxy(const Url& url, std::string_view none);

}  // namespace http
