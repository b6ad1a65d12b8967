#include "setup/key_files.h"

#include <algorithm>
#include <set>

#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/yaml.h"

namespace setup {
namespace {

constexpr int kShortestRsa = 2048;
constexpr std::size_t kMostOfAKind = 100;
constexpr std::chrono::hours kRenewBefore{24 * 30}, kLifetime{24 * 3650};

base::Result<oidc::Jwks> keysOfPem(std::string_view pem) {
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos)
    return base::invalid("it holds a private key, which irsa does not read: openssl pkey -in FILE -pubout");
  auto keys = TRY(crypto::PublicKey::allFromPem(pem));
  if (keys.empty()) return base::invalid("it holds no public key");
  for (const crypto::PublicKey& key : keys)
    if (key.isRsa() && key.bits() < kShortestRsa)
      return base::invalid("its RSA key has " + std::to_string(key.bits()) + " bits; 2048 are the least");
  oidc::Jwks jwks;
  addKeys(jwks, oidc::jwksOf(keys));
  auto certificates = crypto::certificatesFromPem(pem);
  if (!certificates) return jwks;  // only bare keys
  for (oidc::Jwk& jwk : jwks.keys)
    for (const crypto::Certificate& certificate : *certificates)
      if (jwk.x5c.empty() && certificate.spki == jwk.key.spki()) jwk.x5c.push_back(text::base64(certificate.der));
  return jwks;
}

std::string certificatePem(std::string_view base64) {
  constexpr std::size_t kLine = 64;
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (; !base64.empty(); base64.remove_prefix(std::min(kLine, base64.size())))
    pem.append(base64.substr(0, kLine)).append("\n");
  return pem + "-----END CERTIFICATE-----\n";
}

}  // namespace

base::Result<oidc::Jwks> publicKeysOf(const text::Json& secret) {
  std::string pem = text::stringAt(text::at(secret, "stringData"), "tls.crt");
  std::string encoded = text::stringAt(text::at(secret, "data"), "tls.crt");
  if (!encoded.empty()) {
    auto decoded = text::decodeBase64(encoded);
    if (!decoded) return base::invalid("its data.\"tls.crt\" is no base64");
    pem = *std::move(decoded);
  }
  if (pem.empty()) return base::invalid("the Secret has no tls.crt, where Cluster API keeps the public key");
  return keysOfPem(pem);
}

base::Result<oidc::Jwks> publicKeysIn(std::string_view document) {
  if (document.find("-----BEGIN ") != std::string_view::npos) return keysOfPem(document);
  auto manifest = text::parseYaml(document);
  if (!manifest || manifest->kind != text::YamlNode::Kind::Mapping)
    return base::invalid("it is neither PEM nor the manifest of a Secret");
  text::Json secret = text::toJson(*manifest);
  if (text::stringAt(secret, "kind") != "Secret")
    return base::invalid("it is neither PEM nor the manifest of a Secret");
  return publicKeysOf(secret);
}

void addKeys(oidc::Jwks& jwks, const oidc::Jwks& more) {
  for (const oidc::Jwk& added : more.keys) {
    auto isSame = [&](const oidc::Jwk& there) { return there.kid == added.kid; };
    if (std::none_of(jwks.keys.begin(), jwks.keys.end(), isSame)) jwks.keys.push_back(added);
  }
}

void putSigningFirst(oidc::Jwks& jwks, const oidc::Jwks& published, const std::set<std::string>& signing) {
  const auto moveFirst = [&](const std::string& kid) {
    const auto found = std::ranges::find(jwks.keys, kid, &oidc::Jwk::kid);
    if (found == jwks.keys.end() || (!signing.empty() && !signing.contains(kid))) return false;
    std::rotate(jwks.keys.begin(), found, found + 1);
    return true;
  };
  if (!published.keys.empty() && moveFirst(published.keys.front().kid)) return;
  for (const std::string& kid : signing)
    if (moveFirst(kid)) return;
}

base::Result<void> checkKeys(const oidc::Jwks& jwks) {
  std::set<std::string> ids;
  std::size_t rsa = 0;
  for (const oidc::Jwk& jwk : jwks.keys) {
    if (jwk.kid.empty()) return base::invalid("a key has no kid, and AWS uses none without one");
    if (!ids.insert(jwk.kid).second) return base::invalid("two keys have the kid " + jwk.kid);
    rsa += jwk.key.isRsa() ? 1 : 0;
  }
  if (rsa > kMostOfAKind || jwks.keys.size() - rsa > kMostOfAKind)
    return base::invalid("there are " + std::to_string(jwks.keys.size()) +
                         " keys; AWS reads at most 100 RSA keys and 100 of elliptic curves");
  return {};
}

base::Result<std::string> certificateFor(const crypto::PublicKey& key, const crypto::SigningKey* own,
                                         const oidc::Jwks& published, base::Time now) {
  const std::string spki = key.spki();
  for (const oidc::Jwk& jwk : published.keys) {
    if (jwk.x5c.empty() || jwk.key.spki() != spki) continue;
    auto certificates = crypto::certificatesFromPem(certificatePem(jwk.x5c.front()));
    if (certificates && certificates->front().spki == spki && certificates->front().notAfter > now + kRenewBefore)
      return jwk.x5c.front();
  }
  const std::string name = "service-account-" + key.keyId().substr(0, 8);
  const crypto::Validity validity{now, now + kLifetime};
  auto der = own ? crypto::selfSignedDer(*own, name, validity) : crypto::certifiedDer(key, name, validity);
  if (!der) return std::move(der).error();
  return text::base64(*der);
}

base::Result<void> certify(oidc::Jwks& jwks, const crypto::SigningKey* own, const oidc::Jwks& published,
                           base::Time now) {
  for (oidc::Jwk& jwk : jwks.keys)
    if (jwk.x5c.empty()) jwk.x5c.push_back(TRY(certificateFor(jwk.key, own, published, now)));
  return {};
}

std::vector<std::string> thumbprintsOf(const oidc::Jwks& jwks) {
  std::vector<std::string> thumbprints;
  for (const oidc::Jwk& jwk : jwks.keys) {
    auto der = text::decodeBase64(jwk.x5c.empty() ? "" : jwk.x5c.front());
    if (der && !der->empty()) thumbprints.push_back(text::hex(crypto::sha1(*der)));
  }
  return thumbprints;
}

}  // namespace setup
