// Random documents and requests, decided by the room and by the plain evaluator beside this file.
#include <gmock/gmock.h>

#include <cstdlib>

#include "plain_evaluator.h"
#include "policy/condition.h"
#include "policy/policy_document.h"
#include "support/seeded.h"

namespace policy {
namespace {

using support::Seeded;
using text::Json;

const std::vector<std::string> kTexts{"a",
                                      "A",
                                      "ab",
                                      "abc",
                                      "a*",
                                      "?",
                                      "*",
                                      "*b*",
                                      "b?",
                                      "",
                                      "a:b:c",
                                      "${*}b",
                                      "${aws:one}",
                                      "*${aws:one}",
                                      "${aws:none}",
                                      "${aws:none, 'ab'}",
                                      "${aws:many}*",
                                      "${aws:star}"};
const std::vector<std::string> kNumbers{"0", "1", "-1", "10", "9.5", "10.0", "3600", "00"};
const std::vector<std::string> kDates{"2026-11-24", "2026-11-24T00:00:00Z", "2026-11-24T12:00:00Z", "1795521600", "0"};
const std::vector<std::string> kTruths{"true", "false", "${aws:yes}", "maybe"};
const std::vector<std::string> kBlobs{"QQ==", "Qg==", "QUI="};
const std::vector<std::string> kRanges{"203.0.113.0/24", "203.0.113.9", "0.0.0.0/0",  "203.0.113.8/29",
                                       "2001:db8::/32",  "::/0",        "2001:db8::1"};
const std::vector<std::string> kAddresses{"203.0.113.9", "203.0.113.200", "198.51.100.1", "2001:db8::1", "2001:db9::1"};
const std::vector<std::string> kArns{"arn:aws:s3:::a",
                                     "arn:aws:s3:::*",
                                     "arn:*:s3:::a",
                                     "arn:aws:iam::1:role/a",
                                     "arn:aws:iam::1:role/a:b",
                                     "arn:aws:*:a",
                                     "arn:aws:iam::?:role/${aws:one}",
                                     "*"};

// An operator's name, the values that policies name and those that requests have.
struct Family {
  std::vector<std::string> names;
  const std::vector<std::string>* wanted;
  const std::vector<std::string>* given;
};

const std::vector<Family>& families() {
  static const std::vector<Family> kFamilies{
      {{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
        "StringNotLike"},
       &kTexts,
       &kTexts},
      {{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
        "NumericGreaterThanEquals"},
       &kNumbers,
       &kNumbers},
      {{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
        "DateGreaterThanEquals"},
       &kDates,
       &kDates},
      {{"Bool"}, &kTruths, &kTruths},
      {{"BinaryEquals"}, &kBlobs, &kBlobs},
      {{"IpAddress", "NotIpAddress"}, &kRanges, &kAddresses},
      {{"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"}, &kArns, &kArns}};
  return kFamilies;
}

class Author {
 public:
  explicit Author(std::uint64_t seed) : random_(seed) {}

  Json document() {
    Json statements = Json::array();
    for (std::size_t i = 1 + random_.below(3); i > 0; --i) statements.push_back(statement());
    Json out = Json::object();
    if (random_.below(8) != 0) out["Version"] = random_.below(8) == 0 ? "2008-10-17" : "2012-10-17";
    out["Statement"] = std::move(statements);
    return out;
  }

  // Half of the keys that policies may ask about, each of the kind its name says.
  plain::Question question() {
    bool isFederated = random_.below(4) != 0;
    plain::Question out{actions()[random_.below(3)],
                        isFederated ? "Federated" : "AWS",
                        isFederated ? kProviders[random_.below(2)] : "arn:aws:iam::111122223333:user/u",
                        {{"aws:one", {"a"}}, {"aws:many", {"a", "b"}}, {"aws:star", {"*"}}, {"aws:yes", {"true"}}}};
    for (std::size_t family = 0; family < families().size(); ++family)
      for (const char* name : {"x", "y"})
        if (random_.below(2) == 0) out.context[keyOf(family, name)] = some(*families()[family].given, 2);
    if (random_.below(4) == 0) out.context[keyOf(0, "x")] = {""};
    return out;
  }

 private:
  static constexpr const char* kProviders[] = {"arn:aws:iam::111122223333:oidc-provider/oidc.example.com/one",
                                               "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/two"};

  static const std::vector<std::string>& actions() {
    static const std::vector<std::string> kActions{"sts:AssumeRoleWithWebIdentity",
                                                   "sts:AssumeRole",
                                                   "sts:TagSession",
                                                   "sts:*",
                                                   "STS:assumerole*",
                                                   "sts:?agSession"};
    return kActions;
  }

  static std::string keyOf(std::size_t family, const std::string& name) {
    return "k" + std::to_string(family) + ".example.com:" + name;
  }

  std::vector<std::string> some(const std::vector<std::string>& from, std::size_t most) {
    std::vector<std::string> out;
    for (std::size_t i = 1 + random_.below(most); i > 0; --i) out.push_back(from[random_.below(from.size())]);
    return out;
  }

  Json oneOrMore(const std::vector<std::string>& from) {
    std::vector<std::string> values = some(from, 3);
    return values.size() == 1 ? Json(values[0]) : Json(values);
  }

  std::string operatorOf(const Family& family) {
    const char* quantifiers[] = {"", "", "ForAnyValue:", "ForAllValues:"};
    std::string name = quantifiers[random_.below(4)] + family.names[random_.below(family.names.size())];
    return random_.below(4) == 0 ? name + "IfExists" : name;
  }

  Json condition() {
    Json out = Json::object();
    for (std::size_t i = random_.below(3); i > 0; --i) {
      std::size_t family = random_.below(families().size());
      std::string key = keyOf(family, random_.below(2) == 0 ? "x" : "Y");
      if (random_.below(6) == 0) {
        out["Null"][key] = random_.below(2) == 0 ? Json("true") : Json(false);
      } else {
        out[operatorOf(families()[family])][key] = oneOrMore(*families()[family].wanted);
      }
    }
    return out;
  }

  Json principals() {
    switch (random_.below(6)) {
      case 0: return "*";
      case 1: return {{"AWS", "*"}};
      case 2: return {{"AWS", "arn:aws:iam::111122223333:user/u"}, {"Federated", kProviders[random_.below(2)]}};
      default: return {{"Federated", kProviders[random_.below(2)]}};
    }
  }

  Json statement() {
    Json out = {{"Effect", random_.below(4) == 0 ? "Deny" : "Allow"}};
    out[random_.below(8) == 0 ? "NotPrincipal" : "Principal"] = principals();
    out[random_.below(8) == 0 ? "NotAction" : "Action"] = oneOrMore(actions());
    if (Json asked = condition(); !asked.empty()) out["Condition"] = std::move(asked);
    return out;
  }

  Seeded random_;
};

std::string decisionOfTheRoom(const Json& document, const plain::Question& question) {
  auto parsed = parsePolicy(document.dump(), PolicyKind::Trust);
  if (!parsed) return parsed.error().message + parsed.error().hint;
  Request request{question.action, "", question.kind, question.principal, "999999999999", question.context};
  switch (decide(*parsed, PolicyKind::Trust, request)) {
    case Verdict::Allow: return "Allow";
    case Verdict::ExplicitDeny: return "ExplicitDeny";
    case Verdict::ImplicitDeny: return "ImplicitDeny";
  }
  return "";
}

TEST(SecondOpinion, IsTheSame) {
  constexpr std::uint64_t kSeed = 20261127;
  const int rounds = std::getenv("IRSA_SOAK") != nullptr ? 100'000 : 5'000;
  Author author(kSeed);
  std::map<std::string, int> verdicts;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    Json document = author.document();
    plain::Question question = author.question();
    std::string verdict = plain::decide(document, question);
    ++verdicts[verdict];
    EXPECT_EQ(decisionOfTheRoom(document, question), verdict)
        << document.dump() << "\n"
        << question.action << " " << question.principal << " " << Json(question.context).dump();
  }
  // The generator is worth something only when it reaches every verdict often.
  for (const char* verdict : {"Allow", "ExplicitDeny", "ImplicitDeny"})
    EXPECT_GT(verdicts[verdict], rounds / 20) << verdict;
}

}  // namespace
}  // namespace policy
