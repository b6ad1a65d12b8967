#include "setup/webhook_lint.h"

#include <algorithm>

#include "setup/webhook_lint_rules.h"

namespace setup {
namespace {

using text::Json;
using text::Severity;

void findPrograms(WebhookLint& lint) {
  for (const IdentityWebhook& webhook : lint.webhooks) {
    const auto service = lint.cluster.services.find(webhook.service());
    const auto deployments = lint.cluster.deployments.find(webhook.serviceNamespace);
    if (service == lint.cluster.services.end() || deployments == lint.cluster.deployments.end()) continue;
    lint.programs[webhook.service()] = programsBehind(service->second, deployments->second);
  }
  for (const auto& [service, programs] : lint.programs)
    for (const WebhookProgram& program : programs) {
      if (auto prefix = program.flag("annotation-prefix")) lint.settings.annotationPrefix = *prefix;
      lint.completesRoles |= program.isOn("compose-role-arn") || program.flag("compose-role-arn-account");
    }
}

void noteUnread(WebhookLint& lint) {
  for (const auto& [path, reason] : lint.cluster.unread)
    lint.findings.push_back({"LOOK_DENIED", Severity::Note, path, "not looked at: " + reason,
                             "use a kubeconfig that may read it to have the rules about it checked"});
}

}  // namespace

void WebhookLint::error(std::string code, std::string place, std::string why, std::string fix) {
  findings.push_back({std::move(code), Severity::Error, std::move(place), std::move(why), std::move(fix)});
}

void WebhookLint::warning(std::string code, std::string place, std::string why, std::string fix) {
  findings.push_back({std::move(code), Severity::Warning, std::move(place), std::move(why), std::move(fix)});
}

const WebhookProgram* WebhookLint::programOf(const IdentityWebhook& webhook) const {
  const auto found = programs.find(webhook.service());
  return found == programs.end() || found->second.empty() ? nullptr : &found->second.front();
}

std::vector<NamedLabels> namespacesOf(const WebhookSurroundings& cluster) {
  std::vector<NamedLabels> out;
  for (const Json& one : cluster.namespaces)
    out.push_back({text::stringAt(text::at(one, "metadata"), "name"), kube::labelsOf(one)});
  return out;
}

std::vector<AccountWithRole> accountsWithRole(const WebhookLint& lint) {
  std::vector<AccountWithRole> out;
  for (const Json& account : lint.cluster.accounts) {
    const Json& metadata = text::at(account, "metadata");
    std::string role = text::stringAt(text::at(metadata, "annotations"), lint.settings.annotationPrefix + "/role-arn");
    if (!role.empty())
      out.push_back({text::stringAt(metadata, "namespace"), text::stringAt(metadata, "name"), std::move(role),
                     kube::labelsOf(account)});
  }
  return out;
}

text::Findings lintWebhooks(const WebhookSurroundings& cluster, base::Time now) {
  WebhookLint lint{cluster, now, identityWebhooksIn(cluster.configurations)};
  findPrograms(lint);
  lintEntries(lint);
  lintReach(lint);
  lintServices(lint);
  lintPrograms(lint);
  lintCertificates(lint);
  lintGuard(lint);
  lintAccounts(lint);
  noteUnread(lint);
  text::sortFindings(lint.findings);
  return std::move(lint.findings);
}

}  // namespace setup
