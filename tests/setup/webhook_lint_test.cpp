#include "setup/webhook_lint.h"

#include <gmock/gmock.h>

#include <functional>

#include "admission/serving_authority.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "setup/two_worlds.h"
#include "setup/webhook_objects.h"
#include "text/encoding.h"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;
using text::Json;
using namespace std::chrono_literals;

const base::Time kNow = base::fromUnixSeconds(1795521600);
const std::string kOurs = "irsa-system/irsa-webhook", kAws = "default/pod-identity-webhook";
const std::string kRole = "arn:aws:iam::111122223333:role/s3-echoer";

Json nameSpace(const std::string& name) {
  return {{"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}}};
}

Json account(const std::string& space, const std::string& name, Json annotations, Json labels = Json::object()) {
  Json metadata = {{"name", name}, {"namespace", space}};
  metadata["annotations"] = std::move(annotations);
  metadata["labels"] = std::move(labels);
  return {{"metadata", std::move(metadata)}};
}

Json endpoints(bool ready) {
  Json endpoint = {{"conditions", {{"ready", ready}}}};
  return {{"endpoints", Json::array({std::move(endpoint)})}};
}

struct Certificates {
  std::string authority, leaf;
};

// From an hour ago; the CA lives `authorityLife`, the leaf `leafLife`.
Certificates certificates(const std::vector<std::string>& names, std::chrono::hours authorityLife = 8760h,
                          std::chrono::hours leafLife = 720h) {
  auto source = seededBytes();
  crypto::CertifiedKey authority = crypto::makeAuthority("ca", {kNow - 1h, kNow - 1h + authorityLife}, source).value();
  crypto::CertifiedKey leaf =
      crypto::makeServerLeaf(authority, names, {kNow - 1h, kNow - 1h + leafLife}, source).value();
  return {authority.certificatePem, leaf.certificatePem};
}

const Certificates& ourCertificates() {
  static const Certificates kMade = certificates(admission::serviceNames("irsa-webhook", "irsa-system"));
  return kMade;
}

// RSA of 1024 bits, signed by itself.
const std::string kWeak = R"(-----BEGIN CERTIFICATE-----
MIIBzjCCATegAwIBAgIBATANBgkqhkiG9w0BAQsFADAMMQowCAYDVQQDDAF3MB4X
DTI2MDEwMTAwMDAwMFoXDTQ2MDEwMTAwMDAwMFowDDEKMAgGA1UEAwwBdzCBnzAN
BgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA6hVDsENoPjq04c2ZJQqciyWdwzDAdejQ
2QppiDhBtHxdwsIQ15ZPXGvP121jjsvIlvcPuhosGbL+CGnmOuTXaTUbGPjhG327
24w3yUkPqjlNVSxmQXpjpG7BSE2LaZm3SrnhwI5IwZTU7h3yEmUhYFNDxzUmGQgz
9qwjt98v0pkCAwEAAaNAMD4wJwYDVR0RBCAwHoIcaXJzYS13ZWJob29rLmlyc2Et
c3lzdGVtLnN2YzATBgNVHSUEDDAKBggrBgEFBQcDATANBgkqhkiG9w0BAQsFAAOB
gQCelpzuf1shXhvZHLMK0m5ztdy4ln8D+LUJSjG6SZmhsbRtEqxUqDfg1qQ8p0Sf
tw+341czUw7rAeFsnvyVylyl5CrpMvmDsAR+Y/x25KZhOIukqWPYMevBAXiIwZMm
TlfUWk6g1R91DwiD900pPhFrHxUgbIW/PjZoMnOlFJmSHg==
-----END CERTIFICATE-----
)";

void use(WebhookSurroundings& cluster, const std::string& secret, const Certificates& made) {
  cluster.secrets[secret] = {{"data", {{"tls.crt", text::base64(made.leaf)}}}};
  for (Json& entry : cluster.configurations.at(0)["webhooks"])
    entry["clientConfig"]["caBundle"] = text::base64(made.authority);
}

// What irsa apply makes, at work.
WebhookSurroundings ours() {
  WebhookSurroundings cluster;
  for (KubernetesObject& made : webhookObjects({.name = "edge", .region = "us-west-2"})) {
    Json& object = made.object;
    if (object["kind"] == "MutatingWebhookConfiguration") cluster.configurations.push_back(object);
    if (object["kind"] == "ValidatingAdmissionPolicy") cluster.policies.push_back(object);
    if (object["kind"] == "ValidatingAdmissionPolicyBinding") cluster.policyBindings.push_back(object);
    if (object["kind"] == "PodDisruptionBudget") cluster.budgets["irsa-system"].push_back(object);
    if (object["kind"] == "Service") cluster.services[kOurs] = object;
    if (object["kind"] == "Deployment") cluster.deployments["irsa-system"].push_back(object);
  }
  cluster.deployments["irsa-system"][0]["status"] = {{"readyReplicas", 2}};
  cluster.endpointSlices[kOurs] = {endpoints(true), endpoints(true)};
  for (const char* name : {"default", "kube-system", "irsa-system"}) cluster.namespaces.push_back(nameSpace(name));
  cluster.accounts = {
      account("default", "s3-echoer", {{"eks.amazonaws.com/role-arn", kRole}}, {{"irsa-anywhere/role", "true"}}),
      account("default", "default", Json::object())};
  use(cluster, kOurs, ourCertificates());
  return cluster;
}

// What AWS's deploy/ makes with cert-manager, made as good as it gets: v0.6.17 has no fault of ours in it.
WebhookSurroundings awss() {
  WebhookSurroundings cluster;
  cluster.configurations = {Json::parse(R"({"metadata":{"name":"pod-identity-webhook"},"webhooks":[{
      "name":"pod-identity-webhook.amazonaws.com","failurePolicy":"Fail","admissionReviewVersions":["v1beta1"],
      "timeoutSeconds":5,"reinvocationPolicy":"IfNeeded",
      "rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}],
      "namespaceSelector":{"matchExpressions":[
        {"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system"]}]},
      "objectSelector":{"matchExpressions":[
        {"key":"eks.amazonaws.com/skip-pod-identity-webhook","operator":"DoesNotExist"},
        {"key":"app","operator":"NotIn","values":["pod-identity-webhook"]}]},
      "clientConfig":{"service":{"namespace":"default","name":"pod-identity-webhook","path":"/mutate"}}}]})")};
  cluster.services[kAws] =
      Json::parse(R"({"spec":{"selector":{"app":"pod-identity-webhook"},"ports":[{"port":443,"targetPort":443}]}})");
  cluster.endpointSlices[kAws] = {endpoints(true)};
  cluster.deployments["default"] = {Json::parse(R"({"metadata":{"name":"pod-identity-webhook","namespace":"default"},
      "spec":{"replicas":2,"template":{"metadata":{"labels":{"app":"pod-identity-webhook"}},"spec":{
        "containers":[{"image":"public.ecr.aws/eks/amazon-eks-pod-identity-webhook:v0.6.17","imagePullPolicy":"Always",
          "command":["/webhook","--in-cluster=false","--namespace=default","--service-name=pod-identity-webhook"],
          "volumeMounts":[{"name":"cert","mountPath":"/etc/webhook/certs"}]}],
        "volumes":[{"name":"cert","secret":{"secretName":"pod-identity-webhook-cert"}}]}}},
      "status":{"readyReplicas":2}})")};
  cluster.budgets["default"] = {Json::parse(R"({"spec":{"selector":{"matchLabels":{"app":"pod-identity-webhook"}}}})")};
  for (const char* name : {"default", "kube-system"}) cluster.namespaces.push_back(nameSpace(name));
  cluster.accounts = {account("default", "s3-echoer", {{"eks.amazonaws.com/role-arn", kRole}})};
  static const Certificates kMade = certificates(admission::serviceNames("pod-identity-webhook", "default"));
  use(cluster, "default/pod-identity-webhook-cert", kMade);
  return cluster;
}

Json& entry(WebhookSurroundings& cluster, std::size_t index = 0) {
  return cluster.configurations.at(0)["webhooks"][index];
}
Json& deployment(WebhookSurroundings& cluster) { return cluster.deployments.begin()->second.at(0); }
Json& container(WebhookSurroundings& cluster) {
  return deployment(cluster)["spec"]["template"]["spec"]["containers"][0];
}

std::vector<std::string> codes(const WebhookSurroundings& cluster) {
  std::vector<std::string> out;
  for (const text::Finding& finding : lintWebhooks(cluster, kNow)) {
    EXPECT_FALSE(finding.place.empty() || finding.why.empty() || finding.fix.empty()) << finding.code;
    out.push_back(finding.code);
  }
  return out;
}

struct Case {
  const char* what;
  std::function<void(WebhookSurroundings&)> harm;
  std::vector<std::string> codes;
};

void check(WebhookSurroundings (*make)(), const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    WebhookSurroundings cluster = make();
    one.harm(cluster);
    EXPECT_THAT(codes(cluster), UnorderedElementsAreArray(one.codes));
  }
}

TEST(WebhookLint, WhatIrsaMakesIsClean) { EXPECT_THAT(lintWebhooks(ours(), kNow), IsEmpty()); }

TEST(WebhookLint, AwssWebhookDoneWellIsClean) { EXPECT_THAT(lintWebhooks(awss(), kNow), IsEmpty()); }

TEST(WebhookLint, FindsTheFaultsOfAConfiguration) {
  check(ours,
        {
            {"no webhook at all", [](auto& cluster) { cluster.configurations.clear(); }, {"WEBHOOK_MISSING"}},
            {"a webhook of another kind only",
             [](auto& cluster) {
               cluster.configurations = {
                   Json::parse(R"({"metadata":{"name":"istio"},"webhooks":[{"name":"sidecar.istio.io",
             "rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}],
             "clientConfig":{"service":{"namespace":"istio-system","name":"istiod"}}}]})")};
             },
             {"WEBHOOK_MISSING"}},
            {"it handles services, not pods",
             [](auto& cluster) {
               for (std::size_t i : {0u, 1u}) entry(cluster, i)["rules"][0]["resources"] = {"services"};
             },
             {"WEBHOOK_MISSING"}},
            {"fails closed everywhere",
             [](auto& cluster) {
               entry(cluster)["failurePolicy"] = "Fail";
               entry(cluster).erase("namespaceSelector");
             },
             {"WEBHOOK_BLOCKS_SYSTEM", "WEBHOOK_BLOCKS_ITSELF"}},
            {"fails closed in kube-system, unless a condition looks at the namespace",
             [](auto& cluster) {
               entry(cluster)["failurePolicy"] = "Fail";
               entry(cluster).erase("namespaceSelector");
               entry(cluster)["matchConditions"] = {
                   {{"name", "x"}, {"expression", "request.namespace != 'kube-system'"}}};
             },
             {}},
            {"fails closed on its own pods",
             [](auto& cluster) {
               entry(cluster)["failurePolicy"] = "Fail";
               entry(cluster)["namespaceSelector"]["matchExpressions"][0]["values"] = {"kube-system"};
             },
             {"WEBHOOK_BLOCKS_ITSELF"}},
            {"fails closed by default of the API server",
             [](auto& cluster) {
               entry(cluster).erase("failurePolicy");
               entry(cluster).erase("namespaceSelector");
             },
             {"WEBHOOK_BLOCKS_SYSTEM", "WEBHOOK_BLOCKS_ITSELF"}},
            {"only old reviews",
             [](auto& cluster) { entry(cluster)["admissionReviewVersions"] = {"v1beta1"}; },
             {"WEBHOOK_REVIEWS_NO_V1"}},
            {"a long timeout", [](auto& cluster) { entry(cluster)["timeoutSeconds"] = 30; }, {"WEBHOOK_TIMEOUT_LONG"}},
            {"the longest good timeout", [](auto& cluster) { entry(cluster)["timeoutSeconds"] = 10; }, {}},
            {"never reinvoked, by default of the API server",
             [](auto& cluster) { entry(cluster).erase("reinvocationPolicy"); },
             {"WEBHOOK_NEVER_REINVOKED"}},
            {"two that take the same pods",
             [](auto& cluster) { entry(cluster)["objectSelector"] = Json::object(); },
             {"WEBHOOK_TWICE"}},
            {"two configurations",
             [](auto& cluster) {
               cluster.configurations.push_back(cluster.configurations.front());
               cluster.configurations.back()["metadata"]["name"] = "another";
             },
             {"WEBHOOK_TWICE", "WEBHOOK_TWICE"}},
        });
}

TEST(WebhookLint, FindsPodsThatAreMissed) {
  const Json role = {{"eks.amazonaws.com/role-arn", kRole}}, guarded = {{"irsa-anywhere/role", "true"}};
  check(ours, {
                  {"a role in kube-system, which is only taken by label",
                   [&](auto& cluster) { cluster.accounts.push_back(account("kube-system", "ebs-csi", role, guarded)); },
                   {"WEBHOOK_MISSES_NAMESPACE"}},
                  {"a role in the webhook's own namespace",
                   [&](auto& cluster) { cluster.accounts.push_back(account("irsa-system", "other", role, guarded)); },
                   {"WEBHOOK_MISSES_NAMESPACE"}},
                  {"no account with a role there",
                   [&](auto& cluster) { cluster.accounts.push_back(account("kube-system", "plain", Json::object())); },
                   {}},
                  {"an account that the guard does not know",
                   [&](auto& cluster) { cluster.accounts.push_back(account("default", "by-hand", role)); },
                   {"ACCOUNT_NOT_GUARDED"}},
                  {"the same, when the webhook fails closed anyway",
                   [&](auto& cluster) {
                     entry(cluster)["failurePolicy"] = "Fail";
                     cluster.accounts.push_back(account("default", "by-hand", role));
                   },
                   {}},
                  {"no guard", [](auto& cluster) { cluster.policies.clear(); }, {"WEBHOOK_FAILS_OPEN"}},
                  {"no guard, when nothing fails open",
                   [](auto& cluster) {
                     entry(cluster)["failurePolicy"] = "Fail";
                     cluster.policies.clear();
                   },
                   {}},
                  {"a guard that is not bound", [](auto& cluster) { cluster.policyBindings.clear(); }, {"GUARD_OFF"}},
                  {"a guard that only warns",
                   [](auto& cluster) { cluster.policyBindings[0]["spec"]["validationActions"] = {"Warn"}; },
                   {"GUARD_OFF"}},
                  {"a slip in an annotation's prefix",
                   [](auto& cluster) {
                     cluster.accounts.push_back(account("default", "slip", {{"eks.amazon.com/role-arn", kRole}}));
                   },
                   {"ANNOTATION_TYPO"}},
                  {"a slip in its name",
                   [](auto& cluster) {
                     cluster.accounts.push_back(account("default", "slip", {{"eks.amazonaws.com/rolearn", kRole}}));
                   },
                   {"ANNOTATION_TYPO"}},
                  {"somebody else's annotation",
                   [](auto& cluster) {
                     cluster.accounts.push_back(account("default", "gke", {{"iam.gke.io/gcp-service-account", "x"}}));
                   },
                   {}},
                  {"a role that is no ARN",
                   [](auto& cluster) {
                     cluster.accounts[0]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] = "s3-echoer";
                   },
                   {"ROLE_ARN_INVALID"}},
                  {"a role that the webhook completes",
                   [](auto& cluster) {
                     cluster.accounts[0]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] = "s3-echoer";
                     container(cluster)["args"].push_back("--compose-role-arn");
                   },
                   {}},
                  {"a role that the webhook could complete, and is told not to",
                   [](auto& cluster) {
                     cluster.accounts[0]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] = "s3-echoer";
                     for (const char* word : {"--compose-role-arn", "true", "--compose-role-arn=false"})
                       container(cluster)["args"].push_back(word);
                   },
                   {"ROLE_ARN_INVALID"}},
              });
}

TEST(WebhookLint, FindsTheFaultsOfServiceAndDeployment) {
  check(
      ours,
      {
          {"no Service",
           [](auto& cluster) { cluster.services.clear(); },
           {"WEBHOOK_SERVICE_MISSING", "WEBHOOK_SERVICE_MISSING"}},
          {"another port",
           [](auto& cluster) { cluster.services[kOurs]["spec"]["ports"][0]["port"] = 8443; },
           {"WEBHOOK_SERVICE_PORT", "WEBHOOK_SERVICE_PORT"}},
          {"no endpoint ready",
           [](auto& cluster) { cluster.endpointSlices[kOurs] = {endpoints(false)}; },
           {"WEBHOOK_NO_ENDPOINTS", "WEBHOOK_NO_ENDPOINTS"}},
          {"no endpoints",
           [](auto& cluster) { cluster.endpointSlices.clear(); },
           {"WEBHOOK_NO_ENDPOINTS", "WEBHOOK_NO_ENDPOINTS"}},
          {"a Service of another cluster's name",
           [](auto& cluster) {
             cluster.services[kOurs]["spec"] = {{"type", "ExternalName"}, {"externalName", "webhook.test"}};
             cluster.endpointSlices.clear();
           },
           {}},
          {"one replica", [](auto& cluster) { deployment(cluster)["spec"]["replicas"] = 1; }, {"WEBHOOK_ONE_REPLICA"}},
          {"one replica by default",
           [](auto& cluster) { deployment(cluster)["spec"].erase("replicas"); },
           {"WEBHOOK_ONE_REPLICA"}},
          {"one of two ready",
           [](auto& cluster) { deployment(cluster)["status"]["readyReplicas"] = 1; },
           {"WEBHOOK_DEGRADED"}},
          {"no budget", [](auto& cluster) { cluster.budgets["irsa-system"].clear(); }, {"WEBHOOK_NO_PDB"}},
          {"a budget of others",
           [](auto& cluster) { cluster.budgets["irsa-system"][0]["spec"]["selector"]["matchLabels"] = {{"app", "x"}}; },
           {"WEBHOOK_NO_PDB"}},
          {"an image without a tag",
           [](auto& cluster) { container(cluster)["image"] = "localhost:5000/irsa"; },
           {"WEBHOOK_IMAGE_LATEST"}},
          {"the latest image",
           [](auto& cluster) { container(cluster)["image"] = "example.com/irsa:latest"; },
           {"WEBHOOK_IMAGE_LATEST"}},
          {"an image by digest",
           [](auto& cluster) { container(cluster)["image"] = "example.com/irsa@sha256:0123"; },
           {}},
      });
}

TEST(WebhookLint, FindsTheFaultsOfCertificates) {
  const std::vector<std::string> names = admission::serviceNames("irsa-webhook", "irsa-system");
  check(ours, {
                  {"no caBundle",
                   [](auto& cluster) {
                     for (std::size_t i : {0u, 1u}) entry(cluster, i)["clientConfig"].erase("caBundle");
                   },
                   {"WEBHOOK_NO_CA", "WEBHOOK_NO_CA"}},
                  {"cert-manager's place holder",
                   [](auto& cluster) { entry(cluster)["clientConfig"]["caBundle"] = "Cg=="; },
                   {"WEBHOOK_NO_CA"}},
                  {"another CA",
                   [](auto& cluster) {
                     auto another = crypto::makeAuthority("another", {kNow - 1h, kNow + 8760h}, seededBytes()).value();
                     entry(cluster, 1)["clientConfig"]["caBundle"] = text::base64(another.certificatePem);
                   },
                   {"WEBHOOK_CA_STALE"}},
                  {"an old CA before the new one",
                   [](auto& cluster) {
                     auto old = crypto::makeAuthority("old", {kNow - 100h, kNow - 1h}, seededBytes()).value();
                     entry(cluster)["clientConfig"]["caBundle"] =
                         text::base64(old.certificatePem + ourCertificates().authority);
                   },
                   {}},
                  {"everything has expired",
                   [&](auto& cluster) { use(cluster, kOurs, certificates(names, 1h, 1h)); },
                   {"WEBHOOK_CA_EXPIRED", "WEBHOOK_CA_EXPIRED", "WEBHOOK_EXPIRED"}},
                  {"the certificate has expired",
                   [&](auto& cluster) { use(cluster, kOurs, certificates(names, 8760h, 1h)); },
                   {"WEBHOOK_EXPIRED"}},
                  {"nobody renewed it in time",
                   [&](auto& cluster) {
                     auto source = seededBytes();
                     auto authority = crypto::makeAuthority("ca", {kNow - 300h, kNow + 50h}, source).value();
                     auto leaf = crypto::makeServerLeaf(authority, names, {kNow - 300h, kNow + 50h}, source).value();
                     use(cluster, kOurs, {authority.certificatePem, leaf.certificatePem});
                   },
                   {"WEBHOOK_CA_EXPIRES_SOON", "WEBHOOK_CA_EXPIRES_SOON", "WEBHOOK_EXPIRES_SOON"}},
                  {"it is for another name",
                   [](auto& cluster) { use(cluster, kOurs, certificates({"irsa-webhook.elsewhere.svc"})); },
                   {"WEBHOOK_NO_SAN"}},
                  {"a key that is too short",
                   [](auto& cluster) { use(cluster, kOurs, {kWeak, kWeak}); },
                   {"WEBHOOK_CERTIFICATE_WEAK"}},
                  {"the Secret is empty",
                   [](auto& cluster) { cluster.secrets[kOurs].erase("data"); },
                   {"WEBHOOK_NO_CERTIFICATE"}},
                  {"the Secret is gone", [](auto& cluster) { cluster.secrets.clear(); }, {"WEBHOOK_NO_CERTIFICATE"}},
                  {"the Secret may not be read",
                   [](auto& cluster) {
                     cluster.secrets.clear();
                     cluster.unread[secretPath("irsa-system", "irsa-webhook")] = "forbidden";
                   },
                   {"LOOK_DENIED"}},
              });
}

TEST(WebhookLint, FindsWhatIsWrongWithAwssWebhook) {
  check(awss, {
                  {"v1 reviews for an image that answers v1beta1",
                   [](auto& cluster) { entry(cluster)["admissionReviewVersions"] = {"v1", "v1beta1"}; },
                   {"WEBHOOK_IMAGE_NO_V1"}},
                  {"v1 as a second choice",
                   [](auto& cluster) { entry(cluster)["admissionReviewVersions"] = {"v1beta1", "v1"}; },
                   {}},
                  {"the default certificate mode, whose signer is gone",
                   [](auto& cluster) {
                     container(cluster)["command"].erase(1);
                     cluster.secrets["default/pod-identity-webhook"] =
                         cluster.secrets["default/pod-identity-webhook-cert"];
                   },
                   {"WEBHOOK_SIGNER_GONE"}},
                  {"a switch that is given twice, of which the last counts",
                   [](auto& cluster) {
                     container(cluster)["command"] = {"/webhook", "--in-cluster=true", "--in-cluster", "true",
                                                      "--in-cluster=F"};
                   },
                   {}},
                  {"a switch with a word after it, which is not its value",
                   [](auto& cluster) {
                     container(cluster)["command"] = {"/webhook",     "--in-cluster",
                                                      "false",        "--tls-secret=nobodys",
                                                      "--tls-secret", "pod-identity-webhook-cert"};
                   },
                   {"WEBHOOK_SIGNER_GONE"}},
                  {"the article's image and ours beside it",
                   [](auto& cluster) {
                     container(cluster)["image"] = "quay.io/amis/pod-identity-webhook:v0.0.1";
                     container(cluster)["command"] = {"/webhook", "--in-cluster", "--tls-secret=pod-identity-webhook"};
                   },
                   {"WEBHOOK_SIGNER_GONE", "WEBHOOK_NO_CERTIFICATE"}},
                  {"AWS's own manifest, as it comes",
                   [](auto& cluster) {
                     for (const char* field : {"timeoutSeconds", "reinvocationPolicy", "namespaceSelector"})
                       entry(cluster).erase(field);
                     entry(cluster)["failurePolicy"] = "Ignore";
                     deployment(cluster)["spec"]["replicas"] = 1;
                     container(cluster)["image"] = "amazon/amazon-eks-pod-identity-webhook:latest";
                   },
                   {"WEBHOOK_NEVER_REINVOKED", "WEBHOOK_FAILS_OPEN", "WEBHOOK_ONE_REPLICA", "WEBHOOK_IMAGE_LATEST"}},
                  {"another prefix for annotations",
                   [](auto& cluster) {
                     container(cluster)["command"].push_back("--annotation-prefix=irsa.example.com");
                     cluster.accounts[0]["metadata"]["annotations"] = {{"irsa.example.com/role-arn", "bare"}};
                   },
                   {"ROLE_ARN_INVALID"}},
                  {"both webhooks at once",
                   [](auto& cluster) {
                     WebhookSurroundings other = ours();
                     cluster.configurations.push_back(other.configurations[0]);
                     cluster.services.merge(other.services);
                     cluster.endpointSlices.merge(other.endpointSlices);
                     cluster.deployments.merge(other.deployments);
                     cluster.budgets.merge(other.budgets);
                     cluster.secrets.merge(other.secrets);
                     cluster.namespaces = other.namespaces;
                     cluster.accounts = other.accounts;
                     cluster.policies = other.policies;
                     cluster.policyBindings = other.policyBindings;
                   },
                   {"WEBHOOK_TWICE", "WEBHOOK_TWICE"}},
                  {"on the control plane, by URL",
                   [](auto& cluster) {
                     entry(cluster)["clientConfig"].erase("service");
                     entry(cluster)["clientConfig"]["url"] = "https://127.0.0.1:23443/mutate";
                     cluster.services.clear();
                   },
                   {"WEBHOOK_REVIEWS_NO_V1"}},
              });
}

TEST(WebhookLint, SaysWhereWhyAndWhatToDo) {
  WebhookSurroundings cluster = ours();
  cluster.accounts.push_back(account("kube-system", "ebs-csi", {{"eks.amazonaws.com/role-arn", kRole}}));
  const text::Findings findings = lintWebhooks(cluster, kNow);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].place, "Namespace kube-system");
  EXPECT_THAT(findings[0].why, HasSubstr("ebs-csi"));
  EXPECT_EQ(findings[0].fix, "label the pods that need the role irsa-anywhere/inject: required");
}

TEST(WebhookLint, WithoutRolesAMissingWebhookIsOnlyAWarning) {
  WebhookSurroundings cluster;
  EXPECT_EQ(lintWebhooks(cluster, kNow).at(0).severity, text::Severity::Warning);
  EXPECT_EQ(lintWebhooks(cluster, kNow).at(0).code, "WEBHOOK_MISSING");
}

TEST(WebhookLint, WithoutTheGuardsKindTheFixIsAnother) {
  WebhookSurroundings cluster = ours();
  cluster.policies.clear();
  EXPECT_THAT(lintWebhooks(cluster, kNow).at(0).fix, HasSubstr("webhook.guard: true"));
  cluster.servesGuard = false;
  EXPECT_THAT(lintWebhooks(cluster, kNow).at(0).fix, HasSubstr("Kubernetes 1.30"));
}

}  // namespace
}  // namespace setup
