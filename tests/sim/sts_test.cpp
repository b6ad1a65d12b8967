#include "base/time.h"
#include "local_account.h"

namespace sim {
namespace {

using text::Json;

constexpr std::string_view kKeyText =
    "400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements";
constexpr std::string_view kUnauthorized = "403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";
constexpr std::string_view kOpaque =
    "400 InvalidIdentityToken: The web identity token provided could not be validated.";
constexpr std::string_view kNotAJwt =
    "400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
    "Token)";

std::int64_t now(const IssuerAccount& account) { return base::unixSeconds(account.clock.now()); }

TEST(AssumeRoleWithWebIdentity, GivesCredentialsForAGoodToken) {
  IssuerAccount account;
  Reply reply = account.assume(account.token(account.claims()));
  ASSERT_EQ(reply.status, 200) << reply.refusal();
  const std::string at = "AssumeRoleWithWebIdentityResult/";
  EXPECT_EQ(reply.at(at + "SubjectFromWebIdentityToken"), "system:serviceaccount:default:echo");
  EXPECT_EQ(reply.at(at + "Audience"), "sts.amazonaws.com");
  EXPECT_EQ(reply.at(at + "Provider"), "arn:aws:iam::111122223333:oidc-provider/oidc-test.s3.us-west-2.amazonaws.com");
  EXPECT_EQ(reply.at(at + "AssumedRoleUser/Arn"), "arn:aws:sts::111122223333:assumed-role/echo/test");
  EXPECT_TRUE(reply.at(at + "AssumedRoleUser/AssumedRoleId").ends_with(":test"));
  EXPECT_TRUE(reply.at(at + "Credentials/AccessKeyId").starts_with("ASIA"));
  EXPECT_EQ(reply.at(at + "Credentials/Expiration"), base::rfc3339(account.clock.now() + std::chrono::hours(1)));
  EXPECT_EQ(reply.at(at + "PackedPolicySize"), "0");
  EXPECT_EQ(reply.at("ResponseMetadata/RequestId"), reply.header("x-amzn-RequestId"));
}

TEST(AssumeRoleWithWebIdentity, RefusesAnExpiredToken) {
  IssuerAccount account;
  Json claims = account.claims();
  claims["exp"] = now(account) - 301;
  EXPECT_EQ(account.assume(account.token(claims)).refusal(),
            "400 ExpiredTokenException: Token expired: current date/time " + std::to_string(now(account) - 300) +
                " must be before the expiration date/time " + std::to_string(now(account) - 301));
}

TEST(AssumeRoleWithWebIdentity, TakesAnExpiredTokenForFiveMinutes) {
  IssuerAccount account;
  Json claims = account.claims();
  claims["exp"] = now(account) - 299;
  EXPECT_EQ(account.assume(account.token(claims)).status, 200);
}

TEST(AssumeRoleWithWebIdentity, RefusesATokenThatIsNotYetValid) {
  IssuerAccount account;
  Json claims = account.claims();
  claims["nbf"] = now(account) + 301;
  Reply reply = account.assume(account.token(claims));
  EXPECT_EQ(reply.code, "InvalidIdentityToken");
  EXPECT_TRUE(reply.message.starts_with("Token not yet valid: current date/time ")) << reply.message;
}

TEST(AssumeRoleWithWebIdentity, RefusesAnotherAudience) {
  IssuerAccount account;
  Json claims = account.claims();
  claims["aud"] = "vault";
  EXPECT_EQ(account.assume(account.token(claims)).refusal(), "400 InvalidIdentityToken: Incorrect token audience");
}

TEST(AssumeRoleWithWebIdentity, RefusesAnotherServiceAccount) {
  IssuerAccount account;
  EXPECT_EQ(account.assume(account.token(account.claims("intruder"))).refusal(), kUnauthorized);
}

TEST(AssumeRoleWithWebIdentity, RefusesAKeyThatTheIssuerDoesNotPublish) {
  IssuerAccount account;
  auto foreign = crypto::SigningKey::generateEc("P-256").value();
  EXPECT_EQ(account.assume(account.token(account.claims(), foreign)).refusal(), kKeyText);
}

TEST(AssumeRoleWithWebIdentity, RefusesATamperedSignature) {
  IssuerAccount account;
  std::string token = account.token(account.claims());
  std::size_t dot = token.rfind('.');
  token[dot + 5] = token[dot + 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(account.assume(token).refusal(),
            "400 InvalidIdentityToken: The web identity token provided could not be validated. See the "
            "AssumeRoleWithWebIdentity documentation for requirements.");
}

TEST(AssumeRoleWithWebIdentity, RefusesAnIssuerWithoutAProvider) {
  IssuerAccount account;
  Json claims = account.claims();
  claims["iss"] = "https://other.example.com/a";
  EXPECT_EQ(
      account.assume(account.token(claims)).refusal(),
      "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://other.example.com/a");
}

TEST(AssumeRoleWithWebIdentity, RefusesAnIssuerThatIsNoUrl) {
  IssuerAccount account;
  Json claims = account.claims();
  claims["iss"] = "kubernetes/serviceaccount";
  EXPECT_EQ(account.assume(account.token(claims)).refusal(), "400 InvalidIdentityToken: Issuer must be a valid URL");
}

TEST(AssumeRoleWithWebIdentity, NeverSaysThatARoleDoesNotExist) {
  IssuerAccount account;
  for (std::string role : {"arn:aws:iam::111122223333:role/nobody", "arn:aws:iam::111122223333:role/path/echo",
                           "arn:aws:iam::111122223333:role/ECHO"}) {
    Fields fields = account.assumeFields(account.token(account.claims()));
    fields[1].second = role;
    EXPECT_EQ(account.unsignedSts(fields).refusal(), kUnauthorized) << role;
  }
}

TEST(AssumeRoleWithWebIdentity, FindsNoProviderInAnotherAccount) {
  IssuerAccount account;
  Fields fields = account.assumeFields(account.token(account.claims()));
  fields[1].second = "arn:aws:iam::999988887777:role/echo";
  EXPECT_EQ(account.unsignedSts(fields).refusal(),
            "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for "
            "https://oidc-test.s3.us-west-2.amazonaws.com");
}

TEST(AssumeRoleWithWebIdentity, FeelsADeletedProviderAtOnce) {
  IssuerAccount account;
  account.iam({{"Action", "DeleteOpenIDConnectProvider"},
               {"OpenIDConnectProviderArn", "arn:aws:iam::111122223333:oidc-provider/" + std::string(account.kName)}});
  EXPECT_EQ(account.assume(account.token(account.claims())).code, "InvalidIdentityToken");
}

TEST(AssumeRoleWithWebIdentity, ReadsItsOwnBucketsAsNobody) {
  IssuerAccount account;
  EXPECT_EQ(account.s3("DELETE", "/oidc-test?policy").status, 204);
  EXPECT_EQ(account.assume(account.token(account.claims())).refusal(), kKeyText);
}

TEST(AssumeRoleWithWebIdentity, MissesAnIssuerWhoseBucketIsInAnotherRegion) {
  IssuerAccount account;
  account.iam({{"Action", "CreateOpenIDConnectProvider"},
               {"Url", "https://oidc-test.s3.eu-west-1.amazonaws.com"},
               {"ClientIDList.member.1", "sts.amazonaws.com"}});
  Json claims = account.claims();
  claims["iss"] = "https://oidc-test.s3.eu-west-1.amazonaws.com";
  EXPECT_EQ(account.assume(account.token(claims)).refusal(), kKeyText);
}

TEST(AssumeRoleWithWebIdentity, RefusesWhatIsNoToken) {
  IssuerAccount account;
  for (std::string token : {"garbage", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30.YQ"})
    EXPECT_EQ(account.assume(token).refusal(), kNotAJwt) << token;
}

TEST(AssumeRoleWithWebIdentity, NamesTheMissingClaim) {
  IssuerAccount account;
  for (std::string name : {"aud", "sub", "iat", "exp", "iss"}) {
    Json claims = account.claims();
    claims.erase(name);
    EXPECT_EQ(account.assume(account.token(claims)).refusal(),
              "400 InvalidIdentityToken: Missing a required claim: " + name);
  }
}

TEST(AssumeRoleWithWebIdentity, FoldsSomeFaultsInTheOpaqueDialect) {
  IssuerAccount account(Settings{.dialect = Dialect::Opaque});
  Json audience = account.claims(), issuer = account.claims(), expired = account.claims();
  audience["aud"] = "vault";
  issuer["iss"] = "https://other.example.com";
  expired["exp"] = now(account) - 4000;
  EXPECT_EQ(account.assume(account.token(audience)).refusal(), kOpaque);
  EXPECT_EQ(account.assume(account.token(issuer)).refusal(), kOpaque);
  EXPECT_EQ(account.assume(account.token(expired)).code, "ExpiredTokenException");
  EXPECT_EQ(account.assume(account.token(account.claims("intruder"))).refusal(), kUnauthorized);
}

struct BadRequest {
  std::string name, value, refusal;
};

TEST(AssumeRoleWithWebIdentity, ChecksItsParametersInAwsWords) {
  IssuerAccount account;
  const std::string one = "400 ValidationError: 1 validation error detected: ";
  const BadRequest cases[] = {
      {"RoleArn", "arn:aws:iam::111122223333:user/echo", "400 ValidationError: Request ARN is invalid"},
      {"RoleSessionName", "bad session!!",
       one + "Value 'bad session!!' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular "
             "expression pattern: [\\w+=,.@-]*"},
      {"RoleSessionName", "x",
       one +
           "Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal "
           "to 2"},
      {"DurationSeconds", "100",
       one + "Value '100' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or "
             "equal "
             "to 900"},
      {"DurationSeconds", "43201",
       one +
           "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal "
           "to 43200"},
      {"DurationSeconds", "7200",
       "400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
      {"ProviderId", "www.amazon.com", "400 InvalidIdentityToken: Provided Token is not a Login With Amazon token"},
      {"ProviderId", "accounts.google.com",
       "403 AccessDenied: Unrecognized OAuth provider. Do not include a provider parameter when submitting "
       "OpenIDConnect "
       "ID tokens"},
      {"WebIdentityToken", "abc",
       one +
           "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to "
           "4"},
  };
  for (const BadRequest& bad : cases) {
    Fields fields = account.assumeFields(account.token(account.claims()));
    std::erase_if(fields, [&](const auto& field) { return field.first == bad.name; });
    fields.emplace_back(bad.name, bad.value);
    EXPECT_EQ(account.unsignedSts(fields).refusal(), bad.refusal) << bad.name << "=" << bad.value;
  }
}

TEST(AssumeRoleWithWebIdentity, SaysEveryBrokenConstraintAtOnce) {
  IssuerAccount account;
  EXPECT_EQ(
      account.unsignedSts({{"Action", "AssumeRoleWithWebIdentity"}, {"RoleSessionName", "me"}}).refusal(),
      "400 ValidationError: 2 validation errors detected: Value at 'roleArn' failed to satisfy constraint: Member must "
      "not be null; Value at 'webIdentityToken' failed to satisfy constraint: Member must not be null");
}

TEST(AssumeRoleWithWebIdentity, WantsTagSessionForSessionTags) {
  IssuerAccount account;
  Json claims = account.claims();
  claims["https://aws.amazon.com/tags"] = {{"principal_tags", {{"team", {"edge"}}}}};
  EXPECT_EQ(account.assume(account.token(claims)).refusal(),
            "403 AccessDenied: Not authorized to perform sts:TagSession");
  claims["https://aws.amazon.com/tags"] = "x";
  EXPECT_EQ(account.assume(account.token(claims)).message, "principal_tags passed in claim is not in correct format.");
}

TEST(Sts, SaysWhoCalls) {
  IssuerAccount account;
  Reply administrator = account.sts({{"Action", "GetCallerIdentity"}});
  EXPECT_EQ(administrator.at("GetCallerIdentityResult/Arn"), "arn:aws:iam::111122223333:user/administrator");
  account.becomeRole();
  Reply role = account.sts({{"Action", "GetCallerIdentity"}});
  EXPECT_EQ(role.at("GetCallerIdentityResult/Arn"), "arn:aws:sts::111122223333:assumed-role/echo/test");
  EXPECT_EQ(role.at("GetCallerIdentityResult/Account"), "111122223333");
}

TEST(Sts, RefusesAnExpiredSession) {
  IssuerAccount account;
  account.becomeRole();
  account.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(account.sts({{"Action", "GetCallerIdentity"}}).refusal(),
            "403 ExpiredToken: The security token included in the request is expired");
  EXPECT_EQ(account.s3("GET", "/").refusal(), "400 ExpiredToken: The provided token has expired.");
}

TEST(Sts, AssumesARoleThatTrustsTheCaller) {
  LocalAccount account;
  std::string trust =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}})";
  ASSERT_EQ(account.iam({{"Action", "CreateRole"}, {"RoleName", "deploy"}, {"AssumeRolePolicyDocument", trust}}).status,
            200);
  Reply reply = account.sts(
      {{"Action", "AssumeRole"}, {"RoleArn", "arn:aws:iam::111122223333:role/deploy"}, {"RoleSessionName", "me"}});
  EXPECT_EQ(reply.at("AssumeRoleResult/AssumedRoleUser/Arn"), "arn:aws:sts::111122223333:assumed-role/deploy/me");
}

TEST(AssumeRoleWithWebIdentity, J09_RefusesAFormThatSaysSomethingTwice) {
  IssuerAccount account;
  const std::string token = account.token(account.claims());
  for (const char* name : {"RoleArn", "WebIdentityToken", "RoleSessionName", "Action"}) {
    Fields fields = account.assumeFields(token);
    fields.emplace_back(name, "another");
    EXPECT_EQ(account.unsignedSts(fields).refusal(),
              "400 MalformedQueryString: The query string has a parameter twice.")
        << name;
  }
  Fields many = account.assumeFields(token);
  for (int i = 0; i < 100'000; ++i) many.emplace_back("p" + std::to_string(i), "");
  EXPECT_EQ(account.unsignedSts(many).status, 200);
  Fields odd = account.assumeFields(token);
  odd.emplace_back("with;semicolon", std::string("a\0b", 3));
  EXPECT_EQ(account.unsignedSts(odd).status, 200);
}

}  // namespace
}  // namespace sim
