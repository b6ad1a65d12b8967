#include "migration/republish.h"

#include <gmock/gmock.h>

#include "base/time.h"

namespace migration {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const base::Time kStart = base::fromUnixSeconds(1795521600);

oidc::Jwk key(const std::string& kid) {
  static const crypto::PublicKey kKey = crypto::SigningKey::generateEc("P-256")->publicKey();
  return {kid, kKey, "sig"};
}

oidc::Jwks jwks(const std::vector<std::string>& kids) {
  oidc::Jwks made;
  for (const std::string& kid : kids) made.keys.push_back(key(kid));
  return made;
}

Cluster cluster(const std::vector<std::vector<std::string>>& servers, base::Time now = kStart) {
  Cluster made{{}, now};
  for (const std::vector<std::string>& kids : servers) made.servers.push_back({.name = "a", .keys = jwks(kids)});
  return made;
}

std::vector<std::string> kidsOf(const Republication& next) {
  std::vector<std::string> kids;
  for (const oidc::Jwk& one : next.keys.keys) kids.push_back(one.kid);
  return kids;
}

TEST(Republish, HoldsTheKeysOfEveryApiServerOnce) {
  EXPECT_THAT(kidsOf(republication(cluster({{"k1"}, {"k1", "k2"}}), jwks({"k1"}), {}, kGrace)),
              ElementsAre("k1", "k2"));
}

TEST(Republish, TakesKidsFromTheApiAndNeverComputesThem) {
  EXPECT_THAT(kidsOf(republication(cluster({{"of an external signer"}}), {}, {}, kGrace)),
              ElementsAre("of an external signer"));
}

TEST(Republish, ARetiredKeyStaysForItsGraceAndNotASecondLonger) {
  Republication next = republication(cluster({{"k2"}}), jwks({"k1", "k2"}), {}, hours(48));
  EXPECT_THAT(kidsOf(next), ElementsAre("k2", "k1"));
  EXPECT_EQ(next.retired, (Retired{{"k1", kStart}}));
  next = republication(cluster({{"k2"}}, kStart + hours(48) - seconds(1)), next.keys, {.retired = next.retired},
                       hours(48));
  EXPECT_THAT(kidsOf(next), ElementsAre("k2", "k1"));
  next = republication(cluster({{"k2"}}, kStart + hours(48)), next.keys, {.retired = next.retired}, hours(48));
  EXPECT_THAT(kidsOf(next), ElementsAre("k2"));
  EXPECT_THAT(next.retired, IsEmpty());
}

TEST(Republish, AKeyThatComesBackIsNoLongerRetired) {
  const Republication next =
      republication(cluster({{"k1", "k2"}}), jwks({"k1", "k2"}), {.retired = {{"k1", kStart}}}, kGrace);
  EXPECT_THAT(next.retired, IsEmpty());
}

TEST(Republish, NoKeyGoesWhileAnApiServerCannotBeLookedAt) {
  Cluster seen = cluster({{"k2"}}, kStart + hours(100));
  seen.servers.push_back({.name = "b", .trouble = "connection refused"});
  const Republication next = republication(seen, jwks({"k1", "k2"}), {.retired = {{"k1", kStart}}}, kGrace);
  EXPECT_FALSE(next.isSure);
  EXPECT_THAT(kidsOf(next), ElementsAre("k2", "k1"));
  EXPECT_THAT(republication(seen, jwks({"k1", "k2"}), {}, kGrace).retired, IsEmpty());
}

TEST(Republish, ARevokedKeyIsNotPublishedWhoeverServesIt) {
  const KnownKeys known{.retired = {{"k0", kStart}}, .revoked = {"k0", "k1"}};
  Cluster seen = cluster({{"k1", "k2"}, {}});
  seen.servers[1].trouble = "connection refused";
  const Republication next = republication(seen, jwks({"k0", "k1", "k2"}), known, kGrace);
  EXPECT_THAT(kidsOf(next), ElementsAre("k2"));
  EXPECT_THAT(next.retired, IsEmpty());
}

TEST(Republish, WhatIsNoKeyInThePublishedDocumentDoesNotStay) {
  EXPECT_THAT(kidsOf(republication(cluster({{"k1"}}), jwks({"", "k0", "k0", "k1"}), {}, kGrace)),
              ElementsAre("k1", "k0"));
}

TEST(Republish, TheSameLookGivesTheSameKeysInTheSameOrder) {
  const Republication first = republication(cluster({{"b"}}), jwks({"z", "b", "a"}), {}, kGrace);
  EXPECT_EQ(kidsOf(republication(cluster({{"b"}}), first.keys, {.retired = first.retired}, kGrace)), kidsOf(first));
}

TEST(Republish, WhatIsRememberedReadsBack) {
  const Retired retired{{"k1", kStart}};
  EXPECT_EQ(readRetired(writeRetired(retired)), retired);
  EXPECT_THAT(readRetired("{\"k1\":5,\"k2\":\"yesterday\"}"), IsEmpty());
  EXPECT_THAT(readRetired("nonsense"), IsEmpty());
}

}  // namespace
}  // namespace migration
