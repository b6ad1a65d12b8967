// The table of decisions in cases.jsonl, one a line, each with the sentence of AWS's documentation that decides it.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <set>

#include "policy/condition.h"
#include "policy/policy_document.h"
#include "text/words.h"

namespace policy {
namespace {

using text::Json;

constexpr const char* kProvider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/clusters/one";
constexpr const char* kAction = "sts:AssumeRoleWithWebIdentity";
constexpr const char* kSubject = "oidc.example.com/clusters/one:sub";

std::vector<Json> readCases() {
  std::vector<Json> out;
  std::ifstream file("cases.jsonl");
  for (std::string line; std::getline(file, line);) out.push_back(Json::parse(line));
  return out;
}

// A case is a whole document, statements, or the condition of one statement that trusts our provider.
std::string documentOf(const Json& one) {
  if (one.contains("document")) return one["document"].get<std::string>();
  Json statements = Json::array();
  if (one.contains("statements")) {
    statements = one["statements"];
  } else {
    statements.push_back({{"Effect", "Allow"},
                          {"Principal", {{"Federated", kProvider}}},
                          {"Action", kAction},
                          {"Condition", one["condition"]}});
  }
  Json document = Json::object();
  std::string version = one.value("version", "2012-10-17");
  if (!version.empty()) document["Version"] = version;
  document["Statement"] = one.value("single", false) ? statements[0] : statements;
  return document.dump();
}

Request requestOf(const Json& one) {
  Request request{one.value("action", kAction),
                  "arn:aws:iam::111122223333:role/s3-echoer",
                  "Federated",
                  kProvider,
                  "111122223333",
                  {}};
  if (!one.contains("context")) request.context = {{kSubject, {"system:serviceaccount:default:s3-echoer"}}};
  const Json context = one.value("context", Json::object());
  for (const auto& [key, values] : context.items())
    request.context[text::lowerCase(key)] = values.get<std::vector<std::string>>();
  return request;
}

std::string nameOf(Verdict verdict) {
  if (verdict == Verdict::Allow) return "Allow";
  return verdict == Verdict::ExplicitDeny ? "ExplicitDeny" : "ImplicitDeny";
}

std::string decisionOn(const Json& one) {
  auto parsed = parsePolicy(documentOf(one), PolicyKind::Trust);
  if (!parsed) return "malformed";
  Request request = requestOf(one);
  std::string verdict = nameOf(decide(*parsed, PolicyKind::Trust, request));
  EXPECT_EQ(nameOf(explain(*parsed, PolicyKind::Trust, request).verdict), verdict) << one["name"];
  EXPECT_EQ(nameOf(evaluate(*parsed, PolicyKind::Trust, request).verdict), verdict) << one["name"];
  return verdict;
}

TEST(Cases, AreDecidedAsTheDocumentationSays) {
  std::vector<Json> cases = readCases();
  EXPECT_GE(cases.size(), 300U);
  for (const Json& one : cases) {
    EXPECT_EQ(decisionOn(one), one["expected"].get<std::string>()) << one.dump();
    EXPECT_GT(one["says"].get<std::string>().size(), 10U) << one["name"];
  }
}

// "StringLike plain", "StringLike IfExists", "StringLike ForAllValues", "StringLike ForAnyValue" and "StringLike
// absent".
std::set<std::string> kindsOf(const std::string& op, const std::string& key, const Json& context) {
  auto found = operatorNamed(op);
  std::string name = op.substr(op.find(':') + 1);
  if (found->ifExists) name.resize(name.size() - std::string("IfExists").size());
  std::set<std::string> kinds;
  if (found->ifExists) kinds.insert(name + " IfExists");
  if (found->quantifier == Quantifier::AllValues) kinds.insert(name + " ForAllValues");
  if (found->quantifier == Quantifier::AnyValue) kinds.insert(name + " ForAnyValue");
  if (kinds.empty()) kinds.insert(name + " plain");
  if (!context.contains(key)) kinds.insert(name + " absent");
  return kinds;
}

TEST(Cases, CoverEveryOperatorFiveTimesInEveryForm) {
  std::map<std::string, int> counts;
  for (const Json& one : readCases()) {
    if (!one.contains("condition")) continue;
    for (const auto& [op, keys] : one["condition"].items())
      for (const auto& [key, values] : keys.items())
        for (const std::string& kind : kindsOf(op, key, one["context"])) ++counts[kind];
  }
  std::set<std::string> operators;
  for (const auto& [kind, count] : counts) {
    EXPECT_GE(count, 5) << kind;
    operators.insert(kind.substr(0, kind.find(' ')));
  }
  EXPECT_EQ(operators.size(), 27U);
  // Every operator in five forms; Null in two, plain and absent.
  EXPECT_EQ(counts.size(), 26U * 5 + 2);
}

}  // namespace
}  // namespace policy
