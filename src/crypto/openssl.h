// OpenSSL's objects as owned values. For this room's .cpp files only.
#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crypto {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
template <typename T, auto release>
using Owned = std::unique_ptr<T, Release<release>>;

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedNumber = Owned<BIGNUM, BN_free>;
using OwnedPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedDigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;
using OwnedX509 = Owned<X509, X509_free>;

// OpenSSL remembers failures per thread, and TLS code misreads old ones: what fails in this room leaves nothing behind.
class ForgetErrors {
 public:
  ForgetErrors() { ERR_set_mark(); }
  ~ForgetErrors() { ERR_pop_to_mark(); }
  ForgetErrors(const ForgetErrors&) = delete;
  ForgetErrors& operator=(const ForgetErrors&) = delete;
};

inline const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* bytesOf(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// What a memory BIO has collected.
inline std::string contents(BIO* bio) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, std::size_t(size)) : "";
}

// `write` is one of the i2d_* functions.
template <typename T>
std::string derOf(T* object, int (*write)(T*, unsigned char**)) {
  unsigned char* data = nullptr;
  int size = write(object, &data);
  if (size <= 0) return "";
  std::string der(reinterpret_cast<char*>(data), std::size_t(size));
  OPENSSL_free(data);
  return der;
}

struct PemBlock {
  std::string name;  // "PUBLIC KEY"
  bool encrypted = false;
  std::string der;
};

// Every block of `pem`, LF or CRLF; text around blocks is skipped. Invalid when a block is damaged; may be empty.
base::Result<std::vector<PemBlock>> pemBlocks(std::string_view pem);

}  // namespace crypto
