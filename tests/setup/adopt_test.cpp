#include "setup/adopt.h"

#include <gmock/gmock.h>

#include "oidc/jwks.h"
#include "setup/two_worlds.h"

namespace setup {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kBucket = "aws-irsa-oidc-1635000000", kOwner = "111122223333";
const std::string kIssuer = "https://s3-us-west-2.amazonaws.com/" + kBucket;

TEST(IssuerPlace, EveryWayToNameABucketIsKnown) {
  EXPECT_EQ(issuerPlaceOf("https://s3-us-west-2.amazonaws.com/b"), (IssuerPlace{"b", "us-west-2", "", true, true}));
  EXPECT_EQ(issuerPlaceOf("https://s3.us-west-2.amazonaws.com/b/edge/x"),
            (IssuerPlace{"b", "us-west-2", "edge/x", true, false}));
  EXPECT_EQ(issuerPlaceOf("https://b.s3.eusc-de-east-1.amazonaws.eu"),
            (IssuerPlace{"b", "eusc-de-east-1", "", false, false}));
  EXPECT_EQ(issuerPlaceOf("b.s3-eu-west-1.amazonaws.com/p"), (IssuerPlace{"b", "eu-west-1", "p", false, true}));
  EXPECT_EQ(issuerPlaceOf("https://s3.amazonaws.com/b/"), (IssuerPlace{"b", "", "", true, false}));
  for (const char* elsewhere :
       {"https://id.example.com", "https://s3.us-west-2.amazonaws.com", "https://s3.example.com/b",
        "https://oidc.eks.us-west-2.amazonaws.com/id/A", "https://s3.us-west-2.amazonaws.eu/b"})
    EXPECT_FALSE(issuerPlaceOf(elsewhere)) << elsewhere;
}

// As the guides have it: no policy that names the documents, a slash, an empty kid, a leaf's thumbprint, no audience.
class Adopt : public testing::Test {
 protected:
  Adopt() {
    worlds.aws->call(aws::CreateBucket{kBucket, "us-west-2"}).value();
    auto key = crypto::SigningKey::generateEc("P-256").value();
    text::Json jwks = oidc::render(oidc::jwksOf({key.publicKey()}));
    text::Json twin = jwks["keys"].front();
    twin["kid"] = "";
    jwks["keys"].push_back(twin);
    put("keys.json", text::pretty(jwks), "binary/octet-stream");
    put(".well-known/openid-configuration",
        "{\"issuer\":\"" + kIssuer + "/\",\"jwks_uri\":\"" + kIssuer +
            "/keys.json\",\"response_types_supported\":[\"id_token\"],\"subject_types_supported\":[\"public\"],"
            "\"id_token_signing_alg_values_supported\":[\"RS256\"]}",
        "binary/octet-stream");
    worlds.aws->call(aws::PutPublicAccessBlock{kBucket, kOwner, {}}).value();
    worlds.aws
        ->call(aws::PutBucketPolicy{
            kBucket, kOwner,
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::)" +
                kBucket +
                R"(/*"},{"Sid":"Mine","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},)" +
                R"("Action":"s3:ListBucket","Resource":"arn:aws:s3:::)" + kBucket + "\"}]}"})
        .value();
    auto provider = worlds.aws->call(
        aws::CreateOpenIDConnectProvider{kIssuer, {"somebody"}, {}, {"990f4193972f2becf12ddeda5237f9c952f20d9e"}});
    EXPECT_TRUE(provider) << provider.error().message;
    const std::string trust = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":")" +
                              *provider +
                              R"("},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{")" +
                              kIssuer.substr(8) + R"(:sub":"system:serviceaccount:default:s3-echoer"}}}]})";
    EXPECT_TRUE(
        worlds.aws->call(aws::CreateRole{.roleName = "s3-echoer", .path = "/", .assumeRolePolicyDocument = trust}));
    before = worlds.account->dump();
  }

  void put(const std::string& key, const std::string& body, const std::string& type) {
    worlds.aws->call(aws::PutObject{kBucket, kOwner, key, body, type, ""}).value();
  }
  FoundSetup look() {
    auto found = lookForSetups(worlds.view(), kIssuer);
    if (found) return found->front();
    ADD_FAILURE() << found.error().message;
    return {};
  }
  std::vector<std::string> codes() {
    std::vector<std::string> out;
    for (const text::Finding& finding : lintSetup(look())) out.push_back(finding.code);
    return out;
  }
  std::vector<std::string> mend(const std::set<std::string>& wanted, std::vector<std::string> authorities = {}) {
    FoundSetup found = look();
    found.authorities = std::move(authorities);
    auto plan = planRepair(found, wanted);
    if (!plan) return {plan.error().message};
    World world = worlds.view();
    Outcome outcome = applyPlan(*plan, world, {}, [](const Event&) {});
    EXPECT_THAT(outcome.failures, IsEmpty());
    std::vector<std::string> calls;
    for (const Action& action : plan->actions) calls.push_back(nameOf(action.call));
    return calls;
  }

  TwoWorlds worlds;
  std::string before;
};

TEST_F(Adopt, EachDefectOfTheGuidesHasItsCodeAndLookingChangesNothing) {
  EXPECT_THAT(codes(), testing::UnorderedElementsAre("ISSUER_SLASH", "ISSUER_DASH_ENDPOINT", "ISSUER_PATH_STYLE",
                                                     "DOCUMENT_HEADERS", "DOCUMENT_HEADERS", "KID_EMPTY",
                                                     "BUCKET_POLICY_WIDE", "PUBLIC_ACLS", "PROVIDER_NO_AUDIENCE",
                                                     "THUMBPRINT_LEAF", "AUD_MISSING", "PROVIDER_EXTRA_AUDIENCE"));
  EXPECT_EQ(worlds.account->dump(), before);
  for (const text::Finding& finding : lintSetup(look()))
    if (repairableCodes().contains(finding.code) && finding.severity != text::Severity::Note) {
      EXPECT_THAT(finding.fix, HasSubstr("--fix " + finding.code)) << finding.code;
    }
}

TEST_F(Adopt, EachRepairMendsItsOwnDefectAndNoOther) {
  const std::map<std::string, std::vector<std::string>> repairs{
      {"ISSUER_SLASH", {"s3:PutObject"}},
      {"DOCUMENT_HEADERS", {"s3:PutObject", "s3:PutObject"}},
      {"KID_EMPTY", {"s3:PutObject"}},
      {"BUCKET_POLICY_WIDE", {"s3:PutBucketPolicy"}},
      {"PUBLIC_ACLS", {"s3:PutPublicAccessBlock"}},
      {"PROVIDER_NO_AUDIENCE", {"iam:AddClientIDToOpenIDConnectProvider"}},
      {"AUD_MISSING", {"iam:UpdateAssumeRolePolicy"}}};
  for (const auto& [code, calls] : repairs) {
    SCOPED_TRACE(code);
    std::vector<std::string> expected = codes();
    expected.erase(std::remove(expected.begin(), expected.end(), code), expected.end());
    EXPECT_EQ(mend({code}), calls);
    EXPECT_THAT(codes(), testing::UnorderedElementsAreArray(expected));
  }
  FoundSetup told = look();
  told.authorities = {std::string(40, 'a')};
  EXPECT_THAT(lintSetup(told),
              Contains(testing::AllOf(testing::Field(&text::Finding::code, "THUMBPRINT_LEAF"),
                                      testing::Field(&text::Finding::severity, text::Severity::Error))));
  EXPECT_THAT(mend({"THUMBPRINT_LEAF"}), ElementsAre(HasSubstr("is not known")));
  EXPECT_THAT(mend({"THUMBPRINT_LEAF"}, {std::string(40, 'a')}),
              ElementsAre("iam:UpdateOpenIDConnectProviderThumbprint"));
  EXPECT_THAT(worlds.aws->call(aws::GetBucketPolicy{kBucket, kOwner}).value(), HasSubstr("\"Mine\""));
  EXPECT_THAT(worlds.aws->call(aws::GetRole{"s3-echoer"})->assumeRolePolicyDocument,
              HasSubstr(":aud\":\"sts.amazonaws.com\""));
}

TEST_F(Adopt, ARepairThatWouldTakeTheDocumentsFromAwsIsRefused) {
  worlds.aws
      ->call(aws::PutBucketPolicy{kBucket, kOwner,
                                  R"({"Version":"2012-10-17","Statement":[{"Sid":"Mine","Effect":"Allow",)"
                                  R"("Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:ListBucket",)"
                                  R"("Resource":"arn:aws:s3:::)" +
                                      kBucket + "\"}]}"})
      .value();
  EXPECT_THAT(codes(), Contains("DOCUMENTS_BY_ACL"));
  EXPECT_THAT(mend({"PUBLIC_ACLS"}), ElementsAre(HasSubstr("would take the documents from AWS")));
  EXPECT_THAT(mend({"PUBLIC_ACLS", "DOCUMENTS_BY_ACL"}), ElementsAre("s3:PutBucketPolicy", "s3:PutPublicAccessBlock"));
  EXPECT_THAT(codes(), Not(Contains("DOCUMENTS_BY_ACL")));
  EXPECT_THAT(worlds.aws->call(aws::GetBucketPolicy{kBucket, kOwner}).value(), HasSubstr("\"Mine\""));
}

TEST_F(Adopt, ARepairThatWasCutOffGoesOnWithTheSameCommand) {
  mend({"ISSUER_SLASH"});
  const FoundSetup found = look();
  const Plan plan = planRepair(found, {"ISSUER_SLASH", "KID_EMPTY"}).value();
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("ISSUER_SLASH is not, or no longer,")));
  EXPECT_EQ(plan.actions.size(), 1);
  mend({"KID_EMPTY"});
  EXPECT_THAT(mend({"ISSUER_SLASH", "KID_EMPTY"}), IsEmpty());
}

TEST_F(Adopt, WhatIsNotThereOrNotOursToMendIsSaid) {
  EXPECT_THAT(mend({"DOCUMENT_MISSING"}), ElementsAre(HasSubstr("is not among what is wrong")));
  EXPECT_THAT(mend({"ISSUER_DASH_ENDPOINT"}), ElementsAre(HasSubstr("nothing that irsa mends by itself")));
  EXPECT_EQ(worlds.account->dump(), before);
  auto none = lookForSetups(worlds.view(), "https://id.example.com");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, base::ErrorKind::NotFound);
}

TEST_F(Adopt, ABucketThatIsGoneIsTheWorstOfAll) {
  for (const char* key : {"keys.json", ".well-known/openid-configuration"})
    worlds.aws->call(aws::DeleteObject{kBucket, kOwner, key}).value();
  EXPECT_THAT(codes(), Contains("DOCUMENT_MISSING"));
  worlds.aws->call(aws::DeleteBucket{kBucket, kOwner}).value();
  EXPECT_THAT(codes(), Contains("BUCKET_MISSING"));
}

TEST_F(Adopt, WhatIrsaMadeIsClean) {
  TwoWorlds ours;
  ours.run(
      "apiVersion: irsa-anywhere/v1\nname: edge\naws: {region: us-west-2}\nkeys: {source: generate, algorithm: ES256}\n"
      "bindings: [{serviceAccount: a/b, role: {name: r}}]\n");
  auto found = lookForSetups(ours.view(), "");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_TRUE(text::isClean(lintSetup(found->front()))) << text::describe(lintSetup(found->front()));
}

}  // namespace
}  // namespace setup
