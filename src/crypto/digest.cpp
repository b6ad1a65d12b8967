#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <exception>
#include <memory>

#include "crypto/openssl.h"

namespace crypto {
namespace {

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  // Fails only when memory is out or OpenSSL has no default provider; there is no going on without hashes.
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, algorithm, nullptr) !=
      1)
    std::terminate();
  return std::string(out.data(), size);
}

// Kept for good: to look an algorithm up by its name costs more than to hash a short text.
const EVP_MD* fetched(const char* name) {
  const EVP_MD* algorithm = EVP_MD_fetch(nullptr, name, nullptr);
  if (!algorithm) std::terminate();
  return algorithm;
}

using MacContext = std::unique_ptr<EVP_MAC_CTX, void (*)(EVP_MAC_CTX*)>;

// HMAC with SHA-256, ready for a key.
MacContext newMacContext() {
  EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MacContext context(EVP_MAC_CTX_new(algorithm), EVP_MAC_CTX_free);
  EVP_MAC_free(algorithm);  // the context holds it
  char name[] = "SHA256";
  std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                       OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1) std::terminate();
  return context;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  static const EVP_MD* const algorithm = fetched("SHA256");
  return digest(algorithm, bytes);
}

std::string sha1(std::string_view bytes) {
  static const EVP_MD* const algorithm = fetched("SHA1");
  return digest(algorithm, bytes);
}

std::string md5(std::string_view bytes) {
  static const EVP_MD* const algorithm = fetched("MD5");
  return digest(algorithm, bytes);
}

std::string hmacSha256(std::string_view key, std::string_view bytes) {
  thread_local const MacContext context = newMacContext();
  std::array<char, EVP_MAX_MD_SIZE> out{};
  std::size_t size = 0;
  // A null key would mean the one before.
  const unsigned char* secret = key.empty() ? bytesOf("\0") : bytesOf(key);
  if (EVP_MAC_init(context.get(), secret, key.size(), nullptr) != 1 ||
      EVP_MAC_update(context.get(), bytesOf(bytes), bytes.size()) != 1 ||
      EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, out.size()) != 1)
    std::terminate();
  return std::string(out.data(), size);
}

bool equalInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace crypto
