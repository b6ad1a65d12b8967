#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/digest.h"
#include "crypto/openssl.h"
#include "text/encoding.h"

namespace crypto {
namespace {

using OwnedParameterBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedParameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using OwnedPkeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr int kSmallestRsa = 1024, kLargestRsa = 16384;  // bits

struct AlgorithmFacts {
  Algorithm algorithm;
  std::string_view name;
  const EVP_MD* (*digest)();
  std::string_view curve;  // empty: RSA
};
constexpr std::array<AlgorithmFacts, 6> kAlgorithms{{{Algorithm::Rs256, "RS256", EVP_sha256, ""},
                                                     {Algorithm::Rs384, "RS384", EVP_sha384, ""},
                                                     {Algorithm::Rs512, "RS512", EVP_sha512, ""},
                                                     {Algorithm::Es256, "ES256", EVP_sha256, "P-256"},
                                                     {Algorithm::Es384, "ES384", EVP_sha384, "P-384"},
                                                     {Algorithm::Es512, "ES512", EVP_sha512, "P-521"}}};

struct CurveFacts {
  std::string_view name;  // as in a JWK
  const char* group;      // as OpenSSL says it
  std::size_t width;      // bytes of a coordinate
  Algorithm algorithm;
};
constexpr std::array<CurveFacts, 3> kCurves{{{"P-256", "prime256v1", 32, Algorithm::Es256},
                                             {"P-384", "secp384r1", 48, Algorithm::Es384},
                                             {"P-521", "secp521r1", 66, Algorithm::Es512}}};

const AlgorithmFacts& factsOf(Algorithm algorithm) { return kAlgorithms[std::size_t(algorithm)]; }

const CurveFacts* curveNamed(std::string_view name) {
  auto found = std::ranges::find(kCurves, name, &CurveFacts::name);
  return found == kCurves.end() ? nullptr : &*found;
}

const CurveFacts* curveOf(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return nullptr;
  auto found =
      std::ranges::find_if(kCurves, [&](const auto& curve) { return std::string_view(curve.group) == group.data(); });
  return found == kCurves.end() ? nullptr : &*found;
}

std::string numberOf(const EVP_PKEY* key, const char* parameter, std::size_t width = 0) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &raw) != 1) return "";
  OwnedNumber number(raw);
  std::string out(width > 0 ? width : std::size_t(BN_num_bytes(raw)), '\0');
  BN_bn2binpad(raw, bytesOf(out), int(out.size()));
  return out;
}

base::Result<void> checkRsa(const EVP_PKEY* key) {
  int bits = EVP_PKEY_get_bits(key);
  if (bits < kSmallestRsa || bits > kLargestRsa)
    return base::invalid("an RSA key of " + std::to_string(bits) + " bits is not usable: 1024 to 16384 bits are");
  std::string modulus = numberOf(key, OSSL_PKEY_PARAM_RSA_N), exponent = numberOf(key, OSSL_PKEY_PARAM_RSA_E);
  if (modulus.empty() || (modulus.back() & 1) == 0) return base::invalid("the RSA key's modulus is even");
  if (exponent.empty() || (exponent.back() & 1) == 0 || exponent == "\x01")
    return base::invalid("the RSA key's exponent is not an odd number above 1");
  return {};
}

base::Result<void> checkEc(EVP_PKEY* key) {
  if (curveOf(key) == nullptr) return base::invalid("the EC key is on a curve other than P-256, P-384 and P-521");
  OwnedPkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (EVP_PKEY_public_check_quick(context.get()) != 1) return base::invalid("the EC key's point is not on its curve");
  // Kubernetes computes kid over the uncompressed point and the curve's name, however the file wrote them.
  EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
  EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "named_curve");
  return {};
}

using SharedPkey = std::shared_ptr<EVP_PKEY>;

base::Result<SharedPkey> accepted(OwnedPkey key) {
  if (!key) return base::invalid("the key cannot be read: its contents are damaged");
  int kind = EVP_PKEY_get_base_id(key.get());
  if (kind == EVP_PKEY_RSA) {
    TRY(checkRsa(key.get()));
  } else if (kind == EVP_PKEY_EC) {
    TRY(checkEc(key.get()));
  } else {
    const char* name = EVP_PKEY_get0_type_name(key.get());
    return base::invalid("the key's kind is " + std::string(name == nullptr ? "unknown" : name) +
                         ", and AWS STS verifies only RSA keys and EC keys on P-256, P-384 and P-521");
  }
  return SharedPkey(key.release(), EVP_PKEY_free);
}

base::Result<SharedPkey> fromParameters(const char* kind, OSSL_PARAM_BLD* builder) {
  OwnedParameters parameters(OSSL_PARAM_BLD_to_param(builder));
  OwnedPkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return base::invalid(std::string("the numbers make no ") + kind + " key" +
                         (std::string_view(kind) == "EC" ? ": the point is not on its curve" : ""));
  return accepted(OwnedPkey(key));
}

bool isPrivate(std::string_view block) {
  return block == "PRIVATE KEY" || block == "RSA PRIVATE KEY" || block == "EC PRIVATE KEY";
}

OwnedPkey privateKeyOf(const PemBlock& block) {
  const unsigned char* at = bytesOf(block.der);
  OwnedPkey key(d2i_AutoPrivateKey(nullptr, &at, long(block.der.size())));
  return at == bytesOf(block.der) + block.der.size() ? std::move(key) : nullptr;
}

OwnedPkey publicKeyOf(const PemBlock& block) {
  const unsigned char* at = bytesOf(block.der);
  const unsigned char* end = at + block.der.size();
  OwnedPkey key;
  if (block.name == "PUBLIC KEY") key.reset(d2i_PUBKEY(nullptr, &at, long(block.der.size())));
  if (block.name == "RSA PUBLIC KEY") key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, long(block.der.size())));
  if (block.name == "CERTIFICATE") {
    OwnedX509 certificate(d2i_X509(nullptr, &at, long(block.der.size())));
    if (certificate) key.reset(X509_get_pubkey(certificate.get()));
  }
  return at == end ? std::move(key) : nullptr;
}

base::Error encryptedKey() {
  return base::invalid("the private key is encrypted, and irsa does not ask for passphrases")
      .withHint(
          "openssl pkey -in ENCRYPTED.key -out signing.key  # or give the public half: openssl pkey -in ENCRYPTED.key "
          "-pubout");
}

bool isEncrypted(const PemBlock& block) { return block.encrypted || block.name == "ENCRYPTED PRIVATE KEY"; }

base::Result<SharedPkey> keyOf(const PemBlock& block) {
  if (isEncrypted(block)) return encryptedKey();
  if (isPrivate(block.name)) return accepted(privateKeyOf(block));
  if (block.name == "PUBLIC KEY" || block.name == "RSA PUBLIC KEY" || block.name == "CERTIFICATE")
    return accepted(publicKeyOf(block));
  return base::invalid("a PEM block \"" + block.name + "\" is no key");
}

// What `openssl ecparam -genkey` writes before the key.
void dropCurveParameters(std::vector<PemBlock>& blocks) {
  std::erase_if(blocks, [](const auto& block) { return block.name == "EC PARAMETERS"; });
}

base::Result<std::string> rawFromDer(std::string_view der, std::size_t width) {
  const unsigned char* at = bytesOf(der);
  OwnedSignature pair(d2i_ECDSA_SIG(nullptr, &at, long(der.size())));
  if (!pair) return base::internal("OpenSSL made an ECDSA signature that cannot be read");
  std::string raw(2 * width, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytesOf(raw), int(width));
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytesOf(raw) + width, int(width));
  return raw;
}

// REQUIRES: raw has an even size.
std::string derFromRaw(std::string_view raw) {
  OwnedSignature pair(ECDSA_SIG_new());
  int width = int(raw.size() / 2);
  BIGNUM* r = BN_bin2bn(bytesOf(raw), width, nullptr);
  BIGNUM* s = BN_bin2bn(bytesOf(raw) + width, width, nullptr);
  ECDSA_SIG_set0(pair.get(), r, s);
  return derOf<const ECDSA_SIG>(pair.get(), i2d_ECDSA_SIG);
}

bool fits(const EVP_PKEY* key, Algorithm algorithm) {
  const AlgorithmFacts& facts = factsOf(algorithm);
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return facts.curve.empty();
  const CurveFacts* curve = curveOf(key);
  return curve != nullptr && curve->name == facts.curve;
}

}  // namespace

std::string_view nameOf(Algorithm algorithm) { return factsOf(algorithm).name; }

base::Result<Algorithm> algorithmNamed(std::string_view name) {
  auto found = std::ranges::find(kAlgorithms, name, &AlgorithmFacts::name);
  if (found != kAlgorithms.end()) return found->algorithm;
  return base::invalid("\"" + std::string(name) + "\" is not RS256, RS384, RS512, ES256, ES384 or ES512");
}

base::Result<PublicKey> PublicKey::fromPem(std::string_view pem) {
  ForgetErrors quiet;
  auto blocks = TRY(pemBlocks(pem));
  dropCurveParameters(blocks);
  if (blocks.empty()) return base::invalid("there is no PEM block in the text");
  return PublicKey(TRY(keyOf(blocks.front())));
}

base::Result<std::vector<PublicKey>> PublicKey::allFromPem(std::string_view pem) {
  ForgetErrors quiet;
  auto blocks = TRY(pemBlocks(pem));
  dropCurveParameters(blocks);
  if (blocks.empty()) return base::invalid("there is no PEM block in the text");
  std::vector<PublicKey> keys;
  for (const PemBlock& block : blocks) {
    auto key = keyOf(block);
    if (!key) return std::move(key).error().during("PEM block " + std::to_string(keys.size() + 1));
    keys.push_back(PublicKey(std::move(key).value()));
  }
  return keys;
}

base::Result<PublicKey> PublicKey::fromSpki(std::string_view der) {
  ForgetErrors quiet;
  return PublicKey(TRY(keyOf({"PUBLIC KEY", false, std::string(der)})));
}

base::Result<PublicKey> PublicKey::fromRsa(std::string_view modulus, std::string_view exponent) {
  ForgetErrors quiet;
  if (modulus.size() > kLargestRsa / 8 + 1 || exponent.size() > modulus.size())
    return base::invalid("the RSA key's numbers are too large: the modulus may have 16384 bits");
  OwnedNumber n(BN_bin2bn(bytesOf(modulus), int(modulus.size()), nullptr));
  OwnedNumber e(BN_bin2bn(bytesOf(exponent), int(exponent.size()), nullptr));
  OwnedParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return PublicKey(TRY(fromParameters("RSA", builder.get())));
}

base::Result<PublicKey> PublicKey::fromEc(std::string_view curve, std::string_view x, std::string_view y) {
  ForgetErrors quiet;
  const CurveFacts* facts = curveNamed(curve);
  if (facts == nullptr) return base::invalid("the curve \"" + std::string(curve) + "\" is not P-256, P-384 or P-521");
  if (x.size() != facts->width || y.size() != facts->width)
    return base::invalid("a coordinate of " + std::string(curve) + " has " + std::to_string(facts->width) +
                         " bytes, not " + std::to_string(x.size() != facts->width ? x.size() : y.size()));
  std::string point = "\x04" + std::string(x) + std::string(y);
  OwnedParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, facts->group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return PublicKey(TRY(fromParameters("EC", builder.get())));
}

std::string PublicKey::spki() const { return derOf<const EVP_PKEY>(key_.get(), i2d_PUBKEY); }

std::string PublicKey::pem() const {
  OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key_.get());
  return contents(bio.get());
}

bool PublicKey::isRsa() const { return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA; }
int PublicKey::bits() const { return EVP_PKEY_get_bits(key_.get()); }
std::string PublicKey::modulus() const { return isRsa() ? numberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N) : ""; }
std::string PublicKey::exponent() const { return isRsa() ? numberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E) : ""; }

std::string PublicKey::curve() const { return isRsa() ? "" : std::string(curveOf(key_.get())->name); }
std::string PublicKey::x() const {
  return isRsa() ? "" : numberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, curveOf(key_.get())->width);
}
std::string PublicKey::y() const {
  return isRsa() ? "" : numberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, curveOf(key_.get())->width);
}

Algorithm PublicKey::algorithm() const { return isRsa() ? Algorithm::Rs256 : curveOf(key_.get())->algorithm; }
std::string PublicKey::keyId() const { return text::base64Url(sha256(spki())); }

bool PublicKey::verify(Algorithm algorithm, std::string_view bytes, std::string_view signature) const {
  ForgetErrors quiet;
  if (!fits(key_.get(), algorithm)) return false;
  std::size_t size = isRsa() ? std::size_t(EVP_PKEY_get_size(key_.get())) : 2 * curveOf(key_.get())->width;
  if (signature.size() != size) return false;
  std::string der = isRsa() ? std::string(signature) : derFromRaw(signature);
  OwnedDigestContext context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, factsOf(algorithm).digest(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytesOf(der), der.size(), bytesOf(bytes), bytes.size()) == 1;
}

base::Result<SigningKey> SigningKey::generateRsa(int bits) {
  ForgetErrors quiet;
  if (bits != 2048 && bits != 3072 && bits != 4096)
    return base::invalid("an RSA key is made with 2048, 3072 or 4096 bits, not " + std::to_string(bits));
  return SigningKey(TRY(accepted(OwnedPkey(EVP_RSA_gen(unsigned(bits))))));
}

base::Result<SigningKey> SigningKey::generateEc(std::string_view curve) {
  ForgetErrors quiet;
  const CurveFacts* facts = curveNamed(curve);
  if (facts == nullptr) return base::invalid("the curve \"" + std::string(curve) + "\" is not P-256, P-384 or P-521");
  return SigningKey(TRY(accepted(OwnedPkey(EVP_EC_gen(facts->group)))));
}

base::Result<SigningKey> SigningKey::fromPem(std::string_view pem) {
  ForgetErrors quiet;
  auto blocks = TRY(pemBlocks(pem));
  auto found =
      std::ranges::find_if(blocks, [](const auto& block) { return isEncrypted(block) || isPrivate(block.name); });
  if (found == blocks.end()) return base::invalid("there is no private key in the PEM text");
  return SigningKey(TRY(keyOf(*found)));
}

std::string SigningKey::pem() const {
  OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return contents(bio.get());
}

base::Result<std::string> SigningKey::sign(Algorithm algorithm, std::string_view bytes) const {
  ForgetErrors quiet;
  if (!fits(key_.get(), algorithm))
    return base::invalid("a key for " + std::string(nameOf(publicKey().algorithm())) + " cannot sign with " +
                         std::string(nameOf(algorithm)));
  OwnedDigestContext context(EVP_MD_CTX_new());
  std::size_t size = std::size_t(EVP_PKEY_get_size(key_.get()));
  std::string signature(size, '\0');
  if (EVP_DigestSignInit(context.get(), nullptr, factsOf(algorithm).digest(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), bytesOf(signature), &size, bytesOf(bytes), bytes.size()) != 1)
    return base::internal("OpenSSL cannot sign with this key");
  signature.resize(size);
  if (publicKey().isRsa()) return signature;
  return rawFromDer(signature, curveOf(key_.get())->width);
}

}  // namespace crypto
