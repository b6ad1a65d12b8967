#include "oidc/web_identity_token.h"

#include <gmock/gmock.h>

#include "base/time.h"
#include "crypto/digest.h"
#include "support/seeded.h"
#include "text/encoding.h"

namespace oidc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using text::Json;

constexpr std::int64_t kNow = 1795521600;
const base::Time kTime = base::fromUnixSeconds(kNow);
const std::vector<std::string> kClients{"sts.amazonaws.com"};

constexpr const char* kNotAJwt =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
constexpr const char* kNoKey =
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements";
constexpr const char* kBadSignature =
    "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for "
    "requirements.";

const crypto::SigningKey& ecKey() {
  static const auto key = crypto::SigningKey::generateEc("P-256").value();
  return key;
}
const crypto::SigningKey& rsaKey() {
  static const auto key = crypto::SigningKey::generateRsa(2048).value();
  return key;
}

Json goodClaims() {
  return claimsOf({"https://issuer.example.com", "sts.amazonaws.com", "default", "s3-echoer", "pod-1",
                   kTime - std::chrono::hours(1)});
}

// Any header over any payload, signed with `key`.
std::string signedAs(const std::string& header, const std::string& payload, const crypto::SigningKey& key,
                     crypto::Algorithm algorithm) {
  std::string input = text::base64Url(header) + "." + text::base64Url(payload);
  return input + "." + text::base64Url(key.sign(algorithm, input).value());
}

UnverifiedToken decoded(const std::string& token) { return decodeToken(token).value(); }
UnverifiedToken tokenOf(const Json& claims) { return decoded(sign(claims, ecKey()).value()); }

Jwk jwkOf(const crypto::SigningKey& key, std::string kid = "") {
  return {kid.empty() ? key.publicKey().keyId() : std::move(kid), key.publicKey(), "sig"};
}
Jwks jwks() { return {{jwkOf(rsaKey()), jwkOf(ecKey())}}; }

// What verify() says about these claims: "" when it accepts them, else "code: message".
std::string verdict(const Json& claims, const std::vector<std::string>& clients = kClients) {
  auto verified = verify(tokenOf(claims), jwks(), clients, kTime);
  return verified ? "" : verified.error().code + ": " + verified.error().message;
}

std::string keyVerdict(const UnverifiedToken& token, const Jwks& keys) {
  auto verified = verify(token, keys, kClients, kTime);
  return verified ? "" : verified.error().code + ": " + verified.error().message;
}

Json with(const char* name, const Json& value) {
  Json claims = goodClaims();
  claims[name] = value;
  return claims;
}

Json without(const char* name) {
  Json claims = goodClaims();
  claims.erase(name);
  return claims;
}

TEST(Token, IsVerifiedAndThenSpeaksForItsSubject) {
  for (const auto* key : {&ecKey(), &rsaKey()}) {
    auto verified = verify(decoded(sign(goodClaims(), *key).value()), jwks(), kClients, kTime);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->issuer(), "https://issuer.example.com");
    EXPECT_EQ(verified->subject(), "system:serviceaccount:default:s3-echoer");
    EXPECT_EQ(verified->audience(), "sts.amazonaws.com");
    EXPECT_THAT(verified->originalAudiences(), ElementsAre("sts.amazonaws.com"));
  }
}

TEST(Token, HasTheHeaderOfKubeApiserver) {
  std::string token = sign(goodClaims(), ecKey()).value();
  EXPECT_EQ(text::decodeBase64Url(token.substr(0, token.find('.'))).value(),
            R"({"alg":"ES256","kid":")" + ecKey().publicKey().keyId() + "\"}");
  EXPECT_TRUE(decoded(token).hasKid);
}

TEST(Token, HasTheClaimsOfKubeApiserver) {
  Json claims = goodClaims();
  std::vector<std::string> names;
  for (const auto& [name, value] : claims.items()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("aud", "exp", "iat", "iss", "jti", "kubernetes.io", "nbf", "sub"));
  EXPECT_EQ(claims["aud"], Json::array({"sts.amazonaws.com"}));
  EXPECT_EQ(claims["exp"].get<std::int64_t>() - claims["iat"].get<std::int64_t>(), 86400);
  EXPECT_EQ(claims["nbf"], claims["iat"]);
  EXPECT_EQ(claims["kubernetes.io"]["pod"]["name"], "pod-1");
  EXPECT_THAT(claims["kubernetes.io"]["serviceaccount"]["uid"].get<std::string>(),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  ServiceAccountToken noPod{"https://i", "sts.amazonaws.com", "a", "b", "", kTime};
  EXPECT_FALSE(claimsOf(noPod)["kubernetes.io"].contains("pod"));
}

TEST(DecodeToken, RefusesWhatIsNoJwt) {
  std::string good = sign(goodClaims(), ecKey()).value();
  std::string head = good.substr(0, good.find('.')), tail = good.substr(good.rfind('.') + 1);
  auto encode = [](const char* json) { return text::base64Url(json); };
  std::string es256 = encode(R"({"alg":"ES256"})");
  for (const std::string& token :
       {std::string(), std::string("garbage"), std::string(".."), head, good + ".x", good.substr(0, good.rfind('.')),
        good.substr(0, good.rfind('.') + 1), good + "=", good + "\n", " " + good,
        head + "=." + good.substr(head.size() + 1), head + "." + encode("[]") + "." + tail,
        head + "." + encode("null") + "." + tail, head + "." + encode("{") + "." + tail,
        encode("[]") + good.substr(head.size()), head + "." + encode(R"({"sub":"a","sub":"b"})") + "." + tail,
        encode(R"({"alg":"ES256","alg":"none"})") + good.substr(head.size()), es256 + "." + encode("{}") + ".a+b/"}) {
    auto refused = decodeToken(token);
    ASSERT_FALSE(refused) << token;
    EXPECT_EQ(refused.error().code, "NotAJwt") << token;
    EXPECT_EQ(refused.error().message, kNotAJwt);
  }
}

TEST(DecodeToken, RefusesAlgorithmsThatStsDoesNotSpeak) {
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"HS256"})", R"({"alg":"PS256"})", R"({"alg":"EdDSA"})",
        R"({"alg":"es256"})", R"({"alg":""})", R"({"alg":null})", R"({"alg":["ES256"]})", "{}"}) {
    for (const char* signature : {".", ".AAAA"}) {
      auto refused = decodeToken(text::base64Url(header) + "." + text::base64Url("{}") + signature);
      ASSERT_FALSE(refused) << header;
      EXPECT_EQ(refused.error().code, "UnsupportedAlgorithm") << header;
      EXPECT_EQ(refused.error().message, kNotAJwt);
    }
  }
}

TEST(DecodeToken, RefusesCriticalExtensions) {
  auto refused = decodeToken(signedAs(R"({"alg":"ES256","crit":["b64"]})", "{}", ecKey(), crypto::Algorithm::Es256));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "CriticalHeader");
  EXPECT_EQ(refused.error().message, kNotAJwt);
}

TEST(DecodeToken, J05_IsTheStrictReadingOfBase64Url) {  // a signature has one spelling
  std::string token = sign(goodClaims(), ecKey()).value();
  EXPECT_TRUE(decodeToken(token));
  std::string last = token;
  last.back() = last.back() == 'A' ? 'B' : char(last.back() + 1);  // 64 bytes leave four unused bits
  EXPECT_FALSE(decodeToken(last));
}

TEST(Claims, AreRequiredInTheirOrder) {
  for (const char* name : {"iss", "aud", "sub", "exp", "iat"})
    EXPECT_EQ(verdict(without(name)), std::string("RequiredClaims: Missing a required claim: ") + name);
  Json none = Json::object();
  EXPECT_EQ(verdict(none), "RequiredClaims: Missing a required claim: iss");
  none["iss"] = "https://issuer.example.com";
  EXPECT_EQ(verdict(none), "RequiredClaims: Missing a required claim: aud");
  EXPECT_EQ(verdict(with("sub", 7)), "RequiredClaims: Missing a required claim: sub");
  EXPECT_EQ(verdict(with("sub", "")), "RequiredClaims: Claim is not allowed to be empty: sub");
  EXPECT_EQ(verdict(with("aud", 7)), "RequiredClaims: Missing a required claim: aud");
  EXPECT_EQ(verdict(without("nbf")), "");
  EXPECT_EQ(verdict(without("jti")), "");
}

TEST(Claims, HoldTimestampsThatAreWholeSeconds) {
  const std::string bad = "RequiredClaims: Invalid timestamp in token claims.";
  for (const char* name : {"exp", "iat", "nbf"})
    for (const Json& value :
         {Json(1795521600.5), Json(1.7955e9), Json(nullptr), Json(true), Json("soon"), Json(""), Json(" 1795521600"),
          Json("1795521600.0"), Json(Json::array()), Json(std::uint64_t(-1)), Json(std::int64_t(1) << 62)})
      EXPECT_EQ(verdict(with(name, value)), bad) << name << " " << value;
  EXPECT_EQ(verdict(with("exp", std::to_string(kNow + 60))), "") << "numeric strings are accepted";
  EXPECT_EQ(verdict(with("iat", std::to_string(kNow))), "");
}

TEST(Claims, ExpireFiveMinutesAfterExp) {
  EXPECT_EQ(verdict(with("exp", kNow - 299)), "");
  EXPECT_EQ(verdict(with("exp", kNow - 300)),
            "Expiry: Token expired: current date/time 1795521300 must be before the expiration "
            "date/time 1795521300");
  EXPECT_EQ(verdict(with("exp", kNow - 4000)),
            "Expiry: Token expired: current date/time 1795521300 must be before the expiration "
            "date/time 1795517600");
}

TEST(Claims, BeginFiveMinutesBeforeNbf) {
  EXPECT_EQ(verdict(with("nbf", kNow + 300)), "");
  EXPECT_EQ(verdict(with("nbf", kNow + 301)),
            "NotBefore: Token not yet valid: current date/time 1795521900 must be after or equal to "
            "the not-before date/time 1795521901");
}

TEST(Claims, AreNotIssuedInTheFutureAndNotLongAgo) {
  EXPECT_EQ(verdict(with("iat", kNow + 300)), "");
  EXPECT_EQ(verdict(with("iat", kNow + 301)), "IssuedAt: Token issued in the future: 1795521901");
  EXPECT_EQ(verdict(with("iat", kNow - 19 * 3600)), "");
  EXPECT_EQ(verdict(with("iat", kNow - 86700)), "");
  EXPECT_EQ(verdict(with("iat", kNow - 441398)), "Expiry: Token too old: 441398");
}

TEST(Audience, IsOneOfTheProvidersClients) {
  EXPECT_EQ(verdict(with("aud", "sts.amazonaws.com")), "") << "a string does as well as a list of one";
  EXPECT_EQ(verdict(goodClaims(), {"other", "sts.amazonaws.com"}), "");
  EXPECT_EQ(verdict(goodClaims(), {}), "Audience: Incorrect token audience");
  EXPECT_EQ(verdict(goodClaims(), {"STS.amazonaws.com"}), "Audience: Incorrect token audience") << "case matters";
  EXPECT_EQ(verdict(with("aud", Json::array({7}))), "Audience: Incorrect token audience");
}

TEST(Audience, IsNotEmptyAndOneWithoutAnAuthorizedParty) {
  EXPECT_EQ(verdict(with("aud", Json::array())), "Audience: Claim is not allowed to be empty: aud");
  EXPECT_EQ(verdict(with("aud", "")), "Audience: Claim is not allowed to be empty: aud");
  EXPECT_EQ(verdict(with("aud", Json::array({"sts.amazonaws.com", "vault"}))),
            "Audience: Token audience contains more than one audience while authorized party is not present");
}

TEST(Audience, IsTheAuthorizedPartyWhereThereIsOne) {
  Json claims = with("aud", Json::array({"sts.amazonaws.com", "vault"}));
  claims["azp"] = "sts.amazonaws.com";
  auto verified = verify(tokenOf(claims), jwks(), kClients, kTime);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->audience(), "sts.amazonaws.com");
  EXPECT_THAT(verified->originalAudiences(), ElementsAre("sts.amazonaws.com", "vault"));
  for (const Json& party : {Json("vault"), Json(""), Json(nullptr), Json(7)}) {
    claims["azp"] = party;
    EXPECT_EQ(verdict(claims), "Audience: Incorrect token audience") << party;
  }
}

TEST(Key, IsChosenByKid) {
  auto token = tokenOf(goodClaims());
  EXPECT_EQ(keyVerdict(token, {{jwkOf(rsaKey(), "other"), jwkOf(ecKey())}}), "");
  EXPECT_EQ(keyVerdict(token, {{jwkOf(ecKey(), "other")}}), std::string("KeyUnknown: ") + kNoKey)
      << "even if it is the only one";
  EXPECT_EQ(keyVerdict(token, {}), std::string("KeyUnknown: ") + kNoKey);
}

TEST(Key, OfAKidThatOccursTwiceIsTheLater) {
  auto token = tokenOf(goodClaims());
  auto stranger = crypto::SigningKey::generateEc("P-256").value();
  std::string kid = ecKey().publicKey().keyId();
  EXPECT_EQ(keyVerdict(token, {{jwkOf(stranger, kid), jwkOf(ecKey(), kid)}}), "");
  EXPECT_EQ(keyVerdict(token, {{jwkOf(ecKey(), kid), jwkOf(stranger, kid)}}),
            std::string("Signature: ") + kBadSignature);
}

TEST(Key, NeedsNoKidWhereThereIsOnlyOne) {
  for (const char* header : {R"({"alg":"ES256"})", R"({"alg":"ES256","kid":""})"}) {
    auto token = decoded(signedAs(header, text::compact(goodClaims()), ecKey(), crypto::Algorithm::Es256));
    Jwk nameless = jwkOf(ecKey());
    nameless.kid.clear();
    EXPECT_EQ(keyVerdict(token, {{jwkOf(ecKey())}}), "") << header;
    EXPECT_EQ(keyVerdict(token, {{nameless}}), "") << header;
    EXPECT_EQ(keyVerdict(token, {{nameless, jwkOf(rsaKey())}}), std::string("KeyUnknown: ") + kNoKey) << header;
    EXPECT_EQ(keyVerdict(token, {{jwkOf(ecKey()), jwkOf(rsaKey())}}), std::string("KeyUnknown: ") + kNoKey) << header;
    EXPECT_EQ(keyVerdict(token, {{jwkOf(ecKey())}, {"key 2: its kty is \"AKP\""}}),
              std::string("KeyUnknown: ") + kNoKey)
        << header;
  }
}

TEST(Key, IsNotUsedForEncryptionOrWithKeyOps) {
  auto token = tokenOf(goodClaims());
  Jwk forEncryption = jwkOf(ecKey()), withOperations = jwkOf(ecKey()), withoutUse = jwkOf(ecKey());
  forEncryption.use = "enc";
  withOperations.hasKeyOps = true;
  withoutUse.use = "";
  EXPECT_EQ(keyVerdict(token, {{forEncryption}}), std::string("KeyUnusable: ") + kNoKey);
  EXPECT_EQ(keyVerdict(token, {{withOperations}}), std::string("KeyUnusable: ") + kNoKey);
  EXPECT_EQ(keyVerdict(token, {{withoutUse}}), "");
}

TEST(Key, IsOneOfAtMostAHundredOfItsKind) {
  Jwks many = {{jwkOf(rsaKey())}};
  for (int i = 0; i < 100; ++i) many.keys.push_back(jwkOf(ecKey(), i == 0 ? "" : "k" + std::to_string(i)));
  EXPECT_EQ(keyVerdict(tokenOf(goodClaims()), many), "") << "100 EC keys and one RSA key";
  many.keys.push_back(jwkOf(ecKey(), "one too many"));
  EXPECT_EQ(keyVerdict(tokenOf(goodClaims()), many), std::string("KeysTooMany: ") + kNoKey);
  EXPECT_EQ(keyVerdict(decoded(sign(goodClaims(), rsaKey()).value()), many), "") << "the other kind goes on working";
}

TEST(Key, FitsTheAlgorithmOfTheToken) {
  auto p384 = crypto::SigningKey::generateEc("P-384").value();
  std::string header = R"({"alg":"ES384","kid":"k"})", payload = text::compact(goodClaims());
  auto token = decoded(signedAs(header, payload, p384, crypto::Algorithm::Es384));
  EXPECT_EQ(keyVerdict(token, {{jwkOf(p384, "k")}}), "");
  EXPECT_EQ(keyVerdict(token, {{jwkOf(ecKey(), "k")}}), std::string("KeyUnusable: ") + kNoKey);
  EXPECT_EQ(keyVerdict(token, {{jwkOf(rsaKey(), "k")}}), std::string("KeyUnusable: ") + kNoKey);
  auto rs512 = decoded(signedAs(R"({"alg":"RS512","kid":"k"})", payload, rsaKey(), crypto::Algorithm::Rs512));
  EXPECT_EQ(keyVerdict(rs512, {{jwkOf(rsaKey(), "k")}}), "") << "the JWK's own alg is ignored";
}

TEST(Signature, CoversHeaderAndPayload) {
  std::string token = sign(goodClaims(), ecKey()).value();
  std::string head = token.substr(0, token.find('.')), tail = token.substr(token.rfind('.'));
  std::string forged =
      head + "." + text::base64Url(text::compact(with("sub", "system:serviceaccount:default:intruder"))) + tail;
  EXPECT_EQ(keyVerdict(decoded(forged), jwks()), std::string("Signature: ") + kBadSignature);
  auto stranger = crypto::SigningKey::generateEc("P-256").value();
  std::string header = R"({"alg":"ES256","kid":")" + ecKey().publicKey().keyId() + "\"}";
  EXPECT_EQ(
      keyVerdict(decoded(signedAs(header, text::compact(goodClaims()), stranger, crypto::Algorithm::Es256)), jwks()),
      std::string("Signature: ") + kBadSignature);
}

TEST(Signature, OfAnHmacUnderThePublicKeyIsNoSignature) {  // the classic confusion of RS256 and HS256
  std::string kid = rsaKey().publicKey().keyId(), payload = text::base64Url(text::compact(goodClaims()));
  for (const std::string& secret : {rsaKey().publicKey().pem(), rsaKey().publicKey().spki()}) {
    std::string hs256 = text::base64Url(R"({"alg":"HS256","kid":")" + kid + "\"}") + "." + payload;
    EXPECT_FALSE(decodeToken(hs256 + "." + text::base64Url(crypto::hmacSha256(secret, hs256))));
    std::string rs256 = text::base64Url(R"({"alg":"RS256","kid":")" + kid + "\"}") + "." + payload;
    auto token = decoded(rs256 + "." + text::base64Url(crypto::hmacSha256(secret, rs256)));
    EXPECT_EQ(keyVerdict(token, jwks()), std::string("Signature: ") + kBadSignature);
  }
}

TEST(Signature, SurvivesNoWoundOfTheToken) {
  const std::string token = sign(goodClaims(), ecKey()).value();
  support::Seeded random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string wounded = random.mutated(token, "eyJ.AQgw=-_");
    auto read = decodeToken(wounded);
    if (wounded == token || !read) continue;
    EXPECT_FALSE(verify(*read, jwks(), kClients, kTime)) << wounded;
  }
}

TEST(CheckClaims, SaysAllThatNeedsNoKey) {
  EXPECT_TRUE(checkClaims(tokenOf(goodClaims()), kClients, kTime));
  auto refused = checkClaims(tokenOf(with("exp", 1)), kClients, kTime);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, nameOf(TokenRule::Expiry));
  refused = checkClaims(tokenOf(goodClaims()), {"vault"}, kTime);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().hint, HasSubstr("\"sts.amazonaws.com\", the provider's client IDs are vault"));
}

TEST(BrokenClaims, AreAllToldInOrder) {
  Json claims = without("sub");
  claims["aud"] = "vault";
  claims["exp"] = kNow - 4000;
  claims["nbf"] = kNow + 4000;
  claims["iat"] = "soon";
  std::vector<std::string> rules;
  for (const base::Error& fault : brokenClaims(tokenOf(claims), kClients, kTime)) rules.push_back(fault.code);
  EXPECT_THAT(rules, ElementsAre("RequiredClaims", "Audience", "RequiredClaims", "Expiry", "NotBefore"));
  EXPECT_TRUE(brokenClaims(tokenOf(goodClaims()), kClients, kTime).empty());
}

TEST(TokenRule, HasAName) {
  EXPECT_EQ(nameOf(TokenRule::KeysTooMany), "KeysTooMany");
  EXPECT_EQ(nameOf(TokenRule::RequiredClaims), "RequiredClaims");
  EXPECT_EQ(nameOf(TokenRule::Signature), "Signature");
}

}  // namespace
}  // namespace oidc
