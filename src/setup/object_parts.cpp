#include "setup/object_parts.h"

#include "setup/names.h"

namespace setup {
namespace {

using text::Json;

constexpr int kUser = 65532;
constexpr std::string_view kRbac = "/apis/rbac.authorization.k8s.io/v1";

}  // namespace

KubernetesObject newObject(const ObjectOwner& owner, const ObjectType& type, std::string_view name) {
  if (name.empty()) name = owner.app;
  const bool isInNamespace = type.scope == Scope::Namespace;
  const std::string space = isInNamespace ? owner.nameSpace : "";
  Json labels = {{"app.kubernetes.io/name", owner.app}, {kManagedByLabel, kManagedBy}};
  if (!owner.name.empty()) labels[std::string(kNameTag)] = owner.name;
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

void append(std::vector<KubernetesObject>& objects, std::vector<KubernetesObject> more) {
  for (KubernetesObject& object : more) objects.push_back(std::move(object));
}

Json rule(std::string_view group, std::string_view resource, std::initializer_list<std::string_view> verbs) {
  Json list = Json::array();
  for (std::string_view verb : verbs) list.push_back(verb);
  return {{"apiGroups", Json::array({group})}, {"resources", Json::array({resource})}, {"verbs", std::move(list)}};
}

Json namedRule(std::string_view group, std::string_view resource, std::string_view name,
               std::initializer_list<std::string_view> verbs) {
  Json made = rule(group, resource, verbs);
  made["resourceNames"] = Json::array({name});
  return made;
}

KubernetesObject podAccountObject(const ObjectOwner& owner) {
  KubernetesObject account = newObject(owner, {"/api/v1", "serviceaccounts", "ServiceAccount"});
  account.object["automountServiceAccountToken"] = false;
  return account;
}

std::vector<KubernetesObject> roleObjects(const ObjectOwner& owner, Scope scope, Json rules,
                                          std::string_view nameSpace) {
  ObjectOwner there = owner;
  if (!nameSpace.empty()) there.nameSpace = nameSpace;
  const bool isInNamespace = scope == Scope::Namespace;
  KubernetesObject role = newObject(there, isInNamespace ? ObjectType{kRbac, "roles", "Role", scope}
                                                         : ObjectType{kRbac, "clusterroles", "ClusterRole", scope});
  KubernetesObject binding =
      newObject(there, isInNamespace ? ObjectType{kRbac, "rolebindings", "RoleBinding", scope}
                                     : ObjectType{kRbac, "clusterrolebindings", "ClusterRoleBinding", scope});
  role.object["rules"] = std::move(rules);
  binding.object["roleRef"] = {
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", role.object["kind"]}, {"name", owner.app}};
  Json subject = {{"kind", "ServiceAccount"}, {"name", owner.app}, {"namespace", owner.nameSpace}};
  binding.object["subjects"] = Json::array({std::move(subject)});
  return {std::move(role), std::move(binding)};
}

Json selectorOf(const ObjectOwner& owner) { return {{"matchLabels", {{"app.kubernetes.io/name", owner.app}}}}; }

Json podSecurity() {
  return {{"runAsNonRoot", true},
          {"runAsUser", kUser},
          {"runAsGroup", kUser},
          {"fsGroup", kUser},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

Json containerSecurity() {
  return {{"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"runAsNonRoot", true},
          {"capabilities", {{"drop", Json::array({"ALL"})}}}};
}

Json controlPlaneTolerations() {
  return Json::array(
      {{{"key", "node-role.kubernetes.io/control-plane"}, {"operator", "Exists"}, {"effect", "NoSchedule"}},
       {{"key", "CriticalAddonsOnly"}, {"operator", "Exists"}}});
}

Json probe(std::string_view path, int period, int timeout, int failures) {
  return {{"httpGet", {{"path", path}, {"port", "metrics"}}},
          {"periodSeconds", period},
          {"timeoutSeconds", timeout},
          {"failureThreshold", failures}};
}

Json apiVolume() {
  Json token = {{"serviceAccountToken", {{"path", "token"}, {"expirationSeconds", 3607}}}};
  Json roots = {
      {"configMap", {{"name", "kube-root-ca.crt"}, {"items", Json::array({{{"key", "ca.crt"}, {"path", "ca.crt"}}})}}}};
  Json field = {{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}};
  Json space = {{"downwardAPI", {{"items", Json::array({{{"path", "namespace"}, {"fieldRef", std::move(field)}}})}}}};
  Json sources = Json::array({std::move(token), std::move(roots), std::move(space)});
  return {{"name", "kube-api"}, {"projected", {{"defaultMode", 0440}, {"sources", std::move(sources)}}}};
}

Json apiMount() {
  return {{"name", "kube-api"}, {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}, {"readOnly", true}};
}

Json tcpPort(int port) { return {{"protocol", "TCP"}, {"port", port}}; }

KubernetesObject networkPolicyOf(const ObjectOwner& owner, Json portsIn, Json portsOut) {
  KubernetesObject made = newObject(owner, {"/apis/networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"});
  Json in = {{"ports", std::move(portsIn)}}, out = {{"ports", std::move(portsOut)}};
  made.object["spec"] = {{"podSelector", selectorOf(owner)},
                         {"policyTypes", Json::array({"Ingress", "Egress"})},
                         {"ingress", Json::array({std::move(in)})},
                         {"egress", Json::array({std::move(out)})}};
  return made;
}

}  // namespace setup
