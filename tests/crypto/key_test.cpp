#include "crypto/key.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "text/encoding.h"

namespace crypto {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string file(const std::string& name) {
  std::ifstream in("data/keys/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// RSA keys are slow to make; these tests share one read from disk.
const SigningKey& rsaKey() {
  static const SigningKey key = SigningKey::fromPem(file("rsa.key")).value();
  return key;
}

SigningKey ecKey(std::string_view curve) { return SigningKey::generateEc(curve).value(); }

std::string bytesOf(std::string_view base64Url) { return text::decodeBase64Url(base64Url).value(); }

// The order of P-256's group.
std::string orderOfP256() { return bytesOf("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"); }

TEST(Algorithm, IsNamedAsInRfc7518) {
  for (std::string_view name : {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}) {
    ASSERT_TRUE(algorithmNamed(name)) << name;
    EXPECT_EQ(nameOf(*algorithmNamed(name)), name);
  }
}

TEST(Algorithm, KnowsNoOthers) {
  for (std::string_view name : {"", "none", "HS256", "PS256", "EdDSA", "ES256K", "rs256", "RS256 ", "RS1"})
    EXPECT_FALSE(algorithmNamed(name)) << name;
}

// data/keys/kids.txt was made by: openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | basenc --base64url
TEST(PublicKey, HasTheKidThatTheOpensslProgramComputes) {
  std::istringstream lines(file("kids.txt"));
  std::string name, kid;
  int count = 0;
  while (lines >> name >> kid) {
    auto key = PublicKey::fromPem(file(name));
    ASSERT_TRUE(key) << name;
    EXPECT_EQ(key->keyId(), kid) << name;
    ++count;
  }
  EXPECT_EQ(count, 4);
}

TEST(PublicKey, HasTheKidThatKubernetesGivesAnEcKey) {
  auto der = text::decodeBase64(
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE43+ke4lgY8tQz4lm4mFZx3G7ykcHB7/hrgep9ISd8p8/"
      "skkUDZaCAy2M5lSnDmBBjxAhi6zOwTGpfnR7GmgWcw==");
  auto key = PublicKey::fromSpki(der.value());
  ASSERT_TRUE(key);
  EXPECT_EQ(key->keyId(), "sQRnsP8cKMoGbGrARH_0k_VzAWxaGihTa_OYoqqobc4");
  EXPECT_EQ(key->algorithm(), Algorithm::Es256);
}

TEST(PublicKey, HasTheKidThatTheAzureWorkloadIdentityGuidePrints) {
  auto key = PublicKey::fromRsa(
      bytesOf("ywg7HeKIFX3vleVKZHeYoNpuLHIDisnczYXrUdIGCNilCJFA1ymjG2UAADnt_FpYUsCVyKYJTqcxNbK4boNg_P3uK39OAqXabwYrilEZ"
              "vsVJQKhzn8dXLeqAnM98L8eBpySU208KTsfMkS3Q6lqwurUP7c_a3g_1XRJukz_EmQxg9jLD_fQd5VwPTEo8HJQIFqIxFWzjTkkK5hbc"
              "L9Cclkf6RpeRyjh7Vem57Fu-jAlxDUiYiqyieM4OBNm4CQjiqDE8_xOC8viNpHNw542MYVDKSRnYui31lCOj32wBDphczR8BbnrZgbqN"
              "3K_zzB3gIjcGbWbbGA5xKJYqSu5uRwN89_CWrT3vGw5RN3XQPSbhGC4smgZkOCw3N9i1b-x-rrd-mRse6F95ONaoslCJUbJvxvDdb5X0"
              "P4_CVZRwJvUyP3OJ44ZvwzshA-zilG-QC9E1j2R9DTSMqOJzUuOxS0JIvoboteI1FAByV9KyU948zQRM7r7MMZYBKWIsu6h7"),
      bytesOf("AQAB"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->bits(), 3072);
  EXPECT_EQ(key->keyId(), "Me5VC6i4_4mymFj7T5rcUftFjYX70YoCfSnZB6-nBY4");
}

TEST(PublicKey, IsTheSameFromEveryPemKindThatKubernetesAccepts) {
  auto expected = PublicKey::fromPem(file("rsa.pub")).value();
  for (const char* name : {"rsa.rsa.pub", "rsa.key", "rsa.rsa.key", "rsa.crt", "rsa.crlf.pub"}) {
    auto key = PublicKey::fromPem(file(name));
    ASSERT_TRUE(key) << name << ": " << key.error().message;
    EXPECT_EQ(key->spki(), expected.spki()) << name;
  }
  EXPECT_EQ(PublicKey::fromPem(file("P-256.ec.key"))->spki(), PublicKey::fromPem(file("P-256.pub"))->spki());
}

TEST(PublicKey, HasOneKidHoweverItsPointAndCurveAreWritten) {
  auto expected = PublicKey::fromPem(file("P-256.pub")).value();
  for (const char* name : {"P-256.compressed.pub", "P-256.explicit.pub"}) {
    auto key = PublicKey::fromPem(file(name));
    ASSERT_TRUE(key) << name << ": " << key.error().message;
    EXPECT_EQ(key->keyId(), expected.keyId()) << name;
  }
}

TEST(PublicKey, ReadsEveryBlockOfAFile) {
  auto keys =
      PublicKey::allFromPem("# signing keys\n" + file("P-256.pub") + "\r\n" + file("rsa.crt") + file("P-256.ec.key"));
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 3U);
  EXPECT_EQ((*keys)[0].algorithm(), Algorithm::Es256);
  EXPECT_TRUE((*keys)[1].isRsa());
  EXPECT_EQ((*keys)[2].keyId(), (*keys)[0].keyId());
}

TEST(PublicKey, NamesTheBlockThatIsNoKey) {
  auto keys = PublicKey::allFromPem(file("P-256.pub") + file("ed25519.pub"));
  ASSERT_FALSE(keys);
  EXPECT_THAT(keys.error().message, AllOf(HasSubstr("PEM block 2"), HasSubstr("ED25519")));
}

TEST(PublicKey, RefusesWhatStsCannotVerify) {
  const std::pair<const char*, const char*> cases[] = {
      {"ed25519.pub", "ED25519"}, {"secp256k1.pub", "curve"}, {"rsa512.pub", "512 bits"}, {"rsa-pss.pub", "RSA-PSS"}};
  for (auto [name, reason] : cases) {
    auto key = PublicKey::fromPem(file(name));
    ASSERT_FALSE(key) << name;
    EXPECT_EQ(key.error().kind, base::ErrorKind::Invalid);
    EXPECT_THAT(key.error().message, HasSubstr(reason)) << name;
  }
}

TEST(PublicKey, RefusesTextThatHoldsNoKey) {
  std::string cut = file("rsa.pub").substr(0, 200);
  for (const std::string& pem :
       {std::string(), std::string("hello"), cut,
        std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        std::string("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")})
    EXPECT_FALSE(PublicKey::fromPem(pem)) << pem;
  EXPECT_FALSE(PublicKey::fromSpki(PublicKey::fromPem(file("P-256.pub"))->spki() + "x"));
}

TEST(PublicKey, RefusesAnEncryptedKeyAndSaysWhatToDo) {
  for (const char* name : {"P-256.encrypted.key", "P-256.encrypted.ec.key"}) {
    auto key = PublicKey::fromPem(file(name));
    ASSERT_FALSE(key) << name;
    EXPECT_THAT(key.error().message, HasSubstr("encrypted"));
    EXPECT_THAT(key.error().hint, HasSubstr("openssl pkey"));
    EXPECT_FALSE(SigningKey::fromPem(file(name))) << name;
  }
}

TEST(PublicKey, NeverRepeatsAPrivateKeyInAnError) {
  std::string pem = file("rsa.key");
  std::string damaged = pem.substr(0, 400) + "!!!!" + pem.substr(404);
  auto key = SigningKey::fromPem(damaged);
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message + key.error().hint, Not(HasSubstr(pem.substr(100, 16))));
}

TEST(PublicKey, IsRebuiltFromItsNumbers) {
  auto rsa = PublicKey::fromPem(file("rsa.pub")).value();
  EXPECT_EQ(PublicKey::fromRsa(rsa.modulus(), rsa.exponent())->spki(), rsa.spki());
  EXPECT_EQ(PublicKey::fromRsa(std::string(3, '\0') + rsa.modulus(), rsa.exponent())->modulus(), rsa.modulus());
  EXPECT_EQ(rsa.exponent(), std::string("\x01\x00\x01", 3));
  for (const char* name : {"P-256", "P-384", "P-521"}) {
    auto key = PublicKey::fromPem(file(std::string(name) + ".pub")).value();
    EXPECT_EQ(key.curve(), name);
    EXPECT_EQ(PublicKey::fromEc(name, key.x(), key.y())->spki(), key.spki());
  }
}

TEST(PublicKey, KeepsTheFullWidthOfItsCoordinates) {
  EXPECT_EQ(PublicKey::fromPem(file("P-256.pub"))->x().size(), 32U);
  EXPECT_EQ(PublicKey::fromPem(file("P-384.pub"))->y().size(), 48U);
  EXPECT_EQ(PublicKey::fromPem(file("P-521.pub"))->x().size(), 66U);
}

TEST(PublicKey, RefusesAPointThatIsNotOnItsCurve) {
  auto key = PublicKey::fromPem(file("P-256.pub")).value();
  std::string y = key.y();
  y.back() = char(y.back() ^ 1);
  EXPECT_FALSE(PublicKey::fromEc("P-256", key.x(), y));
  EXPECT_FALSE(PublicKey::fromEc("P-256", std::string(32, '\0'), std::string(32, '\0')));
  EXPECT_FALSE(PublicKey::fromEc("P-256", std::string(32, '\xff'), std::string(32, '\xff')));
}

TEST(PublicKey, RefusesCoordinatesOfAnotherWidth) {
  auto key = PublicKey::fromPem(file("P-256.pub")).value();
  EXPECT_FALSE(PublicKey::fromEc("P-256", key.x().substr(1), key.y()));
  EXPECT_FALSE(PublicKey::fromEc("P-256", key.x(), std::string(1, '\0') + key.y()));
  EXPECT_FALSE(PublicKey::fromEc("P-384", key.x(), key.y()));
  EXPECT_FALSE(PublicKey::fromEc("p-256", key.x(), key.y()));
}

TEST(PublicKey, RefusesUnsoundRsaNumbers) {
  std::string modulus = PublicKey::fromPem(file("rsa.pub"))->modulus();
  std::string even = modulus;
  even.back() = char(even.back() & ~1);
  EXPECT_FALSE(PublicKey::fromRsa(even, "\x03"));
  EXPECT_FALSE(PublicKey::fromRsa(modulus, "\x01"));
  EXPECT_FALSE(PublicKey::fromRsa(modulus, "\x04"));
  EXPECT_FALSE(PublicKey::fromRsa(modulus, ""));
  EXPECT_FALSE(PublicKey::fromRsa("", "\x03"));
  EXPECT_FALSE(PublicKey::fromRsa(std::string(4096, '\xff'), "\x03"));
}

TEST(SigningKey, SignsWhatItsPublicHalfVerifies) {
  for (Algorithm algorithm : {Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512}) {
    auto signature = rsaKey().sign(algorithm, "message");
    ASSERT_TRUE(signature);
    EXPECT_EQ(signature->size(), 256U);
    EXPECT_TRUE(rsaKey().publicKey().verify(algorithm, "message", *signature));
    EXPECT_FALSE(rsaKey().publicKey().verify(algorithm, "messagE", *signature));
  }
  const std::tuple<const char*, Algorithm, std::size_t> curves[] = {
      {"P-256", Algorithm::Es256, 64}, {"P-384", Algorithm::Es384, 96}, {"P-521", Algorithm::Es512, 132}};
  for (auto [curve, algorithm, size] : curves) {
    SigningKey key = ecKey(curve);
    EXPECT_EQ(key.publicKey().algorithm(), algorithm);
    auto signature = key.sign(algorithm, "message");
    ASSERT_TRUE(signature);
    EXPECT_EQ(signature->size(), size) << "r and s at fixed width";
    EXPECT_TRUE(key.publicKey().verify(algorithm, "message", *signature));
    EXPECT_FALSE(key.publicKey().verify(algorithm, "messagE", *signature));
    EXPECT_FALSE(ecKey(curve).publicKey().verify(algorithm, "message", *signature));
  }
}

// RFC 7515, appendix A.3.
TEST(PublicKey, VerifiesTheExampleOfTheStandard) {
  auto key = PublicKey::fromEc("P-256", bytesOf("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                               bytesOf("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  ASSERT_TRUE(key);
  EXPECT_TRUE(
      key->verify(Algorithm::Es256,
                  "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p"
                  "c19yb290Ijp0cnVlfQ",
                  bytesOf("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")));
}

TEST(PublicKey, RefusesEverySignatureThatDiffersInOneBit) {
  SigningKey key = ecKey("P-256");
  std::string signature = key.sign(Algorithm::Es256, "message").value();
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string other = signature;
    other[i] = char(other[i] ^ 1);
    EXPECT_FALSE(key.publicKey().verify(Algorithm::Es256, "message", other)) << "byte " << i;
  }
}

TEST(PublicKey, RefusesSignaturesOfAnotherForm) {
  SigningKey key = ecKey("P-256");
  PublicKey publicKey = key.publicKey();
  std::string signature = key.sign(Algorithm::Es256, "message").value();
  std::string r = signature.substr(0, 32), s = signature.substr(32), zero(32, '\0'), order = orderOfP256();
  std::string der = "\x30\x44\x02\x20" + r + "\x02\x20" + s;
  for (const std::string& other :
       {std::string(), r, signature + std::string(1, '\0'), std::string(1, '\0') + signature, signature.substr(0, 63),
        der, zero + zero, zero + s, r + zero, order + s, r + order, std::string(64, '\xff')})
    EXPECT_FALSE(publicKey.verify(Algorithm::Es256, "message", other));
  std::string rsa = rsaKey().sign(Algorithm::Rs256, "message").value();
  for (const std::string& other :
       {std::string(1, '\0') + rsa, rsa + std::string(1, '\0'), rsa.substr(0, 255), std::string()})
    EXPECT_FALSE(rsaKey().publicKey().verify(Algorithm::Rs256, "message", other));
}

TEST(PublicKey, VerifiesOnlyWithItsOwnKindOfAlgorithm) {
  SigningKey key = ecKey("P-256");
  std::string signature = key.sign(Algorithm::Es256, "message").value();
  for (Algorithm other : {Algorithm::Rs256, Algorithm::Es384, Algorithm::Es512}) {
    EXPECT_FALSE(key.publicKey().verify(other, "message", signature));
    EXPECT_FALSE(key.sign(other, "message"));
  }
  EXPECT_FALSE(rsaKey().sign(Algorithm::Es256, "message"));
  EXPECT_FALSE(
      rsaKey().publicKey().verify(Algorithm::Rs384, "message", rsaKey().sign(Algorithm::Rs256, "message").value()));
}

TEST(SigningKey, SurvivesItsPem) {
  for (const char* curve : {"P-256", "P-384", "P-521"}) {
    SigningKey key = ecKey(curve);
    EXPECT_THAT(key.pem(), testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
    auto read = SigningKey::fromPem(key.pem());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->publicKey().spki(), key.publicKey().spki());
  }
  EXPECT_EQ(SigningKey::fromPem(rsaKey().pem())->publicKey().spki(), rsaKey().publicKey().spki());
}

TEST(SigningKey, ShowsOnlyItsPublicHalf) {
  EXPECT_THAT(rsaKey().publicKey().pem(), testing::StartsWith("-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_EQ(PublicKey::fromPem(rsaKey().publicKey().pem())->spki(), rsaKey().publicKey().spki());
}

TEST(SigningKey, IsMadeInTheSizesWorthMaking) {
  EXPECT_EQ(SigningKey::generateRsa(2048)->publicKey().bits(), 2048);
  for (int bits : {0, 512, 1024, 2047, 8192}) EXPECT_FALSE(SigningKey::generateRsa(bits)) << bits;
  for (const char* curve : {"", "P-224", "secp256k1", "prime256v1"})
    EXPECT_FALSE(SigningKey::generateEc(curve)) << curve;
}

TEST(SigningKey, IsNotMadeOfAPublicKey) {
  auto key = SigningKey::fromPem(file("rsa.pub"));
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message, HasSubstr("no private key"));
}

}  // namespace
}  // namespace crypto
