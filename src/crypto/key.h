// Signing keys and their public halves, as JSON Web Signatures use them (RFC 7515, RFC 7518). Only this room and io
// include OpenSSL. Values: cheap to copy, the key material is shared and never changes. Thread-safe.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct evp_pkey_st;

namespace crypto {

// RFC 7518, section 3.1. What AWS verifies; nothing else is spoken.
enum class Algorithm { Rs256, Rs384, Rs512, Es256, Es384, Es512 };

std::string_view nameOf(Algorithm algorithm);                   // "RS256"
base::Result<Algorithm> algorithmNamed(std::string_view name);  // exact case; others are Invalid

class PublicKey {
 public:
  // "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE" or a private key, whose public half is taken. First block only.
  static base::Result<PublicKey> fromPem(std::string_view pem);
  static base::Result<std::vector<PublicKey>> allFromPem(std::string_view pem);
  static base::Result<PublicKey> fromSpki(std::string_view der);
  // Big-endian unsigned integers (RFC 7518, section 6.3.1).
  static base::Result<PublicKey> fromRsa(std::string_view modulus, std::string_view exponent);
  // curve is "P-256", "P-384" or "P-521"; x and y have exactly the curve's width (section 6.2.1).
  static base::Result<PublicKey> fromEc(std::string_view curve, std::string_view x, std::string_view y);

  std::string spki() const;  // DER SubjectPublicKeyInfo
  std::string pem() const;   // "PUBLIC KEY"
  bool isRsa() const;
  int bits() const;
  std::string modulus() const, exponent() const;    // minimal big-endian; RSA only
  std::string curve() const, x() const, y() const;  // fixed width; EC only
  Algorithm algorithm() const;                      // RS256, or the one of the curve, as Kubernetes chooses it
  // kid as Kubernetes computes it: base64url(SHA-256(spki)), not RFC 7638.
  std::string keyId() const;

  // `signature` in JWS form: PKCS#1 v1.5, or r||s at fixed width (RFC 7518, sections 3.3 and 3.4). False when it does
  // not match or the algorithm is not this key's kind.
  bool verify(Algorithm algorithm, std::string_view bytes, std::string_view signature) const;

  evp_pkey_st* handle() const { return key_.get(); }

 private:
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
  friend class SigningKey;
};

class SigningKey {
 public:
  static base::Result<SigningKey> generateRsa(int bits);  // 2048, 3072 or 4096
  static base::Result<SigningKey> generateEc(std::string_view curve);
  // "PRIVATE KEY" (PKCS#8), "RSA PRIVATE KEY" or "EC PRIVATE KEY", not encrypted.
  static base::Result<SigningKey> fromPem(std::string_view pem);

  PublicKey publicKey() const { return PublicKey(key_); }
  std::string pem() const;  // "PRIVATE KEY": secret, for 0600 files only
  base::Result<std::string> sign(Algorithm algorithm, std::string_view bytes) const;  // JWS form

  evp_pkey_st* handle() const { return key_.get(); }

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace crypto
