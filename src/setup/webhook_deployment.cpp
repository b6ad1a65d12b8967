#include "setup/names.h"
#include "setup/webhook_parts.h"

namespace setup {
namespace {

using text::Json;

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
  mounts.push_back(apiMount());
  return mounts;
}

Json containerOf(const WebhookWish& wish) {
  // No limit on CPU: throttling would be latency of every pod's admission.
  return {{"name", "webhook"},
          {"image", wish.settings.image},
          {"imagePullPolicy", "IfNotPresent"},
          {"command", Json::array({"/irsa-webhook"})},
          {"args", argumentsOf(wish)},
          {"ports", Json::array({{{"name", "webhook"}, {"containerPort", kWebhookPort}, {"protocol", "TCP"}},
                                 {{"name", "metrics"}, {"containerPort", kMetricsPort}, {"protocol", "TCP"}}})},
          {"resources", {{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "128Mi"}}}}},
          {"securityContext", containerSecurity()},
          {"startupProbe", probe("/readyz", 1, 1, 60)},
          {"readinessProbe", probe("/readyz", 2, 1, 2)},
          {"livenessProbe", probe("/livez", 10, 5, 6)},
          {"volumeMounts", mountsOf(wish)}};
}

Json volumesOf(const WebhookWish& wish) {
  Json volumes = Json::array();
  if (mountsCertificate(wish))
    volumes.push_back({{"name", "certs"}, {"secret", {{"secretName", wish.certificateSecret}, {"defaultMode", 0440}}}});
  volumes.push_back(apiVolume());
  return volumes;
}

Json podSpec(const WebhookWish& wish) {
  auto spread = [&wish](std::string_view key) -> Json {
    return {{"maxSkew", 1},
            {"topologyKey", key},
            {"whenUnsatisfiable", "ScheduleAnyway"},
            {"labelSelector", selectorOf(ownerOf(wish))}};
  };
  return {{"serviceAccountName", kWebhookName},
          {"automountServiceAccountToken", false},
          {"priorityClassName", "system-cluster-critical"},
          {"enableServiceLinks", false},
          {"terminationGracePeriodSeconds", 45},
          {"securityContext", podSecurity()},
          {"topologySpreadConstraints",
           Json::array({spread("kubernetes.io/hostname"), spread("topology.kubernetes.io/zone")})},
          {"tolerations", controlPlaneTolerations()},
          {"containers", Json::array({containerOf(wish)})},
          {"volumes", volumesOf(wish)}};
}

}  // namespace

KubernetesObject deploymentObject(const WebhookWish& wish) {
  KubernetesObject made = newObject(ownerOf(wish), {"/apis/apps/v1", "deployments", "Deployment"});
  Json podMetadata = {{"labels", {{"app.kubernetes.io/name", kWebhookName}, {kManagedByLabel, kManagedBy}}}};
  made.object["spec"] = {
      {"replicas", wish.settings.replicas},
      {"revisionHistoryLimit", 5},
      {"minReadySeconds", 2},
      {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 0}, {"maxSurge", 1}}}}},
      {"selector", selectorOf(ownerOf(wish))},
      {"template", {{"metadata", std::move(podMetadata)}, {"spec", podSpec(wish)}}}};
  return made;
}

}  // namespace setup
