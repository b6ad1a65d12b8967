#include "admission/serving_authority.h"

#include <gmock/gmock.h>

#include "crypto/certificate.h"

namespace {

using namespace std::chrono_literals;
using admission::checkServing;
using admission::nextServingStep;
using admission::sameCertificates;
using admission::serviceNames;
using admission::ServingPolicy;
using admission::ServingSecret;
using admission::ServingStep;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const base::Time kStart = base::Time(std::chrono::hours(24 * 20000));

// A leader with a clock of its own, and an API server that has what the secret says from `publishedAt` on.
class ServingAuthority : public testing::Test {
 protected:
  ServingStep step() {
    auto next = nextServingStep(secret, publishedAt, policy, now, random);
    EXPECT_TRUE(next) << next.error().message;
    if (!next) return {};
    if (next->secret && next->secret->authorities != secret.authorities) publishedAt = now;
    if (next->secret) secret = *next->secret;
    return *next;
  }
  std::vector<crypto::Certificate> authorities() const {
    auto read = crypto::certificatesFromPem(secret.authorities);
    return read ? *read : std::vector<crypto::Certificate>();
  }
  crypto::Certificate leaf() const { return crypto::certificatesFromPem(secret.certificate)->front(); }
  void expectGood() const {
    auto good = checkServing(secret, policy.names, now);
    EXPECT_TRUE(good) << good.error().message;
  }

  ServingPolicy policy{serviceNames("irsa-webhook", "irsa-system"), 90 * 24h, 9 * 24h, 60s};
  ServingSecret secret;
  std::optional<base::Time> publishedAt;
  base::Time now = kStart;
  std::uint8_t counter = 0;
  base::RandomBytes random = [this](std::size_t count) { return std::string(count, char(++counter)); };
};

TEST_F(ServingAuthority, MakesAnAuthorityAndACertificateForTheService) {
  EXPECT_THAT(step().reason, HasSubstr("no certificate authority yet"));
  expectGood();
  EXPECT_THAT(leaf().names,
              testing::ElementsAre("irsa-webhook.irsa-system.svc", "irsa-webhook.irsa-system.svc.cluster.local",
                                   "irsa-webhook.irsa-system", "irsa-webhook"));
  EXPECT_EQ(leaf().notAfter, now + 9 * 24h);
  EXPECT_FALSE(step().secret) << "a second look changes nothing";
}

TEST_F(ServingAuthority, RenewsTheCertificateAtTwoThirdsOfItsLife) {
  step();
  const ServingSecret first = secret;
  now += 6 * 24h - 1s;
  EXPECT_FALSE(step().secret);
  now += 1s;
  EXPECT_THAT(step().reason, HasSubstr("two thirds of the serving certificate's life"));
  EXPECT_EQ(secret.authorities, first.authorities);
  EXPECT_NE(secret.certificate, first.certificate);
  expectGood();
}

TEST_F(ServingAuthority, C03_PublishesTheNextAuthorityBeforeItSigns) {
  step();
  now += 60 * 24h;
  const ServingSecret old = secret;
  EXPECT_THAT(step().reason, HasSubstr("the next one is published"));
  EXPECT_THAT(authorities(), SizeIs(2));
  EXPECT_EQ(secret.certificate, old.certificate);
  EXPECT_FALSE(secret.nextAuthorityKey.empty());
  now += 59s;
  step();  // the certificate's own renewal is due too, and is signed by the old one
  EXPECT_FALSE(secret.nextAuthorityKey.empty());
  EXPECT_TRUE(crypto::verifyServer(secret.certificate, old.authorities, policy.names[0], now));
  now += 1s;
  EXPECT_THAT(step().reason, HasSubstr("it signs from now on"));
  EXPECT_TRUE(secret.nextAuthorityKey.empty());
  EXPECT_NE(secret.authorityKey, old.authorityKey);
  EXPECT_FALSE(crypto::verifyServer(secret.certificate, old.authorities, policy.names[0], now));
  expectGood();
}

TEST_F(ServingAuthority, C03_WaitsWithTheNextAuthorityUntilItIsSeenInTheConfiguration) {
  step();
  now += 60 * 24h;
  step();
  publishedAt.reset();  // the API server could not be written to
  now += 24h;
  step();
  EXPECT_FALSE(secret.nextAuthorityKey.empty());
  publishedAt = now;
  now += 60s;
  step();
  EXPECT_TRUE(secret.nextAuthorityKey.empty());
}

TEST_F(ServingAuthority, KeepsTheOldAuthorityUntilItExpires) {
  step();
  now += 60 * 24h;
  step();
  now += 60s;
  step();
  now = kStart + 90 * 24h - 1s;
  step();
  EXPECT_THAT(authorities(), SizeIs(2));
  now += 1s;
  while (step().secret) continue;
  EXPECT_THAT(authorities(), SizeIs(1));
  expectGood();
}

// Whoever trusts what was published `settle` ago must be able to verify what is served now, at every moment.
TEST_F(ServingAuthority, C03_NeverServesWhatWasNotTrustedAWhileAgo) {
  policy.authorityLife = 90s;
  policy.certificateLife = 30s;
  policy.settle = 10s;
  std::vector<std::string> published;  // one every five seconds
  int authoritiesSeen = 0;
  std::string key;
  for (step(); published.size() < 140; now += 5s) {
    step();
    if (secret.authorityKey != key) ++authoritiesSeen;
    key = secret.authorityKey;
    published.push_back(secret.authorities);
    const std::string& aWhileAgo = published[published.size() < 3 ? 0 : published.size() - 3];
    for (const std::string* roots : {&aWhileAgo, static_cast<const std::string*>(&published.back())})
      EXPECT_TRUE(crypto::verifyServer(secret.certificate, *roots, policy.names[0], now)) << published.size();
    EXPECT_LE(authorities().size(), 3u);
  }
  EXPECT_GE(authoritiesSeen, 10);
}

TEST_F(ServingAuthority, MakesEverythingAnewWhenNothingCanSign) {
  step();
  for (auto spoil :
       {+[](ServingSecret& s) { s.authorityKey = ""; }, +[](ServingSecret& s) { s.authorities = "x"; },
        +[](ServingSecret& s) { s.authorities = ""; }, +[](ServingSecret& s) { s.authorityKey = s.key; }}) {
    spoil(secret);
    EXPECT_TRUE(step().secret);
    expectGood();
  }
  now += 91 * 24h;  // suspended, and the authority has expired meanwhile
  EXPECT_THAT(step().reason, HasSubstr("an all new one"));
  expectGood();
}

TEST_F(ServingAuthority, RenewsACertificateThatIsNoGood) {
  step();
  const std::string authority = secret.authorities;
  for (auto spoil : {+[](ServingSecret& s) { s.certificate = ""; }, +[](ServingSecret& s) { s.key = s.authorityKey; },
                     +[](ServingSecret& s) { s.certificate = s.authorities; }}) {
    spoil(secret);
    EXPECT_THAT(step().reason, HasSubstr("is no good"));
    expectGood();
  }
  policy.names = serviceNames("other", "irsa-system");
  EXPECT_TRUE(step().secret);
  expectGood();
  EXPECT_EQ(secret.authorities, authority);
}

TEST_F(ServingAuthority, ForgetsANextKeyThatBelongsToNothing) {
  step();
  secret.nextAuthorityKey = secret.key;
  EXPECT_THAT(step().reason, HasSubstr("belongs to no authority"));
  EXPECT_THAT(secret.nextAuthorityKey, IsEmpty());
}

TEST_F(ServingAuthority, C09_C10_RenewsAtOnceAfterAJumpOfTheClockAndNotInALoop) {
  step();
  now += 8 * 24h;
  EXPECT_TRUE(step().secret);
  EXPECT_FALSE(step().secret);
  now -= 9 * 24h;
  EXPECT_FALSE(step().secret);
  expectGood();
}

TEST(SameCertificates, AreASet) {
  const base::RandomBytes random = [](std::size_t count) { return std::string(count, 'r'); };
  const std::string a = crypto::makeAuthority("a", {kStart, kStart + 1h}, random)->certificatePem;
  const std::string b = crypto::makeAuthority("b", {kStart, kStart + 1h}, random)->certificatePem;
  EXPECT_TRUE(sameCertificates(a + b, b + "\n# comment\n" + a));
  EXPECT_FALSE(sameCertificates(a, a + b));
  EXPECT_FALSE(sameCertificates(a, b));
  EXPECT_FALSE(sameCertificates(a, ""));
  EXPECT_TRUE(sameCertificates("", "no certificate"));
}

}  // namespace
