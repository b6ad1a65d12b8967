#include "setup/webhook_objects.h"

#include "setup/names.h"
#include "setup/webhook_parts.h"

namespace setup {
namespace {

using text::Json;

KubernetesObject nameSpaceObject(const WebhookWish& wish) {
  const std::string& name = wish.settings.nameSpace;
  KubernetesObject made = newObject(wish, {"/api/v1", "namespaces", "Namespace", Scope::Cluster}, name);
  Json& labels = made.object["metadata"]["labels"];
  for (std::string_view mode : {"enforce", "audit", "warn"})
    labels["pod-security.kubernetes.io/" + std::string(mode)] = "restricted";
  return made;
}

// Whoever makes them needs no right that the webhook would have to be given for it.
std::vector<KubernetesObject> sharedObjects(const WebhookWish& wish) {
  if (wish.certificates == CertificateSource::Files) return {};
  KubernetesObject secret = newObject(wish, {"/api/v1", "secrets", "Secret"});
  secret.object["type"] = "Opaque";
  return {std::move(secret), newObject(wish, {"/apis/coordination.k8s.io/v1", "leases", "Lease"})};
}

KubernetesObject serviceObject(const WebhookWish& wish) {
  KubernetesObject made = newObject(wish, {"/api/v1", "services", "Service"});
  Json port = {{"name", "webhook"}, {"port", 443}, {"protocol", "TCP"}, {"targetPort", "webhook"}};
  made.object["spec"] = {{"selector", webhookSelector()["matchLabels"]}, {"ports", Json::array({std::move(port)})}};
  return made;
}

KubernetesObject disruptionBudgetObject(const WebhookWish& wish) {
  KubernetesObject made = newObject(wish, {"/apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"});
  made.object["spec"] = {
      {"maxUnavailable", 1}, {"unhealthyPodEvictionPolicy", "AlwaysAllow"}, {"selector", webhookSelector()}};
  return made;
}

// Ports only: the API server and the kubelet are no pods, and where they are seen to come from is the network's secret.
KubernetesObject networkPolicyObject(const WebhookWish& wish) {
  KubernetesObject made = newObject(wish, {"/apis/networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"});
  auto tcp = [](int port) -> Json { return {{"protocol", "TCP"}, {"port", port}}; };
  Json in = {{"ports", Json::array({tcp(kWebhookPort), tcp(kMetricsPort)})}};
  Json out = {{"ports", Json::array({tcp(443), tcp(6443)})}};
  if (int port = wish.apiServerPort; port != 0 && port != 443 && port != 6443) out["ports"].push_back(tcp(port));
  made.object["spec"] = {{"podSelector", webhookSelector()},
                         {"policyTypes", Json::array({"Ingress", "Egress"})},
                         {"ingress", Json::array({std::move(in)})},
                         {"egress", Json::array({std::move(out)})}};
  return made;
}

void append(std::vector<KubernetesObject>& objects, std::vector<KubernetesObject> more) {
  for (KubernetesObject& object : more) objects.push_back(std::move(object));
}

}  // namespace

KubernetesObject newObject(const WebhookWish& wish, const ObjectType& type, std::string_view name) {
  const bool isInNamespace = type.scope == Scope::Namespace;
  const std::string space = isInNamespace ? wish.settings.nameSpace : "";
  Json labels = {{"app.kubernetes.io/name", kWebhookName}, {kManagedByLabel, kManagedBy}};
  if (!wish.name.empty()) labels[std::string(kNameTag)] = wish.name;
  Json metadata = {{"name", name}};
  if (isInNamespace) metadata["namespace"] = space;
  metadata["labels"] = std::move(labels);

  std::string path(type.api), kind(type.kind), target = kind + " ";
  if (isInNamespace) path.append("/namespaces/").append(space), target.append(space).append("/");
  path.append("/").append(type.plural).append("/").append(name);
  target.append(name);
  std::string_view group = type.api.substr(type.api.starts_with("/apis/") ? 6 : 5);
  return {std::move(path),
          std::move(target),
          {{"apiVersion", group}, {"kind", std::move(kind)}, {"metadata", std::move(metadata)}}};
}

Json webhookSelector() { return {{"matchLabels", {{"app.kubernetes.io/name", kWebhookName}}}}; }

WebhookWish webhookWishOf(const Configuration& configuration) {
  return {.name = configuration.name, .region = configuration.aws.region, .settings = configuration.webhook};
}

std::vector<KubernetesObject> webhookObjects(const WebhookWish& wish) {
  std::vector<KubernetesObject> objects{nameSpaceObject(wish)};
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
  return {"kube-system", "kube-node-lease", "kube-public", std::string(webhookNamespace)};
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
