#include "sim/issuer_cache.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace sim {
namespace {

using std::chrono::seconds;

seconds fresh(std::initializer_list<std::pair<const char*, const char*>> fields) {
  http::Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return freshness(headers);
}

TEST(Freshness, IsWhatASharedCacheMayTake) {
  EXPECT_EQ(fresh({{"Cache-Control", "public, max-age=300"}}), seconds(300));
  EXPECT_EQ(fresh({{"cache-control", "MAX-AGE=\"300\" , must-revalidate"}}), seconds(300));
  EXPECT_EQ(fresh({{"Cache-Control", "max-age=300"}, {"Cache-Control", "s-maxage=60"}}), seconds(60));
  EXPECT_EQ(fresh({{"Cache-Control", "max-age=300"}, {"Age", "100"}}), seconds(200));
  EXPECT_EQ(fresh({{"Cache-Control", "max-age=99999999999999999999"}}), seconds(86400)) << "a day at most";
}

TEST(Freshness, IsNoneWithoutLeave) {
  EXPECT_EQ(fresh({}), seconds(0));
  EXPECT_EQ(fresh({{"Pragma", "no-cache"}}), seconds(0));
  for (const char* control : {"", "no-cache", "no-store", "private", "max-age=300, no-cache", "max-age=-1",
                              "max-age=soon", "max-age", "max-age=", ","})
    EXPECT_EQ(fresh({{"Cache-Control", control}}), seconds(0)) << control;
  EXPECT_EQ(fresh({{"Cache-Control", "max-age=300"}, {"Age", "400"}}), seconds(0));
}

IssuerCache::Keys keys() { return std::make_shared<const oidc::Jwks>(); }

TEST(IssuerCache, ForgetsWhatIsNotFreshAnyMore) {
  const base::Time now = base::fromUnixSeconds(1795521600);
  IssuerCache cache;
  cache.keep("https://a", keys(), now, seconds(10));
  EXPECT_NE(cache.find("https://a", now + seconds(9)), nullptr);
  EXPECT_EQ(cache.find("https://a", now + seconds(10)), nullptr);
  EXPECT_EQ(cache.find("https://b", now), nullptr);
  cache.keep("https://a", keys(), now, seconds(0));
  EXPECT_EQ(cache.find("https://a", now), nullptr);
}

TEST(IssuerCache, ReadsTheSameKeySetOnce) {
  IssuerCache cache;
  const crypto::PublicKey key = crypto::SigningKey::generateEc("P-256").value().publicKey();
  const std::string document = text::compact(oidc::render(oidc::jwksOf({key})));
  auto first = cache.parse(document), again = cache.parse(document);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(*first, *again) << "one and the same";
  EXPECT_EQ((*first)->keys.at(0).kid, key.keyId());
  EXPECT_FALSE(cache.parse("no keys"));
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(cache.parse(document + std::string(std::size_t(i), ' ')));
}

TEST(IssuerCache, KeepsItsOwnForTheSecondAndUntilAWrite) {
  const base::Time now = base::fromUnixSeconds(1795521600) + std::chrono::milliseconds(300);
  IssuerCache cache;
  cache.keepOwn("https://a", keys(), now);
  EXPECT_TRUE(cache.find("https://a", now + std::chrono::milliseconds(699)));
  EXPECT_FALSE(cache.find("https://a", now + std::chrono::milliseconds(700)));
  cache.keepOwn("https://a", keys(), now);
  cache.keep("https://b", keys(), now, seconds(60));
  cache.forgetOwn();
  EXPECT_FALSE(cache.find("https://a", now));
  EXPECT_TRUE(cache.find("https://b", now));
}

}  // namespace
}  // namespace sim
