// JSON Web Key Sets (RFC 7517) as an issuer publishes them and as STS reads them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "text/json.h"

namespace oidc {

struct Jwk {
  std::string kid;  // taken from the document, never recomputed when copying
  crypto::PublicKey key;
  std::string use;         // "sig", or as found
  bool hasKeyOps = false;  // STS does not use keys that have key_ops
  std::vector<std::string> x5c = {};
};

struct Jwks {
  std::vector<Jwk> keys;
  // Entries that were left out, with the reason: unknown kty, ML-DSA, bad numbers.
  std::vector<std::string> skipped = {};
};

// Never emits a private member. One entry a key: {"use":"sig","kty","kid","alg",...} as kube-apiserver writes it.
text::Json render(const Jwks& jwks);

// Invalid when the document is no JWKS at all. Unreadable entries go to `skipped`.
base::Result<Jwks> parseJwks(std::string_view document);

// A Jwks of these keys with kid and alg as Kubernetes computes them.
Jwks jwksOf(const std::vector<crypto::PublicKey>& keys);

}  // namespace oidc
