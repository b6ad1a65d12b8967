#include <gmock/gmock.h>

#include "policy/policy_document.h"

namespace policy {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kProvider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com";

Request webIdentity() {
  Request request{
      "sts:AssumeRoleWithWebIdentity", "arn:aws:iam::111122223333:role/s3-echoer", "Federated", kProvider, "", {}};
  request.context = {{"oidc.example.com:aud", {"sts.amazonaws.com"}},
                     {"oidc.example.com:sub", {"system:serviceaccount:default:s3-echoer"}},
                     {"oidc.example.com:amr", {"authenticated", "mfa"}},
                     {"aws:sourceip", {"203.0.113.9"}},
                     {"aws:securetransport", {"true"}},
                     {"aws:currenttime", {"2026-11-24T12:00:00Z"}},
                     {"sts:rolesessionname", {"echo"}},
                     {"sts:durationseconds", {"3600"}}};
  return request;
}

Request caller(const std::string& arn, const std::string& account, const std::string& action,
               const std::string& resource) {
  return {action, resource, "AWS", arn, account, {{"aws:username", {"echo"}}}};
}

Verdict decide(const std::string& statements, PolicyKind kind, const Request& request,
               const char* version = "2012-10-17") {
  std::string document = R"({"Version":")" + std::string(version) + R"(","Statement":[)" + statements + "]}";
  auto parsed = parsePolicy(document, kind);
  EXPECT_TRUE(parsed) << document << "\n" << (parsed ? "" : parsed.error().message + " " + parsed.error().hint);
  return parsed ? evaluate(*parsed, kind, request).verdict : Verdict::ImplicitDeny;
}

// A trust statement for our provider with this condition.
std::string when(const std::string& condition, const char* effect = "Allow") {
  return R"({"Effect":")" + std::string(effect) + R"(","Principal":{"Federated":")" + kProvider +
         R"("},"Action":"sts:AssumeRoleWithWebIdentity","Condition":)" + condition + "}";
}
std::string whose(const std::string& principal, const char* effect = "Allow") {
  return R"({"Effect":")" + std::string(effect) + R"(","Principal":)" + principal +
         R"(,"Action":"sts:AssumeRoleWithWebIdentity"})";
}
std::string what(const std::string& action) {
  return R"({"Effect":"Allow","Principal":{"Federated":")" + std::string(kProvider) + R"("},)" + action + "}";
}

constexpr auto kAllow = Verdict::Allow;
constexpr auto kNo = Verdict::ImplicitDeny;
constexpr auto kDeny = Verdict::ExplicitDeny;

TEST(TrustEvaluation, DecidesOnConditions) {
  const std::pair<const char*, Verdict> cases[] = {
      {R"({"StringEquals":{"oidc.example.com:sub":"system:serviceaccount:default:s3-echoer"}})", kAllow},
      {R"({"StringEquals":{"oidc.example.com:sub":"system:serviceaccount:default:s3-echo"}})", kNo},
      {R"({"StringEquals":{"oidc.example.com:sub":"SYSTEM:serviceaccount:default:s3-echoer"}})", kNo},
      {R"({"StringEquals":{"OIDC.example.com:SUB":"system:serviceaccount:default:s3-echoer"}})", kAllow},
      {R"({"StringEquals":{"https://oidc.example.com:sub":"system:serviceaccount:default:s3-echoer"}})", kNo},
      {R"({"StringEquals":{"oidc.example.com:sub":["x","system:serviceaccount:default:s3-echoer"]}})", kAllow},
      {R"({"StringEquals":{"oidc.example.com:sub":"system:serviceaccount:default:*"}})", kNo},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:default:*"}})", kAllow},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:*"}})", kAllow},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:dev*"}})", kNo},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:default:s3-echo??"}})", kAllow},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:default:s3-echo?"}})", kNo},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:default:${sts:RoleSessionName}*"}})", kNo},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:default:s3-${sts:RoleSessionName}*"}})", kAllow},
      {R"({"StringLike":{"oidc.example.com:sub":"system:serviceaccount:${aws:unknown, 'default'}:*"}})", kAllow},
      {R"({"StringLike":{"oidc.example.com:sub":"${aws:unknown}*"}})", kNo},
      {R"({"StringLike":{"oidc.example.com:sub":"system:${*}"}})", kNo},
      {R"({"StringEqualsIgnoreCase":{"oidc.example.com:sub":"SYSTEM:SERVICEACCOUNT:DEFAULT:S3-ECHOER"}})", kAllow},
      {R"({"StringEquals":{"oidc.example.com:sub":"system:serviceaccount:default:s3-echoer","oidc.example.com:aud":"sts.amazonaws.com"}})",
       kAllow},
      {R"({"StringEquals":{"oidc.example.com:sub":"system:serviceaccount:default:s3-echoer","oidc.example.com:aud":"vault"}})",
       kNo},
      {R"({"StringEquals":{"oidc.example.com:aud":"sts.amazonaws.com"},"StringLike":{"oidc.example.com:sub":"*:s3-echoer"}})",
       kAllow},
      {R"({"StringEquals":{"oidc.example.com:aud":"sts.amazonaws.com"},"StringLike":{"oidc.example.com:sub":"*:other"}})",
       kNo},
      {R"({"StringNotEquals":{"oidc.example.com:sub":"x"}})", kAllow},
      {R"({"StringNotEquals":{"oidc.example.com:sub":["x","system:serviceaccount:default:s3-echoer"]}})", kNo},
      {R"({"StringNotEquals":{"oidc.example.com:missing":"x"}})", kAllow},
      {R"({"StringNotLike":{"oidc.example.com:sub":"system:*"}})", kNo},
      {R"({"StringEquals":{"oidc.example.com:missing":"x"}})", kNo},
      {R"({"StringEqualsIfExists":{"oidc.example.com:missing":"x"}})", kAllow},
      {R"({"StringEqualsIfExists":{"oidc.example.com:sub":"x"}})", kNo},
      {R"({"Null":{"oidc.example.com:sub":"false"}})", kAllow},
      {R"({"Null":{"oidc.example.com:sub":true}})", kNo},
      {R"({"Null":{"oidc.example.com:missing":"true"}})", kAllow},
      {R"({"ForAnyValue:StringEquals":{"oidc.example.com:amr":["mfa","x"]}})", kAllow},
      {R"({"ForAnyValue:StringEquals":{"oidc.example.com:missing":"x"}})", kNo},
      {R"({"ForAllValues:StringEquals":{"oidc.example.com:amr":["mfa","authenticated"]}})", kAllow},
      {R"({"ForAllValues:StringEquals":{"oidc.example.com:amr":"mfa"}})", kNo},
      {R"({"ForAllValues:StringEquals":{"oidc.example.com:missing":"x"}})", kAllow},
      {R"({"StringEquals":{"oidc.example.com:amr":"mfa"}})", kNo},
      {R"({"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}})", kAllow},
      {R"({"IpAddress":{"aws:SourceIp":["192.0.2.0/24","198.51.100.0/24"]}})", kNo},
      {R"({"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}})", kNo},
      {R"({"Bool":{"aws:SecureTransport":"true"}})", kAllow},
      {R"({"Bool":{"aws:SecureTransport":false}})", kNo},
      {R"({"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}})", kAllow},
      {R"({"DateGreaterThan":{"aws:CurrentTime":"2027-01-01"}})", kNo},
      {R"({"NumericLessThanEquals":{"sts:DurationSeconds":3600}})", kAllow},
      {R"({"NumericLessThan":{"sts:DurationSeconds":"3600"}})", kNo},
      {R"({"StringEquals":{"sts:RoleSessionName":"echo"}})", kAllow},
      {R"({"StringEquals":{"oidc.example.com:sub":[]}})", kNo},
      {"{}", kAllow},
  };
  for (const auto& [condition, verdict] : cases)
    EXPECT_EQ(decide(when(condition), PolicyKind::Trust, webIdentity()), verdict) << condition;
}

TEST(TrustEvaluation, DecidesOnPrincipals) {
  const std::pair<std::string, Verdict> cases[] = {
      {whose(R"({"Federated":["arn:aws:iam::111122223333:oidc-provider/other.example.com",")" + std::string(kProvider) +
             "\"]}"),
       kAllow},
      {whose(R"({"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.example.com/longer"})"), kNo},
      {whose(R"({"Federated":"arn:aws:iam::444455556666:oidc-provider/oidc.example.com"})"), kNo},
      {whose(R"({"Federated":"arn:aws-cn:iam::111122223333:oidc-provider/oidc.example.com"})"), kNo},
      {whose(R"({"Federated":"arn:aws:iam::111122223333:oidc-provider/OIDC.example.com"})"), kNo},
      {whose(R"({"Federated":"oidc.example.com"})"), kNo},
      {whose(R"({"Federated":"*"})"), kNo},
      {whose(R"("*")"), kNo},
      {whose(R"({"AWS":"*"})"), kNo},
      {whose(R"({"AWS":"111122223333"})"), kNo},
      {whose(R"({"AWS":"*","Federated":")" + std::string(kProvider) + "\"}"), kAllow},
      {whose(R"("*")", "Deny") + "," + when("{}"), kDeny},
      {whose(R"({"AWS":"*"})", "Deny") + "," + when("{}"), kDeny},
      {R"({"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"sts:AssumeRoleWithWebIdentity"})", kNo},
      {R"({"Effect":"Deny","NotPrincipal":{"Federated":"accounts.google.com"},"Action":"sts:*"},)" + when("{}"), kDeny},
      {R"({"Effect":"Deny","NotPrincipal":{"Federated":")" + std::string(kProvider) + R"("},"Action":"sts:*"},)" +
           when("{}"),
       kAllow},
  };
  for (const auto& [statements, verdict] : cases)
    EXPECT_EQ(decide(statements, PolicyKind::Trust, webIdentity()), verdict) << statements;
}

TEST(TrustEvaluation, DecidesOnActions) {
  const std::pair<const char*, Verdict> cases[] = {{R"("Action":"sts:AssumeRoleWithWebIdentity")", kAllow},
                                                   {R"("Action":"STS:assumerolewithwebidentity")", kAllow},
                                                   {R"("Action":"sts:*")", kAllow},
                                                   {R"("Action":"sts:AssumeRoleWith*")", kAllow},
                                                   {R"("Action":"sts:AssumeRole?ithWebIdentity")", kAllow},
                                                   {R"("Action":"sts:AssumeRole")", kNo},
                                                   {R"("Action":["sts:TagSession","sts:AssumeRole*"])", kAllow},
                                                   {R"("NotAction":"sts:TagSession")", kAllow},
                                                   {R"("NotAction":"sts:*")", kNo}};
  for (const auto& [action, verdict] : cases)
    EXPECT_EQ(decide(what(action), PolicyKind::Trust, webIdentity()), verdict) << action;
}

TEST(TrustEvaluation, LetsADenyBeatEveryAllow) {
  std::string deny = when(R"({"StringLike":{"oidc.example.com:sub":"*:s3-echoer"}})", "Deny");
  std::string otherDeny = when(R"({"StringLike":{"oidc.example.com:sub":"*:intruder"}})", "Deny");
  EXPECT_EQ(decide(when("{}") + "," + deny, PolicyKind::Trust, webIdentity()), kDeny);
  EXPECT_EQ(decide(deny + "," + when("{}"), PolicyKind::Trust, webIdentity()), kDeny);
  EXPECT_EQ(decide(otherDeny + "," + when("{}"), PolicyKind::Trust, webIdentity()), kAllow);
  EXPECT_EQ(decide(otherDeny, PolicyKind::Trust, webIdentity()), kNo);
}

TEST(TrustEvaluation, KnowsNoVariablesBefore2012) {
  std::string condition = when(R"({"StringLike":{"sts:RoleSessionName":"${sts:RoleSessionName}"}})");
  EXPECT_EQ(decide(condition, PolicyKind::Trust, webIdentity()), kAllow);
  EXPECT_EQ(decide(condition, PolicyKind::Trust, webIdentity(), "2008-10-17"), kNo);
}

TEST(TrustEvaluation, TrustsAwsCallersByAccountRoleAndStar) {
  Request request =
      caller("arn:aws:sts::111122223333:assumed-role/deployer/session", "111122223333", "sts:AssumeRole", "");
  auto trusting = [&](const std::string& principal) {
    return decide(R"({"Effect":"Allow","Action":"sts:AssumeRole","Principal":)" + principal + "}", PolicyKind::Trust,
                  request);
  };
  EXPECT_EQ(trusting(R"("*")"), kAllow);
  EXPECT_EQ(trusting(R"({"AWS":"*"})"), kAllow);
  EXPECT_EQ(trusting(R"({"AWS":"111122223333"})"), kAllow);
  EXPECT_EQ(trusting(R"({"AWS":"arn:aws:iam::111122223333:root"})"), kAllow);
  EXPECT_EQ(trusting(R"({"AWS":"arn:aws:iam::111122223333:role/path/deployer"})"), kAllow);
  EXPECT_EQ(trusting(R"({"AWS":"arn:aws:sts::111122223333:assumed-role/deployer/session"})"), kAllow);
  EXPECT_EQ(trusting(R"({"AWS":"arn:aws:iam::111122223333:role/other"})"), kNo);
  EXPECT_EQ(trusting(R"({"AWS":"arn:aws:iam::444455556666:role/deployer"})"), kNo);
  EXPECT_EQ(trusting(R"({"AWS":"444455556666"})"), kNo);
}

TEST(IdentityEvaluation, DecidesOnActionAndResource) {
  auto decideOn = [](const std::string& rest, const std::string& action, const std::string& resource) {
    return decide(R"({"Effect":"Allow",)" + rest + "}", PolicyKind::Identity,
                  caller("arn:aws:iam::111122223333:user/echo", "111122223333", action, resource));
  };
  const char* read = R"("Action":["s3:Get*","s3:List*"],"Resource":"*")";
  EXPECT_EQ(decideOn(read, "s3:GetObject", "arn:aws:s3:::b/k"), kAllow);
  EXPECT_EQ(decideOn(read, "s3:listbucket", "arn:aws:s3:::b"), kAllow);
  EXPECT_EQ(decideOn(read, "s3:PutObject", "arn:aws:s3:::b/k"), kNo);
  const char* home = R"("Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/${aws:username}/*"])";
  EXPECT_EQ(decideOn(home, "s3:GetObject", "arn:aws:s3:::b/echo/x/y"), kAllow);
  EXPECT_EQ(decideOn(home, "s3:GetObject", "arn:aws:s3:::b/other/x"), kNo);
  EXPECT_EQ(decideOn(home, "s3:ListBucket", "arn:aws:s3:::b"), kAllow);
  EXPECT_EQ(decideOn(home, "s3:ListBucket", "arn:aws:s3:::B"), kNo) << "resources are compared with regard to case";
  EXPECT_EQ(decideOn(R"("NotAction":"iam:*","Resource":"*")", "s3:GetObject", "arn:aws:s3:::b/k"), kAllow);
  EXPECT_EQ(decideOn(R"("NotAction":"iam:*","Resource":"*")", "iam:GetRole", "x"), kNo);
  EXPECT_EQ(decideOn(R"("Action":"s3:*","NotResource":"arn:aws:s3:::secret/*")", "s3:GetObject", "arn:aws:s3:::b/k"),
            kAllow);
  EXPECT_EQ(
      decideOn(R"("Action":"s3:*","NotResource":"arn:aws:s3:::secret/*")", "s3:GetObject", "arn:aws:s3:::secret/k"),
      kNo);
  EXPECT_EQ(
      decideOn(R"("Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:unknown}*")", "s3:GetObject", "arn:aws:s3:::b/k"),
      kNo);
}

TEST(BucketEvaluation, OpensNamedObjectsToEveryone) {
  std::string statement =
      R"({"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/.well-known/openid-configuration","arn:aws:s3:::b/keys.json"]})";
  Request anonymous{"s3:GetObject", "arn:aws:s3:::b/keys.json", "", "", "", {}};
  EXPECT_EQ(decide(statement, PolicyKind::Bucket, anonymous), kAllow);
  EXPECT_EQ(decide(statement, PolicyKind::Bucket,
                   caller("arn:aws:iam::1:user/u", "1", "s3:GetObject", "arn:aws:s3:::b/keys.json")),
            kAllow);
  anonymous.resource = "arn:aws:s3:::b/secret";
  EXPECT_EQ(decide(statement, PolicyKind::Bucket, anonymous), kNo);
  anonymous = {"s3:PutObject", "arn:aws:s3:::b/keys.json", "", "", "", {}};
  EXPECT_EQ(decide(statement, PolicyKind::Bucket, anonymous), kNo);
}

TEST(BucketEvaluation, TellsCallersApart) {
  auto statement = [](const std::string& principal) {
    return R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Principal":)" + principal + "}";
  };
  Request anonymous{"s3:GetObject", "arn:aws:s3:::b/k", "", "", "", {}};
  Request user = caller("arn:aws:iam::111122223333:user/echo", "111122223333", "s3:GetObject", "arn:aws:s3:::b/k");
  Request service{"s3:GetObject", "arn:aws:s3:::b/k", "Service", "cloudfront.amazonaws.com", "", {}};
  EXPECT_EQ(decide(statement(R"({"AWS":"*"})"), PolicyKind::Bucket, anonymous), kAllow);
  EXPECT_EQ(decide(statement(R"({"AWS":"111122223333"})"), PolicyKind::Bucket, anonymous), kNo);
  EXPECT_EQ(decide(statement(R"({"AWS":"111122223333"})"), PolicyKind::Bucket, user), kAllow);
  EXPECT_EQ(decide(statement(R"({"AWS":"arn:aws:iam::111122223333:user/echo"})"), PolicyKind::Bucket, user), kAllow);
  EXPECT_EQ(decide(statement(R"({"AWS":"arn:aws:iam::111122223333:user/other"})"), PolicyKind::Bucket, user), kNo);
  EXPECT_EQ(decide(statement(R"({"Service":"cloudfront.amazonaws.com"})"), PolicyKind::Bucket, service), kAllow);
  EXPECT_EQ(decide(statement(R"({"Service":"cloudfront.amazonaws.com"})"), PolicyKind::Bucket, user), kNo);
}

TEST(Trace, ExplainsEveryStatement) {
  auto document =
      parsePolicy(
          R"({"Version":"2012-10-17","Statement":[)" +
              when(R"({"StringEquals":{"oidc.example.com:sub":"system:serviceaccount:default:s3-echoer"}})") + "," +
              R"({"Sid":"Google","Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRole"}]})",
          PolicyKind::Trust)
          .value();
  Request request = webIdentity();
  Decision decision = evaluate(document, PolicyKind::Trust, request);
  ASSERT_THAT(decision.trace, SizeIs(3));
  EXPECT_TRUE(decision.trace[0].matched);
  EXPECT_EQ(decision.trace[0].statement, "#1");
  EXPECT_EQ(decision.trace[0].because, "it allows sts:AssumeRoleWithWebIdentity");
  EXPECT_EQ(decision.trace[1].statement, "Google");
  EXPECT_THAT(decision.trace[1].because, HasSubstr("the policy names Federated accounts.google.com"));
  EXPECT_EQ(decision.trace[2].because, "the action is sts:AssumeRoleWithWebIdentity, the policy names sts:AssumeRole");

  request.context["oidc.example.com:sub"] = {"system:serviceaccount:default:intruder"};
  decision = evaluate(document, PolicyKind::Trust, request);
  EXPECT_EQ(decision.verdict, kNo);
  EXPECT_FALSE(decision.trace[0].matched);
  EXPECT_EQ(decision.trace[0].because,
            "the token's sub is system:serviceaccount:default:intruder, the policy wants "
            "system:serviceaccount:default:s3-echoer");
}

TEST(Explanation, AsksEveryQuestionOfEveryStatement) {
  auto document =
      parsePolicy(
          R"({"Version":"2012-10-17","Statement":[)" +
              when(
                  R"({"StringEquals":{"oidc.example.com:aud":"vault"},"StringLike":{"OIDC.example.com:sub":["a*","*:s3-echoer"]}})") +
              "," + whose(R"("*")", "Deny") + "]}",
          PolicyKind::Trust)
          .value();
  Explanation explanation = explain(document, PolicyKind::Trust, webIdentity());
  EXPECT_EQ(explanation.verdict, kDeny);
  ASSERT_THAT(explanation.statements, SizeIs(2));
  const StatementTrace& first = explanation.statements[0];
  EXPECT_EQ(first.name, "#1");
  EXPECT_EQ(first.effect, Effect::Allow);
  EXPECT_FALSE(first.applies);
  ASSERT_THAT(first.tests, SizeIs(4));
  EXPECT_EQ(first.tests[0].element, "Principal");
  EXPECT_TRUE(first.tests[0].holds);
  EXPECT_EQ(first.tests[1].element, "Action");
  EXPECT_THAT(first.tests[2].given, testing::ElementsAre("sts.amazonaws.com"));
  EXPECT_THAT(first.tests[2].wanted, testing::ElementsAre("vault"));
  EXPECT_FALSE(first.tests[2].holds);
  EXPECT_EQ(first.tests[2].because, "the token's aud is sts.amazonaws.com, the policy wants vault");
  EXPECT_EQ(first.tests[3].op, "StringLike");
  EXPECT_EQ(first.tests[3].key, "OIDC.example.com:sub");
  EXPECT_TRUE(first.tests[3].holds);
  EXPECT_EQ(first.tests[3].because, "");
  EXPECT_TRUE(explanation.statements[1].applies);
}

TEST(Trace, SaysThatAStarTrustsNoWebIdentity) {
  auto document = parsePolicy(R"({"Statement":)" + whose(R"({"AWS":"*"})") + "}", PolicyKind::Trust).value();
  EXPECT_THAT(evaluate(document, PolicyKind::Trust, webIdentity()).trace[0].because,
              HasSubstr("which does not trust this kind of caller"));
}

}  // namespace
}  // namespace policy
