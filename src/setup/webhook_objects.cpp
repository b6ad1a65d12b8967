#include "setup/webhook_objects.h"

#include <algorithm>

#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "setup/names.h"
#include "text/encoding.h"

namespace setup {
namespace {

using text::Json;

constexpr std::string_view kWebhook = "irsa-webhook";
constexpr std::chrono::hours kLife{2 * 365 * 24};
constexpr int kUser = 65532;
constexpr int kWebhookPort = 8443, kMetricsPort = 9999;

std::string path(std::string_view group, std::string_view nameSpace, std::string_view plural, std::string_view name) {
  std::string out(group);
  if (!nameSpace.empty()) out.append("/namespaces/").append(nameSpace);
  return out.append("/").append(plural).append("/").append(name);
}

std::vector<std::string> serviceNames(std::string_view nameSpace) {
  std::string name(kWebhook), full = name + "." + std::string(nameSpace);
  return {full + ".svc", full + ".svc.cluster.local", full, name};
}

Json metadata(const Configuration& configuration, std::string_view name, std::string_view nameSpace) {
  Json labels = {{"app.kubernetes.io/name", kWebhook}, {kManagedByLabel, kManagedBy}, {kNameTag, configuration.name}};
  Json out = {{"name", name}};
  if (!nameSpace.empty()) out["namespace"] = nameSpace;
  out["labels"] = std::move(labels);
  return out;
}

Json selector() { return {{"matchLabels", {{"app.kubernetes.io/name", kWebhook}}}}; }

KubernetesObject nameSpaceObject(const Configuration& configuration) {
  const std::string& name = configuration.webhook.nameSpace;
  Json meta = metadata(configuration, name, "");
  for (std::string_view mode : {"enforce", "audit", "warn"})
    meta["labels"]["pod-security.kubernetes.io/" + std::string(mode)] = "restricted";
  return {"/api/v1/namespaces/" + name,
          "Namespace " + name,
          {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", std::move(meta)}}};
}

std::vector<KubernetesObject> accessObjects(const Configuration& configuration) {
  const std::string& space = configuration.webhook.nameSpace;
  constexpr std::string_view kRbac = "/apis/rbac.authorization.k8s.io/v1";
  std::string name(kWebhook);
  Json account = {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", metadata(configuration, name, space)}};
  account["automountServiceAccountToken"] = false;
  Json rule = {{"apiGroups", Json::array({""})},
               {"resources", Json::array({"serviceaccounts"})},
               {"verbs", Json::array({"get", "list", "watch"})}};
  Json role = {{"apiVersion", "rbac.authorization.k8s.io/v1"},
               {"kind", "ClusterRole"},
               {"metadata", metadata(configuration, name, "")},
               {"rules", Json::array({std::move(rule)})}};
  Json subject = {{"kind", "ServiceAccount"}, {"name", name}, {"namespace", space}};
  Json binding = {{"apiVersion", "rbac.authorization.k8s.io/v1"},
                  {"kind", "ClusterRoleBinding"},
                  {"metadata", metadata(configuration, name, "")},
                  {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", name}}},
                  {"subjects", Json::array({std::move(subject)})}};
  return {{path("/api/v1", space, "serviceaccounts", name), "ServiceAccount " + space + "/" + name, std::move(account)},
          {path(kRbac, "", "clusterroles", name), "ClusterRole " + name, std::move(role)},
          {path(kRbac, "", "clusterrolebindings", name), "ClusterRoleBinding " + name, std::move(binding)}};
}

KubernetesObject secretObject(const Configuration& configuration, const ServingCertificate& certificate) {
  const std::string& space = configuration.webhook.nameSpace;
  Json secret = {{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", metadata(configuration, kWebhook, space)},
                 {"type", "kubernetes.io/tls"},
                 {"data",
                  {{"ca.crt", text::base64(certificate.authorityPem)},
                   {"tls.crt", text::base64(certificate.leafPem)},
                   {"tls.key", text::base64(certificate.keyPem)}}}};
  return {webhookSecretPath(space), "Secret " + space + "/" + std::string(kWebhook), std::move(secret)};
}

KubernetesObject serviceObject(const Configuration& configuration) {
  const std::string& space = configuration.webhook.nameSpace;
  Json port = {{"name", "webhook"}, {"port", 443}, {"protocol", "TCP"}, {"targetPort", "webhook"}};
  Json service = {{"apiVersion", "v1"},
                  {"kind", "Service"},
                  {"metadata", metadata(configuration, kWebhook, space)},
                  {"spec", {{"selector", selector()["matchLabels"]}, {"ports", Json::array({std::move(port)})}}}};
  return {path("/api/v1", space, "services", kWebhook), "Service " + space + "/" + std::string(kWebhook),
          std::move(service)};
}

Json probe(std::string_view path, int period, int timeout, int failures) {
  return {{"httpGet", {{"path", path}, {"port", "metrics"}}},
          {"periodSeconds", period},
          {"timeoutSeconds", timeout},
          {"failureThreshold", failures}};
}

Json containerOf(const Configuration& configuration) {
  Json args = Json::array({"--in-cluster=false", "--port=" + std::to_string(kWebhookPort), "--tls-cert=/certs/tls.crt",
                           "--tls-key=/certs/tls.key", "--aws-default-region=" + configuration.aws.region,
                           "--sts-regional-endpoint=true"});
  Json mounts = Json::array(
      {{{"name", "certs"}, {"mountPath", "/certs"}, {"readOnly", true}},
       {{"name", "kube-api"}, {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}, {"readOnly", true}}});
  Json security = {{"allowPrivilegeEscalation", false},
                   {"readOnlyRootFilesystem", true},
                   {"runAsNonRoot", true},
                   {"capabilities", {{"drop", Json::array({"ALL"})}}}};
  // No limit on CPU: throttling would be latency of every pod's admission.
  return {{"name", "webhook"},
          {"image", configuration.webhook.image},
          {"imagePullPolicy", "IfNotPresent"},
          {"command", Json::array({"/irsa-webhook"})},
          {"args", std::move(args)},
          {"ports", Json::array({{{"name", "webhook"}, {"containerPort", kWebhookPort}, {"protocol", "TCP"}},
                                 {{"name", "metrics"}, {"containerPort", kMetricsPort}, {"protocol", "TCP"}}})},
          {"resources", {{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "128Mi"}}}}},
          {"securityContext", std::move(security)},
          {"startupProbe", probe("/readyz", 1, 1, 60)},
          {"readinessProbe", probe("/readyz", 2, 1, 2)},
          {"livenessProbe", probe("/livez", 10, 5, 6)},
          {"volumeMounts", std::move(mounts)}};
}

Json volumes() {
  Json token = {{"serviceAccountToken", {{"path", "token"}, {"expirationSeconds", 3607}}}};
  Json roots = {
      {"configMap", {{"name", "kube-root-ca.crt"}, {"items", Json::array({{{"key", "ca.crt"}, {"path", "ca.crt"}}})}}}};
  Json field = {{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}};
  Json space = {{"downwardAPI", {{"items", Json::array({{{"path", "namespace"}, {"fieldRef", std::move(field)}}})}}}};
  Json sources = Json::array({std::move(token), std::move(roots), std::move(space)});
  return Json::array({{{"name", "certs"}, {"secret", {{"secretName", kWebhook}, {"defaultMode", 0440}}}},
                      {{"name", "kube-api"}, {"projected", {{"defaultMode", 0440}, {"sources", std::move(sources)}}}}});
}

Json podSpec(const Configuration& configuration) {
  auto spread = [](std::string_view key) -> Json {
    return {
        {"maxSkew", 1}, {"topologyKey", key}, {"whenUnsatisfiable", "ScheduleAnyway"}, {"labelSelector", selector()}};
  };
  Json tolerations =
      Json::array({{{"key", "node-role.kubernetes.io/control-plane"}, {"operator", "Exists"}, {"effect", "NoSchedule"}},
                   {{"key", "CriticalAddonsOnly"}, {"operator", "Exists"}}});
  return {{"serviceAccountName", kWebhook},
          {"automountServiceAccountToken", false},
          {"priorityClassName", "system-cluster-critical"},
          {"enableServiceLinks", false},
          {"terminationGracePeriodSeconds", 45},
          {"securityContext",
           {{"runAsNonRoot", true},
            {"runAsUser", kUser},
            {"runAsGroup", kUser},
            {"fsGroup", kUser},
            {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
          {"topologySpreadConstraints",
           Json::array({spread("kubernetes.io/hostname"), spread("topology.kubernetes.io/zone")})},
          {"tolerations", std::move(tolerations)},
          {"containers", Json::array({containerOf(configuration)})},
          {"volumes", volumes()}};
}

KubernetesObject deploymentObject(const Configuration& configuration, const ServingCertificate& certificate) {
  const std::string& space = configuration.webhook.nameSpace;
  // A new certificate rolls the pods: they read it when they start.
  Json annotations = {{"irsa-anywhere/certificate", text::hex(crypto::sha256(certificate.leafPem)).substr(0, 16)}};
  Json podMetadata = {{"labels", {{"app.kubernetes.io/name", kWebhook}, {kManagedByLabel, kManagedBy}}},
                      {"annotations", std::move(annotations)}};
  Json spec = {{"replicas", configuration.webhook.replicas},
               {"revisionHistoryLimit", 5},
               {"minReadySeconds", 2},
               {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 0}, {"maxSurge", 1}}}}},
               {"selector", selector()},
               {"template", {{"metadata", std::move(podMetadata)}, {"spec", podSpec(configuration)}}}};
  Json deployment = {{"apiVersion", "apps/v1"},
                     {"kind", "Deployment"},
                     {"metadata", metadata(configuration, kWebhook, space)},
                     {"spec", std::move(spec)}};
  return {path("/apis/apps/v1", space, "deployments", kWebhook), "Deployment " + space + "/" + std::string(kWebhook),
          std::move(deployment)};
}

KubernetesObject disruptionBudgetObject(const Configuration& configuration) {
  const std::string& space = configuration.webhook.nameSpace;
  Json budget = {
      {"apiVersion", "policy/v1"},
      {"kind", "PodDisruptionBudget"},
      {"metadata", metadata(configuration, kWebhook, space)},
      {"spec", {{"maxUnavailable", 1}, {"unhealthyPodEvictionPolicy", "AlwaysAllow"}, {"selector", selector()}}}};
  return {path("/apis/policy/v1", space, "poddisruptionbudgets", kWebhook),
          "PodDisruptionBudget " + space + "/" + std::string(kWebhook), std::move(budget)};
}

KubernetesObject webhookConfigurationObject(const Configuration& configuration, const ServingCertificate& certificate) {
  const std::string& space = configuration.webhook.nameSpace;
  Json service = {{"namespace", space}, {"name", kWebhook}, {"port", 443}, {"path", "/mutate"}};
  Json rule = {{"apiGroups", Json::array({""})},
               {"apiVersions", Json::array({"v1"})},
               {"operations", Json::array({"CREATE"})},
               {"resources", Json::array({"pods"})},
               {"scope", "Namespaced"}};
  Json otherNamespaces = {{"key", "kubernetes.io/metadata.name"},
                          {"operator", "NotIn"},
                          {"values", Json::array({"kube-system", "kube-node-lease", "kube-public", space})}};
  Json notSkipped = {{"key", "eks.amazonaws.com/skip-pod-identity-webhook"}, {"operator", "DoesNotExist"}};
  Json webhook = {
      {"name", std::string(kWebhook) + "." + space + ".svc"},
      {"admissionReviewVersions", Json::array({"v1", "v1beta1"})},
      {"sideEffects", "None"},
      {"failurePolicy", configuration.webhook.failurePolicy},
      {"timeoutSeconds", 5},
      {"matchPolicy", "Equivalent"},
      {"reinvocationPolicy", "IfNeeded"},
      {"namespaceSelector", {{"matchExpressions", Json::array({std::move(otherNamespaces)})}}},
      {"objectSelector", {{"matchExpressions", Json::array({std::move(notSkipped)})}}},
      {"rules", Json::array({std::move(rule)})},
      {"clientConfig", {{"service", std::move(service)}, {"caBundle", text::base64(certificate.authorityPem)}}}};
  Json object = {{"apiVersion", "admissionregistration.k8s.io/v1"},
                 {"kind", "MutatingWebhookConfiguration"},
                 {"metadata", metadata(configuration, kWebhook, "")},
                 {"webhooks", Json::array({std::move(webhook)})}};
  return {path("/apis/admissionregistration.k8s.io/v1", "", "mutatingwebhookconfigurations", kWebhook),
          "MutatingWebhookConfiguration " + std::string(kWebhook), std::move(object)};
}

std::string decodedMember(const Json& secret, std::string_view member) {
  auto decoded = text::decodeBase64(text::stringAt(text::at(secret, "data"), member));
  return decoded ? std::move(decoded).value() : "";
}

}  // namespace

base::Result<ServingCertificate> makeServingCertificate(std::string_view nameSpace, base::Time now,
                                                        const base::RandomBytes& random) {
  // An hour back: the API server's clock may be behind ours.
  crypto::Validity validity{now - std::chrono::hours(1), now + kLife};
  crypto::CertifiedKey authority =
      TRY(crypto::makeAuthority("irsa-webhook." + std::string(nameSpace) + " authority", validity, random));
  crypto::CertifiedKey leaf = TRY(crypto::makeServerLeaf(authority, serviceNames(nameSpace), validity, random));
  return ServingCertificate{authority.certificatePem, leaf.certificatePem, leaf.keyPem};
}

ServingCertificate servingCertificateIn(const Json& secret) {
  return {decodedMember(secret, "ca.crt"), decodedMember(secret, "tls.crt"), decodedMember(secret, "tls.key")};
}

bool isGood(const ServingCertificate& certificate, std::string_view nameSpace, base::Time now) {
  auto chain = crypto::certificatesFromPem(certificate.leafPem);
  auto key = crypto::SigningKey::fromPem(certificate.keyPem);
  auto certified = crypto::PublicKey::fromPem(certificate.leafPem);
  if (!chain || !key || !certified || key->publicKey().spki() != certified->spki()) return false;
  for (const std::string& name : serviceNames(nameSpace))
    if (!crypto::verifyServer(certificate.leafPem, certificate.authorityPem, name, now)) return false;
  const crypto::Certificate& leaf = chain->front();
  return leaf.notAfter - now > (leaf.notAfter - leaf.notBefore) / 3;
}

std::vector<KubernetesObject> webhookObjects(const Configuration& configuration,
                                             const ServingCertificate& certificate) {
  std::vector<KubernetesObject> objects{nameSpaceObject(configuration)};
  for (KubernetesObject& object : accessObjects(configuration)) objects.push_back(std::move(object));
  objects.push_back(secretObject(configuration, certificate));
  objects.push_back(serviceObject(configuration));
  objects.push_back(deploymentObject(configuration, certificate));
  objects.push_back(disruptionBudgetObject(configuration));
  objects.push_back(webhookConfigurationObject(configuration, certificate));
  return objects;
}

std::string webhookSecretPath(std::string_view nameSpace) { return path("/api/v1", nameSpace, "secrets", kWebhook); }

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
