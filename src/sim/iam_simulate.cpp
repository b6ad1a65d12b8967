// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
#include <algorithm>
#include <set>

#include "policy/arn.h"
#include "policy/policy_document.h"
#include "sim/authenticate.h"
#include "sim/iam.h"
#include "sim/managed_policies.h"
#include "text/words.h"

namespace sim::iam {
namespace {

using policy::PolicyKind;
using policy::Verdict;

// What the account's administrator has.
constexpr std::string_view kEverything =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";

struct NamedPolicy {
  std::string name;
  policy::PolicyDocument document;
};

// What is to be tried: each action on each resource.
struct Trial {
  std::vector<NamedPolicy> policies, boundaries;
  bool hasBoundary = false;
  std::vector<std::string> actions, resources;
  policy::Request request;  // context and caller
};

base::Result<void> add(std::vector<NamedPolicy>& list, std::string name, std::string_view document) {
  auto parsed = policy::parsePolicy(document, PolicyKind::Identity);
  if (!parsed) return awsError("InvalidInput", "The policy " + name + " is malformed: " + parsed.error().message);
  list.push_back({std::move(name), std::move(parsed).value()});
  return {};
}

base::Result<void> addInputs(const Call& call, const std::string& parameter, std::vector<NamedPolicy>& list) {
  std::size_t number = 0;
  for (const std::string& document : call.parameters.list(parameter))
    TRY(add(list, parameter + "." + std::to_string(++number), document));
  return {};
}

// ContextEntries.member.N.ContextKeyName and .ContextKeyValues.member.M.
void readContext(const Call& call, policy::Request& request) {
  for (std::size_t n = 1;; ++n) {
    const std::string entry = "ContextEntries.member." + std::to_string(n);
    auto key = call.parameters.find(entry + ".ContextKeyName");
    if (!key) return;
    request.context[text::lowerCase(*key)] = call.parameters.list(entry + ".ContextKeyValues");
  }
}

base::Result<Trial> readTrial(const Call& call) {
  Trial trial;
  trial.actions = call.parameters.list("ActionNames");
  trial.resources = call.parameters.list("ResourceArns");
  Constraints constraints(Values::Hidden);
  if (trial.actions.empty()) constraints.failed("", "actionNames", "Member must not be null");
  for (const std::string& action : trial.actions) constraints.length("actionNames", action, 3, 128);
  TRY(constraints.verdict());
  for (const std::string& action : trial.actions)
    if (action.find(':') == std::string::npos || action.find('*') != std::string::npos)
      return awsError("InvalidInput", "Invalid Action Name: " + action);
  for (const std::string& resource : trial.resources)
    if (resource != "*" && !policy::parseArn(resource))
      return awsError("InvalidInput", "Invalid Resource ARN: " + resource);
  if (trial.resources.empty()) trial.resources.emplace_back("*");
  readContext(call, trial.request);
  TRY(addInputs(call, "PolicyInputList", trial.policies));
  TRY(addInputs(call, "PermissionsBoundaryPolicyInputList", trial.boundaries));
  trial.hasBoundary = !trial.boundaries.empty();
  return trial;
}

struct Outcome {
  Verdict verdict = Verdict::ImplicitDeny;
  std::vector<std::string> matched;  // names of policies
};

Outcome weigh(const std::vector<NamedPolicy>& policies, const policy::Request& request) {
  Outcome out;
  for (const NamedPolicy& one : policies) {
    const Verdict verdict = policy::decide(one.document, PolicyKind::Identity, request);
    if (verdict == Verdict::ImplicitDeny) continue;
    out.matched.push_back(one.name);
    if (out.verdict != Verdict::ExplicitDeny) out.verdict = verdict;
  }
  return out;
}

// Keys that some condition asks for and nobody gave.
std::set<std::string> missingKeys(const Trial& trial) {
  std::set<std::string> keys;
  for (const auto* list : {&trial.policies, &trial.boundaries})
    for (const NamedPolicy& one : *list)
      for (const policy::Statement& statement : one.document.statements)
        for (const policy::Condition& condition : statement.conditions)
          if (!trial.request.context.contains(text::lowerCase(condition.key))) keys.insert(condition.key);
  return keys;
}

std::string_view wordOf(Verdict verdict) {
  return verdict == Verdict::Allow ? "allowed" : verdict == Verdict::ExplicitDeny ? "explicitDeny" : "implicitDeny";
}

void writeOutcome(Call& call, const Trial& trial, const policy::Request& request) {
  Outcome outcome = weigh(trial.policies, request);
  const Verdict boundary = trial.hasBoundary ? weigh(trial.boundaries, request).verdict : Verdict::Allow;
  Verdict verdict = outcome.verdict;
  if (boundary != Verdict::Allow && verdict == Verdict::Allow) verdict = boundary;
  text::XmlWriter& xml = call.xml;
  xml.open("member").leaf("EvalActionName", request.action).leaf("EvalResourceName", request.resource);
  xml.leaf("EvalDecision", wordOf(verdict)).open("MatchedStatements");
  for (const std::string& name : outcome.matched)
    xml.open("member").leaf("SourcePolicyId", name).leaf("SourcePolicyType", "IAM Policy").close();
  xml.close().open("MissingContextValues");
  for (const std::string& key : missingKeys(trial)) xml.leaf("member", key);
  xml.close();
  if (trial.hasBoundary)
    xml.open("PermissionsBoundaryDecisionDetail")
        .leaf("AllowedByPermissionsBoundary", boundary == Verdict::Allow ? "true" : "false")
        .close();
  xml.close();
}

base::Result<void> run(Call& call, Trial& trial) {
  const std::size_t count = trial.actions.size() * trial.resources.size();
  Page page = TRY(pageOf(call, count));
  call.xml.open("EvaluationResults");
  for (std::size_t i = page.first; i < page.end; ++i) {
    trial.request.action = trial.actions[i / trial.resources.size()];
    trial.request.resource = trial.resources[i % trial.resources.size()];
    writeOutcome(call, trial, trial.request);
  }
  call.xml.close();
  writePageEnd(call.xml, page);
  return {};
}

// Whatever a role has: its policies, its boundary and its tags.
base::Result<void> addRole(const Call& call, std::string_view source, Trial& trial) {
  const Role* found = roleOfArn(call, source);
  if (!found) return awsError("NoSuchEntity", "PolicySource " + std::string(source) + " not found.");
  const Role& role = *found;
  for (const auto& [name, document] : role.inlinePolicies)
    TRY(add(trial.policies, "role_" + role.name + "_" + name, document));
  for (const std::string& arn : role.attachedPolicies)
    if (auto document = policyDocument(call, arn)) TRY(add(trial.policies, arn.substr(arn.rfind('/') + 1), *document));
  if (!trial.hasBoundary && !role.boundary.empty()) {
    trial.hasBoundary = true;
    if (auto document = policyDocument(call, role.boundary)) TRY(add(trial.boundaries, role.boundary, *document));
  }
  for (const auto& [key, value] : role.tags)
    trial.request.context.try_emplace("aws:principaltag/" + text::lowerCase(key), std::vector<std::string>{value});
  return {};
}

}  // namespace

std::string simulatedPrincipal(const Call& call) { return std::string(call.parameters.get("PolicySourceArn")); }

base::Result<void> simulateCustomPolicy(Call& call) {
  if (call.parameters.list("PolicyInputList").empty())
    TRY(Constraints(Values::Hidden).failed("", "policyInputList", "Member must not be null").verdict());
  Trial trial = TRY(readTrial(call));
  return run(call, trial);
}

base::Result<void> simulatePrincipalPolicy(Call& call) {
  auto source = call.parameters.find("PolicySourceArn");
  TRY(Constraints(Values::Hidden)
          .required("policySourceArn", source)
          .length("policySourceArn", source, 20, 2048)
          .verdict());
  Trial trial = TRY(readTrial(call));
  if (*source == administratorOf(call.settings).arn)
    TRY(add(trial.policies, "AdministratorAccess", kEverything));
  else
    TRY(addRole(call, *source, trial));
  trial.request.principalKind = "AWS";
  trial.request.principal = *source;
  trial.request.principalAccount = call.settings.account;
  trial.request.context.try_emplace("aws:principalarn", std::vector<std::string>{std::string(*source)});
  return run(call, trial);
}

}  // namespace sim::iam
