// The OpenID Provider configuration document (OpenID Connect Discovery 1.0, sections 3 and 4), and what AWS asks of an
// issuer URL.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oidc/jwks.h"
#include "text/json.h"

namespace oidc {

inline constexpr std::string_view kDiscoveryPath = "/.well-known/openid-configuration";

struct Discovery {
  std::string issuer;
  std::string jwksUri;
  std::vector<std::string> signingAlgorithms;
};

// The five members that kube-apiserver writes and claims_supported; algorithms are those of the keys, sorted.
text::Json render(const Discovery& discovery);
base::Result<Discovery> parseDiscovery(std::string_view document);
std::vector<std::string> signingAlgorithms(const Jwks& jwks);

// IAM accepts no port in an issuer, Ceph does.
enum class Port { Refused, Allowed };

// https, a lower-case host, no port, query, fragment, user information or trailing slash, at most 255 characters.
// The message says which rule and gives the right spelling where there is one.
base::Result<void> checkIssuer(std::string_view issuer, Port port = Port::Refused);

// The issuer without "https://": the last part of the provider's ARN and the prefix of its condition keys.
std::string providerName(std::string_view issuer);

}  // namespace oidc
