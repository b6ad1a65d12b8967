#include "migration/api_servers.h"

#include <gmock/gmock.h>

#include "base/time.h"
#include "support/fake_api_server.h"

namespace migration {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const base::Time kStart = base::fromUnixSeconds(1795521600);

TEST(LookAtKeys, AsksEachApiServerForItsKeysAlone) {
  const auto key = crypto::SigningKey::generateEc("P-256").value().publicKey();
  support::FakeApiServer good, empty, closed;
  good.jwks = text::compact(oidc::render(oidc::jwksOf({key})));
  empty.jwks = R"({"keys":[]})";
  closed.forbidden = {"/openid/v1/jwks"};
  for (support::FakeApiServer* one : {&good, &empty, &closed})
    one->forbidden.insert({"/metrics", "/readyz", "/.well-known/openid-configuration"});
  const auto goodHttp = http::clientOf(good), emptyHttp = http::clientOf(empty), closedHttp = http::clientOf(closed);
  const kube::Client first(*goodHttp, "https://a.test", nullptr, "test"),
      second(*emptyHttp, "https://b.test", nullptr, "test"), third(*closedHttp, "https://c.test", nullptr, "test");
  const Cluster seen = lookAtKeys({{"a", first}, {"b", second}, {"c", third}}, kStart);
  ASSERT_EQ(seen.servers.size(), 3u);
  EXPECT_EQ(seen.now, kStart);
  EXPECT_THAT(seen.servers[0].trouble, IsEmpty());
  EXPECT_TRUE(seen.servers[0].serves(key.keyId()));
  EXPECT_THAT(seen.servers[1].trouble, HasSubstr("serves no key"));
  EXPECT_THAT(seen.servers[2].trouble, HasSubstr("forbidden"));
}

}  // namespace
}  // namespace migration
