#include "policy/policy_document.h"

#include <gmock/gmock.h>

#include "support/seeded.h"

namespace policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kProvider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com";

std::string trust(const std::string& statement) { return R"({"Version":"2012-10-17","Statement":)" + statement + "}"; }

std::string allow(const std::string& rest) {
  return trust(R"({"Effect":"Allow","Principal":{"Federated":")" + std::string(kProvider) +
               R"("},"Action":"sts:AssumeRoleWithWebIdentity")" + rest + "}");
}

// A document's Error, or an empty one when it is accepted.
base::Error refusal(const std::string& document, PolicyKind kind = PolicyKind::Trust) {
  auto parsed = parsePolicy(document, kind);
  return parsed ? base::Error{base::ErrorKind::Internal, "", "", ""} : parsed.error();
}

TEST(PolicyDocument, KeepsEveryElement) {
  auto parsed = parsePolicy(
      R"({"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"One","Effect":"Deny","NotPrincipal":{"AWS":["111122223333","*"],
      "Service":"s3.amazonaws.com"},"NotAction":["s3:Get*","s3:Put*"],"NotResource":"arn:aws:s3:::bucket/*",
      "Condition":{"NumericLessThan":{"s3:max-keys":10},"Bool":{"aws:SecureTransport":false},"StringLike":{"aws:UserAgent":["a","b"]}}}]})",
      PolicyKind::Bucket);
  ASSERT_TRUE(parsed) << parsed.error().message << parsed.error().hint;
  EXPECT_EQ(parsed->version, "2012-10-17");
  ASSERT_THAT(parsed->statements, SizeIs(1));
  const Statement& one = parsed->statements[0];
  EXPECT_EQ(one.sid, "One");
  EXPECT_EQ(one.effect, Effect::Deny);
  EXPECT_THAT(one.principals, IsEmpty());
  ASSERT_THAT(one.notPrincipals, SizeIs(2));
  EXPECT_THAT(one.notPrincipals[0].values, ElementsAre("111122223333", "*"));
  EXPECT_THAT(one.notActions, ElementsAre("s3:Get*", "s3:Put*"));
  EXPECT_THAT(one.notResources, ElementsAre("arn:aws:s3:::bucket/*"));
  ASSERT_THAT(one.conditions, SizeIs(3));
  EXPECT_THAT(one.conditions[0].values, ElementsAre("10"));
  EXPECT_THAT(one.conditions[1].values, ElementsAre("false"));
  EXPECT_THAT(one.conditions[2].values, ElementsAre("a", "b"));
}

TEST(PolicyDocument, TakesOneThingForAListOfOne) {
  EXPECT_EQ(refusal(allow("")).message, "");
  auto parsed =
      parsePolicy(R"({"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}]})", PolicyKind::Identity);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->version, "") << "a missing Version is 2008-10-17";
}

TEST(PolicyDocument, AcceptsTheOldVersion) {
  EXPECT_EQ(refusal(R"({"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})",
                    PolicyKind::Identity)
                .message,
            "");
}

TEST(PolicyDocument, RefusesWhatTheGrammarDoesNotKnow) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "line 1"},
      {"null", "no JSON object"},
      {"[]", "no JSON object"},
      {"{}", "no Statement"},
      {R"({"Statement":[]})", "neither an object nor a list"},
      {R"({"Statement":"x"})", "neither an object nor a list"},
      {R"({"Statement":[7]})", "statement 1 is no object"},
      {R"({"Statement":[],"Extra":1})", "unknown element Extra"},
      {R"({"Id":7,"Statement":[]})", "Id is no string"},
      {R"({"Version":7,"Statement":[]})", "Version"},
      {R"({"Version":"2026-01-01","Statement":[]})", "Version"},
      {R"({"Version":"2012-10-17","Version":"2012-10-17","Statement":[]})", "occurs twice"},
      {allow(R"(,"Actions":"x")"), "did you mean Action?"},
      {allow(R"(,"effect":"Allow")"), "unknown element effect"},
      {allow(R"(,"Sid":7)"), "Sid is no string"},
      {allow(R"(,"NotAction":"sts:*")"), "both Action and NotAction"},
      {allow(R"(,"NotPrincipal":"*")"), "both Principal and NotPrincipal"},
      {allow(R"(,"Condition":[])"), "Condition is no object"},
      {allow(R"(,"Condition":{"StringEquals":"x"})"), "StringEquals is no object"},
      {allow(R"(,"Condition":{"StringEquals":{"a":null}})"), "bad values"},
      {allow(R"(,"Condition":{"StringEquals":{"a":[{}]}})"), "bad values"},
      {allow(R"(,"Condition":{"StringEquals":{"":"x"}})"), "bad values"},
      {allow(R"(,"Condition":{"StringEqual":{"a":"x"}})"), "no condition operator StringEqual"},
      {allow(R"(,"Condition":{"stringequals":{"a":"x"}})"), "no condition operator stringequals"},
      {trust(R"({"Principal":"*","Action":"sts:AssumeRole"})"), "no Effect"},
      {trust(R"({"Effect":"allow","Principal":"*","Action":"sts:AssumeRole"})"), "Allow or Deny"},
      {trust(R"({"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"})"), "neither \"*\" nor an object"},
      {trust(R"({"Effect":"Allow","Principal":{"AWS":7},"Action":"sts:AssumeRole"})"), "AWS is neither"},
      {trust(R"({"Effect":"Allow","Principal":{"Human":"x"},"Action":"sts:AssumeRole"})"), "kind of principal"},
      {trust(R"({"Effect":"Allow","Principal":"*","Action":{}})"), "Action is neither"},
  };
  for (const auto& [document, where] : cases) {
    base::Error error = refusal(document);
    EXPECT_EQ(error.message, "Syntax errors in policy.") << document;
    EXPECT_EQ(error.code, "MalformedPolicyDocument") << document;
    EXPECT_THAT(error.hint, HasSubstr(where)) << document;
  }
}

TEST(PolicyDocument, ThatIsDamagedIsRefusedInASentenceOrStillDecides) {
  const std::string good = allow(R"(,"Condition":{"StringLike":{"oidc.example.com:sub":"a${aws:x, 'y'}*"}})");
  Request request{
      "sts:AssumeRoleWithWebIdentity", "", "Federated", "arn:aws:iam::111122223333:oidc-provider/nobody", "", {}};
  support::Seeded random(11);
  for (int i = 0; i < 5000; ++i) {
    std::string document = random.mutated(good, "{}[]\":,*$?aA");
    for (PolicyKind kind : {PolicyKind::Identity, PolicyKind::Trust, PolicyKind::Bucket}) {
      auto parsed = parsePolicy(document, kind);
      if (parsed) {
        EXPECT_NE(evaluate(*parsed, kind, request).verdict, Verdict::Allow) << document;
      } else {
        EXPECT_FALSE(parsed.error().message.empty() || parsed.error().hint.empty()) << document;
      }
    }
  }
}

TEST(PolicyDocument, SaysWhichStatementIsAtFault) {
  std::string good = R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})";
  EXPECT_THAT(refusal(trust("[" + good + "," + good + R"(,{"Effect":"Allow"}])"), PolicyKind::Identity).hint,
              HasSubstr("statement 3"));
}

TEST(PolicyDocument, IsRefusedWhenTooDeep) {
  std::string deep =
      R"({"Version":"2012-10-17","Statement":)" + std::string(5'000, '[') + std::string(5'000, ']') + "}";
  EXPECT_EQ(refusal(deep).code, "MalformedPolicyDocument");
  EXPECT_THAT(refusal(deep).hint, HasSubstr("nested deeper than 64 levels"));
}

TEST(PolicyDocument, OfSixtyFourKibibytesIsReadAndOneBeyondIamsLimitIsRefusedUnread) {
  std::string blanks(std::size_t(64) * 1024, ' ');
  EXPECT_EQ(refusal(blanks + allow("")).message, "");
  std::string most = allow("");
  EXPECT_EQ(refusal(std::string(kLongestPolicy - most.size(), ' ') + most).message, "");
  base::Error error = refusal(std::string(kLongestPolicy - most.size() + 1, ' ') + most);
  EXPECT_EQ(error.code, "ValidationError");
  EXPECT_EQ(error.message,
            "1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: Member must have "
            "length less than or equal to 131072");
}

}  // namespace
}  // namespace policy
