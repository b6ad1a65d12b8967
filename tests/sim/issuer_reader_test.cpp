#include "sim/issuer_reader.h"

#include "local_account.h"

namespace sim {
namespace {

std::string place(std::string_view url) {
  auto found = s3Place(url);
  return found ? found->bucket + " " + found->region + " " + found->key : "elsewhere";
}

TEST(S3Place, IsReadOffTheUrl) {
  EXPECT_EQ(place("https://b.s3.us-west-2.amazonaws.com/keys.json"), "b us-west-2 keys.json");
  EXPECT_EQ(place("https://s3.us-west-2.amazonaws.com/b/p/keys.json"), "b us-west-2 p/keys.json");
  EXPECT_EQ(place("https://s3-us-west-2.amazonaws.com/b/k"), "b us-west-2 k");
  EXPECT_EQ(place("https://b.s3.amazonaws.com/k"), "b  k");
  EXPECT_EQ(place("https://b.s3.cn-north-1.amazonaws.com.cn/k"), "b cn-north-1 k");
  EXPECT_EQ(place("https://b.s3.eusc-de-east-1.amazonaws.eu/k"), "b eusc-de-east-1 k");
  EXPECT_EQ(place("https://a.b.s3.us-west-2.amazonaws.com/k"), "a.b us-west-2 k");
  for (std::string_view url :
       {"http://b.s3.us-west-2.amazonaws.com/k", "https://b.s3.us-west-2.amazonaws.com:8443/k", "https://example.com/b",
        "https://b.s3.us-west-2.amazonaws.com.example.com/k", "https://amazonaws.com/k"})
    EXPECT_EQ(place(url), "elsewhere") << url;
}

// Answers every request with one document, and remembers where it was asked.
class OneDocument final : public http::Client {
 public:
  base::Result<http::Response> send(const http::Request& request) override {
    asked.push_back(request.origin + request.target);
    http::Response response;
    response.status = status;
    response.body = request.target.ends_with("openid-configuration") ? discovery : keys;
    if (!cacheControl.empty()) response.headers.add("Cache-Control", cacheControl);
    return response;
  }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink&) override {
    return send(request);
  }

  int status = 200;
  std::string discovery, keys, cacheControl;
  std::vector<std::string> asked;
};

struct Elsewhere : LocalAccount {
  explicit Elsewhere(OneDocument& web, std::string url, bool loopback = false)
      : LocalAccount(Settings{.allowLoopbackIssuers = loopback}, &web), issuer(std::move(url)) {
    oidc::Jwks jwks = oidc::jwksOf({issuerKey().publicKey()});
    web.discovery =
        text::compact(oidc::render(oidc::Discovery{issuer, issuer + "/keys.json", oidc::signingAlgorithms(jwks)}));
    web.keys = text::compact(oidc::render(jwks));
    EXPECT_EQ(iam({{"Action", "CreateOpenIDConnectProvider"},
                   {"Url", issuer},
                   {"ClientIDList.member.1", "sts.amazonaws.com"},
                   {"ThumbprintList.member.1", std::string(40, 'a')}})
                  .status,
              200);
    std::string name = oidc::providerName(issuer);
    std::string trust = text::compact(policy::trustPolicy("arn:aws:iam::111122223333:oidc-provider/" + name, name,
                                                          "sts.amazonaws.com", {"system:serviceaccount:default:echo"}));
    EXPECT_EQ(iam({{"Action", "CreateRole"}, {"RoleName", "echo"}, {"AssumeRolePolicyDocument", trust}}).status, 200);
  }
  Reply assume() {
    auto claims =
        oidc::claimsOf({.issuer = issuer, .nameSpace = "default", .serviceAccount = "echo", .issuedAt = clock.now()});
    return unsignedSts({{"Action", "AssumeRoleWithWebIdentity"},
                        {"RoleArn", "arn:aws:iam::111122223333:role/echo"},
                        {"RoleSessionName", "test"},
                        {"WebIdentityToken", oidc::sign(claims, issuerKey()).value()}});
  }
  std::string issuer;
};

TEST(IssuerReader, FetchesAnIssuerFromElsewhere) {
  OneDocument web;
  Elsewhere account(web, "https://issuer.example.com/id");
  EXPECT_EQ(account.assume().status, 200);
  EXPECT_EQ(web.asked, (std::vector<std::string>{"https://issuer.example.com/id/.well-known/openid-configuration",
                                                 "https://issuer.example.com/id/keys.json"}));
}

TEST(IssuerReader, TakesNothingButStatus200) {
  OneDocument web;
  Elsewhere account(web, "https://issuer.example.com");
  for (int status : {301, 404, 500}) {
    web.status = status;
    EXPECT_EQ(account.assume().code, "InvalidIdentityToken");
  }
}

TEST(IssuerReader, WantsTheDocumentToNameTheIssuer) {
  OneDocument web;
  Elsewhere account(web, "https://issuer.example.com");
  web.discovery.replace(web.discovery.find("issuer.example.com"), 18, "another.example.co");
  EXPECT_EQ(account.assume().code, "InvalidIdentityToken");
}

TEST(IssuerReader, NeverAsksAddressesThatNobodyOutsideReaches) {
  for (std::string url : {"https://127.0.0.1",
                          "https://169.254.169.254/latest",
                          "https://localhost",
                          "https://a.localhost",
                          "https://2130706433",
                          "https://0x7f.1",
                          "https://127.1",
                          "https://0177.0.0.1",
                          "https://10.0.0.1",
                          "https://192.168.1.1",
                          "https://100.64.0.1",
                          "https://0.0.0.0",
                          "https://[::1]",
                          "https://[::]",
                          "https://[::ffff:127.0.0.1]",
                          "https://[::ffff:a9fe:a9fe]",
                          "https://[fe80::1]",
                          "https://[fd00:ec2::254]",
                          "https://[64:ff9b::a9fe:a9fe]",
                          "https://[2002:7f00:1::1]"}) {
    OneDocument web;
    Elsewhere account(web, url);
    EXPECT_EQ(account.assume().code, "InvalidIdentityToken") << url;
    EXPECT_TRUE(web.asked.empty()) << url;
  }
}

TEST(IssuerReader, JudgesTheAddressOfTheKeysToo) {
  for (std::string url : {"https://169.254.169.254/keys", "https://[::ffff:127.0.0.1]/keys",
                          "http://issuer.example.com/keys", "file:///etc/passwd", "gopher://x/", ""}) {
    OneDocument web;
    Elsewhere account(web, "https://issuer.example.com");
    web.discovery = text::compact({{"issuer", account.issuer}, {"jwks_uri", url}});
    EXPECT_EQ(account.assume().code, "InvalidIdentityToken") << url;
    EXPECT_EQ(web.asked.size(), 1U) << url;
  }
}

TEST(IssuerReader, KeepsKeysAsLongAsTheirDocumentsAllow) {
  OneDocument web;
  web.cacheControl = "public, max-age=300";
  Elsewhere account(web, "https://issuer.example.com");
  EXPECT_EQ(account.assume().status, 200);
  web.status = 503;
  account.clock.advance(std::chrono::seconds(299));
  EXPECT_EQ(account.assume().status, 200);
  EXPECT_EQ(web.asked.size(), 2U);
  account.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(account.assume().code, "InvalidIdentityToken");
  EXPECT_EQ(web.asked.size(), 3U);
}

TEST(IssuerReader, AsksForEachTokenWhereNothingMayBeKept) {
  for (std::string control : {"", "no-cache", "no-store, max-age=300", "max-age=0", "private, max-age=300"}) {
    OneDocument web;
    web.cacheControl = control;
    Elsewhere account(web, "https://issuer.example.com");
    EXPECT_EQ(account.assume().status, 200);
    EXPECT_EQ(account.assume().status, 200);
    EXPECT_EQ(web.asked.size(), 4U) << control;
  }
}

TEST(IssuerReader, AsksAgainForAKeyThatItDoesNotKnow) {
  OneDocument web;
  web.cacheControl = "max-age=3600";
  Elsewhere account(web, "https://issuer.example.com");
  const std::string keys = web.keys;
  web.keys = text::compact(oidc::render(oidc::jwksOf({crypto::SigningKey::generateEc("P-256").value().publicKey()})));
  EXPECT_EQ(account.assume().code, "InvalidIdentityToken");
  web.keys = keys;
  EXPECT_EQ(account.assume().status, 200);
  EXPECT_EQ(web.asked.size(), 4U);
}

TEST(IssuerReader, AsksLoopbackWhenAllowed) {
  OneDocument web;
  Elsewhere account(web, "https://127.0.0.1:8443/id", true);
  EXPECT_EQ(account.assume().status, 200);
}

}  // namespace
}  // namespace sim
