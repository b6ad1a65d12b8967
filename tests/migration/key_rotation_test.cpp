#include "migration/key_rotation.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/time.h"

namespace migration {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const base::Time kStart = base::fromUnixSeconds(1795521600);
const std::string kFolder = "/etc/kubernetes/pki/";

// Three keys, the first that of kubeadm.
struct Keys {
  std::vector<oidc::Jwk> all;
  Keys() {
    for (int i = 0; i < 3; ++i)
      all.push_back(oidc::jwksOf({crypto::SigningKey::generateEc("P-256")->publicKey()}).keys.front());
  }
  const std::string& kid(std::size_t i) const { return all[i].kid; }
  std::string path(std::size_t i, const char* ending) const {
    return i == 0 ? kFolder + "sa" + ending : kFolder + keyName(kStart + hours(i), kid(i)) + ending;
  }
};
const Keys& keys() {
  static const Keys kKeys;
  return kKeys;
}

ApiServer server(const std::string& name, const std::vector<std::size_t>& verifying, std::size_t signing,
                 base::Time startedAt = kStart) {
  ApiServer made{.name = name,
                 .isReady = true,
                 .signer = "https://a",
                 .issuers = {"https://a"},
                 .showsFlags = true,
                 .signingKey = keys().path(signing, ".key"),
                 .mintedIssuer = "https://a",
                 .mintedKid = keys().kid(signing),
                 .startedAt = startedAt};
  for (const std::size_t i : verifying) {
    made.keyFiles.push_back(keys().path(i, ".pub"));
    made.keys.keys.push_back(keys().all[i]);
  }
  return made;
}

class Rotation : public testing::Test {
 protected:
  Rotation() {
    world.cluster.now = kStart + hours(2);
    publish({0}, kStart);
  }
  void publish(const std::vector<std::size_t>& which, base::Time at) {
    world.published = {.isAsWished = true, .issuer = "https://a"};
    for (const std::size_t i : which) world.published.kids.push_back(keys().kid(i));
    world.publishedAt = at;
  }
  RotationState state() {
    base::Result<RotationState> decided = stateOf(wish, world);
    EXPECT_TRUE(decided) << (decided ? "" : decided.error().message);
    return decided ? *decided : RotationState();
  }
  std::string closed() {
    std::string names;
    for (const Gate& gate : state().gates)
      if (!gate.isMet) names += gate.name + " ";
    return names;
  }
  RotationWish wish;
  RotationWorld world;
};

TEST(KeyName, SaysWhenAndWhich) {
  const std::optional<NamedKey> key = namedKey(keys().path(1, ".pub"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kid, keys().kid(1));
  EXPECT_EQ(key->madeAt, kStart + hours(1));
  for (const char* other :
       {"/etc/kubernetes/pki/sa.pub", "sa-20261127T072000Z-.pub", "sa-x.key", "sa-20261127T0720.key", ""})
    EXPECT_FALSE(namedKey(other)) << other;
}

TEST_F(Rotation, GoesFromIntroduceToPromoteToRetire) {
  world.cluster.servers = {server("a", {0}, 0), server("b", {0}, 0)};
  EXPECT_TRUE(state().isIdle);
  world.cluster.servers = {server("a", {0, 1}, 0), server("b", {0}, 0)};
  EXPECT_EQ(state().step, RotationStep::Introduce);
  EXPECT_FALSE(state().isIdle);
  EXPECT_EQ(state().next, keys().kid(1));
  EXPECT_THAT(state().servers, ElementsAre("b"));
  world.cluster.servers = {server("a", {0, 1}, 0), server("b", {0, 1}, 0)};
  EXPECT_EQ(state().step, RotationStep::Promote);
  EXPECT_EQ(closed(), "published ");
  publish({0, 1}, kStart + hours(1));
  EXPECT_EQ(closed(), "");
  world.cluster.servers = {server("a", {0, 1}, 1), server("b", {0, 1}, 0)};
  EXPECT_EQ(state().step, RotationStep::Promote);
  EXPECT_THAT(state().servers, ElementsAre("b"));
  EXPECT_EQ(state().signing, keys().kid(0));
  world.cluster.servers = {server("a", {0, 1}, 1), server("b", {0, 1}, 1)};
  EXPECT_EQ(state().step, RotationStep::Retire);
  EXPECT_THAT(state().retiring, ElementsAre(keys().kid(0)));
  world.cluster.servers = {server("a", {1}, 1), server("b", {0, 1}, 1)};
  EXPECT_THAT(state().servers, ElementsAre("b"));
  world.cluster.servers = {server("a", {1}, 1), server("b", {1}, 1)};
  EXPECT_TRUE(state().isIdle);
  EXPECT_THAT(state().retiring, IsEmpty());
}

TEST_F(Rotation, ASecondRotationKnowsTheNewKeyFromTheOldOneByItsTime) {
  publish({1, 2}, kStart);
  world.cluster.servers = {server("a", {1, 2}, 1)};
  EXPECT_EQ(state().step, RotationStep::Promote);
  EXPECT_EQ(state().next, keys().kid(2));
  world.cluster.servers = {server("a", {1, 2}, 2)};
  EXPECT_EQ(state().step, RotationStep::Retire);
  EXPECT_THAT(state().retiring, ElementsAre(keys().kid(1)));
}

TEST_F(Rotation, PromotesOneHourAfterTheKeysWerePublishedAndNotASecondSooner) {
  world.cluster.servers = {server("a", {0, 1}, 0)};
  publish({0, 1}, kStart);
  world.cluster.now = kStart + hours(1) - seconds(1);
  EXPECT_EQ(closed(), "cached ");
  EXPECT_EQ(opensAt(state().gates), kStart + hours(1));
  world.cluster.now += seconds(1);
  EXPECT_EQ(closed(), "");
  world.publishedAt.reset();
  EXPECT_EQ(closed(), "cached ");
  wish.cached = seconds(0);
  EXPECT_EQ(closed(), "");
}

TEST_F(Rotation, RetiresWhenTheLastTokenOfTheOldKeyWasRenewedAndNotASecondSooner) {
  publish({0, 1}, kStart);
  world.cluster.servers = {server("a", {0, 1}, 1)};
  world.holders = {{"shop/orders", kStart - hours(3), hours(24)}};
  world.cluster.now = kStart + hours(24) + minutes(5) - seconds(1);
  EXPECT_EQ(closed(), "tokens ");
  world.cluster.now += seconds(1);
  EXPECT_EQ(closed(), "");
}

TEST_F(Rotation, TokensInSecretsHoldTheOldKeyUntilTheyAreMadeAnew) {
  publish({0, 1}, kStart);
  world.cluster.servers = {server("a", {0, 1}, 1)};
  world.secrets = {{"ci/robot-token", kStart - hours(5000), seconds(0)}, {"ci/new", kStart + hours(1), seconds(0)}};
  EXPECT_EQ(closed(), "legacy ");
  EXPECT_THAT(state().gates.back().says, HasSubstr("ci/robot-token;"));
  wish.legacyIsFine = true;
  EXPECT_EQ(closed(), "");
}

TEST_F(Rotation, WithCephAPromotionRefusesTokensInUseAndIsOverWhenTheSigningKeyComesFirst) {
  world.readsFirstOnly = true;
  world.publishedAt.reset();
  publish({0, 1}, kStart + hours(2));  // which no cache matters for
  world.cluster.servers = {server("a", {0, 1}, 0), server("b", {0, 1}, 0)};
  EXPECT_EQ(closed(), "overlap ");
  EXPECT_THAT(state().gates.back().says, HasSubstr("go on with --yes"));
  wish.refusalsAreFine = true;
  EXPECT_EQ(closed(), "");
  world.cluster.servers = {server("a", {0, 1}, 1), server("b", {0, 1}, 1)};
  EXPECT_EQ(closed(), "first ");
  publish({1, 0}, kStart + hours(2));
  EXPECT_EQ(closed(), "");
  world.published = {.trouble = "HTTP 403"};
  EXPECT_THAT(closed(), HasSubstr("first "));
}

TEST_F(Rotation, ExternalSignersAndUnseenFlagsAreLeftToTheirOwners) {
  world.cluster.servers = {server("a", {0}, 0)};
  world.cluster.servers.front().signingEndpoint = "/run/signer.sock";
  EXPECT_THAT(stateOf(wish, world).error().message, HasSubstr("external signer"));
  world.cluster.servers = {server("a", {0}, 0)};
  world.cluster.servers.front().showsFlags = false;
  EXPECT_THAT(stateOf(wish, world).error().message, HasSubstr("flags of a are not seen"));
  world.cluster.servers = {{.name = "a", .trouble = "refused"}};
  EXPECT_EQ(stateOf(wish, world).error().kind, base::ErrorKind::Unavailable);
  world.cluster.servers.clear();
  EXPECT_EQ(stateOf(wish, world).error().kind, base::ErrorKind::Unavailable);
}

TEST_F(Rotation, AnApiServerThatIsAwayStopsEveryStep) {
  publish({0, 1}, kStart);
  world.cluster.servers = {server("a", {0, 1}, 0), {.name = "b", .trouble = "refused"}};
  EXPECT_THAT(closed(), HasSubstr("ready"));
}

// A whole rotation, hour by hour, on two API servers that are changed an hour apart: what is published verifies every
// token that has not expired, by a relying party that keeps a JWKS for an hour.
TEST_F(Rotation, EveryTokenVerifiesAgainstWhatIsPublishedAtEveryHour) {
  struct Minted {
    std::string kid;
    base::Time expires;
  };
  std::vector<Minted> tokens;
  std::set<std::string> cached;
  world.holders = {{"shop/orders", kStart - hours(100), hours(24)}};
  world.cluster.servers = {server("a", {0}, 0, kStart - hours(500)), server("b", {0}, 0, kStart - hours(500))};
  publish({0}, kStart - hours(500));
  std::set<RotationStep> taken;
  std::size_t refused = 0;
  for (int hour = 0; hour < 80; ++hour) {
    const base::Time now = kStart + hours(hour);
    world.cluster.now = now;
    for (const ApiServer& one : world.cluster.servers) tokens.push_back({one.mintedKid, now + hours(24)});
    for (const Minted& token : tokens) {
      if (token.expires <= now) continue;
      refused += std::ranges::find(world.published.kids, token.kid) == world.published.kids.end() ? 1U : 0U;
      refused += hour > 0 && !cached.contains(token.kid) ? 1U : 0U;
    }
    cached = {world.published.kids.begin(), world.published.kids.end()};
    const RotationState at = state();
    if (!at.isOpen() && at.step == RotationStep::Promote && world.published.kids.size() == 1) publish({0, 1}, now);
    if (!at.isOpen() || (at.isIdle && hour > 0 && taken.contains(RotationStep::Retire))) {
      if (at.isIdle) publish({1}, now);
      continue;
    }
    taken.insert(at.step);
    for (ApiServer& one : world.cluster.servers) {
      if (one.name != at.servers.front()) continue;
      if (at.step == RotationStep::Introduce) one = server(one.name, {0, 1}, 0, now);
      if (at.step == RotationStep::Promote) one = server(one.name, {0, 1}, 1, now);
      if (at.step == RotationStep::Retire) one = server(one.name, {1}, 1, now);
    }
  }
  EXPECT_EQ(refused, 0U);
  EXPECT_EQ(taken.size(), 3U);
  EXPECT_THAT(world.published.kids, ElementsAre(keys().kid(1)));
}

}  // namespace
}  // namespace migration
