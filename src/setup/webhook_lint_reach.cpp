#include <algorithm>

#include "admission/advice.h"
#include "setup/names.h"
#include "setup/webhook_lint_rules.h"
#include "setup/webhook_objects.h"

namespace setup {
namespace {

using text::Json;

constexpr std::size_t kNamed = 3;  // of many, the rest is counted

const std::string kRenderFix = "irsa apply sets one up, and irsa webhook render prints its manifests";

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kNamed) out += " and " + std::to_string(names.size() - kNamed) + " more";
  return out;
}

// Labels of a pod that the selector was written for.
kube::Labels sampleFor(const Json& selector) {
  kube::Labels sample = kube::labelsIn(text::at(selector, "matchLabels"));
  for (const Json& requirement : text::at(selector, "matchExpressions")) {
    const std::string key = text::stringAt(requirement, "key"), relation = text::stringAt(requirement, "operator");
    const Json& values = text::at(requirement, "values");
    if (relation == "Exists") sample.try_emplace(key, "true");
    if (relation == "In" && !values.empty() && values.front().is_string()) sample.try_emplace(key, values.front());
  }
  return sample;
}

std::vector<kube::Labels> samplePods(const std::vector<IdentityWebhook>& webhooks) {
  std::vector<kube::Labels> samples{{}};
  for (const IdentityWebhook& webhook : webhooks) samples.push_back(sampleFor(webhook.objectSelector));
  return samples;
}

bool canTakeTheSamePod(const IdentityWebhook& one, const IdentityWebhook& other,
                       const std::vector<NamedLabels>& nameSpaces, const std::vector<kube::Labels>& pods) {
  return std::ranges::any_of(nameSpaces, [&](const NamedLabels& space) {
    return std::ranges::any_of(
        pods, [&](const kube::Labels& pod) { return one.takes(space.labels, pod) && other.takes(space.labels, pod); });
  });
}

void lintTwice(WebhookLint& lint) {
  const std::vector<NamedLabels> nameSpaces = namespacesOf(lint.cluster);
  const std::vector<kube::Labels> pods = samplePods(lint.webhooks);
  for (std::size_t i = 0; i < lint.webhooks.size(); ++i)
    for (std::size_t j = i + 1; j < lint.webhooks.size(); ++j) {
      const IdentityWebhook &one = lint.webhooks[i], &other = lint.webhooks[j];
      if (!canTakeTheSamePod(one, other, nameSpaces, pods)) continue;
      lint.warning("WEBHOOK_TWICE", other.place(),
                   "pods are also sent to " + one.configuration + "/" + one.name +
                       ": whichever comes first decides on Region, audience and expiration, and each costs its time",
                   "remove one of the two; see irsa webhook render for ours");
    }
}

bool takesSome(const std::vector<IdentityWebhook>& webhooks, const kube::Labels& nameSpace, const kube::Labels& pod) {
  return std::ranges::any_of(webhooks, [&](const IdentityWebhook& webhook) { return webhook.takes(nameSpace, pod); });
}

void lintNamespaces(WebhookLint& lint) {
  const std::vector<AccountWithRole> accounts = accountsWithRole(lint);
  const kube::Labels required{{std::string(kInjectLabel), std::string(kInjectRequired)}};
  for (const NamedLabels& space : namespacesOf(lint.cluster)) {
    if (takesSome(lint.webhooks, space.labels, {})) continue;
    std::vector<std::string> names;
    for (const AccountWithRole& account : accounts)
      if (account.nameSpace == space.name) names.push_back(account.name);
    if (names.empty()) continue;
    const bool canBeAsked = takesSome(lint.webhooks, space.labels, required);
    std::string label = "label the pods that need the role ";
    label.append(kInjectLabel).append(": ").append(kInjectRequired);
    lint.findings.push_back(
        {"WEBHOOK_MISSES_NAMESPACE", canBeAsked ? text::Severity::Warning : text::Severity::Error,
         "Namespace " + space.name,
         "no webhook takes pods of this namespace" + std::string(canBeAsked ? " that have no label" : "") +
             ", but accounts in it have a role: " + listed(names),
         canBeAsked ? label : "change the namespaceSelector of a webhook so that it takes this namespace"});
  }
}

void lintAccount(WebhookLint& lint, const Json& account) {
  const Json& metadata = text::at(account, "metadata");
  const Json& annotations = text::at(metadata, "annotations");
  if (!annotations.is_object()) return;
  const std::string space = text::stringAt(metadata, "namespace"), name = text::stringAt(metadata, "name");
  for (const auto& [key, value] : annotations.items()) {
    const std::string advice = admission::adviceOnAccount(key, lint.settings);
    if (!advice.empty())
      lint.warning("ANNOTATION_TYPO", "ServiceAccount " + space + "/" + name, advice,
                   "correct it, take the wrong one off (kubectl -n " + space + " annotate serviceaccount " + name +
                       " " + key + "-) and re-create the pods");
  }
}

}  // namespace

void lintReach(WebhookLint& lint) {
  const bool isNeeded = !accountsWithRole(lint).empty();
  if (lint.webhooks.empty()) {
    const std::string why = "no webhook of this kind handles the creation of pods";
    if (isNeeded)
      lint.error("WEBHOOK_MISSING", "cluster", why + ", but service accounts have roles: their pods get no credentials",
                 kRenderFix);
    else
      lint.warning("WEBHOOK_MISSING", "cluster", why, kRenderFix);
    return;
  }
  lintTwice(lint);
  lintNamespaces(lint);
}

void lintAccounts(WebhookLint& lint) {
  for (const Json& account : lint.cluster.accounts) lintAccount(lint, account);
  for (const AccountWithRole& account : accountsWithRole(lint)) {
    if (lint.completesRoles || admission::isRoleArn(account.role)) continue;
    lint.error("ROLE_ARN_INVALID", account.place(), "\"" + account.role + "\" is no ARN of a role: AWS refuses it",
               "write arn:aws:iam::ACCOUNT:role/NAME, and re-create the pods");
  }
}

}  // namespace setup
