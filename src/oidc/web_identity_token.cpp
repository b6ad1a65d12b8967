#include "oidc/web_identity_token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/time.h"
#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/words.h"

namespace oidc {
namespace {

using text::Json;

constexpr std::int64_t kTolerance = 300;  // seconds, on exp, nbf and iat
constexpr std::int64_t kOldest = 86400;   // seconds since iat
constexpr std::size_t kMostKeysOfAKind = 100;
constexpr int kSmallestRsa = 2048;  // bits

constexpr std::string_view kNotAJwt =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
constexpr std::string_view kNoKey =
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements";
constexpr std::string_view kBadSignature =
    "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for "
    "requirements.";

base::Error notAToken(std::string code, std::string why) {
  return {base::ErrorKind::Invalid, std::move(code), std::string(kNotAJwt), std::move(why)};
}

base::Error broken(TokenRule rule, std::string sentence, std::string why = "") {
  return {base::ErrorKind::Denied, std::string(nameOf(rule)), std::move(sentence), std::move(why)};
}

base::Result<Json> objectOf(std::string_view part, const std::string& name) {
  auto bytes = text::decodeBase64Url(part);
  if (!bytes) return notAToken("NotAJwt", "the token's " + name + " is not base64url without padding");
  auto json = text::parseJson(*bytes);
  if (!json) return notAToken("NotAJwt", "the token's " + name + " is no JSON: " + json.error().message);
  if (!json->is_object()) return notAToken("NotAJwt", "the token's " + name + " is no JSON object");
  return json;
}

base::Result<std::int64_t> timestampAt(const Json& claims, std::string_view member) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 53;
  const Json& value = text::at(claims, member);
  auto none = [&] {
    return broken(TokenRule::RequiredClaims, "Invalid timestamp in token claims.",
                  "the claim " + std::string(member) + " is not a whole number of seconds");
  };
  std::int64_t seconds = 0;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{kLargest}) return none();
  if (value.is_number_integer()) {
    seconds = value.get<std::int64_t>();
  } else if (value.is_string()) {
    const auto& digits = value.get_ref<const std::string&>();
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error != std::errc() || end != digits.data() + digits.size()) return none();
  } else {
    return none();
  }
  if (seconds < -kLargest || seconds > kLargest) return none();
  return seconds;
}

void checkRequired(const Json& claims, std::vector<base::Error>& faults) {
  for (std::string_view name : {"iss", "aud", "sub", "exp", "iat"}) {
    bool isTimestamp = name == "exp" || name == "iat";
    bool isText = text::at(claims, name).is_string() || (name == "aud" && text::at(claims, name).is_array());
    if (!claims.contains(name) || (!isTimestamp && !isText))
      faults.push_back(broken(TokenRule::RequiredClaims, "Missing a required claim: " + std::string(name)));
    else if ((name == "iss" || name == "sub") && text::stringAt(claims, name).empty())
      faults.push_back(broken(TokenRule::RequiredClaims, "Claim is not allowed to be empty: " + std::string(name)));
  }
}

// The audience that STS goes on with: azp when it is there, else the only aud.
base::Result<std::string> audienceOf(const UnverifiedToken& token, const std::vector<std::string>& clientIds) {
  const Json& claim = text::at(token.claims, "aud");
  std::vector<std::string> audiences = token.audiences();
  if (claim.empty() || (claim.is_string() && audiences.front().empty()))
    return broken(TokenRule::Audience, "Claim is not allowed to be empty: aud");
  bool hasParty = token.claims.contains("azp");
  if (!hasParty && claim.is_array() && claim.size() > 1)
    return broken(TokenRule::Audience,
                  "Token audience contains more than one audience while authorized party is not present",
                  "the token's aud is " + text::joined(audiences));
  std::string audience = hasParty ? text::stringAt(token.claims, "azp") : audiences.empty() ? "" : audiences.front();
  if (audience.empty() || std::ranges::find(clientIds, audience) == clientIds.end())
    return broken(TokenRule::Audience, "Incorrect token audience",
                  "the token's " + std::string(hasParty ? "azp" : "aud") + " is \"" + audience +
                      "\", the provider's client IDs are " + (clientIds.empty() ? "none" : text::joined(clientIds)));
  return audience;
}

void checkExpiry(std::int64_t now, std::int64_t expiry, std::vector<base::Error>& faults) {
  if (now - kTolerance < expiry) return;
  faults.push_back(broken(TokenRule::Expiry, "Token expired: current date/time " + std::to_string(now - kTolerance) +
                                                 " must be before the expiration date/time " + std::to_string(expiry)));
}

void checkNotBefore(std::int64_t now, std::int64_t notBefore, std::vector<base::Error>& faults) {
  if (now + kTolerance >= notBefore) return;
  faults.push_back(broken(TokenRule::NotBefore,
                          "Token not yet valid: current date/time " + std::to_string(now + kTolerance) +
                              " must be after or equal to the not-before date/time " + std::to_string(notBefore)));
}

void checkIssuedAt(std::int64_t now, std::int64_t issuedAt, std::vector<base::Error>& faults) {
  if (now + kTolerance < issuedAt)
    faults.push_back(broken(TokenRule::IssuedAt, "Token issued in the future: " + std::to_string(issuedAt)));
  if (now - issuedAt > kOldest + kTolerance)
    faults.push_back(broken(TokenRule::Expiry, "Token too old: " + std::to_string(now - issuedAt)));
}

// Claims that are absent are checkRequired()'s.
void checkTimes(const Json& claims, base::Time time, std::vector<base::Error>& faults) {
  const std::int64_t now = base::unixSeconds(time);
  using Check = void (*)(std::int64_t, std::int64_t, std::vector<base::Error>&);
  constexpr std::array<std::pair<std::string_view, Check>, 3> kChecks{
      {{"exp", checkExpiry}, {"nbf", checkNotBefore}, {"iat", checkIssuedAt}}};
  std::array<std::optional<std::int64_t>, kChecks.size()> times;
  for (std::size_t i = 0; i < kChecks.size(); ++i) {
    if (!claims.contains(kChecks[i].first)) continue;
    auto timestamp = timestampAt(claims, kChecks[i].first);
    if (timestamp)
      times[i] = *timestamp;
    else
      faults.push_back(std::move(timestamp).error());
  }
  for (std::size_t i = 0; i < kChecks.size(); ++i)
    if (times[i]) kChecks[i].second(now, *times[i], faults);
}

base::Error noKey(TokenRule rule, std::string why) { return broken(rule, std::string(kNoKey), std::move(why)); }
base::Error unknownKey(std::string why) { return noKey(TokenRule::KeyUnknown, std::move(why)); }
base::Error unusableKey(std::string why) { return noKey(TokenRule::KeyUnusable, std::move(why)); }

base::Result<const Jwk*> chosen(const UnverifiedToken& token, const Jwks& jwks) {
  if (!token.kid.empty()) {
    // A later entry replaces an earlier one of the same kid.
    auto found =
        std::find_if(jwks.keys.rbegin(), jwks.keys.rend(), [&](const Jwk& jwk) { return jwk.kid == token.kid; });
    if (found != jwks.keys.rend()) return &*found;
    return unknownKey("the issuer's JWKS has no usable key with the token's kid " + token.kid);
  }
  if (jwks.keys.size() + jwks.skipped.size() == 1 && !jwks.keys.empty()) return &jwks.keys.front();
  return unknownKey("the token names no kid, and the issuer's JWKS has not exactly one key");
}

base::Result<const Jwk*> usableKey(const UnverifiedToken& token, crypto::Algorithm algorithm, const Jwks& jwks) {
  const Jwk* jwk = TRY(chosen(token, jwks));
  std::string key = "the key " + (jwk->kid.empty() ? "without a kid" : jwk->kid);
  if (jwk->hasKeyOps) return unusableKey(key + " has key_ops, and STS does not use such keys");
  if (jwk->use == "enc") return unusableKey(key + " is published for encryption (use: enc)");
  bool wantsRsa = crypto::nameOf(algorithm).starts_with("RS");
  if (wantsRsa != jwk->key.isRsa() || (!wantsRsa && jwk->key.algorithm() != algorithm))
    return unusableKey(key + " is no key for " + token.algorithm);
  // RFC 7518, section 3.3.
  if (wantsRsa && jwk->key.bits() < kSmallestRsa)
    return unusableKey(key + " has " + std::to_string(jwk->key.bits()) + " bits, and RSA signatures need 2048");
  auto alike = std::ranges::count_if(jwks.keys, [&](const Jwk& other) { return other.key.isRsa() == wantsRsa; });
  if (std::size_t(alike) > kMostKeysOfAKind)
    return noKey(TokenRule::KeysTooMany, "the issuer's JWKS has " + std::to_string(alike) +
                                             (wantsRsa ? " RSA" : " EC") + " keys, and STS reads at most 100");
  return jwk;
}

// A name-based identifier in UUID's shape (RFC 9562, section 5.8): the same account has the same one in every token.
std::string identifierOf(const std::string& name) {
  std::string bytes = crypto::sha256(name).substr(0, 16);
  bytes[6] = char((bytes[6] & 0x0f) | 0x80);
  bytes[8] = char((bytes[8] & 0x3f) | 0x80);
  std::string digits = text::hex(bytes);
  for (std::size_t at : {20U, 16U, 12U, 8U}) digits.insert(at, "-");
  return digits;
}

}  // namespace

std::string UnverifiedToken::issuer() const { return text::stringAt(claims, "iss"); }

std::vector<std::string> UnverifiedToken::audiences() const {
  const Json& claim = text::at(claims, "aud");
  if (claim.is_string()) return {claim.get<std::string>()};
  std::vector<std::string> out;
  if (!claim.is_array()) return out;
  for (const Json& audience : claim)
    if (audience.is_string()) out.push_back(audience.get<std::string>());
  return out;
}

base::Result<UnverifiedToken> decodeToken(std::string_view token) {
  auto first = token.find('.');
  auto second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return notAToken("NotAJwt", "a JSON Web Token has three parts separated by dots");
  UnverifiedToken out;
  out.header = TRY(objectOf(token.substr(0, first), "header"));
  out.algorithm = text::stringAt(out.header, "alg");
  if (!crypto::algorithmNamed(out.algorithm))
    return notAToken("UnsupportedAlgorithm", "the token's alg is \"" + out.algorithm +
                                                 "\", and STS accepts RS256, RS384, RS512, ES256, ES384 and ES512");
  // RFC 7515, section 4.1.11: whoever does not understand a critical extension must refuse.
  if (out.header.contains("crit")) return notAToken("CriticalHeader", "the token's header has crit, which STS refuses");
  out.hasKid = out.header.contains("kid");
  out.kid = text::stringAt(out.header, "kid");
  out.claims = TRY(objectOf(token.substr(first + 1, second - first - 1), "payload"));
  auto signature = text::decodeBase64Url(token.substr(second + 1));
  if (!signature || signature->empty())
    return notAToken("NotAJwt", "the token's signature is empty or not base64url without padding");
  out.signingInput = token.substr(0, second);
  out.signature = std::move(signature).value();
  return out;
}

std::string_view nameOf(TokenRule rule) {
  constexpr std::array<std::string_view, 9> kNames{"RequiredClaims", "Audience",    "Expiry",
                                                   "NotBefore",      "IssuedAt",    "KeyUnknown",
                                                   "KeyUnusable",    "KeysTooMany", "Signature"};
  return kNames[std::size_t(rule)];
}

std::vector<base::Error> brokenClaims(const UnverifiedToken& token, const std::vector<std::string>& clientIds,
                                      base::Time now) {
  std::vector<base::Error> faults;
  checkRequired(token.claims, faults);
  const Json& audience = text::at(token.claims, "aud");
  if (audience.is_string() || audience.is_array())
    if (auto known = audienceOf(token, clientIds); !known) faults.push_back(std::move(known).error());
  checkTimes(token.claims, now, faults);
  return faults;
}

base::Result<void> checkClaims(const UnverifiedToken& token, const std::vector<std::string>& clientIds,
                               base::Time now) {
  std::vector<base::Error> faults = brokenClaims(token, clientIds, now);
  if (!faults.empty()) return std::move(faults.front());
  return {};
}

base::Result<void> checkSignature(const UnverifiedToken& token, const Jwks& jwks) {
  auto algorithm = TRY(crypto::algorithmNamed(token.algorithm));
  const Jwk* jwk = TRY(usableKey(token, algorithm, jwks));
  if (jwk->key.verify(algorithm, token.signingInput, token.signature)) return {};
  return broken(TokenRule::Signature, std::string(kBadSignature), "the signature is not one of the key " + jwk->kid);
}

base::Result<VerifiedToken> verify(UnverifiedToken token, const Jwks& jwks, const std::vector<std::string>& clientIds,
                                   base::Time now) {
  TRY(checkClaims(token, clientIds, now));
  TRY(checkSignature(token, jwks));
  VerifiedToken verified;
  verified.issuer_ = token.issuer();
  verified.subject_ = text::stringAt(token.claims, "sub");
  verified.audience_ = TRY(audienceOf(token, clientIds));
  verified.audiences_ = token.audiences();
  verified.claims_ = std::move(token.claims);
  return verified;
}

base::Result<std::string> sign(const Json& claims, const crypto::SigningKey& key) {
  crypto::PublicKey publicKey = key.publicKey();
  Json header = Json::object();
  header["alg"] = crypto::nameOf(publicKey.algorithm());
  header["kid"] = publicKey.keyId();
  std::string token = text::base64Url(text::compact(header)) + "." + text::base64Url(text::compact(claims));
  auto signature = TRY(key.sign(publicKey.algorithm(), token));
  return token + "." + text::base64Url(signature);
}

Json claimsOf(const ServiceAccountToken& token) {
  std::string subject = "system:serviceaccount:" + token.nameSpace + ":" + token.serviceAccount;
  std::int64_t issuedAt = base::unixSeconds(token.issuedAt);
  Json bound = Json::object();
  bound["namespace"] = token.nameSpace;
  if (!token.pod.empty())
    bound["pod"] = Json{{"name", token.pod}, {"uid", identifierOf("pod " + token.nameSpace + "/" + token.pod)}};
  bound["serviceaccount"] = Json{{"name", token.serviceAccount}, {"uid", identifierOf(subject)}};
  Json claims = Json::object();
  claims["aud"] = Json::array({token.audience});
  claims["exp"] = issuedAt + token.lifetime.count();
  claims["iat"] = issuedAt;
  claims["iss"] = token.issuer;
  claims["jti"] = identifierOf(subject + " " + token.issuer + " " + token.audience + " " + std::to_string(issuedAt));
  claims["kubernetes.io"] = std::move(bound);
  claims["nbf"] = issuedAt;
  claims["sub"] = subject;
  return claims;
}

}  // namespace oidc
