#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <exception>

namespace crypto {
namespace {

const unsigned char* bytesOf(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  // Fails only when memory is out or OpenSSL has no default provider; there is no going on without hashes.
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, algorithm, nullptr) !=
      1)
    std::terminate();
  return std::string(out.data(), size);
}

}  // namespace

std::string sha256(std::string_view bytes) { return digest(EVP_sha256(), bytes); }
std::string sha1(std::string_view bytes) { return digest(EVP_sha1(), bytes); }
std::string md5(std::string_view bytes) { return digest(EVP_md5(), bytes); }

std::string hmacSha256(std::string_view key, std::string_view bytes) {
  std::array<char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  auto* target = reinterpret_cast<unsigned char*>(out.data());
  if (HMAC(EVP_sha256(), key.data(), int(key.size()), bytesOf(bytes), bytes.size(), target, &size) == nullptr)
    std::terminate();
  return std::string(out.data(), size);
}

bool equalInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace crypto
