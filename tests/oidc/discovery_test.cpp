#include "oidc/discovery.h"

#include <gmock/gmock.h>

namespace oidc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Discovery, RendersWhatRelyingPartiesRead) {
  Discovery discovery{"https://issuer.example.com", "https://issuer.example.com/openid/v1/jwks", {"RS256", "ES256"}};
  EXPECT_EQ(text::compact(render(discovery)),
            R"({"issuer":"https://issuer.example.com","jwks_uri":"https://issuer.example.com/openid/v1/jwks",)"
            R"("response_types_supported":["id_token"],"subject_types_supported":["public"],)"
            R"("id_token_signing_alg_values_supported":["ES256","RS256"],"claims_supported":["sub","iss"]})");
}

TEST(Discovery, IsReadBack) {
  Discovery discovery{"https://issuer.example.com/", "https://keys.example.com/k", {"ES256"}};
  auto read = parseDiscovery(text::pretty(render(discovery)));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->issuer, "https://issuer.example.com/") << "a trailing slash is the reader's to judge";
  EXPECT_EQ(read->jwksUri, "https://keys.example.com/k");
  EXPECT_THAT(read->signingAlgorithms, ElementsAre("ES256"));
}

TEST(Discovery, NeedsAnIssuerAndAKeyDocument) {
  for (const char* document :
       {"", "[]", "{}", R"({"issuer":"https://a"})", R"({"jwks_uri":"https://a/k"})",
        R"({"issuer":7,"jwks_uri":"https://a/k"})", R"({"issuer":"a","issuer":"b","jwks_uri":"c"})"})
    EXPECT_FALSE(parseDiscovery(document)) << document;
}

TEST(Discovery, ListsTheAlgorithmsOfItsKeysSortedAndOnce) {
  auto p256 = crypto::SigningKey::generateEc("P-256")->publicKey(),
       p384 = crypto::SigningKey::generateEc("P-384")->publicKey();
  auto other = crypto::SigningKey::generateEc("P-256")->publicKey();
  EXPECT_THAT(signingAlgorithms(jwksOf({p384, p256, other})), ElementsAre("ES256", "ES384"));
}

TEST(Issuer, IsAcceptedAsAwsAcceptsIt) {
  for (const std::string& issuer :
       {std::string("https://issuer.example.com"), std::string("https://s3.us-west-2.amazonaws.com/bucket"),
        std::string("https://bucket.s3.us-west-2.amazonaws.com/a/B-c_d~e"), std::string("https://localhost"),
        "https://a/" + std::string(245, 'x')})
    EXPECT_TRUE(checkIssuer(issuer)) << issuer << ": " << checkIssuer(issuer).error().message;
}

TEST(Issuer, MayHaveAPortWhereTheServiceTakesOne) {
  EXPECT_TRUE(checkIssuer("https://rgw.test:8443/bucket", Port::Allowed));
  EXPECT_TRUE(checkIssuer("https://rgw.test/bucket", Port::Allowed));
  for (const char* issuer :
       {"https://rgw.test:", "https://rgw.test:x", "https://:8443", "https://rgw.test:8443/", "http://rgw.test:8443"})
    EXPECT_FALSE(checkIssuer(issuer, Port::Allowed)) << issuer;
}

TEST(Issuer, IsRefusedWithTheRuleAndTheRightSpelling) {
  const std::tuple<std::string, const char*, const char*> cases[] = {
      {"", "empty", "https://HOST"},
      {"kubernetes/serviceaccount", "https://", "https://kubernetes/serviceaccount"},
      {"http://a.example.com", "https://", "use https://a.example.com"},
      {"HTTPS://a.example.com", "https://", "use https://a.example.com"},
      {"ftp://a.example.com", "https://", ""},
      {"https://a.example.com/", "slash", "use https://a.example.com"},
      {"https://a.example.com/b//", "slash", "use https://a.example.com/b"},
      {"https://a.example.com:443", "port", "use https://a.example.com"},
      {"https://a.example.com:8443/x", "port", "use https://a.example.com/x"},
      {"https://u:p@a.example.com/x", "user information", "use https://a.example.com/x"},
      {"https://a.example.com/x?y=1", "query", "use https://a.example.com/x"},
      {"https://a.example.com/x#y", "fragment", "use https://a.example.com/x"},
      {"https://A.example.com/Path", "capital", "use https://a.example.com/Path"},
      {"https://", "no host", ""},
      {"https:///path", "no host", ""},
      {"https://a_b", "DNS name", ""},
      {"https://a..b", "DNS name", ""},
      {"https://[::1]", "port", ""},
      {"https://a/b c", "character", ""},
      {"https://a/b\"c", "character", ""},
      {"https://a/" + std::string(246, 'x'), "256 characters", ""},
  };
  for (const auto& [issuer, rule, right] : cases) {
    auto checked = checkIssuer(issuer);
    ASSERT_FALSE(checked) << issuer;
    EXPECT_THAT(checked.error().message, HasSubstr(rule));
    EXPECT_THAT(checked.error().hint, HasSubstr(right)) << issuer;
  }
}

TEST(Issuer, WithoutItsSchemeIsTheProvidersName) {
  EXPECT_EQ(providerName("https://s3.us-west-2.amazonaws.com/bucket"), "s3.us-west-2.amazonaws.com/bucket");
  EXPECT_EQ(providerName("s3.us-west-2.amazonaws.com/bucket"), "s3.us-west-2.amazonaws.com/bucket");
}

}  // namespace
}  // namespace oidc
