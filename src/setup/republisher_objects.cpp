#include "setup/republisher_objects.h"

#include <algorithm>

#include "crypto/digest.h"
#include "http/url.h"
#include "setup/names.h"
#include "setup/object_parts.h"
#include "text/encoding.h"
#include "text/yaml.h"

namespace setup {
namespace {

using text::Json;

constexpr std::string_view kFolder = "/etc/irsa", kFile = "irsa.yaml", kRoots = "ca.crt";
constexpr std::string_view kTokenFolder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
// The shortest that kube-apiserver gives: a token of a former issuer is soon replaced.
constexpr int kTokenSeconds = 600;

ObjectOwner ownerOf(const RepublisherWish& wish) { return {kRepublisherName, wish.name, wish.nameSpace}; }

// What `irsa issuer publish` asks of the cluster; nothing is made by it and no token is asked for.
std::vector<KubernetesObject> accessObjects(const RepublisherWish& wish) {
  const ObjectOwner owner = ownerOf(wish);
  Json keys = {{"nonResourceURLs", Json::array({"/openid/v1/jwks"})}, {"verbs", Json::array({"get"})}};
  Json everywhere = Json::array({namedRule("", "namespaces", "kube-system", {"get"}), std::move(keys)});
  Json own = Json::array({namedRule("coordination.k8s.io", "leases", kRepublisherName, {"get", "update", "patch"})});
  Json addresses = Json::array({rule("discovery.k8s.io", "endpointslices", {"list"})});
  std::vector<KubernetesObject> objects{podAccountObject(owner)};
  append(objects, roleObjects(owner, Scope::Cluster, std::move(everywhere)));
  append(objects, roleObjects(owner, Scope::Namespace, std::move(own)));
  append(objects, roleObjects(owner, Scope::Namespace, std::move(addresses), "default"));
  return objects;
}

Json filesOf(const RepublisherWish& wish) {
  Json files = {{std::string(kFile), wish.configuration}};
  if (!wish.roots.empty()) files[std::string(kRoots)] = wish.roots;
  return files;
}

KubernetesObject configMapObject(const RepublisherWish& wish) {
  KubernetesObject made = newObject(ownerOf(wish), {"/api/v1", "configmaps", "ConfigMap"});
  made.object["data"] = filesOf(wish);
  return made;
}

Json environmentOf(const RepublisherWish& wish) {
  auto variable = [](std::string_view name, std::string_view value) -> Json {
    return {{"name", name}, {"value", value}};
  };
  return Json::array({variable("AWS_REGION", wish.region), variable("AWS_ROLE_ARN", wish.roleArn),
                      variable("AWS_ROLE_SESSION_NAME", kRepublisherName),
                      variable("AWS_WEB_IDENTITY_TOKEN_FILE", std::string(kTokenFolder) + "/token")});
}

Json containerOf(const RepublisherWish& wish) {
  auto mount = [](std::string_view name, std::string_view path) -> Json {
    return {{"name", name}, {"mountPath", path}, {"readOnly", true}};
  };
  return {
      {"name", "republisher"},
      {"image", wish.image},
      {"imagePullPolicy", "IfNotPresent"},
      {"command", Json::array({"/irsa"})},
      {"args", Json::array({"issuer", "publish", "--watch", "--file=" + std::string(kFolder) + "/" + std::string(kFile),
                            "--metrics=[::]:" + std::to_string(kMetricsPort)})},
      {"env", environmentOf(wish)},
      {"ports", Json::array({{{"name", "metrics"}, {"containerPort", kMetricsPort}, {"protocol", "TCP"}}})},
      {"resources", {{"requests", {{"cpu", "10m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "128Mi"}}}}},
      {"securityContext", containerSecurity()},
      {"livenessProbe", probe("/livez", 10, 5, 6)},
      {"volumeMounts", Json::array({mount("configuration", kFolder), mount("aws-token", kTokenFolder), apiMount()})}};
}

Json volumesOf() {
  Json token = {
      {"serviceAccountToken", {{"audience", kAudience}, {"expirationSeconds", kTokenSeconds}, {"path", "token"}}}};
  Json files = {{"name", "configuration"}, {"configMap", {{"name", kRepublisherName}, {"defaultMode", 0444}}}};
  Json aws = {{"name", "aws-token"},
              {"projected", {{"defaultMode", 0440}, {"sources", Json::array({std::move(token)})}}}};
  return Json::array({std::move(files), std::move(aws), apiVolume()});
}

// A new irsa.yaml is a new pod: the program reads it once.
KubernetesObject deploymentObject(const RepublisherWish& wish) {
  const ObjectOwner owner = ownerOf(wish);
  KubernetesObject made = newObject(owner, {"/apis/apps/v1", "deployments", "Deployment"});
  const std::string digest = text::hex(crypto::sha256(text::compact(filesOf(wish)))).substr(0, 16);
  Json metadata = {{"labels", {{"app.kubernetes.io/name", kRepublisherName}, {kManagedByLabel, kManagedBy}}},
                   {"annotations", {{"irsa-anywhere/configuration", digest}}}};
  Json spec = {{"serviceAccountName", kRepublisherName},
               {"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"terminationGracePeriodSeconds", 5},
               {"securityContext", podSecurity()},
               {"tolerations", controlPlaneTolerations()},
               {"containers", Json::array({containerOf(wish)})},
               {"volumes", volumesOf()}};
  made.object["spec"] = {{"replicas", 1},
                         {"revisionHistoryLimit", 5},
                         {"strategy", {{"type", "Recreate"}}},
                         {"selector", selectorOf(owner)},
                         {"template", {{"metadata", std::move(metadata)}, {"spec", std::move(spec)}}}};
  return made;
}

KubernetesObject networkPolicyObject(const RepublisherWish& wish) {
  Json out = Json::array({{{"protocol", "UDP"}, {"port", 53}}, tcpPort(53), tcpPort(443), tcpPort(6443)});
  for (int port : wish.ports) out.push_back(tcpPort(port));
  return networkPolicyOf(ownerOf(wish), Json::array({tcpPort(kMetricsPort)}), std::move(out));
}

std::vector<int> portsOf(const AwsSettings& aws, int apiServerPort) {
  std::vector<int> ports{apiServerPort};
  for (const std::string& origin : {aws.s3Endpoint, aws.stsEndpoint, aws.cloudFrontEndpoint}) {
    const auto url = http::parseUrl(origin);
    if (url) ports.push_back(url->port);
  }
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  std::erase_if(ports, [](int port) { return port == 0 || port == 53 || port == 443 || port == 6443; });
  return ports;
}

Json awsPart(const AwsSettings& aws, std::string_view account) {
  Json part = {{"region", aws.region}, {"accountId", account}};
  Json endpoints = Json::object();
  auto add = [&endpoints](const char* name, const std::string& origin) {
    if (!origin.empty()) endpoints[name] = origin;
  };
  add("s3", aws.s3Endpoint);
  add("sts", aws.stsEndpoint);
  add("cloudfront", aws.cloudFrontEndpoint);
  if (!endpoints.empty()) part["endpoints"] = std::move(endpoints);
  if (!aws.roots.empty()) part["caFile"] = kRoots;
  return part;
}

Json issuerPart(const IssuerSettings& issuer) {
  Json part = {{"hosting", issuer.hosting == Hosting::CloudFront ? "cloudfront" : "s3"}};
  auto add = [&part](const char* name, const std::string& value) {
    if (!value.empty()) part[name] = value;
  };
  add("bucket", issuer.bucket);
  if (issuer.isAccountRegional) part["bucketNamespace"] = "account-regional";
  add("prefix", issuer.prefix);
  add("url", issuer.url);
  add("domain", issuer.domain);
  add("certificate", issuer.certificate);
  part["republish"] = true;
  return part;
}

}  // namespace

std::string republisherConfiguration(const Configuration& configuration, std::string_view account) {
  Json keys = {{"source", "cluster"}};
  if (configuration.keys.x5c) keys["x5c"] = true;
  const Json document = {{"apiVersion", "irsa-anywhere/v1"},
                         {"name", configuration.name},
                         {"aws", awsPart(configuration.aws, account)},
                         {"cluster", Json::object()},
                         {"issuer", issuerPart(configuration.issuer)},
                         {"keys", std::move(keys)},
                         {"webhook", {{"namespace", configuration.webhook.nameSpace}}}};
  return text::writeYaml(document);
}

RepublisherWish republisherWishOf(const Configuration& configuration, std::string_view account,
                                  std::string_view roleArn, int apiServerPort) {
  return {.name = configuration.name,
          .nameSpace = configuration.webhook.nameSpace,
          .image = configuration.webhook.image,
          .region = configuration.aws.region,
          .roleArn = std::string(roleArn),
          .configuration = republisherConfiguration(configuration, account),
          .roots = configuration.aws.roots,
          .ports = portsOf(configuration.aws, apiServerPort)};
}

std::vector<KubernetesObject> republisherObjects(const RepublisherWish& wish) {
  std::vector<KubernetesObject> objects = accessObjects(wish);
  objects.push_back(newObject(ownerOf(wish), {"/apis/coordination.k8s.io/v1", "leases", "Lease"}));
  objects.push_back(configMapObject(wish));
  objects.push_back(networkPolicyObject(wish));
  objects.push_back(deploymentObject(wish));
  return objects;
}

}  // namespace setup
