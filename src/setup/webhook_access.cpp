#include "setup/webhook_parts.h"

namespace setup {
namespace {

using text::Json;

constexpr std::string_view kRbac = "/apis/rbac.authorization.k8s.io/v1";

Json rule(std::string_view group, std::string_view resource, std::initializer_list<std::string_view> verbs) {
  Json list = Json::array();
  for (std::string_view verb : verbs) list.push_back(verb);
  return {{"apiGroups", Json::array({group})}, {"resources", Json::array({resource})}, {"verbs", std::move(list)}};
}

// Getting and updating the one object of our name.
Json ownRule(std::string_view group, std::string_view resource) {
  Json made = rule(group, resource, {"get", "update"});
  made["resourceNames"] = Json::array({kWebhookName});
  return made;
}

KubernetesObject roleObject(const WebhookWish& wish, const ObjectType& type, Json rules) {
  KubernetesObject made = newObject(wish, type);
  made.object["rules"] = std::move(rules);
  return made;
}

KubernetesObject bindingObject(const WebhookWish& wish, const ObjectType& type, std::string_view roleKind) {
  KubernetesObject made = newObject(wish, type);
  made.object["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", roleKind}, {"name", kWebhookName}};
  Json subject = {{"kind", "ServiceAccount"}, {"name", kWebhookName}, {"namespace", wish.settings.nameSpace}};
  made.object["subjects"] = Json::array({std::move(subject)});
  return made;
}

}  // namespace

std::vector<KubernetesObject> accessObjects(const WebhookWish& wish) {
  const bool keepsCertificates = wish.certificates == CertificateSource::Self;
  KubernetesObject account = newObject(wish, {"/api/v1", "serviceaccounts", "ServiceAccount"});
  account.object["automountServiceAccountToken"] = false;

  Json rules = Json::array({rule("", "serviceaccounts", {"get", "list", "watch"})});
  if (keepsCertificates) rules.push_back(ownRule("admissionregistration.k8s.io", "mutatingwebhookconfigurations"));
  std::vector<KubernetesObject> objects{std::move(account)};
  objects.push_back(roleObject(wish, {kRbac, "clusterroles", "ClusterRole", Scope::Cluster}, std::move(rules)));
  objects.push_back(
      bindingObject(wish, {kRbac, "clusterrolebindings", "ClusterRoleBinding", Scope::Cluster}, "ClusterRole"));
  if (!keepsCertificates) return objects;
  Json own = Json::array({ownRule("", "secrets"), ownRule("coordination.k8s.io", "leases")});
  objects.push_back(roleObject(wish, {kRbac, "roles", "Role"}, std::move(own)));
  objects.push_back(bindingObject(wish, {kRbac, "rolebindings", "RoleBinding"}, "Role"));
  return objects;
}

}  // namespace setup
