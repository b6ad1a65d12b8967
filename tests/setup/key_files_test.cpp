#include "setup/key_files.h"

#include <gmock/gmock.h>

#include <set>

#include "crypto/certificate.h"
#include "text/encoding.h"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const base::Time kNow = base::Time(std::chrono::hours(24 * 365 * 56));

crypto::SigningKey anEcKey() { return crypto::SigningKey::generateEc("P-256").value(); }

std::string certificateOf(const crypto::SigningKey& key) {
  auto der = crypto::selfSignedDer(key, "test", {kNow, kNow + std::chrono::hours(24)}).value();
  std::string base64 = text::base64(der), pem = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t i = 0; i < base64.size(); i += 64) pem += base64.substr(i, 64) + "\n";
  return pem + "-----END CERTIFICATE-----\n";
}

std::string whyNot(const std::string& document) {
  auto keys = publicKeysIn(document);
  return keys ? "(fine)" : keys.error().message;
}

TEST(KeyFiles, HoldSeveralPemBlocksOfAnyKind) {
  auto rsa = crypto::SigningKey::generateRsa(2048).value();
  auto first = anEcKey(), second = anEcKey();
  auto keys = publicKeysIn(rsa.publicKey().pem() + first.publicKey().pem() + certificateOf(second));
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_THAT(keys->keys, SizeIs(3));
  EXPECT_EQ(keys->keys[0].kid, rsa.publicKey().keyId());
  EXPECT_THAT(keys->keys[1].x5c, SizeIs(0));
  EXPECT_EQ(keys->keys[2].kid, second.publicKey().keyId());
  EXPECT_THAT(keys->keys[2].x5c, SizeIs(1));
}

TEST(KeyFiles, ASecretOfClusterApiGivesItsCertificateAloneAndNeverItsKey) {
  auto key = anEcKey();
  std::string secret =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: edge-sa, namespace: eksa-system}\ndata:\n  tls.crt: " +
      text::base64(key.publicKey().pem()) + "\n  tls.key: " + text::base64(anEcKey().pem()) + "\n";
  auto keys = publicKeysIn(secret);
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_THAT(keys->keys, SizeIs(1));
  EXPECT_EQ(keys->keys[0].kid, key.publicKey().keyId());
}

TEST(KeyFiles, WhatIsNoPublicKeyIsRefusedWithTheReason) {
  EXPECT_THAT(whyNot(anEcKey().pem()), HasSubstr("private key"));
  EXPECT_THAT(whyNot("words"), HasSubstr("neither PEM nor"));
  EXPECT_THAT(whyNot("kind: ConfigMap\n"), HasSubstr("neither PEM nor"));
  EXPECT_THAT(whyNot("kind: Secret\ndata: {tls.key: eA==}\n"), HasSubstr("no tls.crt"));
  EXPECT_THAT(whyNot("kind: Secret\ndata: {tls.crt: '?'}\n"), HasSubstr("base64"));
  EXPECT_THAT(whyNot("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), HasSubstr("PEM block 1"));
}

TEST(KeyFiles, TheSameKeyTwiceIsOneEntry) {
  auto key = anEcKey();
  auto keys = publicKeysIn(key.publicKey().pem() + key.publicKey().pem());
  ASSERT_TRUE(keys);
  EXPECT_THAT(keys->keys, SizeIs(1));
}

TEST(KeyFiles, MoreThanAHundredOfAKindAreRefused) {
  oidc::Jwks jwks = oidc::jwksOf({anEcKey().publicKey()});
  EXPECT_TRUE(checkKeys(jwks));
  jwks.keys.push_back(jwks.keys.front());
  EXPECT_THAT(checkKeys(jwks).error().message, HasSubstr("two keys have the kid"));
  for (int i = 0; i < 100; ++i) jwks.keys[std::size_t(i == 0 ? 1 : 0)].kid = "first" + std::to_string(i);
  while (jwks.keys.size() < 101) {
    jwks.keys.push_back(jwks.keys.front());
    jwks.keys.back().kid = "key" + std::to_string(jwks.keys.size());
  }
  EXPECT_THAT(checkKeys(jwks).error().message, HasSubstr("at most 100"));
  jwks.keys.resize(1, jwks.keys.front());
  jwks.keys[0].kid = "";
  EXPECT_THAT(checkKeys(jwks).error().message, HasSubstr("no kid"));
}

TEST(KeyFiles, TheFirstPublishedKeyStaysFirstForAsLongAsItSigns) {
  const oidc::Jwks served = oidc::jwksOf({anEcKey().publicKey(), anEcKey().publicKey(), anEcKey().publicKey()});
  const auto kid = [&](std::size_t i) { return served.keys[i].kid; };
  const auto order = [&](const oidc::Jwks& published, const std::set<std::string>& signing) {
    oidc::Jwks jwks = served;
    putSigningFirst(jwks, published, signing);
    std::vector<std::string> kids;
    for (const oidc::Jwk& jwk : jwks.keys) kids.push_back(jwk.kid);
    return kids;
  };
  const oidc::Jwks second{.keys = {served.keys[1], served.keys[0]}}, gone = oidc::jwksOf({anEcKey().publicKey()});
  EXPECT_THAT(order({}, {}), ElementsAre(kid(0), kid(1), kid(2)));
  EXPECT_THAT(order({}, {kid(2)}), ElementsAre(kid(2), kid(0), kid(1)));
  EXPECT_THAT(order(second, {}), ElementsAre(kid(1), kid(0), kid(2)));
  EXPECT_THAT(order(second, {kid(1), kid(2)}), ElementsAre(kid(1), kid(0), kid(2)));
  EXPECT_THAT(order(second, {kid(2)}), ElementsAre(kid(2), kid(0), kid(1)));
  EXPECT_THAT(order(gone, {kid(1)}), ElementsAre(kid(1), kid(0), kid(2)));
  EXPECT_THAT(order(gone, {"one that nobody serves"}), ElementsAre(kid(0), kid(1), kid(2)));
}

TEST(KeyFiles, ACertificateStaysTheSameUntilItsLastMonth) {
  auto key = anEcKey();
  oidc::Jwks published = oidc::jwksOf({key.publicKey()});
  std::string first = certificateFor(key.publicKey(), &key, published, kNow).value();
  published.keys[0].x5c = {first};
  auto laterFor = [&](const crypto::SigningKey& which, int days) {
    return certificateFor(which.publicKey(), &which, published, kNow + std::chrono::hours(24 * days)).value();
  };
  EXPECT_EQ(laterFor(key, 365), first);
  EXPECT_NE(laterFor(key, 3640), first);
  EXPECT_NE(laterFor(anEcKey(), 0), first);
  published.keys[0].x5c = {"no certificate"};
  EXPECT_NE(laterFor(key, 0), "no certificate");
}

TEST(KeyFiles, KeysOfOthersAreCertifiedOnceAndCertificatesOfTheirOwnStay) {
  auto bare = anEcKey(), own = anEcKey();
  oidc::Jwks jwks = publicKeysIn(bare.publicKey().pem() + certificateOf(own)).value();
  const oidc::Jwks before = jwks;
  ASSERT_TRUE(certify(jwks, nullptr, {}, kNow));
  EXPECT_EQ(jwks.keys[1].x5c, before.keys[1].x5c);
  ASSERT_THAT(jwks.keys[0].x5c, SizeIs(1));
  EXPECT_THAT(thumbprintsOf(jwks), SizeIs(2));
  EXPECT_THAT(thumbprintsOf(jwks)[0], SizeIs(40));
  EXPECT_THAT(thumbprintsOf(before), SizeIs(1));
  oidc::Jwks again = before;
  ASSERT_TRUE(certify(again, nullptr, jwks, kNow));
  EXPECT_EQ(thumbprintsOf(again), thumbprintsOf(jwks));
}

}  // namespace
}  // namespace setup
