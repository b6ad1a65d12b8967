// The rules of webhook_lint.h, by what they look at. Each appends to the draft.
#pragma once
#include <string>
#include <vector>

#include "admission/settings.h"
#include "setup/identity_webhooks.h"
#include "setup/webhook_lint.h"
#include "setup/webhook_program.h"

namespace setup {

struct WebhookLint {
  const WebhookSurroundings& cluster;
  base::Time now;
  std::vector<IdentityWebhook> webhooks = {};
  std::map<std::string, std::vector<WebhookProgram>> programs = {};  // by Service
  admission::Settings settings = {};  // the prefix of annotations that these programs read
  bool completesRoles = false;        // one of them makes ARNs of bare role names
  text::Findings findings = {};

  void error(std::string code, std::string place, std::string why, std::string fix);
  void warning(std::string code, std::string place, std::string why, std::string fix);
  const WebhookProgram* programOf(const IdentityWebhook& webhook) const;  // null: not known
};

struct NamedLabels {
  std::string name;
  kube::Labels labels;
};
std::vector<NamedLabels> namespacesOf(const WebhookSurroundings& cluster);

struct AccountWithRole {
  std::string nameSpace, name, role;
  kube::Labels labels;
  std::string place() const { return "ServiceAccount " + nameSpace + "/" + name; }
};
std::vector<AccountWithRole> accountsWithRole(const WebhookLint& lint);

void lintEntries(WebhookLint& lint);       // what a MutatingWebhookConfiguration says by itself
void lintReach(WebhookLint& lint);         // which pods are taken: not at all, or twice
void lintServices(WebhookLint& lint);      // Service, endpoints
void lintPrograms(WebhookLint& lint);      // Deployment, budget, image
void lintCertificates(WebhookLint& lint);  // caBundle and what is served
void lintGuard(WebhookLint& lint);
void lintAccounts(WebhookLint& lint);

}  // namespace setup
