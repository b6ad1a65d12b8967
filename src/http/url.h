// An absolute http or https URL taken apart (RFC 3986, the part that origins need).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace http {

struct Url {
  std::string scheme;        // "http" or "https"
  std::string host;          // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;    // never 0 after parseUrl: 80 and 443 are filled in
  std::string target = "/";  // path and query, never empty, no fragment

  std::string origin() const;     // scheme://host[:port], the port only when it is not the scheme's own
  std::string authority() const;  // host[:port] as the Host field wants it
  bool operator==(const Url&) const = default;
};

// Refuses other schemes, user information, fragments, blanks and control characters.
base::Result<Url> parseUrl(std::string_view text);

}  // namespace http
