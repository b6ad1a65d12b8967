// X.509 certificates (RFC 5280): making a CA and leaves for the webhook, and reading those that are there.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/key.h"

namespace crypto {

struct CertifiedKey {
  std::string certificatePem;  // the leaf only
  std::string keyPem;          // PKCS#8, secret
};

struct Validity {
  base::Time notBefore, notAfter;
};

// P-256, CA:TRUE with pathlen 0, keyCertSign and cRLSign only.
base::Result<CertifiedKey> makeAuthority(std::string_view commonName, Validity validity,
                                         const base::RandomBytes& random);

// P-256, serverAuth, SANs only (names that parse as addresses become IP SANs), key usage digitalSignature.
base::Result<CertifiedKey> makeServerLeaf(const CertifiedKey& authority, const std::vector<std::string>& names,
                                          Validity validity, const base::RandomBytes& random);

struct Certificate {
  std::string subject, issuer;  // RFC 2253 text
  base::Time notBefore, notAfter;
  std::vector<std::string> names;  // DNS and IP SANs
  bool isAuthority = false;
  std::string serial;  // hex
  std::string der;
  std::string pem;   // this certificate alone
  std::string spki;  // DER SubjectPublicKeyInfo, to compare keys by
};

base::Result<std::vector<Certificate>> certificatesFromPem(std::string_view pem);  // Invalid when there is none

// Ok when `leafPem` (with intermediates after it) chains to a root of `rootsPem` at `now`, is for servers and covers
// `name`; else Denied with the reason.
base::Result<void> verifyServer(std::string_view leafPem, std::string_view rootsPem, std::string_view name,
                                base::Time now);

// Ok when clients of today will take the first certificate of `leafPem` for a server's at all, whoever signed it: it
// has SANs, no SHA-1 or MD5 in its signature, and an RSA key of 2048 bits at least. Else Invalid with the reason.
base::Result<void> checkServerLeaf(std::string_view leafPem);

// DER of a certificate over `key` signed by itself, for JWKS `x5c` (relying parties that read nothing else).
base::Result<std::string> selfSignedDer(const SigningKey& key, std::string_view commonName, Validity validity);

// The same where the private key is somebody else's: signed by a key that is thrown away, so nobody can follow the
// signature, and those who read x5c do not.
base::Result<std::string> certifiedDer(const PublicKey& key, std::string_view commonName, Validity validity);

}  // namespace crypto
