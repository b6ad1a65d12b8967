#include "setup/webhook_objects.h"

#include <algorithm>
#include <array>

#include "setup/names.h"
#include "setup/webhook_parts.h"

namespace setup {
namespace {

using text::Json;

constexpr std::array<std::string_view, 3> kSystemNamespaces = {"kube-system", "kube-node-lease", "kube-public"};

// Who lives in one of these is not ours to restrict, nor is it ours to make or to delete.
bool isOfKubernetes(std::string_view nameSpace) {
  return nameSpace == "default" || std::ranges::find(kSystemNamespaces, nameSpace) != kSystemNamespaces.end();
}

KubernetesObject nameSpaceObject(const WebhookWish& wish) {
  const std::string& name = wish.settings.nameSpace;
  KubernetesObject made = newObject(ownerOf(wish), {"/api/v1", "namespaces", "Namespace", Scope::Cluster}, name);
  Json& labels = made.object["metadata"]["labels"];
  for (std::string_view mode : {"enforce", "audit", "warn"})
    labels["pod-security.kubernetes.io/" + std::string(mode)] = "restricted";
  return made;
}

// Whoever makes them needs no right that the webhook would have to be given for it.
std::vector<KubernetesObject> sharedObjects(const WebhookWish& wish) {
  if (wish.certificates == CertificateSource::Files) return {};
  KubernetesObject secret = newObject(ownerOf(wish), {"/api/v1", "secrets", "Secret"});
  secret.object["type"] = "Opaque";
  return {std::move(secret), newObject(ownerOf(wish), {"/apis/coordination.k8s.io/v1", "leases", "Lease"})};
}

KubernetesObject serviceObject(const WebhookWish& wish) {
  KubernetesObject made = newObject(ownerOf(wish), {"/api/v1", "services", "Service"});
  Json port = {{"name", "webhook"}, {"port", 443}, {"protocol", "TCP"}, {"targetPort", "webhook"}};
  made.object["spec"] = {{"selector", selectorOf(ownerOf(wish))["matchLabels"]},
                         {"ports", Json::array({std::move(port)})}};
  return made;
}

KubernetesObject disruptionBudgetObject(const WebhookWish& wish) {
  KubernetesObject made = newObject(ownerOf(wish), {"/apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"});
  made.object["spec"] = {
      {"maxUnavailable", 1}, {"unhealthyPodEvictionPolicy", "AlwaysAllow"}, {"selector", selectorOf(ownerOf(wish))}};
  return made;
}

KubernetesObject networkPolicyObject(const WebhookWish& wish) {
  Json out = Json::array({tcpPort(443), tcpPort(6443)});
  if (int port = wish.apiServerPort; port != 0 && port != 443 && port != 6443) out.push_back(tcpPort(port));
  return networkPolicyOf(ownerOf(wish), Json::array({tcpPort(kWebhookPort), tcpPort(kMetricsPort)}), std::move(out));
}

}  // namespace

ObjectOwner ownerOf(const WebhookWish& wish) { return {kWebhookName, wish.name, wish.settings.nameSpace}; }

WebhookWish webhookWishOf(const Configuration& configuration) {
  return {.name = configuration.name, .region = configuration.aws.region, .settings = configuration.webhook};
}

std::vector<KubernetesObject> webhookObjects(const WebhookWish& wish) {
  std::vector<KubernetesObject> objects;
  if (!isOfKubernetes(wish.settings.nameSpace)) objects.push_back(nameSpaceObject(wish));
  append(objects, accessObjects(wish));
  append(objects, sharedObjects(wish));
  objects.push_back(serviceObject(wish));
  objects.push_back(deploymentObject(wish));
  objects.push_back(disruptionBudgetObject(wish));
  objects.push_back(networkPolicyObject(wish));
  objects.push_back(webhookConfigurationObject(wish));
  if (wish.settings.guard) append(objects, guardObjects(wish));
  return objects;
}

std::vector<std::string> exemptNamespaces(std::string_view webhookNamespace) {
  std::vector<std::string> names(kSystemNamespaces.begin(), kSystemNamespaces.end());
  if (std::ranges::find(names, webhookNamespace) == names.end()) names.emplace_back(webhookNamespace);
  return names;
}

bool holds(const Json& live, const Json& wanted) {
  if (wanted.is_object()) {
    if (!live.is_object()) return false;
    for (const auto& [name, value] : wanted.items())
      if (!live.contains(name) || !holds(live[name], value)) return false;
    return true;
  }
  if (!wanted.is_array()) return live == wanted;
  if (!live.is_array() || live.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (!holds(live[i], wanted[i])) return false;
  return true;
}

}  // namespace setup
