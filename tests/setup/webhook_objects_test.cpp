#include "setup/webhook_objects.h"

#include <gmock/gmock.h>

#include <map>

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using text::Json;

const WebhookWish kWish{.name = "edge", .region = "us-west-2"};
const WebhookWish kFiles{.certificates = CertificateSource::Files, .certificateSecret = "from-cert-manager"};

std::map<std::string, Json> byTarget(const WebhookWish& wish) {
  std::map<std::string, Json> out;
  for (KubernetesObject& object : webhookObjects(wish)) out[object.target] = std::move(object.object);
  return out;
}

std::vector<std::string> targets(const WebhookWish& wish) {
  std::vector<std::string> out;
  for (const KubernetesObject& object : webhookObjects(wish)) out.push_back(object.target);
  return out;
}

Json podOf(const WebhookWish& wish) {
  return byTarget(wish)["Deployment irsa-system/irsa-webhook"]["spec"]["template"]["spec"];
}

std::vector<std::string> argumentsOf(const WebhookWish& wish) { return podOf(wish)["containers"][0]["args"]; }

// "verbs group/resource[/name]" of every rule of a role.
std::vector<std::string> rulesOf(const Json& role) {
  std::vector<std::string> out;
  for (const Json& rule : role["rules"]) {
    std::string line;
    for (const Json& verb : rule["verbs"]) line += verb.get<std::string>() + " ";
    line += rule["apiGroups"][0].get<std::string>() + "/" + rule["resources"][0].get<std::string>();
    for (const Json& name : text::at(rule, "resourceNames")) line += "/" + name.get<std::string>();
    out.push_back(line);
  }
  return out;
}

TEST(WebhookObjects, NeitherMakeNorRestrictANamespaceOfKubernetes) {
  for (const char* name : {"kube-system", "kube-public", "kube-node-lease", "default"}) {
    WebhookWish wish = kWish;
    wish.settings.nameSpace = name;
    EXPECT_THAT(targets(wish), Not(testing::Contains(testing::StartsWith("Namespace ")))) << name;
  }
  EXPECT_THAT(exemptNamespaces("kube-system"), ElementsAre("kube-system", "kube-node-lease", "kube-public"));
}

TEST(WebhookObjects, AreTheseInThisOrder) {
  EXPECT_THAT(
      targets(kWish),
      ElementsAre("Namespace irsa-system", "ServiceAccount irsa-system/irsa-webhook", "ClusterRole irsa-webhook",
                  "ClusterRoleBinding irsa-webhook", "Role irsa-system/irsa-webhook",
                  "RoleBinding irsa-system/irsa-webhook", "Secret irsa-system/irsa-webhook",
                  "Lease irsa-system/irsa-webhook", "Service irsa-system/irsa-webhook",
                  "Deployment irsa-system/irsa-webhook", "PodDisruptionBudget irsa-system/irsa-webhook",
                  "NetworkPolicy irsa-system/irsa-webhook", "MutatingWebhookConfiguration irsa-webhook",
                  "ValidatingAdmissionPolicy irsa-guard", "ValidatingAdmissionPolicyBinding irsa-guard"));
}

TEST(WebhookObjects, WithoutTheGuardThereIsNoPolicy) {
  WebhookWish wish = kWish;
  wish.settings.guard = false;
  EXPECT_EQ(targets(wish).back(), "MutatingWebhookConfiguration irsa-webhook");
}

TEST(WebhookObjects, EveryObjectCarriesOurLabelsAndItsOwnPath) {
  for (const KubernetesObject& object : webhookObjects(kWish)) {
    SCOPED_TRACE(object.target);
    const Json& metadata = object.object["metadata"];
    EXPECT_EQ(metadata["labels"]["app.kubernetes.io/managed-by"], "irsa");
    EXPECT_EQ(metadata["labels"]["irsa-anywhere/name"], "edge");
    EXPECT_TRUE(object.path.ends_with("/" + metadata["name"].get<std::string>()));
    bool isInNamespace = object.path.find("/namespaces/irsa-system/") != std::string::npos;
    EXPECT_EQ(metadata.contains("namespace"), isInNamespace);
    const std::string group = object.object["apiVersion"];
    EXPECT_TRUE(object.path.starts_with((group == "v1" ? "/api/" : "/apis/") + group + "/")) << object.path;
  }
}

TEST(WebhookObjects, WithoutANameTheyAreNobodysByLabel) {
  for (const KubernetesObject& object : webhookObjects({}))
    EXPECT_FALSE(object.object["metadata"]["labels"].contains("irsa-anywhere/name")) << object.target;
}

TEST(WebhookObjects, ThePodObeysTheRestrictedPodSecurityStandard) {
  const Json pod = podOf(kWish);
  EXPECT_EQ(pod["securityContext"]["runAsNonRoot"], true);
  EXPECT_EQ(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
  const Json& container = pod["containers"][0];
  EXPECT_EQ(container["securityContext"]["allowPrivilegeEscalation"], false);
  EXPECT_EQ(container["securityContext"]["readOnlyRootFilesystem"], true);
  EXPECT_EQ(container["securityContext"]["capabilities"]["drop"], Json::array({"ALL"}));
  EXPECT_EQ(pod["volumes"].size(), 1u);
  EXPECT_TRUE(pod["volumes"][0].contains("projected"));
  EXPECT_TRUE(container["volumeMounts"][0].is_object());
}

TEST(WebhookObjects, TheWebhookMayDoWhatItDoesAndNothingElse) {
  auto objects = byTarget(kWish);
  EXPECT_THAT(rulesOf(objects["ClusterRole irsa-webhook"]),
              ElementsAre("get list watch /serviceaccounts",
                          "get update admissionregistration.k8s.io/mutatingwebhookconfigurations/irsa-webhook"));
  EXPECT_THAT(rulesOf(objects["Role irsa-system/irsa-webhook"]),
              ElementsAre("get update /secrets/irsa-webhook", "get update coordination.k8s.io/leases/irsa-webhook"));
  for (const char* binding : {"ClusterRoleBinding irsa-webhook", "RoleBinding irsa-system/irsa-webhook"}) {
    EXPECT_EQ(text::compact(objects[binding]["subjects"]),
              R"([{"kind":"ServiceAccount","name":"irsa-webhook","namespace":"irsa-system"}])");
    EXPECT_TRUE(std::string(binding).starts_with(objects[binding]["roleRef"]["kind"].get<std::string>() + "Binding"));
  }
}

TEST(WebhookObjects, WhatTheWebhookFillsIsLeftToIt) {
  auto objects = byTarget(kWish);
  EXPECT_EQ(objects["Secret irsa-system/irsa-webhook"]["type"], "Opaque");
  EXPECT_FALSE(objects["Secret irsa-system/irsa-webhook"].contains("data"));
  EXPECT_FALSE(objects["Lease irsa-system/irsa-webhook"].contains("spec"));
  for (const Json& entry : objects["MutatingWebhookConfiguration irsa-webhook"]["webhooks"])
    EXPECT_FALSE(entry["clientConfig"].contains("caBundle"));
  EXPECT_THAT(argumentsOf(kWish),
              ElementsAre("--port=8443", "--cert-source=self", "--namespace=irsa-system", "--service-name=irsa-webhook",
                          "--tls-secret=irsa-webhook", "--webhook-configuration=irsa-webhook",
                          "--aws-default-region=us-west-2", "--sts-regional-endpoint=true"));
}

TEST(WebhookObjects, WithSomebodyElsesCertificateTheWebhookOnlyReadsServiceAccounts) {
  auto objects = byTarget(kFiles);
  EXPECT_FALSE(objects.contains("Secret irsa-system/irsa-webhook"));
  EXPECT_FALSE(objects.contains("Lease irsa-system/irsa-webhook"));
  EXPECT_FALSE(objects.contains("Role irsa-system/irsa-webhook"));
  EXPECT_FALSE(objects.contains("RoleBinding irsa-system/irsa-webhook"));
  EXPECT_THAT(rulesOf(objects["ClusterRole irsa-webhook"]), ElementsAre("get list watch /serviceaccounts"));
  EXPECT_THAT(argumentsOf(kFiles), ElementsAre("--port=8443", "--tls-cert=/certs/tls.crt", "--tls-key=/certs/tls.key",
                                               "--sts-regional-endpoint=true"));
  EXPECT_EQ(podOf(kFiles)["volumes"][0]["secret"]["secretName"], "from-cert-manager");
  EXPECT_FALSE(objects["MutatingWebhookConfiguration irsa-webhook"]["metadata"].contains("annotations"));
  WebhookWish injected = kFiles;
  injected.injectCaFrom = "irsa-system/webhook";
  EXPECT_EQ(byTarget(injected)["MutatingWebhookConfiguration irsa-webhook"]["metadata"]["annotations"]
                              ["cert-manager.io/inject-ca-from"],
            "irsa-system/webhook");
}

TEST(WebhookObjects, NoPodIsSentTwiceAndASkippedOneNever) {
  WebhookWish wish = kWish;
  wish.settings.failurePolicy = "Ignore";
  const Json entries = byTarget(wish)["MutatingWebhookConfiguration irsa-webhook"]["webhooks"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["name"], "irsa-webhook.irsa-system.svc");
  EXPECT_EQ(entries[0]["failurePolicy"], "Ignore");
  EXPECT_EQ(entries[1]["name"], "strict.irsa-webhook.irsa-system.svc");
  EXPECT_EQ(entries[1]["failurePolicy"], "Fail");
  const std::string skip = R"({"key":"eks.amazonaws.com/skip-pod-identity-webhook","operator":"DoesNotExist"})";
  EXPECT_EQ(text::compact(entries[0]["objectSelector"]["matchExpressions"]),
            "[" + skip + R"(,{"key":"irsa-anywhere/inject","operator":"NotIn","values":["required"]}])");
  EXPECT_EQ(text::compact(entries[1]["objectSelector"]["matchExpressions"]),
            "[" + skip + R"(,{"key":"irsa-anywhere/inject","operator":"In","values":["required"]}])");
  EXPECT_THAT(entries[0]["namespaceSelector"]["matchExpressions"][0]["values"],
              ElementsAre("kube-system", "kube-node-lease", "kube-public", "irsa-system"));
  EXPECT_THAT(entries[1]["namespaceSelector"]["matchExpressions"][0]["values"], ElementsAre("irsa-system"));
  for (const Json& entry : entries) {
    EXPECT_EQ(entry["timeoutSeconds"], 5);
    EXPECT_EQ(entry["reinvocationPolicy"], "IfNeeded");
  }
}

TEST(WebhookObjects, TheGuardWatchesOverThePodsThatTheOrdinaryEntryIsSent) {
  auto objects = byTarget(kWish);
  const Json& ordinary = objects["MutatingWebhookConfiguration irsa-webhook"]["webhooks"][0];
  const Json& constraints = objects["ValidatingAdmissionPolicy irsa-guard"]["spec"]["matchConstraints"];
  EXPECT_EQ(constraints["namespaceSelector"], ordinary["namespaceSelector"]);
  EXPECT_EQ(constraints["resourceRules"], ordinary["rules"]);
  EXPECT_EQ(constraints["objectSelector"]["matchExpressions"][0], ordinary["objectSelector"]["matchExpressions"][0]);
  EXPECT_EQ(text::compact(objects["ValidatingAdmissionPolicyBinding irsa-guard"]["spec"]),
            R"({"policyName":"irsa-guard","paramRef":{"selector":{"matchLabels":{"irsa-anywhere/role":"true"}},)"
            R"("parameterNotFoundAction":"Allow"},"validationActions":["Deny","Audit"]})");
}

TEST(WebhookObjects, TheNetworkPolicyLetsTheApiServersOwnPortThrough) {
  auto ports = [](const WebhookWish& wish) {
    const Json policy = byTarget(wish)["NetworkPolicy irsa-system/irsa-webhook"];
    std::vector<int> out;
    for (const Json& port : policy["spec"]["egress"][0]["ports"]) out.push_back(port["port"]);
    return out;
  };
  EXPECT_THAT(ports({}), ElementsAre(443, 6443));
  EXPECT_THAT(ports({.apiServerPort = 6443}), ElementsAre(443, 6443));
  EXPECT_THAT(ports({.apiServerPort = 16443}), ElementsAre(443, 6443, 16443));
}

TEST(WebhookObjects, AnotherNamespaceIsNamedEverywhere) {
  WebhookWish wish = kWish;
  wish.settings.nameSpace = "elsewhere";
  for (const KubernetesObject& object : webhookObjects(wish))
    EXPECT_THAT(text::compact(object.object), Not(HasSubstr("irsa-system"))) << object.target;
}

TEST(WebhookObjects, FieldsThatTheApiServerAddsAreNoDrift) {
  Json wanted = Json::parse(R"({"a":{"b":[{"c":1}]},"d":"x"})");
  EXPECT_TRUE(holds(Json::parse(R"({"a":{"b":[{"c":1,"extra":2}],"more":0},"d":"x","e":[]})"), wanted));
  EXPECT_FALSE(holds(Json::parse(R"({"a":{"b":[{"c":2}]},"d":"x"})"), wanted));
  EXPECT_FALSE(holds(Json::parse(R"({"a":{"b":[{"c":1},{"c":1}]},"d":"x"})"), wanted));
  EXPECT_FALSE(holds(Json::parse(R"({"a":{"b":[{"c":1}]}})"), wanted));
  EXPECT_FALSE(holds(Json(nullptr), wanted));
}

}  // namespace
}  // namespace setup
