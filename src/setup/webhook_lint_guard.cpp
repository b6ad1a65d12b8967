#include <algorithm>

#include "setup/names.h"
#include "setup/webhook_lint_rules.h"
#include "setup/webhook_objects.h"

namespace setup {
namespace {

using text::Json;

std::string nameOf(const Json& object) { return text::stringAt(text::at(object, "metadata"), "name"); }

// Ours, or one that was written to the same end: it sees the account of a pod, and looks for what a webhook injects.
bool isGuard(const Json& policy) {
  const Json& spec = text::at(policy, "spec");
  return text::stringAt(text::at(spec, "paramKind"), "kind") == "ServiceAccount" &&
         text::compact(spec).find("AWS_ROLE_ARN") != std::string::npos;
}

bool denies(const Json& binding) {
  const Json& actions = text::at(text::at(binding, "spec"), "validationActions");
  return std::find(actions.begin(), actions.end(), "Deny") != actions.end();
}

std::vector<Json> denyingBindings(const WebhookSurroundings& cluster, const Json& policy) {
  std::vector<Json> out;
  for (const Json& binding : cluster.policyBindings)
    if (text::stringAt(text::at(binding, "spec"), "policyName") == nameOf(policy) && denies(binding))
      out.push_back(binding);
  return out;
}

bool guards(const std::vector<Json>& bindings, const kube::Labels& account) {
  return std::ranges::any_of(bindings, [&](const Json& binding) {
    const Json& reference = text::at(text::at(binding, "spec"), "paramRef");
    return text::at(reference, "name").is_null() && kube::selects(text::at(reference, "selector"), account);
  });
}

void lintGuardedAccounts(WebhookLint& lint, const std::vector<Json>& bindings) {
  const std::vector<NamedLabels> nameSpaces = namespacesOf(lint.cluster);
  auto failsOpenIn = [&](const std::string& name) {
    const auto space = std::ranges::find(nameSpaces, name, &NamedLabels::name);
    return space != nameSpaces.end() && std::ranges::any_of(lint.webhooks, [&](const IdentityWebhook& webhook) {
             return webhook.failurePolicy == "Ignore" && webhook.takes(space->labels, {});
           });
  };
  for (const AccountWithRole& account : accountsWithRole(lint)) {
    if (guards(bindings, account.labels) || !failsOpenIn(account.nameSpace)) continue;
    std::string command = "kubectl -n " + account.nameSpace + " label serviceaccount " + account.name;
    command.append(" ").append(kRoleLabel).append("=true, or name it in irsa.yaml");
    lint.warning("ACCOUNT_NOT_GUARDED", account.place(),
                 "it has a role and not the label by which the guard knows accounts: a pod that the webhook misses "
                 "starts without credentials",
                 std::move(command));
  }
}

void lintFailingOpen(WebhookLint& lint) {
  const std::string remedy =
      lint.cluster.servesGuard ? "set webhook.guard: true and run irsa apply, or give the pods that need it the label "
                               : "upgrade to Kubernetes 1.30 for the guard, or give the pods that need it the label ";
  for (const IdentityWebhook& webhook : lint.webhooks) {
    if (webhook.failurePolicy != "Ignore") continue;
    lint.warning("WEBHOOK_FAILS_OPEN", webhook.place(),
                 "failurePolicy is Ignore and no guard watches over it: while the webhook is away, pods start without "
                 "their role and nobody is told",
                 remedy + std::string(kInjectLabel) + ": " + std::string(kInjectRequired));
  }
}

}  // namespace

void lintGuard(WebhookLint& lint) {
  if (lint.webhooks.empty() || lint.cluster.mayHave(policiesPath())) return;
  const auto guard = std::ranges::find_if(lint.cluster.policies, isGuard);
  if (guard == lint.cluster.policies.end()) return lintFailingOpen(lint);
  const std::vector<Json> bindings = denyingBindings(lint.cluster, *guard);
  if (!bindings.empty()) return lintGuardedAccounts(lint, bindings);
  lint.warning("GUARD_OFF", "ValidatingAdmissionPolicy " + nameOf(*guard),
               "no binding of it denies anything: pods that the webhook misses start without their role",
               "run irsa apply, or add Deny to validationActions of its ValidatingAdmissionPolicyBinding");
}

}  // namespace setup
