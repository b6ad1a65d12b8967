#include "setup/names.h"
#include "setup/webhook_parts.h"

namespace setup {
namespace {

using text::Json;

constexpr int kUser = 65532;

Json probe(std::string_view path, int period, int timeout, int failures) {
  return {{"httpGet", {{"path", path}, {"port", "metrics"}}},
          {"periodSeconds", period},
          {"timeoutSeconds", timeout},
          {"failureThreshold", failures}};
}

bool mountsCertificate(const WebhookWish& wish) { return wish.certificates == CertificateSource::Files; }

Json argumentsOf(const WebhookWish& wish) {
  const std::string name(kWebhookName);
  Json out = Json::array({"--port=" + std::to_string(kWebhookPort)});
  if (mountsCertificate(wish)) {
    out.push_back("--tls-cert=/certs/tls.crt");
    out.push_back("--tls-key=/certs/tls.key");
  } else {
    out.push_back("--cert-source=self");
    out.push_back("--namespace=" + wish.settings.nameSpace);
    for (std::string flag : {"--service-name=", "--tls-secret=", "--webhook-configuration="})
      out.push_back(flag + name);
  }
  if (!wish.region.empty()) out.push_back("--aws-default-region=" + wish.region);
  out.push_back("--sts-regional-endpoint=true");
  return out;
}

Json mountsOf(const WebhookWish& wish) {
  Json mounts = Json::array();
  if (mountsCertificate(wish)) mounts.push_back({{"name", "certs"}, {"mountPath", "/certs"}, {"readOnly", true}});
  mounts.push_back(
      {{"name", "kube-api"}, {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}, {"readOnly", true}});
  return mounts;
}

Json containerOf(const WebhookWish& wish) {
  Json security = {{"allowPrivilegeEscalation", false},
                   {"readOnlyRootFilesystem", true},
                   {"runAsNonRoot", true},
                   {"capabilities", {{"drop", Json::array({"ALL"})}}}};
  // No limit on CPU: throttling would be latency of every pod's admission.
  return {{"name", "webhook"},
          {"image", wish.settings.image},
          {"imagePullPolicy", "IfNotPresent"},
          {"command", Json::array({"/irsa-webhook"})},
          {"args", argumentsOf(wish)},
          {"ports", Json::array({{{"name", "webhook"}, {"containerPort", kWebhookPort}, {"protocol", "TCP"}},
                                 {{"name", "metrics"}, {"containerPort", kMetricsPort}, {"protocol", "TCP"}}})},
          {"resources", {{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "128Mi"}}}}},
          {"securityContext", std::move(security)},
          {"startupProbe", probe("/readyz", 1, 1, 60)},
          {"readinessProbe", probe("/readyz", 2, 1, 2)},
          {"livenessProbe", probe("/livez", 10, 5, 6)},
          {"volumeMounts", mountsOf(wish)}};
}

Json volumesOf(const WebhookWish& wish) {
  Json token = {{"serviceAccountToken", {{"path", "token"}, {"expirationSeconds", 3607}}}};
  Json roots = {
      {"configMap", {{"name", "kube-root-ca.crt"}, {"items", Json::array({{{"key", "ca.crt"}, {"path", "ca.crt"}}})}}}};
  Json field = {{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}};
  Json space = {{"downwardAPI", {{"items", Json::array({{{"path", "namespace"}, {"fieldRef", std::move(field)}}})}}}};
  Json sources = Json::array({std::move(token), std::move(roots), std::move(space)});
  Json volumes = Json::array();
  if (mountsCertificate(wish))
    volumes.push_back({{"name", "certs"}, {"secret", {{"secretName", wish.certificateSecret}, {"defaultMode", 0440}}}});
  volumes.push_back({{"name", "kube-api"}, {"projected", {{"defaultMode", 0440}, {"sources", std::move(sources)}}}});
  return volumes;
}

Json podSpec(const WebhookWish& wish) {
  auto spread = [](std::string_view key) -> Json {
    return {{"maxSkew", 1},
            {"topologyKey", key},
            {"whenUnsatisfiable", "ScheduleAnyway"},
            {"labelSelector", webhookSelector()}};
  };
  Json tolerations =
      Json::array({{{"key", "node-role.kubernetes.io/control-plane"}, {"operator", "Exists"}, {"effect", "NoSchedule"}},
                   {{"key", "CriticalAddonsOnly"}, {"operator", "Exists"}}});
  return {{"serviceAccountName", kWebhookName},
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
          {"containers", Json::array({containerOf(wish)})},
          {"volumes", volumesOf(wish)}};
}

}  // namespace

KubernetesObject deploymentObject(const WebhookWish& wish) {
  KubernetesObject made = newObject(wish, {"/apis/apps/v1", "deployments", "Deployment"});
  Json podMetadata = {{"labels", {{"app.kubernetes.io/name", kWebhookName}, {kManagedByLabel, kManagedBy}}}};
  made.object["spec"] = {
      {"replicas", wish.settings.replicas},
      {"revisionHistoryLimit", 5},
      {"minReadySeconds", 2},
      {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 0}, {"maxSurge", 1}}}}},
      {"selector", webhookSelector()},
      {"template", {{"metadata", std::move(podMetadata)}, {"spec", podSpec(wish)}}}};
  return made;
}

}  // namespace setup
