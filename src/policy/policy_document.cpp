#include "policy/policy_document.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "policy/condition.h"
#include "policy/grammar.h"
#include "policy/pattern.h"
#include "text/nearest.h"

namespace policy {
namespace {

using text::Json;

constexpr std::array<std::string_view, 9> kElements{"Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
                                                    "NotAction", "Resource", "NotResource", "Condition"};
constexpr std::string_view kNewest = "2012-10-17";

// "a" or ["a", "b"]. Absent when it is anything else.
std::optional<std::vector<std::string>> strings(const Json& json) {
  if (json.is_string()) return std::vector{json.get<std::string>()};
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> out;
  for (const Json& item : json) {
    if (!item.is_string()) return std::nullopt;
    out.push_back(item.get<std::string>());
  }
  return out;
}

// Conditions also take numbers and booleans, which count as their text.
std::optional<std::vector<std::string>> conditionValues(const Json& json) {
  std::vector<std::string> out;
  auto add = [&](const Json& item) {
    if (!item.is_string() && !item.is_number() && !item.is_boolean()) return false;
    out.push_back(item.is_string() ? item.get<std::string>() : text::compact(item));
    return true;
  };
  if (!json.is_array()) return add(json) ? std::optional(out) : std::nullopt;
  return std::ranges::all_of(json, add) ? std::optional(out) : std::nullopt;
}

// Reads one statement; `where` is "statement 2", for hints.
class StatementReader {
 public:
  StatementReader(const Json& json, const Grammar& grammar, std::string where)
      : json_(json), grammar_(grammar), where_(std::move(where)) {}

  base::Result<Statement> read() {
    if (!json_.is_object()) return grammar_.syntax(where_ + " is no object");
    TRY(checkNames());
    TRY(readEffect());
    TRY(readPrincipals("Principal", statement_.principals));
    TRY(readPrincipals("NotPrincipal", statement_.notPrincipals));
    TRY(readStrings("Action", statement_.actions));
    TRY(readStrings("NotAction", statement_.notActions));
    TRY(readStrings("Resource", statement_.resources));
    TRY(readStrings("NotResource", statement_.notResources));
    TRY(readConditions());
    TRY(grammar_.check(statement_, where_));
    return std::move(statement_);
  }

 private:
  base::Result<void> checkNames() {
    for (const auto& [name, value] : json_.items()) {
      if (std::ranges::find(kElements, name) != kElements.end()) continue;
      std::string_view near = text::nearest(name, kElements);
      return grammar_.unknownElement(name, where_ + " has an unknown element " + name +
                                               (near.empty() ? "" : ", did you mean " + std::string(near) + "?"));
    }
    TRY(checkExclusive("Principal", "NotPrincipal"));
    TRY(checkExclusive("Action", "NotAction"));
    return checkExclusive("Resource", "NotResource");
  }

  base::Result<void> checkExclusive(const char* one, const char* other) {
    if (!json_.contains(one) || !json_.contains(other)) return {};
    return grammar_.syntax(where_ + " has both " + one + " and " + other);
  }

  base::Result<void> readEffect() {
    if (json_.contains("Sid") && !text::at(json_, "Sid").is_string())
      return grammar_.syntax(where_ + ": Sid is no string");
    statement_.sid = text::stringAt(json_, "Sid");
    if (!json_.contains("Effect")) return grammar_.missing("Effect", where_);
    std::string effect = text::stringAt(json_, "Effect");
    if (effect != "Allow" && effect != "Deny") return grammar_.invalidEffect(effect, where_);
    statement_.effect = effect == "Allow" ? Effect::Allow : Effect::Deny;
    return {};
  }

  base::Result<void> readStrings(const char* element, std::vector<std::string>& out) {
    if (!json_.contains(element)) return {};
    auto list = strings(json_[element]);
    if (!list) return grammar_.syntax(where_ + ": " + element + " is neither a string nor a list of strings");
    out = std::move(*list);
    return {};
  }

  base::Result<void> readPrincipals(const char* element, std::vector<Principal>& out) {
    if (!json_.contains(element)) return {};
    const Json& json = json_[element];
    if (json == "*") {
      out.push_back({"*", {}});
      return {};
    }
    if (!json.is_object() || json.empty())
      return grammar_.invalidPrincipal("", json.is_string() ? json.get<std::string>() : "",
                                       where_ + ": " + element + " is neither \"*\" nor an object like {\"AWS\": ARN}");
    for (const auto& [kind, values] : json.items()) {
      auto list = strings(values);
      if (!list)
        return grammar_.syntax(where_ + ": " + element + "'s " + kind + " is neither a string nor a list of strings");
      out.push_back({kind, std::move(*list)});
    }
    return {};
  }

  base::Result<void> readConditions() {
    if (!json_.contains("Condition")) return {};
    const Json& json = json_["Condition"];
    if (!json.is_object()) return grammar_.syntax(where_ + ": Condition is no object");
    for (const auto& [op, keys] : json.items()) {
      if (!operatorNamed(op)) return grammar_.unknownOperator(op, where_);
      if (!keys.is_object()) return grammar_.syntax(where_ + ": Condition's " + op + " is no object");
      for (const auto& [key, json_values] : keys.items()) {
        auto values = conditionValues(json_values);
        if (!values || key.empty())
          return grammar_.syntax(where_ + ": Condition's " + op + " has bad values for \"" + key + "\"");
        statement_.conditions.push_back({op, key, std::move(*values)});
      }
    }
    return {};
  }

  const Json& json_;
  const Grammar& grammar_;
  std::string where_;
  Statement statement_;
};

base::Result<void> checkVersion(const Json& json, const Grammar& grammar) {
  if (!json.contains("Version")) return {};
  std::string version = text::stringAt(json, "Version");
  if (version == kNewest || version == "2008-10-17") return {};
  return grammar.badVersion(version);
}

// Sids tell statements apart, so no two are equal.
base::Result<void> checkSids(const std::vector<Statement>& statements, const Grammar& grammar) {
  std::set<std::string> seen;
  for (const Statement& statement : statements)
    if (!statement.sid.empty() && !seen.insert(statement.sid).second) return grammar.repeatedSid(statement.sid);
  return {};
}

}  // namespace

base::Result<PolicyDocument> parsePolicy(std::string_view document, PolicyKind kind) {
  Grammar grammar(kind);
  TRY(grammar.checkText(document));
  auto json = text::parseJson(document);
  if (!json) return grammar.notJson(json.error().message);
  if (!json->is_object()) return grammar.notJson("the document is no JSON object");
  for (const auto& [name, value] : json->items())
    if (name != "Version" && name != "Id" && name != "Statement")
      return grammar.unknownElement(name, "the document has an unknown element " + name);
  if (json->contains("Id") && !text::at(*json, "Id").is_string()) return grammar.syntax("Id is no string");
  TRY(checkVersion(*json, grammar));
  if (!json->contains("Statement")) return grammar.missing("Statement", "the document");
  const Json& statements = text::at(*json, "Statement");
  if (!statements.is_object() && (!statements.is_array() || statements.empty()))
    return grammar.syntax("Statement is neither an object nor a list of objects");
  PolicyDocument out{text::stringAt(*json, "Version"), {}};
  auto add = [&](const Json& statement) -> base::Result<void> {
    std::string where = "statement " + std::to_string(out.statements.size() + 1);
    out.statements.push_back(TRY(StatementReader(statement, grammar, where).read()));
    return {};
  };
  if (statements.is_object()) {
    TRY(add(statements));
  } else {
    for (const Json& statement : statements) TRY(add(statement));
  }
  TRY(checkSids(out.statements, grammar));
  return out;
}

}  // namespace policy
