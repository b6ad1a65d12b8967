#include <algorithm>
#include <set>

#include "setup/webhook_lint_rules.h"

namespace setup {
namespace {

using text::Json;

std::string consequence(const IdentityWebhook& webhook) {
  return "calls of " + webhook.name + " fail, and " +
         (webhook.failurePolicy == "Fail" ? "none of the pods it takes can be created"
                                          : "pods start without the role of their account");
}

bool hasPort(const Json& service, std::int64_t port) {
  const Json& ports = text::at(text::at(service, "spec"), "ports");
  return std::any_of(ports.begin(), ports.end(), [&](const Json& one) { return text::intAt(one, "port") == port; });
}

bool isExternal(const Json& service) { return text::stringAt(text::at(service, "spec"), "type") == "ExternalName"; }

std::size_t readyEndpoints(const std::vector<Json>& slices) {
  std::size_t ready = 0;
  for (const Json& slice : slices)
    for (const Json& endpoint : text::at(slice, "endpoints"))
      if (text::at(text::at(endpoint, "conditions"), "ready") != false) ++ready;
  return ready;
}

void lintEndpoints(WebhookLint& lint, const IdentityWebhook& webhook) {
  const auto slices = lint.cluster.endpointSlices.find(webhook.service());
  const std::string path = endpointSlicesPath(webhook.serviceNamespace, webhook.serviceName);
  if (lint.cluster.mayHave(path)) return;
  if (slices != lint.cluster.endpointSlices.end() && readyEndpoints(slices->second) > 0) return;
  lint.error("WEBHOOK_NO_ENDPOINTS", "Service " + webhook.service(),
             "no pod behind it is ready: " + consequence(webhook),
             "kubectl -n " + webhook.serviceNamespace + " get pods, and look into those that are not ready");
}

void lintService(WebhookLint& lint, const IdentityWebhook& webhook) {
  const auto service = lint.cluster.services.find(webhook.service());
  if (service == lint.cluster.services.end()) {
    if (!lint.cluster.mayHave(servicePath(webhook.serviceNamespace, webhook.serviceName)))
      lint.error("WEBHOOK_SERVICE_MISSING", "Service " + webhook.service(),
                 webhook.place() + " names it, and it does not exist: " + consequence(webhook),
                 "make it (irsa apply, irsa webhook render), or delete a configuration that nothing serves any more");
    return;
  }
  if (isExternal(service->second)) return;
  if (!hasPort(service->second, webhook.port))
    lint.error("WEBHOOK_SERVICE_PORT", "Service " + webhook.service(),
               "it has no port " + std::to_string(webhook.port) + ", which " + webhook.place() +
                   " asks for: " + consequence(webhook),
               "give the Service that port, or correct clientConfig.service.port");
  lintEndpoints(lint, webhook);
}

bool hasBudget(const std::vector<Json>& budgets, const kube::Labels& pod) {
  return std::ranges::any_of(budgets, [&](const Json& budget) {
    const Json& selector = text::at(text::at(budget, "spec"), "selector");
    return !selector.is_null() && kube::selects(selector, pod);
  });
}

void lintReplicas(WebhookLint& lint, const WebhookProgram& program) {
  const std::string scale =
      "kubectl -n " + program.nameSpace + " scale deployment " + program.name + " --replicas 2, or webhook.replicas";
  if (program.replicas == 1)
    lint.warning("WEBHOOK_ONE_REPLICA", program.place(),
                 "there is one replica: whenever it moves or restarts, no pod gets its role", scale);
  if (program.readyReplicas > 0 && program.readyReplicas < program.replicas)
    lint.warning(
        "WEBHOOK_DEGRADED", program.place(),
        std::to_string(program.readyReplicas) + " of " + std::to_string(program.replicas) + " replicas are ready",
        "kubectl -n " + program.nameSpace + " describe deployment " + program.name);
  const auto budgets = lint.cluster.budgets.find(program.nameSpace);
  if (program.replicas < 2 || budgets == lint.cluster.budgets.end() ||
      lint.cluster.mayHave(budgetsPath(program.nameSpace)) || hasBudget(budgets->second, program.podLabels))
    return;
  lint.warning("WEBHOOK_NO_PDB", program.place(),
               "no PodDisruptionBudget covers its pods: draining nodes may evict all of them at once",
               "irsa webhook render has one to copy");
}

bool isUnpinned(const std::string& image) {
  if (image.find('@') != std::string::npos) return false;
  const std::size_t colon = image.rfind(':'), slash = image.rfind('/');
  const bool hasTag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  return !hasTag || image.substr(colon + 1) == "latest";
}

void lintImage(WebhookLint& lint, const WebhookProgram& program) {
  if (isUnpinned(program.image))
    lint.warning("WEBHOOK_IMAGE_LATEST", program.place(),
                 "the image " + program.image + " is whatever was pushed last" +
                     (program.pullPolicy == "Always" ? ", and no pod starts while the registry is away" : ""),
                 "name a version or a digest");
  if (program.asksRemovedSigner())
    lint.error(
        "WEBHOOK_SIGNER_GONE", program.place(),
        "without --in-cluster=false it asks for a certificate from the signer kubernetes.io/legacy-unknown, "
        "which Kubernetes removed in 1.22: what it serves now is never renewed",
        "give it --in-cluster=false and a certificate of cert-manager, or use irsa-webhook, which makes its own");
}

}  // namespace

void lintServices(WebhookLint& lint) {
  for (const IdentityWebhook& webhook : lint.webhooks)
    if (webhook.hasService()) lintService(lint, webhook);
}

void lintPrograms(WebhookLint& lint) {
  for (const auto& [service, programs] : lint.programs)
    for (const WebhookProgram& program : programs) {
      lintReplicas(lint, program);
      lintImage(lint, program);
    }
}

}  // namespace setup
