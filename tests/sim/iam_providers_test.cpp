#include "local_account.h"

namespace sim {
namespace {

const std::string kArn = "arn:aws:iam::111122223333:oidc-provider/issuer.example.com/id";

Fields create(std::string url) {
  return {{"Action", "CreateOpenIDConnectProvider"},
          {"Url", std::move(url)},
          {"ClientIDList.member.1", "sts.amazonaws.com"},
          {"ThumbprintList.member.1", std::string(40, 'a')}};
}

Fields on(std::string action, Fields more = {}) {
  more.insert(more.begin(), {{"Action", std::move(action)}, {"OpenIDConnectProviderArn", kArn}});
  return more;
}

TEST(OidcProvider, ComesBackWithoutItsScheme) {
  LocalAccount account;
  Fields fields = create("https://issuer.example.com/id");
  fields.insert(fields.end(), {{"Tags.member.1.Key", "team"}, {"Tags.member.1.Value", "edge"}});
  EXPECT_EQ(account.iam(fields).at("CreateOpenIDConnectProviderResult/OpenIDConnectProviderArn"), kArn);
  Reply got = account.iam(on("GetOpenIDConnectProvider"));
  const std::string at = "GetOpenIDConnectProviderResult/";
  EXPECT_EQ(got.at(at + "Url"), "issuer.example.com/id");
  EXPECT_EQ(got.at(at + "ClientIDList/member"), "sts.amazonaws.com");
  EXPECT_EQ(got.at(at + "ThumbprintList/member"), std::string(40, 'a'));
  EXPECT_EQ(got.at(at + "Tags/member/Value"), "edge");
  EXPECT_EQ(account.iam({{"Action", "ListOpenIDConnectProviders"}})
                .at("ListOpenIDConnectProvidersResult/OpenIDConnectProviderList/member/Arn"),
            kArn);
}

TEST(OidcProvider, IsOnePerUrl) {
  LocalAccount account;
  account.iam(create("https://issuer.example.com/id"));
  EXPECT_EQ(account.iam(create("https://issuer.example.com/id")).refusal(),
            "409 EntityAlreadyExists: Provider with url https://issuer.example.com/id already exists.");
  EXPECT_EQ(account.iam(create("https://issuer.example.com:443/id")).status, 409);
}

TEST(OidcProvider, HoldsItsUrlToTheRules) {
  LocalAccount account;
  for (std::string url :
       {"http://issuer.example.com", "https://issuer.example.com:8443", "issuer.example.com", "https://127.0.0.1:8443",
        "https://issuer.example.com:0443/x", "https://issuer.example.com:00443", "https://issuer.example.com:/x"})
    EXPECT_EQ(account.iam(create(url)).refusal(), "400 ValidationError: Invalid Open ID Connect Provider URL") << url;
  for (std::string url : {"https://issuer.example.com?x=1", "https://issuer.example.com#x"})
    EXPECT_EQ(account.iam(create(url)).code, "InvalidInput") << url;
}

TEST(OidcProvider, MayBeOnLoopbackWhenAllowed) {
  LocalAccount account(Settings{.allowLoopbackIssuers = true});
  EXPECT_EQ(account.iam(create("https://127.0.0.1:8443/issuer"))
                .at("CreateOpenIDConnectProviderResult/OpenIDConnectProviderArn"),
            "arn:aws:iam::111122223333:oidc-provider/127.0.0.1:8443/issuer");
}

TEST(OidcProvider, HasLimits) {
  LocalAccount account;
  Fields ids = create("https://issuer.example.com/id"), thumbprints = ids;
  for (int n = 2; n <= 101; ++n)
    ids.emplace_back("ClientIDList.member." + std::to_string(n), "id-" + std::to_string(n));
  for (int n = 2; n <= 6; ++n)
    thumbprints.emplace_back("ThumbprintList.member." + std::to_string(n), std::string(40, 'b'));
  EXPECT_EQ(account.iam(ids).refusal(),
            "409 LimitExceeded: Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100");
  EXPECT_EQ(account.iam(thumbprints).refusal(), "400 InvalidInput: Thumbprint list must contain fewer than 5 entries.");
}

TEST(OidcProvider, ChangesPieceByPiece) {
  LocalAccount account;
  account.iam(create("https://issuer.example.com/id"));
  EXPECT_EQ(account.iam(on("AddClientIDToOpenIDConnectProvider", {{"ClientID", "vault"}})).status, 200);
  EXPECT_EQ(account.iam(on("AddClientIDToOpenIDConnectProvider", {{"ClientID", "vault"}})).status, 200);
  EXPECT_EQ(account.iam(on("RemoveClientIDFromOpenIDConnectProvider", {{"ClientID", "sts.amazonaws.com"}})).status,
            200);
  EXPECT_EQ(account.iam(on("GetOpenIDConnectProvider")).at("GetOpenIDConnectProviderResult/ClientIDList/member"),
            "vault");
  EXPECT_EQ(account.iam(on("UpdateOpenIDConnectProviderThumbprint")).refusal(),
            "400 InvalidInput: Thumbprint list must contain at least one entry.");
}

TEST(OidcProvider, IsMissedInTwoWays) {
  LocalAccount account;
  EXPECT_EQ(account.iam(on("GetOpenIDConnectProvider")).refusal(),
            "404 NoSuchEntity: OpenIDConnect Provider not found for arn " + kArn);
  EXPECT_EQ(account.iam(on("DeleteOpenIDConnectProvider")).refusal(),
            "404 NoSuchEntity: OpenId connect Provider " + kArn + " cannot be found.");
}

TEST(OidcProvider, IsToldAllThatIsTooLongAtOnce) {
  LocalAccount account;
  EXPECT_EQ(account
                .iam({{"Action", "CreateOpenIDConnectProvider"},
                      {"Url", std::string(256, 'b')},
                      {"ClientIDList.member.1", std::string(256, 'b')},
                      {"ThumbprintList.member.1", std::string(41, 'b')}})
                .refusal(),
            "400 ValidationError: 3 validation errors detected: Value at 'clientIDList' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must have length less than or equal to 255, Member must have "
            "length greater than or equal to 1]; Value at 'thumbprintList' failed to satisfy constraint: Member must "
            "satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater "
            "than or equal to 40]; Value at 'url' failed to satisfy constraint: Member must have length less than or "
            "equal to 255");
}

TEST(OidcProvider, MustBeReachableWhenIamHasToFetchItsThumbprint) {
  LocalAccount account;
  Fields fields = create("https://issuer.example.com/id");
  fields.pop_back();
  EXPECT_EQ(account.iam(fields).code, "OpenIdIdpCommunicationError");
}

}  // namespace
}  // namespace sim
