#include <algorithm>
#include <utility>

#include "policy/arn.h"
#include "policy/condition.h"
#include "policy/pattern.h"
#include "policy/policy_document.h"
#include "text/glob.h"
#include "text/words.h"

namespace policy {
namespace {

std::string listed(const std::vector<Principal>& principals) {
  std::string out;
  for (const Principal& principal : principals)
    out += (out.empty() ? "" : ", ") + principal.kind +
           (principal.values.empty() ? "" : " " + text::joined(principal.values));
  return out;
}

// A session arn:P:sts::A:assumed-role/ROLE/SESSION is also named by its role, arn:P:iam::A:role/PATH/ROLE.
bool isSessionOf(const std::string& role, const std::string& caller) {
  auto wanted = parseArn(role);
  auto given = parseArn(caller);
  if (!wanted || !given || given->service != "sts" || wanted->service != "iam" || wanted->account != given->account)
    return false;
  std::string_view session = given->resource, path = wanted->resource;
  if (!session.starts_with("assumed-role/") || !path.starts_with("role/")) return false;
  session.remove_prefix(std::string_view("assumed-role/").size());
  return session.substr(0, session.find('/')) == path.substr(path.rfind('/') + 1);
}

bool isAccount(const std::string& value, const std::string& account) {
  if (value == account) return true;
  auto arn = parseArn(value);
  return arn && arn->service == "iam" && arn->resource == "root" && arn->account == account;
}

// Looks at one request through one document.
class Evaluation {
 public:
  Evaluation(const PolicyDocument& document, PolicyKind kind, const Request& request)
      : kind_(kind),
        request_(request),
        action_(text::lowerCase(request.action)),
        variables_(document.version == "2012-10-17" ? &request.context : nullptr) {}

  bool applies(const Statement& statement) const {
    return (kind_ == PolicyKind::Identity || matchesPrincipal(statement)) && matchesAction(statement) &&
           (kind_ == PolicyKind::Trust || matchesResource(statement)) &&
           std::ranges::all_of(statement.conditions, [&](const Condition& condition) {
             return holds(condition, request_.context, variables_);
           });
  }

  std::vector<Test> tests(const Statement& statement) const {
    std::vector<Test> out;
    if (kind_ != PolicyKind::Identity) out.push_back(principalTest(statement));
    out.push_back(
        listTest("Action", request_.action, statement.actions, statement.notActions, matchesAction(statement)));
    if (kind_ != PolicyKind::Trust)
      out.push_back(listTest("Resource", request_.resource, statement.resources, statement.notResources,
                             matchesResource(statement)));
    for (const Condition& condition : statement.conditions) out.push_back(conditionTest(condition));
    return out;
  }

 private:
  bool isEveryone(const Principal& principal, bool isAllow) const {
    bool isStar = principal.kind == "*" ||
                  (principal.kind == "AWS" && std::ranges::find(principal.values, "*") != principal.values.end());
    if (!isStar) return false;
    // A star denies everyone, and a bucket may be open to everyone; but it trusts no web identity and no anonymous
    // caller.
    return !isAllow || kind_ == PolicyKind::Bucket || request_.principalKind == "AWS";
  }

  bool names(const Principal& principal, bool isAllow) const {
    if (isEveryone(principal, isAllow)) return true;
    if (request_.principalKind.empty() || principal.kind != request_.principalKind) return false;
    return std::ranges::any_of(principal.values, [&](const std::string& value) {
      if (value == request_.principal) return value != "*";
      return principal.kind == "AWS" && (isAccount(value, request_.principalAccount) ||
                                         (request_.isNamedByRole && isSessionOf(value, request_.principal)));
    });
  }

  bool matchesPrincipal(const Statement& statement) const {
    bool isAllow = statement.effect == Effect::Allow;
    auto isNamed = [&](const Principal& principal) { return names(principal, isAllow); };
    if (statement.notPrincipals.empty()) return std::ranges::any_of(statement.principals, isNamed);
    // NotPrincipal is for Deny; in a trust policy it opens a role to nobody.
    if (isAllow && kind_ == PolicyKind::Trust) return false;
    return std::ranges::none_of(statement.notPrincipals, isNamed);
  }

  bool matchesAction(const Statement& statement) const {
    auto isNamed = [&](const std::string& pattern) { return text::glob(text::lowerCase(pattern), action_); };
    if (statement.notActions.empty()) return std::ranges::any_of(statement.actions, isNamed);
    return std::ranges::none_of(statement.notActions, isNamed);
  }

  bool matchesResource(const Statement& statement) const {
    auto isNamed = [&](const std::string& text) {
      auto pattern = Pattern::expand(text, variables_);
      return pattern && pattern->like(request_.resource);
    };
    if (statement.notResources.empty()) return std::ranges::any_of(statement.resources, isNamed);
    return std::ranges::none_of(statement.notResources, isNamed);
  }

  std::string caller() const {
    return request_.principalKind.empty() ? "anonymous" : request_.principalKind + " " + request_.principal;
  }

  std::string principalFault(const Statement& statement) const {
    if (!statement.notPrincipals.empty())
      return "the caller is " + caller() + ", the policy speaks of all but " + listed(statement.notPrincipals);
    bool hasStar =
        std::ranges::any_of(statement.principals, [&](const Principal& one) { return isEveryone(one, false); });
    return "the caller is " + caller() + ", the policy names " + listed(statement.principals) +
           (hasStar ? ", which does not trust this kind of caller" : "");
  }

  Test principalTest(const Statement& statement) const {
    bool isNegated = !statement.notPrincipals.empty();
    Test test{.element = isNegated ? "NotPrincipal" : "Principal",
              .op = "",
              .key = "",
              .wanted = {},
              .given = {caller()},
              .holds = matchesPrincipal(statement),
              .because = ""};
    for (const Principal& principal : isNegated ? statement.notPrincipals : statement.principals) {
      if (principal.values.empty()) test.wanted.push_back(principal.kind);
      for (const std::string& value : principal.values) test.wanted.push_back(principal.kind + " " + value);
    }
    if (!test.holds) test.because = principalFault(statement);
    return test;
  }

  static Test listTest(const std::string& element, const std::string& given, const std::vector<std::string>& wanted,
                       const std::vector<std::string>& excluded, bool isHeld) {
    Test test{.element = excluded.empty() ? element : "Not" + element,
              .op = "",
              .key = "",
              .wanted = excluded.empty() ? wanted : excluded,
              .given = {given},
              .holds = isHeld,
              .because = ""};
    if (!isHeld)
      test.because = "the " + text::lowerCase(element) + " is " + given + ", the policy names " +
                     (excluded.empty() ? "" : "all but ") + text::joined(test.wanted);
    return test;
  }

  Test conditionTest(const Condition& condition) const {
    Test test{.element = "Condition",
              .op = condition.op,
              .key = condition.key,
              .wanted = condition.values,
              .given = {},
              .holds = holds(condition, request_.context, variables_),
              .because = ""};
    if (auto found = request_.context.find(text::lowerCase(condition.key)); found != request_.context.end())
      test.given = found->second;
    if (!test.holds) test.because = whyNot(condition, request_.context);
    return test;
  }

  PolicyKind kind_;
  const Request& request_;
  std::string action_;
  const Context* variables_;
};

}  // namespace

Verdict decide(const PolicyDocument& document, PolicyKind kind, const Request& request) {
  Evaluation evaluation(document, kind, request);
  Verdict verdict = Verdict::ImplicitDeny;
  for (const Statement& statement : document.statements) {
    bool isAllow = statement.effect == Effect::Allow;
    if ((isAllow && verdict == Verdict::Allow) || !evaluation.applies(statement)) continue;
    if (!isAllow) return Verdict::ExplicitDeny;
    verdict = Verdict::Allow;
  }
  return verdict;
}

Explanation explain(const PolicyDocument& document, PolicyKind kind, const Request& request) {
  Evaluation evaluation(document, kind, request);
  Explanation out;
  for (std::size_t i = 0; i < document.statements.size(); ++i) {
    const Statement& statement = document.statements[i];
    StatementTrace trace{.name = statement.sid.empty() ? "#" + std::to_string(i + 1) : statement.sid,
                         .effect = statement.effect,
                         .applies = false,
                         .tests = evaluation.tests(statement)};
    trace.applies = std::ranges::all_of(trace.tests, &Test::holds);
    if (trace.applies && statement.effect == Effect::Deny) out.verdict = Verdict::ExplicitDeny;
    if (trace.applies && out.verdict == Verdict::ImplicitDeny) out.verdict = Verdict::Allow;
    out.statements.push_back(std::move(trace));
  }
  return out;
}

Decision evaluate(const PolicyDocument& document, PolicyKind kind, const Request& request) {
  Explanation explanation = explain(document, kind, request);
  Decision decision{explanation.verdict, {}};
  for (StatementTrace& statement : explanation.statements) {
    for (Test& test : statement.tests)
      if (!test.holds) decision.trace.push_back({statement.name, std::move(test.because), false});
    std::string effect = statement.effect == Effect::Allow ? "it allows " : "it denies ";
    if (statement.applies) decision.trace.push_back({statement.name, effect + request.action, true});
  }
  return decision;
}

}  // namespace policy
