#include "setup/trust_lint.h"

#include <gmock/gmock.h>

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using text::Json;

constexpr const char* kName = "oidc.example.com/one";
constexpr const char* kProvider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/one";
constexpr const char* kRole = "arn:aws:iam::111122223333:role/s3-echoer";
const std::string kSub = "oidc.example.com/one:sub", kAud = "oidc.example.com/one:aud";

// A statement without a fault, changed as the RFC 7386 merge patch says.
std::string statement(const std::string& patch = "{}") {
  Json out = {{"Effect", "Allow"},
              {"Principal", {{"Federated", kProvider}}},
              {"Action", "sts:AssumeRoleWithWebIdentity"},
              {"Condition",
               {{"StringEquals", {{kAud, "sts.amazonaws.com"}, {kSub, "system:serviceaccount:default:s3-echoer"}}}}}};
  out.merge_patch(Json::parse(patch));
  return out.dump();
}

// With sub under StringLike.
std::string like(const std::string& subject) {
  return statement(R"({"Condition":{"StringEquals":{")" + kSub + R"(":null},"StringLike":{")" + kSub + R"(":")" +
                   subject + "\"}}}");
}

TrustSurroundings trusting(const std::string& statements) {
  return {.document = R"({"Version":"2012-10-17","Statement":[)" + statements + "]}", .name = "trust.json"};
}

std::vector<std::string> codesOf(const TrustSurroundings& trust) {
  std::vector<std::string> codes;
  for (const text::Finding& finding : lintTrust(trust)) {
    codes.push_back(finding.code);
    EXPECT_NE(finding.why, "");
    EXPECT_THAT(finding.place, testing::StartsWith("trust.json"));
    EXPECT_TRUE(finding.fix != "" || finding.severity == text::Severity::Note) << finding.code;
  }
  return codes;
}
std::vector<std::string> codesOf(const std::string& statements) { return codesOf(trusting(statements)); }

std::string condition(const std::string& changed) { return statement(R"({"Condition":)" + changed + "}"); }

TEST(TrustLint, FindsNothingInPoliciesThatPinBoth) {
  const std::string good[] = {
      statement(),
      statement(R"({"Sid":"Named"})"),
      condition(R"({"StringEquals":{")" + kSub + R"(":["system:serviceaccount:a:b","system:serviceaccount:c:d"]}})"),
      condition(R"({"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringLike":{"aws:UserAgent":"aws-cli/*"}})"),
      statement(R"({"Action":["sts:AssumeRoleWithWebIdentity"]})"),
      condition(R"({"StringEquals":{")" + kSub + R"(":null},"ForAnyValue:StringEquals":{")" + kSub +
                R"(":"system:serviceaccount:a:b"}})"),
      statement() + "," +
          statement(
              R"({"Effect":"Deny","Principal":"*","Condition":{"StringEquals":null,"Bool":{"aws:SecureTransport":false}}})"),
      R"({"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"})",
      R"({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/deployer"},"Action":["sts:AssumeRole","sts:TagSession"]})",
      R"({"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
        "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com",
        "token.actions.githubusercontent.com:job_workflow_ref":"o/r/.github/workflows/w.yml@refs/heads/main"},
        "StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/r:*"}}})",
      condition(R"({"StringEquals":{")" + kSub + R"(":null,"OIDC.example.com/one:SUB":"system:serviceaccount:a:b"}})"),
  };
  for (const std::string& one : good) EXPECT_THAT(codesOf(one), IsEmpty()) << one;
}

TEST(TrustLint, FindsWhatOpensARoleToEveryPod) {
  const std::string noSub = R"({"StringEquals":{")" + kSub + "\":null}}";
  EXPECT_THAT(codesOf(condition(noSub)), ElementsAre("SUB_MISSING"));
  for (const char* subject : {"*", "system:serviceaccount:*", "system:serviceaccount:*:*", "system:*", "s*",
                              "system:*:*:*", "system:serviceaccount:?*:*"})
    EXPECT_THAT(codesOf(like(subject)), ElementsAre("SUB_ANY")) << subject;
  for (const char* asked :
       {R"("StringNotEquals":{"KEY":"system:serviceaccount:kube-system:default"})",
        R"("StringNotLike":{"KEY":"system:serviceaccount:kube-*"})",
        R"("StringEqualsIfExists":{"KEY":"system:serviceaccount:a:b"})", R"("StringLikeIfExists":{"KEY":"*:b"})",
        R"("ForAllValues:StringEquals":{"KEY":"system:serviceaccount:a:b"})", R"("Null":{"KEY":"false"})"}) {
    std::string changed = asked;
    changed.replace(changed.find("KEY"), 3, kSub);
    EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + "\":null}," + changed + "}")),
                ElementsAre("SUB_NOT_PINNED"))
        << asked;
  }
}

TEST(TrustLint, FindsConditionsThatNoTokenMeets) {
  for (const char* rest :
       {R"(Null|"true")", R"(Null|["true","True"])", R"(NumericEquals|"5")", R"(NumericLessThanIfExists|"5")",
        R"(ForAllValues:NumericGreaterThan|"5")", R"(DateLessThan|"2030-01-01T00:00:00Z")", R"(Bool|"true")",
        R"(IpAddress|"203.0.113.0/24")", R"(ArnLike|"arn:aws:iam::111122223333:*")",
        R"(ArnLike|"system:serviceaccount:shop:*")", R"(BinaryEquals|"c3lzdGVt")"}) {
    const std::string text = rest;
    const std::string op = text.substr(0, text.find('|')), value = text.substr(text.find('|') + 1);
    const std::string one =
        condition(R"({"StringEquals":{")" + kSub + R"(":null},")" + op + R"(":{")" + kSub + "\":" + value + "}}");
    EXPECT_THAT(codesOf(one), ElementsAre("CONDITION_NEVER_MET")) << one;
    EXPECT_THAT(codesOf(condition("{\"" + op + R"(":{")" + kSub + "\":" + value + "}}")),
                ElementsAre("CONDITION_NEVER_MET"))
        << "beside one that pins";
  }
  for (const char* op : {"NumericNotEquals", "NotIpAddress", "DateNotEquals", "ArnNotLike"})
    EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + R"(":null},")" + std::string(op) + R"(":{")" + kSub +
                                  R"(":"203.0.113.1"}})")),
                ElementsAre("SUB_NOT_PINNED"))
        << op;
  EXPECT_THAT(codesOf(condition(R"({"Null":{")" + kAud + R"(":"true"}})")), ElementsAre("CONDITION_NEVER_MET"));
  EXPECT_THAT(codesOf(condition(R"({"Null":{")" + kAud + R"(":"false"}})")), IsEmpty());
  EXPECT_THAT(codesOf(condition(R"({"Null":{")" + kSub + R"(":["true","false"]}})")), IsEmpty());
}

TEST(TrustLint, FindsConditionsOnWhatOnlyAwssOwnPrincipalsHave) {
  for (const char* key : {"aws:PrincipalOrgID", "aws:PrincipalArn", "AWS:PrincipalTag/team", "sts:ExternalId"}) {
    auto asked = [&](const std::string& op) {
      return condition("{\"" + op + R"(":{")" + kSub + R"(":"system:serviceaccount:a:b",")" + kAud +
                       R"(":"sts.amazonaws.com",")" + key + R"(":"x"}})");
    };
    EXPECT_THAT(codesOf(asked("StringEquals")), ElementsAre("CONDITION_NEVER_MET")) << key;
    EXPECT_THAT(codesOf(condition(R"({"StringNotEquals":{")" + std::string(key) + R"(":"x"}})")), IsEmpty()) << key;
    EXPECT_THAT(codesOf(condition(R"({"StringEqualsIfExists":{")" + std::string(key) + R"(":"x"}})")), IsEmpty());
  }
}

// A Deny on web identities with these conditions.
std::string denial(const std::string& conditions, const std::string& patch = "{}") {
  Json out = Json::parse(
      R"({"Effect":"Deny","Principal":{"Federated":"*"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":)" +
      conditions + "}");
  out["Principal"]["Federated"] = kProvider;
  out.merge_patch(Json::parse(patch));
  return out.dump();
}

TEST(TrustLint, TakesADenyOfAllOthersForAPin) {
  const std::string noSub = condition(R"({"StringEquals":{")" + kSub + "\":null}}");
  const std::string noAud = condition(R"({"StringEquals":{")" + kAud + "\":null}}");
  auto others = [](const std::string& op, const std::string& value, const std::string& key = kSub) {
    return "{\"" + op + R"(":{")" + key + R"(":")" + value + "\"}}";
  };
  const std::string one = "system:serviceaccount:shop:orders";
  for (const char* op : {"StringNotEquals", "StringNotEqualsIfExists", "ForAnyValue:StringNotEquals",
                         "ForAllValues:StringNotEquals", "StringNotEqualsIgnoreCase"})
    EXPECT_THAT(codesOf(noSub + "," + denial(others(op, one))), IsEmpty()) << op;
  for (const char* patch : {R"({"Principal":"*"})", R"({"Principal":{"AWS":"*","Federated":null}})",
                            R"({"Action":"sts:*"})", R"({"Action":null,"NotAction":"sts:TagSession"})"})
    EXPECT_THAT(codesOf(noSub + "," + denial(others("StringNotEquals", one), patch)), IsEmpty()) << patch;
  EXPECT_THAT(codesOf(noAud + "," + denial(others("StringNotEquals", "sts.amazonaws.com", kAud))), IsEmpty());

  EXPECT_THAT(codesOf(noSub + "," + denial(others("StringNotLike", "system:serviceaccount:shop:*"))),
              ElementsAre("SUB_ACCOUNT_PATTERN"));
  EXPECT_THAT(codesOf(noSub + "," + denial(others("StringNotLike", "system:serviceaccount:dev*"))),
              ElementsAre("SUB_NAMESPACE_PATTERN"));
  EXPECT_THAT(codesOf(noSub + "," + denial(others("StringNotLike", "*"))), ElementsAre("SUB_ANY"));
  EXPECT_THAT(lintTrust(trusting(noSub + "," + denial(others("StringNotLike", "*"))))[0].place,
              HasSubstr("StringNotLike " + kSub + " of statement 2"));
}

TEST(TrustLint, TakesADenyOfSomeForNoPin) {
  const std::string noSub = condition(R"({"StringEquals":{")" + kSub + "\":null}}");
  const std::string others = R"({"StringNotEquals":{")" + kSub + R"(":"system:serviceaccount:shop:orders"}})";
  const std::string both = R"({"StringNotEquals":{")" + kSub + R"(":"system:serviceaccount:shop:orders",")" + kAud +
                           R"(":"sts.amazonaws.com"}})";
  for (const std::string& deny :
       {denial(both), denial(R"({"StringEquals":{")" + kSub + R"(":"system:serviceaccount:shop:orders"}})"),
        denial(others, R"({"Action":"sts:AssumeRole"})"),
        denial(others, R"({"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/b.example.com"}})")}) {
    std::vector<std::string> codes = codesOf(noSub + "," + deny);
    EXPECT_THAT(codes, testing::Contains("SUB_MISSING")) << deny;
  }
}

TEST(TrustLint, TellsThatALiteralStarInADenyKeepsEverybodyOut) {
  const std::string deny = denial(R"({"StringNotEquals":{")" + kSub + R"(":"system:serviceaccount:default:*"}})");
  text::Findings findings = lintTrust(trusting(statement() + "," + deny));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "WILDCARD_IN_EQUALS");
  EXPECT_THAT(findings[0].why, HasSubstr("StringNotEquals denies everyone"));
}

TEST(TrustLint, FindsSubjectsThatAreNoServiceAccounts) {
  auto equals = [](const std::string& subject) {
    return condition(R"({"StringEquals":{")" + kSub + R"(":")" + subject + "\"}}");
  };
  for (const char* subject :
       {"system:serviceaccount:shop/orders", "system:serviceaccount:shop",
        "system:serviceaccount:shop:", "system:serviceaccount::orders", "system:serviceaccount:Shop:orders",
        "system:serviceaccounts:shop:orders", "system:serviceaccount:shop:orders:x",
        "system:serviceaccount:shop:orders ", "System:serviceaccount:shop:orders",
        "system:serviceaccount:shop.eu:orders", "system:serviceaccount:shop:Orders"})
    EXPECT_THAT(codesOf(equals(subject)), ElementsAre("SUB_NO_ACCOUNT")) << subject;
  EXPECT_THAT(codesOf(like("system:serviceaccount:shop/*")), ElementsAre("SUB_NO_ACCOUNT"));
  EXPECT_THAT(codesOf(like("system:serviceaccounts:*")), ElementsAre("SUB_NO_ACCOUNT"));
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + R"(":null},"StringEqualsIgnoreCase":{")" + kSub +
                                R"(":"System:ServiceAccount:Shop:Orders"}})")),
              IsEmpty());
  for (const char* subject : {"system:serviceaccount:shop:orders.v1", "spiffe://example.com/ns/shop/sa/orders"})
    EXPECT_THAT(codesOf(equals(subject)), IsEmpty()) << subject;
}

TEST(TrustLint, FindsPatternsInSubjects) {
  EXPECT_THAT(codesOf(like("system:serviceaccount:team-*:x")), ElementsAre("SUB_NAMESPACE_PATTERN"));
  EXPECT_THAT(codesOf(like("system:serviceaccount:dev*")), ElementsAre("SUB_NAMESPACE_PATTERN"));
  EXPECT_THAT(codesOf(like("system:serviceaccount:default:*")), ElementsAre("SUB_ACCOUNT_PATTERN"));
  EXPECT_THAT(codesOf(like("system:serviceaccount:default:s3-?")), ElementsAre("SUB_ACCOUNT_PATTERN"));
  EXPECT_THAT(codesOf(like("system:serviceaccount:default:s3-echoer")), ElementsAre("LIKE_WITHOUT_WILDCARD"));
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + R"(":"system:serviceaccount:default:*"}})")),
              ElementsAre("WILDCARD_IN_EQUALS"));
}

TEST(TrustLint, AsksWhichNamespacesAPatternLetsInHoweverItBegins) {
  for (const char* subject :
       {"*:orders", "*orders", "*shop:orders", "*p:orders", "*:o*", "sys*:orders", "s*orders", "system:*:*:orders",
        "system:*:sh*:orders", "system:serviceaccount*:orders", "system:serviceaccount:s*p:orders",
        "system:serviceaccount:shop*orders", "system:serviceaccount:default*", "*?*:orders", "?*:?*:?*:orders",
        "system:serviceaccount:sho?:orders", "*-*", "system:serviceaccount:*:o?ders"})
    EXPECT_THAT(codesOf(like(subject)), ElementsAre("SUB_NAMESPACE_PATTERN")) << subject;
  for (const char* subject :
       {"*:shop:*", "*:serviceaccount:shop:o*", "?ystem:serviceaccount:shop:*", "*account:shop:?"})
    EXPECT_THAT(codesOf(like(subject)), ElementsAre("SUB_ACCOUNT_PATTERN")) << subject;
  for (const char* subject : {"*:shop:orders", "?ystem:serviceaccount:shop:orders", "system:serviceaccount:shop?orders",
                              "system*:shop:orders"})
    EXPECT_THAT(codesOf(like(subject)), IsEmpty()) << subject;
}

TEST(TrustLint, HoldsAllConditionsOnTheSubjectTogether) {
  auto both = [](const std::string& liked, const std::string& more) {
    return condition(R"({"StringLike":{")" + kSub + R"(":")" + liked + R"("},)" + more + "}");
  };
  EXPECT_THAT(codesOf(both("system:serviceaccount:team-*:x", R"("Null":{")" + kSub + R"(":"false"})")), IsEmpty());
  EXPECT_THAT(codesOf(both("*", R"("StringNotEquals":{")" + kSub + R"(":"x"})")), IsEmpty());
  std::string two = R"("StringEquals":{")" + kSub + R"(":null},"ForAnyValue:StringLike":{")" + kSub + R"(":")";
  EXPECT_THAT(codesOf(both("system:serviceaccount:*:orders", two + R"(system:serviceaccount:shop:*"})")), IsEmpty());
  EXPECT_THAT(codesOf(both("system:serviceaccount:*:orders", two + R"(system:serviceaccount:shop*"})")),
              ElementsAre("SUB_NAMESPACE_PATTERN", "SUB_NAMESPACE_PATTERN"));
  EXPECT_THAT(codesOf(both("*:shop:*", two + R"(system:*"})")),
              ElementsAre("SUB_ACCOUNT_PATTERN", "SUB_ACCOUNT_PATTERN"));
}

TEST(TrustLint, TakesWhatIsTooManifoldToFollowForOpen) {
  auto many = [](const std::string& letter) {
    std::string out = "system:serviceaccount:shop:";
    for (int i = 0; i < 400; ++i) out += "*" + letter;
    return out;
  };
  EXPECT_THAT(codesOf(like(many("a"))), ElementsAre("SUB_ACCOUNT_PATTERN"));
  EXPECT_THAT(
      codesOf(condition(R"({"StringEquals":{")" + kSub + R"(":null},"StringLike":{")" + kSub + R"(":")" + many("a") +
                        R"("},"ForAnyValue:StringLike":{")" + kSub + R"(":")" + many("b") + "\"}}")),
      ElementsAre("SUB_NAMESPACE_PATTERN", "SUB_NAMESPACE_PATTERN"));
}

TEST(TrustLint, FindsAudiencesThatAreNotPinned) {
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kAud + "\":null}}")), ElementsAre("AUD_MISSING"));
  EXPECT_THAT(
      codesOf(condition(R"({"StringEquals":{")" + kAud + R"(":null},"StringNotEquals":{")" + kAud + R"(":"vault"}})")),
      ElementsAre("AUD_MISSING"));
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kAud + R"(":null},"StringLike":{")" + kAud + R"(":"*"}})")),
              ElementsAre("AUD_ANY"));
}

TEST(TrustLint, TakesVariablesThatTheRequestFillsInForAnything) {
  const std::string sub = "${" + kSub + "}", aud = "${" + kAud + "}";
  auto equals = [](const std::string& subject) {
    return condition(R"({"StringEquals":{")" + kSub + R"(":")" + subject + "\"}}");
  };
  for (const std::string& one : {equals(sub), like(sub), equals("${OIDC.example.com/one:SUB , 'x'}"),
                                 like("${aws:UserAgent}"), equals("system:serviceaccount:${aws:UserAgent}")}) {
    EXPECT_THAT(codesOf(one), ElementsAre("SUB_ANY")) << one;
    EXPECT_THAT(lintTrust(trusting(one))[0].why, HasSubstr("the request itself fills in ${")) << one;
  }
  for (const char* text : {"system:serviceaccount:${sts:RoleSessionName}:orders", "${aws:Referer}:orders"})
    for (const std::string& one : {equals(text), like(text)})
      EXPECT_THAT(codesOf(one), ElementsAre("SUB_NAMESPACE_PATTERN")) << one;
  EXPECT_THAT(codesOf(equals("system:serviceaccount:shop:${aws:RequestTag/account}")),
              ElementsAre("SUB_ACCOUNT_PATTERN"));
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kAud + R"(":")" + aud + "\"}}")), ElementsAre("AUD_ANY"));
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kAud + R"(":null},"StringLike":{")" + kAud + R"(":")" + aud +
                                "\"}}")),
              ElementsAre("AUD_ANY"));
}

TEST(TrustLint, FindsVariablesThatNoWebIdentityHas) {
  auto equals = [](const std::string& subject) {
    return condition(R"({"StringEquals":{")" + kSub + R"(":")" + subject + "\"}}");
  };
  for (const char* subject :
       {"system:serviceaccount:${aws:x}:orders", "${aws:PrincipalTag/sub}", "${other.example.com:sub}",
        "${aws:zz, '*'}", "system:serviceaccount:shop:${aws:zz,'orders'}"})
    EXPECT_THAT(codesOf(equals(subject)), ElementsAre("VARIABLE_UNKNOWN")) << subject;
  EXPECT_THAT(codesOf(like("system:serviceaccount:${aws:x}:*")), ElementsAre("VARIABLE_UNKNOWN"));
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kAud + R"(":"${aws:x}"}})")),
              ElementsAre("VARIABLE_UNKNOWN"));
}

TEST(TrustLint, ReadsVariablesInDocumentsOfTheirVersionAlone) {
  for (const char* version : {R"("Version":"2008-10-17",)", ""}) {
    TrustSurroundings trust = trusting("");
    trust.document = "{" + std::string(version) + R"("Statement":[)" +
                     condition(R"({"StringEquals":{")" + kSub + R"(":"${)" + kSub + "}\"}}") + "]}";
    EXPECT_THAT(codesOf(trust), IsEmpty());
    trust.document = "{" + std::string(version) + R"("Statement":[)" + like("system:serviceaccount:shop:${*}") + "]}";
    EXPECT_THAT(codesOf(trust), ElementsAre("SUB_NO_ACCOUNT")) << "a name cannot begin with a dollar sign";
  }
}

TEST(TrustLint, HoldsAllConditionsOnTheAudienceTogether) {
  const std::string star = R"("StringLike":{")" + kAud + R"(":"*"})";
  const std::string vault = R"("ForAnyValue:StringEquals":{")" + kAud + R"(":"vault"})";
  EXPECT_THAT(codesOf(condition("{" + star + "}")), IsEmpty());
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kAud + R"(":null},)" + star + "," + vault + "}")), IsEmpty());
  TrustSurroundings trust = trusting(condition("{" + star + "}"));
  trust.clientIds[kProvider] = {"sts.amazonaws.com", "vault"};
  EXPECT_THAT(codesOf(trust), ElementsAre("PROVIDER_EXTRA_AUDIENCE"));
}

TEST(TrustLint, FindsStarsAndExceptionsAmongPrincipalsAndActions) {
  EXPECT_THAT(codesOf(R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"})"),
              ElementsAre("TRUST_PRINCIPAL_ANY"));
  EXPECT_THAT(codesOf(R"({"Effect":"Allow","Principal":{"AWS":["111122223333","*"]},"Action":"sts:AssumeRole"})"),
              ElementsAre("TRUST_PRINCIPAL_ANY"));
  EXPECT_THAT(codesOf(statement(R"({"Principal":{"Federated":"*"}})")), ElementsAre("TRUST_PRINCIPAL_ANY"));
  EXPECT_THAT(codesOf(R"({"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"})"),
              ElementsAre("TRUST_NOT_PRINCIPAL"));
  EXPECT_THAT(codesOf(statement(R"({"Action":null,"NotAction":"sts:TagSession"})")), ElementsAre("TRUST_NOT_ACTION"));
  EXPECT_THAT(codesOf(statement(R"({"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]})")),
              ElementsAre("TRUST_TAG_SESSION"));
}

TEST(TrustLint, FindsKeysThatNoRequestHas) {
  auto withKey = [](const std::string& key) {
    return condition(R"({"StringEquals":{")" + kSub + R"(":null,")" + key + R"(":"system:serviceaccount:a:b"}})");
  };
  EXPECT_THAT(codesOf(withKey("https://oidc.example.com/one:sub")), ElementsAre("CONDITION_KEY_SCHEME"));
  EXPECT_THAT(codesOf(withKey("oidc.example.com/one/:sub")), ElementsAre("CONDITION_KEY_SLASH"));
  EXPECT_THAT(codesOf(withKey("oidc.example.com:sub")), ElementsAre("CONDITION_KEY_OTHER"));
  EXPECT_THAT(codesOf(withKey("oidc.example.com/two:sub")), ElementsAre("CONDITION_KEY_OTHER"));
  EXPECT_THAT(codesOf(withKey("oidc.example.com/one:kubernetes.io/namespace")), ElementsAre("CONDITION_KEY_UNKNOWN"));
}

TEST(TrustLint, CallsAStatementOpenWhoseKeysAreWrongAndWhoseOperatorsHoldWithoutThem) {
  for (const char* op : {"StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals"})
    EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + R"(":null},")" + std::string(op) +
                                  R"(":{"https://oidc.example.com/one:sub":"system:serviceaccount:a:b"}})")),
                UnorderedElementsAre("CONDITION_KEY_SCHEME", "SUB_MISSING"))
        << op;
}

TEST(TrustLint, TellsWhichOfSeveralProvidersLetsNobodyIn) {
  TrustSurroundings trust = trusting(statement(R"({"Principal":{"Federated":[")" + std::string(kProvider) +
                                               R"(","arn:aws:iam::111122223333:oidc-provider/b.example.com"]}})"));
  trust.issuers = {"https://oidc.example.com/one", "https://b.example.com"};
  EXPECT_THAT(codesOf(trust), ElementsAre("PROVIDER_UNUSED"));
  EXPECT_THAT(lintTrust(trust)[0].why, HasSubstr("oidc-provider/b.example.com has the key"));
}

TEST(TrustLint, FindsSchemesAndSlashesInProviders) {
  auto federated = [](const std::string& name, const std::string& keys) {
    return R"({"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/)" + name +
           R"("},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{")" + keys + R"(:aud":"x",")" +
           keys + R"(:sub":"system:serviceaccount:a:b"}}})";
  };
  EXPECT_THAT(codesOf(federated("https://oidc.example.com/one", "oidc.example.com/one")),
              ElementsAre("PROVIDER_SCHEME"));
  EXPECT_THAT(lintTrust(trusting(federated("https://a.example.com", "a.example.com")))[0].fix,
              testing::EndsWith(":oidc-provider/a.example.com"));
  EXPECT_THAT(codesOf(federated("oidc.example.com/one/", "oidc.example.com/one")), ElementsAre("PROVIDER_SLASH"));
  EXPECT_THAT(codesOf(federated("oidc.example.com/one/", "oidc.example.com/one/")),
              UnorderedElementsAre("CONDITION_KEY_SLASH", "CONDITION_KEY_SLASH", "PROVIDER_SLASH"));
}

TEST(TrustLint, TellsWildcardsFromTheirEscapes) {
  EXPECT_THAT(codesOf(like("system:serviceaccount:default:s3${*}")),
              UnorderedElementsAre("LIKE_WITHOUT_WILDCARD", "SUB_NO_ACCOUNT"));
  EXPECT_THAT(codesOf(like("system:serviceaccount:default:s3-${?}*")), ElementsAre("SUB_NO_ACCOUNT"))
      << "no name has a question mark";
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + R"(":"system:serviceaccount:default:a${*}"}})")),
              ElementsAre("SUB_NO_ACCOUNT"));
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + R"(":"system:serviceaccount:default:*${*}"}})")),
              ElementsAre("WILDCARD_IN_EQUALS"));
}

TEST(TrustLint, HoldsTheProviderAgainstTheRole) {
  TrustSurroundings trust = trusting(statement());
  trust.roleArn = kRole;
  EXPECT_THAT(codesOf(trust), IsEmpty());
  trust.roleArn = "arn:aws:iam::444455556666:role/s3-echoer";
  EXPECT_THAT(codesOf(trust), ElementsAre("PROVIDER_OTHER_ACCOUNT"));
  trust.roleArn = "arn:aws-cn:iam::111122223333:role/s3-echoer";
  EXPECT_THAT(codesOf(trust), ElementsAre("PROVIDER_OTHER_ACCOUNT"));
  EXPECT_THAT(
      codesOf(
          R"({"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/a.example.com:8443"},)"
          R"("Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"a.example.com:8443:aud":"x","a.example.com:8443:sub":"y"}}})"),
      ElementsAre("PROVIDER_PORT"));
}

TEST(TrustLint, HoldsTheProvidersAudiencesAgainstTheStatement) {
  TrustSurroundings trust = trusting(statement());
  trust.clientIds[kProvider] = {"sts.amazonaws.com"};
  EXPECT_THAT(codesOf(trust), IsEmpty());
  trust.clientIds[kProvider].emplace_back("vault");
  EXPECT_THAT(codesOf(trust), ElementsAre("PROVIDER_EXTRA_AUDIENCE"));
  EXPECT_THAT(lintTrust(trust)[0].fix, HasSubstr("--client-id vault"));
}

TEST(TrustLint, HoldsTheIssuersAgainstTheStatements) {
  std::string two = statement(
      R"({"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/b.example.com"},"Condition":{"StringEquals":{")" +
      kSub + R"(":null,")" + kAud +
      R"(":null,"b.example.com:sub":"system:serviceaccount:a:b","b.example.com:aud":"sts.amazonaws.com"}}})");
  EXPECT_THAT(codesOf(statement() + "," + two), ElementsAre("TRUST_SEVERAL_ISSUERS"));
  TrustSurroundings trust = trusting(statement() + "," + two);
  trust.issuers = {"https://oidc.example.com/one", "https://b.example.com"};
  EXPECT_THAT(codesOf(trust), IsEmpty());
  trust.issuers = {"https://b.example.com"};
  EXPECT_THAT(codesOf(trust), ElementsAre("TRUST_SEVERAL_ISSUERS", "TRUST_STATEMENT_UNUSED"));
}

TEST(TrustLint, WarnsOfLongSessionsOfRolesThatAreOpen) {
  TrustSurroundings trust = trusting(statement());
  trust.maxSessionDuration = std::chrono::hours(12);
  EXPECT_THAT(codesOf(trust), IsEmpty());
  trust.tokenExpiration = std::chrono::hours(1);
  EXPECT_THAT(codesOf(trust), ElementsAre("SESSION_OUTLIVES_TOKEN"));
  trust = trusting(like("system:serviceaccount:default:*"));
  trust.maxSessionDuration = std::chrono::hours(1);
  EXPECT_THAT(codesOf(trust), ElementsAre("SUB_ACCOUNT_PATTERN"));
  trust.maxSessionDuration = std::chrono::hours(2);
  EXPECT_THAT(codesOf(trust), ElementsAre("SESSION_LONG", "SUB_ACCOUNT_PATTERN"));
  trust = trusting(like("*:orders"));
  trust.maxSessionDuration = std::chrono::hours(12);
  EXPECT_THAT(codesOf(trust), UnorderedElementsAre("SESSION_LONG", "SUB_NAMESPACE_PATTERN"));
}

TEST(TrustLint, CountsCharactersAsTheQuotaDoes) {
  std::string many = "\"system:serviceaccount:default:s3-echoer\"";
  for (int i = 0; i < 50; ++i) many += ",\"system:serviceaccount:default:account-" + std::to_string(i) + "\"";
  EXPECT_THAT(codesOf(condition(R"({"StringEquals":{")" + kSub + "\":[" + many + "]}}")),
              ElementsAre("TRUST_TOO_LONG"));
  EXPECT_THAT(codesOf(std::string(4096, ' ') + statement()), IsEmpty());
}

TEST(TrustLint, TellsAnOpenStatementBesideAGoodOne) {
  text::Findings findings = lintTrust(
      trusting(statement() + "," + statement(R"({"Sid":"Open","Condition":{"StringEquals":{")" + kSub + "\":null}}}")));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].place, "trust.json, statement 2 (Open)");
  EXPECT_EQ(findings[0].severity, text::Severity::Error);
}

TEST(TrustLint, TellsWhatIamWouldRefuse) {
  text::Findings findings = lintTrust(trusting(statement(R"({"Resource":"*"})")));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "TRUST_MALFORMED");
  EXPECT_THAT(findings[0].why, HasSubstr("Has prohibited field Resource"));
}

}  // namespace
}  // namespace setup
