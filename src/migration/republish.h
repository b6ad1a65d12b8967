// Which keys an issuer's documents must hold: those of every API server, and, for a time of grace, those that they
// serve no more, because caches and tokens outlive a key's last signature.
#pragma once
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "migration/api_servers.h"
#include "oidc/jwks.h"
#include "text/json.h"

namespace migration {

// By kid: since when no API server serves it.
using Retired = std::map<std::string, base::Time>;

// {"KID":"2026-11-27T07:20:00Z"}; what can't be read is left out, and its grace begins anew.
Retired readRetired(std::string_view json);
std::string writeRetired(const Retired& retired);

// Longer than a day, which is as long as STS takes a token after it was signed.
inline constexpr std::chrono::hours kGrace{48};

struct Republication {
  oidc::Jwks keys;     // to be published: the API servers' in their order, then the retired ones by kid
  Retired retired;     // to be remembered
  bool isSure = true;  // every API server could be looked at; if not, no key's time of grace ends or begins
};
// What is known of keys from before.
struct KnownKeys {
  Retired retired = {};
  std::set<std::string> revoked = {};  // kids that are published no more, whoever serves them
};

// A key is never dropped for an API server that could not be looked at, unless it is revoked.
Republication republication(const Cluster& cluster, const oidc::Jwks& published, const KnownKeys& known,
                            std::chrono::seconds grace);

}  // namespace migration
