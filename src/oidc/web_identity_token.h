// Web identity tokens: JSON Web Tokens (RFC 7519) signed by an issuer's key, as kube-apiserver makes them and as STS
// checks them.
//
// VerifiedToken has one maker, verify(): what has not been verified cannot reach a policy.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "oidc/jwks.h"
#include "text/json.h"

namespace oidc {

// A token taken apart, nothing verified yet.
struct UnverifiedToken {
  text::Json header, claims;
  std::string algorithm, kid;
  bool hasKid = false;
  std::string signingInput, signature;

  std::string issuer() const;                  // empty when absent or no string
  std::vector<std::string> audiences() const;  // of a string or an array
};

// Three base64url parts with JSON objects in the first two, no duplicate members, a supported alg, no crit. The error's
// code names the failed rule: "NotAJwt", "UnsupportedAlgorithm", "CriticalHeader".
base::Result<UnverifiedToken> decodeToken(std::string_view token);

// The rules of verify(), in the order in which STS is believed to apply them. The error's code is the rule's name.
// RequiredClaims also stands for a timestamp that is none. Expiry also stands for a token issued more than a day ago,
// as STS has one code for both (ExpiredTokenException); IssuedAt is left for tokens from the future. STS has one
// sentence for the three rules on keys: none with the token's kid, one that cannot be used, more than 100 of a kind.
enum class TokenRule {
  RequiredClaims,
  Audience,
  Expiry,
  NotBefore,
  IssuedAt,
  KeyUnknown,
  KeyUnusable,
  KeysTooMany,
  Signature
};
std::string_view nameOf(TokenRule rule);  // "Expiry"

class VerifiedToken {
 public:
  const text::Json& claims() const { return claims_; }
  const std::string& issuer() const { return issuer_; }
  const std::string& subject() const { return subject_; }
  const std::string& audience() const { return audience_; }  // azp when present, else the only aud
  const std::vector<std::string>& originalAudiences() const { return audiences_; }

 private:
  VerifiedToken() = default;
  text::Json claims_;
  std::string issuer_, subject_, audience_;
  std::vector<std::string> audiences_;
  friend base::Result<VerifiedToken> verify(UnverifiedToken, const Jwks&, const std::vector<std::string>&, base::Time);
};

// Splits verify() where STS does: everything that can be said before the keys are fetched, and the rest.
base::Result<void> checkClaims(const UnverifiedToken& token, const std::vector<std::string>& clientIds, base::Time now);
base::Result<void> checkSignature(const UnverifiedToken& token, const Jwks& jwks);

// Every rule of checkClaims() that is broken, in its order: what STS would say one after the other.
std::vector<base::Error> brokenClaims(const UnverifiedToken& token, const std::vector<std::string>& clientIds,
                                      base::Time now);

// Five minutes of tolerance on exp, nbf and iat; kid chooses the key (one key only: kid may be absent). The message is
// AWS's own sentence where AWS has one.
base::Result<VerifiedToken> verify(UnverifiedToken token, const Jwks& jwks, const std::vector<std::string>& clientIds,
                                   base::Time now);

// A compact JWS over `claims`, with {"alg","kid"} as kube-apiserver writes them.
base::Result<std::string> sign(const text::Json& claims, const crypto::SigningKey& key);

// The claims that kube-apiserver puts into a service account's token.
struct ServiceAccountToken {
  std::string issuer, audience = "sts.amazonaws.com", nameSpace, serviceAccount, pod = "";
  base::Time issuedAt;
  std::chrono::seconds lifetime{86400};
};
text::Json claimsOf(const ServiceAccountToken& token);

}  // namespace oidc
