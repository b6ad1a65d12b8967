#include "setup/explain.h"

#include <gmock/gmock.h>

#include <functional>

#include "base/time.h"
#include "crypto/key.h"
#include "oidc/discovery.h"
#include "oidc/web_identity_token.h"
#include "policy/trust_policy.h"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const base::Time kNow = base::fromUnixSeconds(1795521600);
const std::string kIssuer = "https://issuer.example.com/a", kName = "issuer.example.com/a";
const std::string kAccount = "111122223333", kRole = "arn:aws:iam::111122223333:role/echo";
const std::string kProvider = "arn:aws:iam::111122223333:oidc-provider/" + kName;

const crypto::SigningKey& key() {
  static const crypto::SigningKey kKey = crypto::SigningKey::generateEc("P-256").value();
  return kKey;
}

text::Json claims() {
  return oidc::claimsOf({.issuer = kIssuer, .nameSpace = "default", .serviceAccount = "echo", .issuedAt = kNow});
}

FetchedDocument document(const std::string& url, const text::Json& json) {
  return {.url = url, .status = 200, .body = text::compact(json), .cacheControl = "public, max-age=300"};
}

// All is known and all is well.
WebIdentityEvidence good() {
  WebIdentityEvidence evidence;
  evidence.token = oidc::sign(claims(), key()).value();
  evidence.roleArn = kRole;
  evidence.now = kNow;
  const oidc::Jwks jwks = oidc::jwksOf({key().publicKey()});
  const oidc::Discovery discovery{kIssuer, kIssuer + "/keys.json", {"ES256"}};
  evidence.discovery = document(kIssuer + "/.well-known/openid-configuration", oidc::render(discovery));
  evidence.jwks = document(discovery.jwksUri, oidc::render(jwks));
  const text::Json trust =
      policy::trustPolicy(kProvider, kName, "sts.amazonaws.com", {"system:serviceaccount:default:echo"});
  evidence.account = SeenAccount{kAccount, {{kProvider, {"sts.amazonaws.com"}}}, SeenRole{kRole, text::compact(trust)}};
  return evidence;
}

std::vector<std::string> codes(const WebIdentityEvidence& evidence) {
  std::vector<std::string> out;
  for (const text::Finding& finding : explain(evidence)) out.push_back(finding.code);
  return out;
}

TEST(Explain, FindsNothingWhereStsWouldGiveTheRole) {
  EXPECT_THAT(codes(good()), IsEmpty());
  EXPECT_EQ(foreseenAnswer(good()), "");
}

TEST(Explain, JudgesNothingThatIsNotKnown) {
  EXPECT_THAT(codes({}), IsEmpty());
  WebIdentityEvidence evidence;
  evidence.token = good().token;
  evidence.now = kNow;
  EXPECT_THAT(codes(evidence), IsEmpty());
  evidence.notSeen = {"providers and role were not looked at: no credentials"};
  EXPECT_THAT(codes(evidence), ElementsAre("LOOK_DENIED"));
}

TEST(Explain, NamesAllCausesInTheOrderOfSts) {
  WebIdentityEvidence evidence = good();
  text::Json bad = claims();
  bad["aud"] = "vault";
  bad["exp"] = base::unixSeconds(kNow) - 4000;
  bad["sub"] = "system:serviceaccount:default:other";
  evidence.token = oidc::sign(bad, key()).value();
  evidence.jwks->status = 403;
  evidence.duration = std::chrono::hours(2);
  EXPECT_THAT(codes(evidence),
              ElementsAre("AUD_MISMATCH", "TOKEN_EXPIRED", "JWKS_NOT_PUBLIC", "SUB_MISMATCH", "DURATION_OVER_MAXIMUM"))
      << "that the trust policy asks for another aud is an effect";
  EXPECT_EQ(foreseenAnswer(evidence), "InvalidIdentityToken: Incorrect token audience");
}

TEST(Explain, PutsWhatTheAnswerSpeaksOfFirst) {
  WebIdentityEvidence evidence = good();
  evidence.discovery->status = 301;
  evidence.account->role.reset();
  EXPECT_THAT(codes(evidence), ElementsAre("DISCOVERY_REDIRECT", "ROLE_MISSING"));
  evidence.answer = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";
  EXPECT_THAT(codes(evidence), ElementsAre("ROLE_MISSING", "DISCOVERY_REDIRECT"));
}

TEST(Explain, SaysWhenTheAnswerDoesNotFitWhatIsSeen) {
  WebIdentityEvidence evidence = good();
  evidence.answer = "Incorrect token audience";
  const text::Findings findings = explain(evidence);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].code, "ANSWER_UNEXPLAINED");
  EXPECT_TRUE(text::isClean(findings));
}

TEST(Explain, HasTheUsualCausesOfATextAlone) {
  WebIdentityEvidence evidence;
  evidence.answer =
      "<Code>InvalidIdentityToken</Code><Message>Couldn&apos;t retrieve verification key from your</Message>";
  EXPECT_EQ(codes(evidence).front(), "JWKS_NOT_PUBLIC");
  EXPECT_FALSE(text::isClean(explain(evidence)));
  evidence.answer = "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied";
  EXPECT_THAT(codes(evidence), ElementsAre("ANSWER_UNEXPLAINED")) << "not every refusal is one of a web identity";
}

TEST(Explain, KnowsTheTextsThatPeoplePaste) {
  const std::pair<const char*, const char*> texts[] = {
      {"IDPCommunicationError", "JWKS_UNREACHABLE"},
      {"An error occurred (IDPCommunicationError) when calling the AssumeRoleWithWebIdentity operation: x",
       "JWKS_UNREACHABLE"},
      {"IDPRejectedClaim", "PROVIDER_ID_GIVEN"},
      {"An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Provided Token "
       "is "
       "not a Login With Amazon token",
       "PROVIDER_ID_GIVEN"},
      {"An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Unrecognized OAuth "
       "provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens",
       "PROVIDER_ID_GIVEN"},
      {"MalformedPolicyDocument", "SESSION_POLICY_INVALID"},
      {"PackedPolicyTooLarge", "SESSION_POLICY_TOO_LARGE"},
      {"RegionDisabledException", "STS_REGION_OFF"},
      {"RegionDisabled", "STS_REGION_OFF"},
      {"STS is not activated in this region for account:111122223333. Your account administrator can activate STS in "
       "this region using the IAM Console.",
       "STS_REGION_OFF"},
      {"Warning FailedCreatePodSandBox 3s kubelet", "ISSUER_SWAPPED"},
      {"certificate relies on legacy Common Name field, use SANs", "WEBHOOK_NO_SAN"},
      {"x509: certificate relies on legacy Common Name field", "WEBHOOK_NO_SAN"},
      {"The bucket does not allow ACLs", "BUCKET_ACL"},
      {"The security token included in the request is expired", "TOKEN_NOT_REREAD"},
  };
  for (const auto& [text, code] : texts) {
    WebIdentityEvidence evidence;
    evidence.answer = text;
    EXPECT_EQ(codes(evidence).front(), code) << text;
    EXPECT_FALSE(text::isClean(explain(evidence))) << text;
  }
}

TEST(Explain, CallsNoUnknownTextClean) {
  WebIdentityEvidence evidence;
  evidence.answer = "hello world";
  EXPECT_THAT(codes(evidence), ElementsAre("ANSWER_UNEXPLAINED"));
  EXPECT_FALSE(text::isClean(explain(evidence)));
}

TEST(Explain, TakesAnIssuerThatForbidsCachingForACauseOnlyWhereStsGotNoKey) {
  WebIdentityEvidence evidence = good();
  evidence.jwks->cacheControl = "no-store";
  EXPECT_THAT(codes(evidence), ElementsAre("ISSUER_UNCACHEABLE"));
  EXPECT_TRUE(text::isClean(explain(evidence))) << "STS would give the role";
  evidence.answer = "Couldn't retrieve verification key from your identity provider";
  EXPECT_EQ(codes(evidence).front(), "ISSUER_UNCACHEABLE");
  EXPECT_FALSE(text::isClean(explain(evidence)));
}

TEST(Explain, ReadsDocumentsAsStsDoes) {
  struct Case {
    const char* code;
    std::function<void(FetchedDocument&)> change;
  };
  const Case cases[] = {
      {"UNREACHABLE", [](FetchedDocument& one) { one.status = 0, one.failure = "looking up issuer.example.com"; }},
      {"NOT_PUBLIC", [](FetchedDocument& one) { one.status = 403; }},
      {"MISSING", [](FetchedDocument& one) { one.status = 404; }},
      {"MISSING", [](FetchedDocument& one) { one.status = 503; }},
      {"REDIRECT", [](FetchedDocument& one) { one.status = 307; }},
      {"SLOW", [](FetchedDocument& one) { one.took = std::chrono::milliseconds(5001); }},
      {"INVALID", [](FetchedDocument& one) { one.body = "<html>"; }},
      {"INVALID", [](FetchedDocument& one) { one.body.append((1U << 20) + 1, ' '); }},
  };
  for (const Case& one : cases) {
    WebIdentityEvidence evidence = good();
    one.change(*evidence.jwks);
    EXPECT_THAT(codes(evidence), ElementsAre(std::string("JWKS_") + one.code));
    evidence = good();
    one.change(*evidence.discovery);
    EXPECT_THAT(codes(evidence), ElementsAre(std::string("DISCOVERY_") + one.code));
  }
}

TEST(Explain, SaysHowACapitalOrASlashIsTheWholeDifference) {
  WebIdentityEvidence evidence = good();
  evidence.account->providers[0].arn += "/";
  const text::Findings findings = explain(evidence);
  ASSERT_THAT(codes(evidence), ElementsAre("ISSUER_SLASH"));
  EXPECT_THAT(findings[0].why, HasSubstr("the provider is issuer.example.com/a/, the token says issuer.example.com/a"));
  EXPECT_EQ(foreseenAnswer(evidence),
            "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://issuer.example.com/a");
}

// With `conditions` ANDed to those of the only statement, and `more` statements behind it.
WebIdentityEvidence trusting(const text::Json& conditions, const text::Json& more = text::Json::array()) {
  WebIdentityEvidence evidence = good();
  auto trust = text::parseJson(evidence.account->role->trustPolicy).value();
  trust["Statement"] = text::Json::array({trust["Statement"][0]});
  trust["Statement"][0]["Condition"].update(conditions);
  for (const text::Json& statement : more) trust["Statement"].push_back(statement);
  evidence.account->role->trustPolicy = text::compact(trust);
  return evidence;
}

TEST(Explain, TakesAzpForTheAudienceWhereThereIsOne) {
  for (const char* party : {"q", "", "https://kubernetes.default.svc"}) {
    WebIdentityEvidence evidence = good();
    text::Json bad = claims();
    bad["azp"] = party;
    evidence.token = oidc::sign(bad, key()).value();
    ASSERT_THAT(codes(evidence), ElementsAre("AUD_MISMATCH"));
    EXPECT_EQ(explain(evidence)[0].place, "claim azp");
    EXPECT_EQ(foreseenAnswer(evidence), "InvalidIdentityToken: Incorrect token audience");
    bad["azp"] = "STS.amazonaws.com";
    evidence.token = oidc::sign(bad, key()).value();
    EXPECT_THAT(codes(evidence), ElementsAre("AUD_HIDDEN_BYTES"));
    bad["aud"] = {"a", "b"};
    bad["azp"] = "sts.amazonaws.com";
    evidence.token = oidc::sign(bad, key()).value();
    EXPECT_THAT(codes(evidence), IsEmpty());
  }
}

TEST(Explain, KnowsWhatTimeItIs) {
  EXPECT_THAT(codes(trusting({{"DateGreaterThan", {{"aws:CurrentTime", "2020-01-01T00:00:00Z"}}}})), IsEmpty());
  EXPECT_THAT(codes(trusting({{"NumericGreaterThan", {{"aws:EpochTime", "1"}}}})), IsEmpty());
  const WebIdentityEvidence over = trusting({{"DateLessThan", {{"aws:CurrentTime", "2020-01-01T00:00:00Z"}}}});
  EXPECT_THAT(codes(over), ElementsAre("CONDITION_UNMET"));
  EXPECT_EQ(foreseenAnswer(over), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

TEST(Explain, LeavesConditionsOnTheRequestItselfToSts) {
  const text::Json deny = {{"Effect", "Deny"},
                           {"Principal", "*"},
                           {"Action", "sts:*"},
                           {"Condition", {{"NotIpAddress", {{"aws:SourceIp", "203.0.113.0/24"}}}}}};
  for (WebIdentityEvidence evidence : {trusting({{"IpAddress", {{"aws:SourceIp", "203.0.113.0/24"}}}}),
                                       trusting({{"Bool", {{"AWS:SecureTransport", "false"}}}}),
                                       trusting({{"StringLike", {{"sts:RoleSessionName", "edge-*"}}}}),
                                       trusting(text::Json::object(), text::Json::array({deny}))}) {
    EXPECT_THAT(codes(evidence), ElementsAre("CONDITION_UNSEEN"));
    EXPECT_TRUE(text::isClean(explain(evidence)));
    EXPECT_EQ(foreseenAnswer(evidence), "");
    evidence.answer = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    EXPECT_THAT(codes(evidence), ElementsAre("CONDITION_UNSEEN"));
    EXPECT_FALSE(text::isClean(explain(evidence))) << "it is the likely cause of what STS said";
  }
  WebIdentityEvidence named = trusting({{"StringLike", {{"sts:RoleSessionName", "edge-*"}}}});
  named.sessionName = "edge-1";
  EXPECT_THAT(codes(named), IsEmpty());
  named.sessionName = "other";
  EXPECT_THAT(codes(named), ElementsAre("CONDITION_UNMET"));
}

TEST(Explain, NamesTheConditionThatFailsBesideOneThatIsNotSeen) {
  EXPECT_THAT(codes(trusting({{"IpAddress", {{"aws:SourceIp", "203.0.113.0/24"}}},
                              {"StringLike", {{kName + ":sub", "system:serviceaccount:other:*"}}}})),
              ElementsAre("SUB_MISMATCH"));
  EXPECT_THAT(codes(trusting({{"StringEquals", {{"aws:PrincipalOrgID", "o-1"}}}})), ElementsAre("CONDITION_UNMET"))
      << "a key that no web identity has is absent, not unseen";
}

TEST(Explain, TakesTheStatementThatComesNearest) {
  WebIdentityEvidence evidence = good();
  auto trust = text::parseJson(evidence.account->role->trustPolicy).value();
  text::Json other = trust["Statement"][0];
  other["Principal"]["Federated"] = "arn:aws:iam::111122223333:oidc-provider/other.example.com";
  other["Condition"]["StringEquals"] = {{"other.example.com:sub", "x"}};
  trust["Statement"][0]["Condition"]["StringEquals"][kName + ":sub"] = "system:serviceaccount:default:*";
  trust["Statement"] = text::Json::array({other, trust["Statement"][0]});
  evidence.account->role->trustPolicy = text::compact(trust);
  EXPECT_THAT(codes(evidence), ElementsAre("WILDCARD_IN_EQUALS"));
}

}  // namespace
}  // namespace setup
