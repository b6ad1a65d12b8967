#include "oidc/jwks.h"

#include <algorithm>
#include <utility>

#include "text/encoding.h"

namespace oidc {
namespace {

using text::Json;

Json entryOf(const Jwk& jwk) {
  const crypto::PublicKey& key = jwk.key;
  Json entry = Json::object();
  if (!jwk.use.empty()) entry["use"] = jwk.use;
  entry["kty"] = key.isRsa() ? "RSA" : "EC";
  if (!jwk.kid.empty()) entry["kid"] = jwk.kid;
  entry["alg"] = crypto::nameOf(key.algorithm());
  if (key.isRsa()) {
    entry["n"] = text::base64Url(key.modulus());
    entry["e"] = text::base64Url(key.exponent());
  } else {
    entry["crv"] = key.curve();
    entry["x"] = text::base64Url(key.x());
    entry["y"] = text::base64Url(key.y());
  }
  if (!jwk.x5c.empty()) entry["x5c"] = jwk.x5c;
  return entry;
}

base::Result<std::string> numberAt(const Json& entry, const char* member) {
  std::string encoded = text::stringAt(entry, member);
  if (encoded.empty()) return base::invalid("it has no \"" + std::string(member) + "\"");
  auto bytes = text::decodeBase64Url(encoded);
  if (!bytes) return base::invalid("its \"" + std::string(member) + "\" is not base64url without padding");
  return bytes;
}

base::Result<crypto::PublicKey> keyOf(const Json& entry) {
  std::string kind = text::stringAt(entry, "kty");
  if (kind == "RSA") {
    auto modulus = TRY(numberAt(entry, "n"));
    auto exponent = TRY(numberAt(entry, "e"));
    return crypto::PublicKey::fromRsa(modulus, exponent);
  }
  if (kind == "EC") {
    auto x = TRY(numberAt(entry, "x"));
    auto y = TRY(numberAt(entry, "y"));
    return crypto::PublicKey::fromEc(text::stringAt(entry, "crv"), x, y);
  }
  if (kind == "AKP") return base::invalid("its kty is \"AKP\" (ML-DSA), which AWS STS cannot verify");
  return base::invalid("its kty \"" + kind + "\" is neither RSA nor EC");
}

base::Result<Jwk> jwkOf(const Json& entry) {
  if (!entry.is_object()) return base::invalid("it is no object");
  auto key = TRY(keyOf(entry));
  Jwk jwk{text::stringAt(entry, "kid"), std::move(key), text::stringAt(entry, "use"), entry.contains("key_ops")};
  const Json& chain = text::at(entry, "x5c");
  if (!chain.is_array()) return jwk;
  for (const Json& certificate : chain)
    if (certificate.is_string()) jwk.x5c.push_back(certificate.get<std::string>());
  return jwk;
}

}  // namespace

Json render(const Jwks& jwks) {
  Json keys = Json::array();
  for (const Jwk& jwk : jwks.keys) keys.push_back(entryOf(jwk));
  Json document = Json::object();
  document["keys"] = std::move(keys);
  return document;
}

base::Result<Jwks> parseJwks(std::string_view document) {
  auto json = text::parseJson(document);
  if (!json) return std::move(json).error().during("reading the JWKS");
  const Json& entries = text::at(*json, "keys");
  if (!entries.is_array()) return base::invalid("the JWKS has no array \"keys\" (RFC 7517, section 5)");
  Jwks jwks;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto jwk = jwkOf(entries[i]);
    if (jwk) {
      jwks.keys.push_back(std::move(jwk).value());
      continue;
    }
    std::string kid = text::stringAt(entries[i], "kid");
    jwks.skipped.push_back("key " + std::to_string(i + 1) + (kid.empty() ? "" : " (kid " + kid + ")") + ": " +
                           jwk.error().message);
  }
  return jwks;
}

Jwks jwksOf(const std::vector<crypto::PublicKey>& keys) {
  Jwks jwks;
  for (const crypto::PublicKey& key : keys) {
    std::string kid = key.keyId();
    if (std::ranges::find(jwks.keys, kid, &Jwk::kid) == jwks.keys.end()) jwks.keys.push_back({kid, key, "sig"});
  }
  return jwks;
}

}  // namespace oidc
