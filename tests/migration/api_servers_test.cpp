#include "migration/api_servers.h"

#include <gmock/gmock.h>

#include <map>

#include "base/time.h"
#include "oidc/discovery.h"
#include "support/fake_api_server.h"
#include "text/encoding.h"

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

// Answers what an API server is asked, as far as a look at its flags goes.
class ServerWithFlags final : public http::Handler {
 public:
  explicit ServerWithFlags(std::vector<std::string> command) {
    const crypto::SigningKey key = crypto::SigningKey::generateEc("P-256").value();
    const std::string header = R"({"alg":"ES256","kid":")" + key.publicKey().keyId() + R"("})";
    const std::string token = text::base64Url(header) + "." +
                              text::base64Url(R"({"iss":"https://old.example.com","aud":["vault"]})") + "." +
                              text::base64Url("s");
    const text::Json pod = {{"spec", {{"containers", {{{"name", "kube-apiserver"}, {"command", std::move(command)}}}}}},
                            {"status", {{"hostIP", "192.0.2.10"}}}};
    answers_ = {{"/.well-known/openid-configuration",
                 text::compact(oidc::render(oidc::Discovery{"https://old.example.com", "https://a/jwks", {"ES256"}}))},
                {"/openid/v1/jwks", text::compact(oidc::render(oidc::jwksOf({key.publicKey()})))},
                {"/metrics", "process_start_time_seconds 1.7955216e+09\n"},
                {"/readyz", "ok"},
                {"/api/v1/namespaces/kube-system/pods", text::compact({{"items", text::Json::array({pod})}})},
                {"/api/v1/namespaces/kube-system/serviceaccounts/default/token",
                 text::compact({{"status", {{"token", token}}}})},
                {"/apis/authentication.k8s.io/v1/tokenreviews", R"({"status":{"authenticated":true}})"}};
  }

  http::Answer handle(const http::Request& request, http::Response& response) override {
    const auto found = answers_.find(std::string(request.path()));
    response.status = found == answers_.end() ? 404 : request.method == "POST" ? 201 : 200;
    if (found != answers_.end()) response.body = found->second;
    co_return;
  }

 private:
  std::map<std::string, std::string> answers_;
};

TEST(LookAtApiServers, ReadsFlagsHoweverTheyAreSpelt) {
  ServerWithFlags server({"kube-apiserver", "--service_account_issuer", "https://old.example.com",
                          "--service-account-issuer=https://new.example.com", "--allow-privileged",
                          "--service-account-key-file", "/etc/kubernetes/pki/sa.pub",
                          "--service_account_signing_key_file=/etc/kubernetes/pki/sa.key"});
  const auto http = http::clientOf(server);
  const kube::Client client(*http, "https://192.0.2.10:6443", nullptr, "test");
  const base::Result<Cluster> seen = lookAtApiServers({{"192.0.2.10:6443", client}}, client, kStart);
  ASSERT_TRUE(seen) << seen.error().message;
  const ApiServer& one = seen->servers.at(0);
  EXPECT_THAT(one.trouble, IsEmpty());
  EXPECT_TRUE(one.showsFlags);
  EXPECT_THAT(one.issuers, testing::ElementsAre("https://old.example.com", "https://new.example.com"));
  EXPECT_THAT(one.keyFiles, testing::ElementsAre("/etc/kubernetes/pki/sa.pub"));
  EXPECT_EQ(one.signingKey, "/etc/kubernetes/pki/sa.key");
}

}  // namespace
}  // namespace migration
