#include <algorithm>
#include <utility>

#include "policy/arn.h"
#include "policy/condition.h"
#include "policy/pattern.h"
#include "policy/policy_document.h"
#include "text/glob.h"

namespace policy {
namespace {

std::string listed(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ", ") + value;
  return out;
}

std::string listed(const std::vector<Principal>& principals) {
  std::string out;
  for (const Principal& principal : principals)
    out +=
        (out.empty() ? "" : ", ") + principal.kind + (principal.values.empty() ? "" : " " + listed(principal.values));
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
      : kind_(kind), request_(request), variables_(document.version == "2012-10-17" ? &request.context : nullptr) {}

  // Empty when the statement matches; else every reason why it does not.
  std::vector<std::string> faults(const Statement& statement) const {
    std::vector<std::string> out;
    if (kind_ != PolicyKind::Identity && !matchesPrincipal(statement)) out.push_back(principalFault(statement));
    if (!matchesAction(statement))
      out.push_back(fault("action", request_.action, statement.actions, statement.notActions));
    if (kind_ != PolicyKind::Trust && !matchesResource(statement))
      out.push_back(fault("resource", request_.resource, statement.resources, statement.notResources));
    for (const Condition& condition : statement.conditions)
      if (!holds(condition, request_.context, variables_)) out.push_back(whyNot(condition, request_.context));
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
      return principal.kind == "AWS" &&
             (isAccount(value, request_.principalAccount) || isSessionOf(value, request_.principal));
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
    std::string action = lowerCase(request_.action);
    auto isNamed = [&](const std::string& pattern) { return text::glob(lowerCase(pattern), action); };
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

  std::string principalFault(const Statement& statement) const {
    std::string caller =
        request_.principalKind.empty() ? "anonymous" : request_.principalKind + " " + request_.principal;
    if (!statement.notPrincipals.empty())
      return "the caller is " + caller + ", the policy speaks of all but " + listed(statement.notPrincipals);
    bool hasStar =
        std::ranges::any_of(statement.principals, [&](const Principal& one) { return isEveryone(one, false); });
    return "the caller is " + caller + ", the policy names " + listed(statement.principals) +
           (hasStar ? ", which does not trust this kind of caller" : "");
  }

  static std::string fault(std::string_view what, const std::string& given, const std::vector<std::string>& wanted,
                           const std::vector<std::string>& excluded) {
    return "the " + std::string(what) + " is " + given + ", the policy names " +
           (excluded.empty() ? listed(wanted) : "all but " + listed(excluded));
  }

  PolicyKind kind_;
  const Request& request_;
  const Context* variables_;
};

}  // namespace

Decision evaluate(const PolicyDocument& document, PolicyKind kind, const Request& request) {
  Evaluation evaluation(document, kind, request);
  Decision decision;
  bool isAllowed = false, isDenied = false;
  for (std::size_t i = 0; i < document.statements.size(); ++i) {
    const Statement& statement = document.statements[i];
    std::string name = statement.sid.empty() ? "#" + std::to_string(i + 1) : statement.sid;
    bool isAllow = statement.effect == Effect::Allow;
    std::vector<std::string> faults = evaluation.faults(statement);
    for (std::string& fault : faults) decision.trace.push_back({name, std::move(fault), false});
    if (!faults.empty()) continue;
    decision.trace.push_back({name, (isAllow ? "it allows " : "it denies ") + request.action, true});
    (isAllow ? isAllowed : isDenied) = true;
  }
  if (isAllowed) decision.verdict = Verdict::Allow;
  if (isDenied) decision.verdict = Verdict::ExplicitDeny;
  return decision;
}

}  // namespace policy
