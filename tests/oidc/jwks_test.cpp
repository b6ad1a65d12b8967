#include "oidc/jwks.h"

#include <gmock/gmock.h>

#include "text/encoding.h"

namespace oidc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using text::Json;

crypto::PublicKey ecKey(std::string_view curve = "P-256") { return crypto::SigningKey::generateEc(curve)->publicKey(); }

// The key of the Azure workload identity guide, as kube-apiserver publishes it.
constexpr std::string_view kPublished =
    R"({"keys":[{"use":"sig","kty":"RSA","kid":"Me5VC6i4_4mymFj7T5rcUftFjYX70YoCfSnZB6-nBY4","alg":"RS256","n":")"
    "ywg7HeKIFX3vleVKZHeYoNpuLHIDisnczYXrUdIGCNilCJFA1ymjG2UAADnt_FpYUsCVyKYJTqcxNbK4boNg_"
    "P3uK39OAqXabwYrilEZvsVJQKhzn8dX"
    "LeqAnM98L8eBpySU208KTsfMkS3Q6lqwurUP7c_a3g_1XRJukz_EmQxg9jLD_"
    "fQd5VwPTEo8HJQIFqIxFWzjTkkK5hbcL9Cclkf6RpeRyjh7Vem57Fu-"
    "jAlxDUiYiqyieM4OBNm4CQjiqDE8_xOC8viNpHNw542MYVDKSRnYui31lCOj32wBDphczR8BbnrZgbqN3K_zzB3gIjcGbWbbGA5xKJYqSu5uRwN89_"
    "CW"
    "rT3vGw5RN3XQPSbhGC4smgZkOCw3N9i1b-x-rrd-mRse6F95ONaoslCJUbJvxvDdb5X0P4_CVZRwJvUyP3OJ44ZvwzshA-zilG-"
    "QC9E1j2R9DTSMqOJz"
    R"(UuOxS0JIvoboteI1FAByV9KyU948zQRM7r7MMZYBKWIsu6h7","e":"AQAB"}]})";

Json entry(std::string_view document) { return Json::parse(document); }

std::string oneKey(const Json& jwk) { return text::compact(Json{{"keys", Json::array({jwk})}}); }

Json ecEntry() { return text::at(render(jwksOf({ecKey()})), "keys")[0]; }

TEST(Jwks, ComesOutAsItWasPublished) {
  auto jwks = parseJwks(kPublished);
  ASSERT_TRUE(jwks);
  EXPECT_EQ(text::compact(render(*jwks)), kPublished);
  EXPECT_EQ(jwks->keys[0].kid, jwks->keys[0].key.keyId());
}

TEST(Jwks, WritesMembersInTheOrderOfKubeApiserver) {
  Json jwk = ecEntry();
  std::vector<std::string> names;
  for (const auto& [name, value] : jwk.items()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("use", "kty", "kid", "alg", "crv", "x", "y"));
  EXPECT_EQ(jwk["alg"], "ES256");
  EXPECT_EQ(jwk["x"].get<std::string>().size(), 43U);
}

TEST(Jwks, NamesTheAlgorithmOfEachCurve) {
  const std::pair<const char*, const char*> cases[] = {{"P-256", "ES256"}, {"P-384", "ES384"}, {"P-521", "ES512"}};
  for (auto [curve, algorithm] : cases)
    EXPECT_EQ(text::at(render(jwksOf({ecKey(curve)})), "keys")[0]["alg"], algorithm);
}

TEST(Jwks, KeepsTheKidOfTheDocument) {  // an external signer chooses its own (KEP-740)
  Json jwk = ecEntry();
  jwk["kid"] = "chosen-by-the-signer";
  auto jwks = parseJwks(oneKey(jwk));
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->keys[0].kid, "chosen-by-the-signer");
  EXPECT_EQ(text::at(render(*jwks), "keys")[0]["kid"], "chosen-by-the-signer");
}

TEST(Jwks, NeverEmitsAPrivateMember) {
  Json jwk = ecEntry();
  jwk["d"] = "c2VjcmV0";
  auto jwks = parseJwks(oneKey(jwk));
  ASSERT_TRUE(jwks);
  EXPECT_THAT(jwks->keys, SizeIs(1));
  EXPECT_THAT(text::compact(render(*jwks)), Not(HasSubstr("c2VjcmV0")));
}

TEST(Jwks, RemembersUseKeyOpsAndCertificates) {
  Json jwk = ecEntry();
  jwk["use"] = "enc";
  jwk["key_ops"] = Json::array({"verify"});
  jwk["x5c"] = Json::array({"MIIB"});
  auto jwks = parseJwks(oneKey(jwk));
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->keys[0].use, "enc");
  EXPECT_TRUE(jwks->keys[0].hasKeyOps);
  EXPECT_THAT(jwks->keys[0].x5c, ElementsAre("MIIB"));
  EXPECT_EQ(text::at(render(*jwks), "keys")[0]["x5c"], Json::array({"MIIB"}));
}

TEST(Jwks, ListsOneKeyOnce) {
  auto key = ecKey();
  EXPECT_THAT(jwksOf({key, ecKey(), key}).keys, SizeIs(2));
}

TEST(Jwks, LeavesOutWhatItCannotReadAndSaysWhy) {
  Json shortX = ecEntry(), offCurve = ecEntry(), padded = ecEntry();
  shortX["x"] = "AAAA";
  offCurve["y"] = offCurve["x"];
  padded["x"] = padded["x"].get<std::string>() + "=";
  const std::pair<Json, const char*> cases[] = {
      {entry(R"({"kty":"AKP","kid":"pq","alg":"ML-DSA-65"})"), "ML-DSA"},
      {entry(R"({"kty":"oct","k":"AAAA"})"), "\"oct\""},
      {entry(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"), "\"OKP\""},
      {entry(R"({"kty":"RSA","n":"AAAA","e":"AQAB"})"), "bits"},
      {entry(R"({"kty":"RSA","e":"AQAB"})"), "no \"n\""},
      {entry("7"), "no object"},
      {shortX, "32 bytes"},
      {offCurve, "not on its curve"},
      {padded, "base64url"},
  };
  for (const auto& [jwk, reason] : cases) {
    auto jwks = parseJwks(oneKey(jwk));
    ASSERT_TRUE(jwks) << jwk;
    EXPECT_THAT(jwks->keys, IsEmpty()) << jwk;
    EXPECT_THAT(jwks->skipped, ElementsAre(HasSubstr(reason))) << jwk;
  }
}

TEST(Jwks, IsAnObjectWithAnArrayOfKeys) {
  for (const char* document : {"", "[]", "null", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "<html>"})
    EXPECT_FALSE(parseJwks(document)) << document;
  EXPECT_TRUE(parseJwks(R"({"keys":[]})"));
}

}  // namespace
}  // namespace oidc
