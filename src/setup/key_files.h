// Public keys that somebody keeps in files or Secrets, and the keys of this set-up as the documents list them.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/key.h"
#include "oidc/jwks.h"
#include "text/json.h"

namespace setup {

// All keys of `document`: PEM blocks (public keys and certificates, which also give the entry's x5c), or a Secret of
// Cluster API as `kubectl get secret CLUSTER-sa -o yaml` prints it (EKS Anywhere's too), of which only tls.crt is read.
// Invalid when there is none, when one is private, or an RSA key is shorter than 2048 bits.
base::Result<oidc::Jwks> publicKeysIn(std::string_view document);
base::Result<oidc::Jwks> publicKeysOf(const text::Json& secret);

// Adds the entries of `more` whose kid is not there yet.
void addKeys(oidc::Jwks& jwks, const oidc::Jwks& more);

// For a relying party that reads the first key alone. That of `published` stays first for as long as it is there and
// signs; then it is one that does. `signing`: kids; empty: which sign is not known, and any may.
void putSigningFirst(oidc::Jwks& jwks, const oidc::Jwks& published, const std::set<std::string>& signing);

// Invalid when AWS would not use these keys: more than 100 of a kind, an entry without kid, a kid twice.
base::Result<void> checkKeys(const oidc::Jwks& jwks);

// The entry's x5c (base64 of DER) over `key`: that of `published`, so that the document does not change from run to
// run, unless it has none for this key or it ends within a month; then a new one for ten years, which `own`, the
// private half, signs. Null: a key that nobody keeps does.
base::Result<std::string> certificateFor(const crypto::PublicKey& key, const crypto::SigningKey* own,
                                         const oidc::Jwks& published, base::Time now);

// Gives each entry that has no x5c one.
base::Result<void> certify(oidc::Jwks& jwks, const crypto::SigningKey* own, const oidc::Jwks& published,
                           base::Time now);

// SHA-1 in hex of what each entry's x5c begins with.
std::vector<std::string> thumbprintsOf(const oidc::Jwks& jwks);

}  // namespace setup
