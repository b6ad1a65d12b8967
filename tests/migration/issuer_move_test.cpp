#include "migration/issuer_move.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/time.h"

namespace migration {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOld = "https://kubernetes.default.svc.cluster.local";
const std::string kNew = "https://edge.s3.us-west-2.amazonaws.com";
const base::Time kStart = base::fromUnixSeconds(1795521600);

oidc::Jwks someKeys() {
  static const oidc::Jwks kKeys = oidc::jwksOf({crypto::SigningKey::generateEc("P-256")->publicKey()});
  return kKeys;
}

ApiServer server(const std::string& name, std::vector<std::string> issuers, base::Time startedAt = kStart) {
  const std::string signer = issuers.front(), kid = someKeys().keys.front().kid;
  return {.name = name,
          .isReady = true,
          .signer = signer,
          .issuers = std::move(issuers),
          .showsFlags = true,
          .keys = someKeys(),
          .mintedIssuer = signer,
          .mintedKid = kid,
          .startedAt = startedAt};
}

class Move : public testing::Test {
 protected:
  Move() {
    world.cluster.now = kStart + hours(1);
    world.published = {.isAsWished = true, .issuer = kNew, .kids = {someKeys().keys.front().kid}};
  }

  void run(const std::vector<std::vector<std::string>>& lists) {
    world.cluster.servers.clear();
    for (std::size_t i = 0; i < lists.size(); ++i)
      world.cluster.servers.push_back(server("192.0.2.1" + std::to_string(i) + ":6443", lists[i]));
  }

  MoveState state() {
    base::Result<MoveState> decided = stateOf(wish, world);
    EXPECT_TRUE(decided) << (decided ? "" : decided.error().message);
    return decided ? *decided : MoveState();
  }

  std::string closed() {
    std::string names;
    for (const Gate& gate : state().gates)
      if (!gate.isMet) names += gate.name + " ";
    return names;
  }

  MoveWish wish{kNew, "", {}};
  MoveWorld world;
};

TEST_F(Move, GoesThroughItsPhasesAsTheWorldChanges) {
  run({{kOld}, {kOld}});
  world.published = {.trouble = "HTTP 404"};
  world.untrusting = {"OIDC provider does not exist"};
  EXPECT_EQ(state().phase, MovePhase::Publish);
  world.published = {.isAsWished = true, .issuer = kNew, .kids = {someKeys().keys.front().kid}};
  EXPECT_EQ(state().phase, MovePhase::Provider);
  world.untrusting.clear();
  EXPECT_EQ(state().phase, MovePhase::Accept);
  run({{kOld, kNew}, {kOld}});
  EXPECT_EQ(state().phase, MovePhase::Accept);
  EXPECT_THAT(state().servers, ElementsAre("192.0.2.11:6443"));
  run({{kOld, kNew}, {kOld, kNew}});
  EXPECT_EQ(state().phase, MovePhase::Switch);
  run({{kNew, kOld}, {kOld, kNew}});
  EXPECT_EQ(state().phase, MovePhase::Switch);
  EXPECT_THAT(state().servers, ElementsAre("192.0.2.11:6443"));
  run({{kNew, kOld}, {kNew, kOld}});
  world.holders = {{"shop/orders", kStart - hours(3), seconds(3607)}};
  EXPECT_EQ(state().phase, MovePhase::Drain);
  world.cluster.now = kStart + hours(25);
  EXPECT_EQ(state().phase, MovePhase::Finish);
  run({{kNew}, {kNew, kOld}});
  EXPECT_EQ(state().phase, MovePhase::Finish);
  EXPECT_THAT(state().servers, ElementsAre("192.0.2.11:6443"));
  run({{kNew}, {kNew}});
  world.leftovers = {"OIDC provider of the former issuer"};
  EXPECT_EQ(state().phase, MovePhase::Finish);
  EXPECT_THAT(state().servers, IsEmpty());
  world.leftovers.clear();
  EXPECT_EQ(state().phase, MovePhase::Done);
}

TEST_F(Move, RefusesOneSecondBeforeTheLastTokenIsRenewedAndGoesOnThen) {
  run({{kNew, kOld}});
  world.holders = {{"shop/orders", kStart - hours(3), seconds(3607)}};
  world.cluster.now = kStart + hours(24) + minutes(5) - seconds(1);
  EXPECT_EQ(state().phase, MovePhase::Drain);
  EXPECT_FALSE(state().isOpen());
  EXPECT_EQ(opensAt(state().gates), kStart + hours(24) + minutes(5));
  EXPECT_THAT(state().gates.at(4).says, HasSubstr("shop/orders"));
  world.cluster.now += seconds(1);
  EXPECT_EQ(state().phase, MovePhase::Finish);
  EXPECT_TRUE(state().isOpen());
}

TEST_F(Move, WaitsForTheLongestTokenThatIsMountedOrVouchedFor) {
  run({{kNew, kOld}});
  world.holders = {{"shop/orders", kStart - hours(3), hours(48)}};
  EXPECT_EQ(opensAt(state().gates), kStart + hours(48) + minutes(5));
  world.holders.clear();
  EXPECT_EQ(state().phase, MovePhase::Finish);
  wish.vouched.longestToken = hours(72);
  EXPECT_EQ(opensAt(state().gates), kStart + hours(72) + minutes(5));
}

TEST_F(Move, NeedsNoWaitOnceEveryPodIsYoungerThanTheSwitch) {
  run({{kNew, kOld}});
  world.holders = {{"shop/orders", kStart + seconds(1), hours(24)}};
  EXPECT_EQ(state().phase, MovePhase::Finish);
  EXPECT_TRUE(state().isOpen());
  world.holders.push_back({"shop/carts", kStart, hours(24)});
  EXPECT_EQ(closed(), "tokens ");
}

TEST_F(Move, TheSecondApiServerFinishesAlthoughTheFirstHasJustRestarted) {
  world.cluster.servers = {server("a", {kNew}, kStart + hours(25)), server("b", {kNew, kOld}, kStart)};
  world.holders = {{"shop/orders", kStart - hours(3), hours(24)}};
  world.cluster.now = kStart + hours(25) + seconds(1);
  EXPECT_EQ(state().phase, MovePhase::Finish);
  EXPECT_TRUE(state().isOpen());
}

TEST_F(Move, StopsWhenAClientUsesATokenThatWasRenewed) {
  run({{kNew, kOld}});
  world.cluster.servers.front().staleTokens = 3;
  EXPECT_EQ(closed(), "stale ");
  wish.vouched.staleIsFine = true;
  EXPECT_EQ(closed(), "");
}

TEST_F(Move, SwitchesOnlyWhenEveryApiServerAcceptsTheNewIssuer) {
  run({{kOld, kNew}, {kOld, kNew}});
  EXPECT_EQ(closed(), "");
  world.cluster.servers.push_back(server("c", {kOld}));
  EXPECT_EQ(state().phase, MovePhase::Accept);
  world.cluster.servers.back() = {.name = "c", .trouble = "connection refused"};
  EXPECT_EQ(state().phase, MovePhase::Accept);
  EXPECT_EQ(closed(), "ready ");
  run({{kNew, kOld}, {kOld}});
  EXPECT_EQ(state().phase, MovePhase::Switch);
  EXPECT_EQ(closed(), "accepted ");
}

TEST_F(Move, EachThingThatIsNotSoClosesItsGate) {
  const std::map<std::string, std::function<void()>> faults{
      {"ready ", [&] { world.cluster.servers.front().isReady = false; }},
      {"published ", [&] { world.published.kids = {"another"}; }},
      {"trusted ", [&] { world.untrusting = {"role orders does not trust it"}; }},
      {"minted ", [&] { world.cluster.servers.front().refusedBy = {"192.0.2.11:6443"}; }}};
  for (const auto& [gate, fault] : faults) {
    const MoveWorld before = [&] {
      run({{kOld, kNew}, {kOld, kNew}});
      return world;
    }();
    fault();
    EXPECT_EQ(closed(), gate);
    world = before;
  }
}

TEST_F(Move, AnApiServerBetweenTwoSetsOfFlagsIsNotReady) {
  run({{kOld, kNew}});
  world.cluster.servers.front().signer = world.cluster.servers.front().mintedIssuer = kNew;
  EXPECT_THAT(closed(), HasSubstr("ready"));
}

TEST_F(Move, FlagsOfAPodThatIsNotYetReportedAreNotBelieved) {
  run({{kOld, kNew}});
  world.cluster.servers.front().isUnreported = true;
  EXPECT_EQ(closed(), "ready ");
}

TEST_F(Move, TellsIssuersByAudiencesWhereNoFlagsAreSeen) {
  run({{kOld, kNew}});
  world.cluster.servers.front().showsFlags = false;
  EXPECT_EQ(state().phase, MovePhase::Switch);
  run({{kNew, "https://something.else"}});
  world.cluster.servers.front().showsFlags = false;
  wish.former = kOld;
  EXPECT_EQ(state().phase, MovePhase::Done);
}

TEST_F(Move, ApiServersOfThreeIssuersAreAConflict) {
  run({{kOld}, {"https://a.third"}});
  EXPECT_EQ(stateOf(wish, world).error().kind, base::ErrorKind::Conflict);
  world.cluster.servers.clear();
  EXPECT_EQ(stateOf(wish, world).error().kind, base::ErrorKind::Unavailable);
}

TEST_F(Move, EveryPhaseHasAWayBack) {
  run({{kOld}});
  EXPECT_FALSE(wayBack(wish, world));
  run({{kNew, kOld}});
  EXPECT_EQ(wayBack(wish, world)->to, MovePhase::Accept);
  EXPECT_EQ(wayBack(wish, world)->former, kOld);
  run({{kNew, kOld}, {kOld, kNew}});
  EXPECT_EQ(wayBack(wish, world)->to, MovePhase::Accept);
  run({{kNew}});
  EXPECT_THAT(wayBack(wish, world).error().hint, HasSubstr("--former"));
  wish.former = kOld;
  EXPECT_EQ(wayBack(wish, world)->to, MovePhase::Switch);
}

TEST_F(Move, TheNewIssuerIsTakenBackOnlyWhenNoTokenOfItCanBeLeft) {
  run({{kOld, kNew}});
  world.holders = {{"shop/orders", kStart - hours(3), hours(24)}};
  EXPECT_EQ(wayBack(wish, world)->to, MovePhase::Publish);
  EXPECT_FALSE(areMet(wayBack(wish, world)->gates));
  world.cluster.now = kStart + hours(25);
  EXPECT_TRUE(areMet(wayBack(wish, world)->gates));
}

// Replay: a cluster whose kubelet renews tokens, driven through the move by the gates alone.

struct Token {
  std::string issuer;
  base::Time issuedAt, expires;
};

// kube-apiserver's rule on issuers, and its clock.
bool takes(const std::vector<std::string>& issuers, const Token& token, base::Time now) {
  return now < token.expires && std::ranges::find(issuers, token.issuer) != issuers.end();
}

struct Pod {
  std::string name;
  base::Time createdAt;
  seconds life;     // that its projection asks for
  bool isExtended;  // kube-apiserver makes a year of 3607 s
  bool readsAgain;  // its client reads the file again
  Token mounted = {}, held = {};
};

class Replay : public Move {
 protected:
  Replay() {
    for (int i = 0; i < 200; ++i) {
      const bool isExtended = i % 2 == 0;
      pods.push_back({"shop/pod-" + std::to_string(i), kStart - minutes(i * 60 * 24 / 200 + 60 * 24 * (i % 5)),
                      isExtended ? seconds(3607) : hours(1 + i % 24), isExtended, true});
      mint(pods.back(), kStart - seconds((i * 421) % renewalOf(pods.back()).count()));
    }
  }

  static seconds renewalOf(const Pod& pod) { return std::min<seconds>(pod.life * 8 / 10, hours(24)); }

  void mint(Pod& pod, base::Time at) {
    const seconds life = pod.isExtended ? seconds(hours(24 * 365)) : pod.life;
    pod.mounted = {issuers.front(), at, at + life};
    if (pod.readsAgain) pod.held = pod.mounted;
    if (pod.held.issuer.empty()) pod.held = pod.mounted;
  }

  // The kubelet's rule, once a minute; a token that was renewed and is still used counts as stale.
  void tick() {
    now += minutes(1);
    for (Pod& pod : pods) {
      if (now >= pod.mounted.issuedAt + renewalOf(pod)) mint(pod, now);
      if (pod.isExtended && now > pod.held.issuedAt + pod.life + minutes(10)) ++stale;
      refused += takes(issuers, pod.held, now) ? 0U : 1U;
    }
  }

  void restart(std::vector<std::string> with) {
    issuers = std::move(with);
    startedAt = now;
    stale = 0;
  }

  MoveState look() {
    world.cluster.servers = {server("a", issuers, startedAt)};
    world.cluster.servers.front().staleTokens = stale;
    world.cluster.now = now;
    world.holders.clear();
    for (const Pod& pod : pods) world.holders.push_back({pod.name, pod.createdAt, pod.life});
    return state();
  }

  // Until the move is done or `limit` has passed.
  void move(hours limit) {
    for (const base::Time end = now + limit; now < end; tick()) {
      const MoveState at = look();
      if (at.phase == MovePhase::Done) return;
      if (!at.isOpen()) continue;
      if (at.phase == MovePhase::Accept) restart({kOld, kNew});
      if (at.phase == MovePhase::Switch) restart({kNew, kOld});
      if (at.phase == MovePhase::Finish) restart({kNew});
    }
  }

  std::vector<Pod> pods;
  std::vector<std::string> issuers{kOld};
  base::Time now = kStart, startedAt = kStart - hours(1000);
  std::size_t refused = 0, stale = 0;
};

TEST_F(Replay, NoTokenOfAnyAgeIsRefusedAtAnyMinuteOfTheMove) {
  move(hours(40));
  EXPECT_EQ(look().phase, MovePhase::Done);
  EXPECT_GE(now, kStart + hours(24));
  for (int minute = 0; minute < 60 * 24; ++minute) tick();
  EXPECT_EQ(refused, 0U);
}

TEST_F(Replay, TheOneStepSwapRefusesTokens) {
  restart({kNew});
  tick();
  EXPECT_GT(refused, 150U);
}

TEST_F(Replay, AClientThatNeverReadsItsTokenAgainHoldsTheMoveUpAndLosesNothing) {
  pods.front().readsAgain = false;
  move(hours(80));
  EXPECT_EQ(look().phase, MovePhase::Drain);
  EXPECT_EQ(refused, 0U);
}

TEST_F(Replay, EveryWayBackRefusesNoToken) {
  restart({kOld, kNew});
  for (int i = 0; i < 90; ++i) tick();
  restart({kNew, kOld});
  for (int i = 0; i < 90; ++i) tick();
  ASSERT_EQ(wayBack(wish, (look(), world))->to, MovePhase::Accept);
  restart({kOld, kNew});
  for (int i = 0; i < 60 * 25; ++i) tick();
  const base::Result<WayBack> back = wayBack(wish, (look(), world));
  ASSERT_TRUE(areMet(back->gates));
  restart({kOld});
  for (int i = 0; i < 60 * 25; ++i) tick();
  EXPECT_EQ(refused, 0U);
}

}  // namespace
}  // namespace migration
