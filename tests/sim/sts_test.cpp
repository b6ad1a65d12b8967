#include <gmock/gmock.h>

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

TEST(AssumeRoleWithWebIdentity, ReadsNoKeySetOfMoreThanAMebibyte) {
  IssuerAccount account;
  Json keys = oidc::render(oidc::jwksOf({issuerKey().publicKey()}));
  auto publishOf = [&](std::size_t size) {
    keys["more"] = "";
    keys["more"] = std::string(size - text::compact(keys).size(), 'x');
    EXPECT_EQ(account.s3("PUT", "/oidc-test/keys.json", text::compact(keys)).status, 200);
    return account.assume(account.token(account.claims()));
  };
  EXPECT_EQ(publishOf(1u << 20).status, 200);
  EXPECT_EQ(publishOf((1u << 20) + 1).refusal(), kKeyText);
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

const std::string kErrorsOne = "400 ValidationError: 1 validation error detected: ";

Fields with(Fields fields, const std::string& name, const std::string& value) {
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  fields.emplace_back(name, value);
  return fields;
}

TEST(AssumeRoleWithWebIdentity, HoldsEachParameterToItsRule) {
  IssuerAccount account;
  const Fields good = account.assumeFields(account.token(account.claims()));
  const std::string pattern = " failed to satisfy constraint: Member must satisfy regular expression pattern: ";
  const std::string policy(2049, ' ');
  const BadRequest cases[] = {
      {"RoleArn", "arn:aws:iam::1:role/x", "400 ValidationError: Request ARN is invalid"},
      {"RoleArn", "arn:aws:iam::111122223333:role/e cho", "400 ValidationError: Request ARN is invalid"},
      {"RoleArn", "\"arn:aws:iam::111122223333:role/echo\"", "400 ValidationError: Request ARN is invalid"},
      {"RoleArn", "arn:aws:iam::111122223333:user/echo", "400 ValidationError: Request ARN is invalid"},
      {"RoleArn", "arn:aws:sts::111122223333:role/echo", "400 ValidationError: Request ARN is invalid"},
      {"RoleArn", "arn:aws:iam::111122223333:role/", "400 ValidationError: Request ARN is invalid"},
      {"Policy", "\xc4\x80",
       kErrorsOne + "Value '\xc4\x80' at 'policy'" + pattern + "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"},
      {"Policy", policy,
       kErrorsOne + "Value '" + policy +
           "' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"},
      {"ProviderId", "graph.facebook.com", "403 IDPRejectedClaim: Provided Token is not a Facebook token"},
      {"PolicyArns.member.1.arn", "arn:aws:s3:::x",
       kErrorsOne + "Value 'arn:aws:s3:::x' at 'policyArns.1.member.arn' failed to satisfy constraint: Member must "
                    "have length greater than or equal to 20"},
      {"DurationSeconds", "1h", "400 MalformedInput: STRING_VALUE can not be converted to an Integer"},
  };
  for (const BadRequest& bad : cases)
    EXPECT_EQ(account.unsignedSts(with(good, bad.name, bad.value)).refusal(), bad.refusal)
        << bad.name << "=" << bad.value;
  EXPECT_THAT(account.unsignedSts(with(good, "RoleArn", "arn:aws:iam::111122223333:role/e\x01")).message,
              testing::EndsWith(
                  "at 'roleArn'" + pattern +
                  "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+"));
  for (const char* name : {"RoleArn", "WebIdentityToken"}) {
    const std::string longest = name == std::string("RoleArn")
                                    ? "arn:aws:iam::111122223333:role/" + std::string(2018, 'x')
                                    : std::string(20001, 'x');
    EXPECT_THAT(account.unsignedSts(with(good, name, longest)).message,
                testing::HasSubstr("Member must have length less than or equal to "))
        << name;
  }
}

TEST(AssumeRoleWithWebIdentity, LooksInThePartitionOfTheRole) {
  IssuerAccount account;
  const Fields fields =
      with(account.assumeFields(account.token(account.claims())), "RoleArn", "arn:aws-cn:iam::111122223333:role/echo");
  EXPECT_EQ(account.unsignedSts(fields).refusal(),
            "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for "
            "https://oidc-test.s3.us-west-2.amazonaws.com");
}

TEST(AssumeRoleWithWebIdentity, TakesAGetAsWell) {
  IssuerAccount account;
  http::Request request = account.form("2011-06-15", account.assumeFields(account.token(account.claims())));
  request.method = "GET";
  request.target = "/?" + request.body;
  request.body.clear();
  EXPECT_EQ(account.send(request, "").status, 200);
}

TEST(AssumeRoleWithWebIdentity, MeasuresSessionPolicies) {
  IssuerAccount account;
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]})";
  const Fields good = account.assumeFields(account.token(account.claims()));
  EXPECT_EQ(account.unsignedSts(with(good, "Policy", policy)).at("AssumeRoleWithWebIdentityResult/PackedPolicySize"),
            std::to_string((policy.size() * 100 + 2047) / 2048));
  EXPECT_EQ(account.unsignedSts(with(good, "Policy", "{}")).code, "MalformedPolicyDocument");
  EXPECT_EQ(
      account.unsignedSts(with(good, "Policy", R"({"Version":"2012-10-17","Version":"2012-10-17","Statement":[]})"))
          .code,
      "MalformedPolicyDocument");
  Fields both = with(good, "Policy", policy + std::string(2010 - policy.size(), ' '));
  both.emplace_back("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess");
  EXPECT_EQ(account.unsignedSts(both).refusal(),
            "400 PackedPolicyTooLarge: Packed policy consumes 101% of allotted space, please use smaller policy.");
  both = with(good, "PolicyArns.member.1.arn", "arn:aws:iam::999988887777:policy/other");
  EXPECT_EQ(account.unsignedSts(both).code, "ValidationError") << "the policies of other accounts";
}

TEST(AssumeRoleWithWebIdentity, CutsTheRoleDownToItsSessionPolicy) {
  IssuerAccount account;
  ASSERT_EQ(account
                .iam({{"Action", "AttachRolePolicy"},
                      {"RoleName", "echo"},
                      {"PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"}})
                .status,
            200);
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets","iam:GetRole"],"Resource":"*"}]})";
  Reply reply = account.unsignedSts(with(account.assumeFields(account.token(account.claims())), "Policy", policy));
  const std::string at = "AssumeRoleWithWebIdentityResult/Credentials/";
  account.credentials = {
      reply.at(at + "AccessKeyId"), reply.at(at + "SecretAccessKey"), reply.at(at + "SessionToken"), {}};
  EXPECT_EQ(account.s3("GET", "/").status, 200);
  EXPECT_EQ(account.iam({{"Action", "GetRole"}, {"RoleName", "echo"}}).status, 200);
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}}).refusal(),
            "403 AccessDenied: User: arn:aws:sts::111122223333:assumed-role/echo/test is not authorized to perform: "
            "iam:ListRoles because no "
            "session policy allows the iam:ListRoles action");
  EXPECT_EQ(account.sts({{"Action", "GetAccessKeyInfo"}, {"AccessKeyId", "ASIAAAAAAAAAAAAAAAAA"}}).code,
            "AccessDenied");
  EXPECT_EQ(account.sts({{"Action", "GetCallerIdentity"}}).status, 200) << "it needs no permission";
}

TEST(AssumeRoleWithWebIdentity, CarriesSessionTagsAndSourceIdentityOn) {
  IssuerAccount account;
  Json trust = text::parseJson(IssuerAccount::trust("system:serviceaccount:default:echo")).value();
  trust["Statement"][0]["Action"] = {"sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"};
  ASSERT_EQ(
      account
          .iam({{"Action", "UpdateAssumeRolePolicy"}, {"RoleName", "echo"}, {"PolicyDocument", text::compact(trust)}})
          .status,
      200);
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*","Condition":)"
      R"({"StringEquals":{"aws:PrincipalTag/team":"edge","aws:SourceIdentity":"alice"}}},{"Effect":"Allow","Action":"sts:*","Resource":"*"}]})";
  ASSERT_EQ(
      account.iam({{"Action", "PutRolePolicy"}, {"RoleName", "echo"}, {"PolicyName", "p"}, {"PolicyDocument", policy}})
          .status,
      200);
  Json claims = account.claims();
  claims["https://aws.amazon.com/source_identity"] = "alice";
  claims["https://aws.amazon.com/tags"] = {{"principal_tags", {{"team", {"edge"}}}}, {"transitive_tag_keys", {"team"}}};
  Reply reply = account.assume(account.token(claims));
  ASSERT_EQ(reply.status, 200) << reply.refusal();
  EXPECT_EQ(reply.at("AssumeRoleWithWebIdentityResult/SourceIdentity"), "alice");
  const std::string at = "/Credentials/";
  auto become = [&](const Reply& from, const std::string& result) {
    account.credentials = {from.at(result + at + "AccessKeyId"),
                           from.at(result + at + "SecretAccessKey"),
                           from.at(result + at + "SessionToken"),
                           {}};
  };
  const aws::Credentials administrator = account.credentials;
  const std::string chained =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/echo"},)"
      R"("Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"aws:RequestTag/team":"edge"}}}})";
  ASSERT_EQ(account.iam({{"Action", "CreateRole"}, {"RoleName", "next"}, {"AssumeRolePolicyDocument", chained}}).status,
            200);
  ASSERT_EQ(
      account.iam({{"Action", "PutRolePolicy"}, {"RoleName", "next"}, {"PolicyName", "p"}, {"PolicyDocument", policy}})
          .status,
      200);
  become(reply, "AssumeRoleWithWebIdentityResult");
  EXPECT_EQ(account.s3("GET", "/").status, 200);
  Fields next{{"Action", "AssumeRole"}, {"RoleArn", "arn:aws:iam::111122223333:role/next"}, {"RoleSessionName", "me"}};
  EXPECT_EQ(account.sts(with(next, "DurationSeconds", "3601")).code, "ValidationError") << "a chain has an hour";
  Reply second = account.sts(next);
  ASSERT_EQ(second.status, 200) << second.refusal();
  EXPECT_EQ(second.at("AssumeRoleResult/SourceIdentity"), "alice");
  become(second, "AssumeRoleResult");
  EXPECT_EQ(account.s3("GET", "/").status, 200) << "the transitive tag and the source identity went along";
  account.credentials = administrator;
  claims.erase("https://aws.amazon.com/tags");
  become(account.assume(account.token(claims)), "AssumeRoleWithWebIdentityResult");
  EXPECT_EQ(account.s3("GET", "/").code, "AccessDenied") << "without its tag";
}

TEST(AssumeRoleWithWebIdentity, RefusesSessionTagsOfAnotherForm) {
  IssuerAccount account;
  Json many = Json::object();
  for (int i = 0; i < 51; ++i) many["k" + std::to_string(i)] = {"v"};
  const std::vector<Json> claims = {"x",
                                    nullptr,
                                    Json::array(),
                                    Json::object(),
                                    {{"principal_tags", {{"team", "edge"}}}},
                                    {{"principal_tags", {{"team", {"a", "b"}}}}},
                                    {{"principal_tags", {{"", {"a"}}}}},
                                    {{"principal_tags", {{std::string(129, 'k'), {"a"}}}}},
                                    {{"principal_tags", {{"team", {std::string(257, 'v')}}}}},
                                    {{"principal_tags", many}},
                                    {{"principal_tags", {{"a", {"x"}}, {"A", {"y"}}}}},
                                    {{"principal_tags", {{"aws:x", {"y"}}}}},
                                    {{"principal_tags", {{"AWS:x", {"y"}}}}},
                                    {{"principal_tags", {{"a#", {"y"}}}}},
                                    {{"principal_tags", {{"a", {"\u20ac"}}}}},
                                    {{"principal_tags", {{"team", {"edge"}}}}, {"transitive_tag_keys", {"other"}}},
                                    {{"principal_tags", {{"team", {"edge"}}}}, {"transitive_tag_keys", "team"}}};
  for (const Json& claim : claims) {
    Json with = account.claims();
    with["https://aws.amazon.com/tags"] = claim;
    EXPECT_EQ(account.assume(account.token(with)).refusal(),
              "400 InvalidIdentityToken: principal_tags passed in claim is not in correct format.")
        << claim;
  }
}

TEST(AssumeRoleWithWebIdentity, RefusesASourceIdentityOfAnotherForm) {
  IssuerAccount account;
  for (const Json& identity : std::vector<Json>{"b b", "b", "", "aws:x", std::string(65, 'b'), 7, nullptr}) {
    Json claims = account.claims();
    claims["https://aws.amazon.com/source_identity"] = identity;
    EXPECT_EQ(account.assume(account.token(claims)).refusal(),
              "400 InvalidIdentityToken: source_identity passed in claim is not in correct format.")
        << identity;
  }
}

TEST(AssumeRole, RefusesTagsOfAnotherForm) {
  IssuerAccount account;
  auto assume = [&](Fields tags) {
    tags.insert(tags.begin(),
                {{"Action", "AssumeRole"}, {"RoleArn", std::string(IssuerAccount::kRole)}, {"RoleSessionName", "me"}});
    return account.sts(std::move(tags)).code;
  };
  EXPECT_EQ(assume({{"Tags.member.1.Key", "a#"}, {"Tags.member.1.Value", "x"}}), "ValidationError");
  EXPECT_EQ(assume({{"Tags.member.1.Key", "a"}, {"Tags.member.1.Value", "#"}}), "ValidationError");
  EXPECT_EQ(assume({{"Tags.member.1.Key", "Aws:a"}, {"Tags.member.1.Value", "x"}}), "InvalidParameterValue");
  EXPECT_EQ(assume({{"Tags.member.1.Key", "a"},
                    {"Tags.member.1.Value", "x"},
                    {"Tags.member.2.Key", "A"},
                    {"Tags.member.2.Value", "y"}}),
            "InvalidParameterValue");
  EXPECT_EQ(assume({{"Tags.member.1.Key", "a"}, {"Tags.member.1.Value", "x"}, {"TransitiveTagKeys.member.1", "b"}}),
            "InvalidParameterValue");
}

TEST(AssumeRole, NamesAnArnThatIsNoRole) {
  LocalAccount account;
  for (const char* arn : {"nothing-valid-in-here", "arn:aws:iam::111122223333:user/echo", "arn:a:a::aaaaaaaaaa:x"})
    EXPECT_EQ(account.sts({{"Action", "AssumeRole"}, {"RoleArn", arn}, {"RoleSessionName", "me"}}).refusal(),
              "400 ValidationError: " + std::string(arn) + " is invalid");
}

TEST(AssumeRoleWithWebIdentity, SpeaksSixAlgorithms) {
  IssuerAccount account;
  const auto rsa = crypto::SigningKey::generateRsa(2048).value();
  const auto p384 = crypto::SigningKey::generateEc("P-384").value(),
             p521 = crypto::SigningKey::generateEc("P-521").value();
  account.publish({rsa.publicKey(), issuerKey().publicKey(), p384.publicKey(), p521.publicKey()});
  using crypto::Algorithm;
  const std::pair<Algorithm, const crypto::SigningKey*> cases[] = {
      {Algorithm::Rs256, &rsa},         {Algorithm::Rs384, &rsa},  {Algorithm::Rs512, &rsa},
      {Algorithm::Es256, &issuerKey()}, {Algorithm::Es384, &p384}, {Algorithm::Es512, &p521}};
  for (const auto& [algorithm, key] : cases) {
    const Json header = {{"alg", crypto::nameOf(algorithm)}, {"kid", key->publicKey().keyId()}};
    std::string token = text::base64Url(text::compact(header)) + "." + text::base64Url(text::compact(account.claims()));
    token += "." + text::base64Url(key->sign(algorithm, token).value());
    EXPECT_EQ(account.assume(token).status, 200) << crypto::nameOf(algorithm);
  }
}

TEST(AssumeRoleWithWebIdentity, FoldsNothingElseInTheOpaqueDialect) {
  Settings settings;
  settings.dialect = Dialect::Opaque;
  IssuerAccount account(settings);
  auto changed = [&](const char* name, const Json& value) {
    Json claims = account.claims();
    claims[name] = value;
    return account.assume(account.token(claims)).message;
  };
  EXPECT_EQ(changed("aud", Json::array()), "Claim is not allowed to be empty: aud");
  EXPECT_EQ(changed("aud", {"sts.amazonaws.com", "x"}),
            "Token audience contains more than one audience while authorized party is not present");
  EXPECT_EQ(changed("exp", 1.5), "Invalid timestamp in token claims.");
  EXPECT_THAT(changed("exp", 5), testing::StartsWith("Token expired: "));
  EXPECT_EQ(changed("iss", "x"), "Issuer must be a valid URL");
  EXPECT_EQ(changed("sub", "system:serviceaccount:default:other"),
            "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  auto foreign = crypto::SigningKey::generateEc("P-256").value();
  EXPECT_EQ("400 InvalidIdentityToken: " + account.assume(account.token(account.claims(), foreign)).message, kKeyText);
  std::string token = account.token(account.claims());
  std::size_t dot = token.rfind('.');
  token[dot + 5] = token[dot + 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(account.assume(token).message,
            "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation "
            "for requirements.");
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

// What STS says to the session of the role "echo", whose policies are `identity` and the boundary, when it wants to
// assume the role "next", which trusts `principal`.
std::string assumeNext(const std::string& principal, const std::string& identity = "", bool hasBoundary = false) {
  IssuerAccount account;
  const std::string trust =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":")" + principal +
      R"("},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:RoleSessionName":"me"}}}})";
  EXPECT_EQ(account.iam({{"Action", "CreateRole"}, {"RoleName", "next"}, {"AssumeRolePolicyDocument", trust}}).status,
            200);
  if (!identity.empty())
    account.iam({{"Action", "PutRolePolicy"},
                 {"RoleName", "echo"},
                 {"PolicyName", "p"},
                 {"PolicyDocument", R"({"Version":"2012-10-17","Statement":)" + identity + "}"}});
  if (hasBoundary)
    account.iam({{"Action", "PutRolePermissionsBoundary"},
                 {"RoleName", "echo"},
                 {"PermissionsBoundary", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}});
  account.becomeRole();
  Reply reply = account.sts(
      {{"Action", "AssumeRole"}, {"RoleArn", "arn:aws:iam::111122223333:role/next"}, {"RoleSessionName", "me"}});
  return reply.status == 200 ? "" : reply.message;
}

// "Add the user as a principal directly in the role's trust policy" is one of the two ways that the reference of
// AssumeRole names for callers of the same account.
TEST(AssumeRole, NeedsNoPolicyOfACallerThatTheTrustPolicyNames) {
  const std::string role = "arn:aws:iam::111122223333:role/echo", root = "arn:aws:iam::111122223333:root";
  const std::string session = "arn:aws:sts::111122223333:assumed-role/echo/test";
  const std::string refused =
      "User: " + session +
      " is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/next because no "
      "identity-based policy allows the sts:AssumeRole action";
  EXPECT_EQ(assumeNext(role), "");
  EXPECT_EQ(assumeNext(session), "");
  EXPECT_EQ(assumeNext(root), refused);
  EXPECT_EQ(assumeNext(root, R"({"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*",)"
                             R"("Condition":{"StringEquals":{"sts:RoleSessionName":"me"}}})"),
            "");
  EXPECT_EQ(assumeNext(root, R"({"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*",)"
                             R"("Condition":{"StringEquals":{"sts:RoleSessionName":"you"}}})"),
            refused);
  EXPECT_NE(assumeNext(role, R"({"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"})"), "");
  EXPECT_THAT(assumeNext(role, "", true),
              testing::HasSubstr("because no permissions boundary allows the sts:AssumeRole action"));
  EXPECT_EQ(assumeNext(session, "", true), "");
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
