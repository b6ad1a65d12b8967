#include "setup/names.h"
#include "setup/webhook_parts.h"

namespace setup {
namespace {

using text::Json;

constexpr std::string_view kAdmission = "/apis/admissionregistration.k8s.io/v1";

Json requirement(std::string_view key, std::string_view relation, const std::vector<std::string>& values = {}) {
  Json out = {{"key", key}, {"operator", relation}};
  if (!values.empty()) out["values"] = values;
  return out;
}

Json expressions(Json list) { return {{"matchExpressions", std::move(list)}}; }

Json notIn(const std::vector<std::string>& nameSpaces) {
  return expressions(Json::array({requirement("kubernetes.io/metadata.name", "NotIn", nameSpaces)}));
}

Json newPods() {
  return {{"apiGroups", Json::array({""})},
          {"apiVersions", Json::array({"v1"})},
          {"operations", Json::array({"CREATE"})},
          {"resources", Json::array({"pods"})},
          {"scope", "Namespaced"}};
}

Json condition(std::string_view name, std::string_view expression) {
  return {{"name", name}, {"expression", expression}};
}

// A static pod's image in the API has no service account. All conditions are total: an error would count as failure of
// the webhook, and switch the guard off.
Json notMirror() {
  return condition(
      "not-mirror",
      "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)");
}

// One way of sending pods to the webhook; no pod goes both ways.
struct Way {
  std::string name, failurePolicy;
  Json nameSpaces, pods;  // selectors
};

Json entryOf(const WebhookWish& wish, Way way) {
  Json service = {{"namespace", wish.settings.nameSpace}, {"name", kWebhookName}, {"port", 443}, {"path", "/mutate"}};
  return {{"name", way.name + "." + wish.settings.nameSpace + ".svc"},
          {"admissionReviewVersions", Json::array({"v1", "v1beta1"})},
          {"sideEffects", "None"},
          {"failurePolicy", way.failurePolicy},
          {"timeoutSeconds", 5},
          {"matchPolicy", "Equivalent"},
          {"reinvocationPolicy", "IfNeeded"},
          {"namespaceSelector", std::move(way.nameSpaces)},
          {"objectSelector", std::move(way.pods)},
          {"matchConditions", Json::array({notMirror()})},
          {"rules", Json::array({newPods()})},
          {"clientConfig", {{"service", std::move(service)}}}};
}

// The webhook adds its volume to every pod of an account with a role, whatever else it finds. Without it nothing is
// missing only if each container has credentials of its own, or is skipped; skip-containers is a line of CSV.
constexpr std::string_view kNothingIsMissing =
    "object.spec.?volumes.orValue([]).exists(v, v.name in ['aws-iam-token', 'eks-pod-identity-token']) ||\n"
    "variables.containers.all(c,\n"
    "  variables.skipped.matches('(^|[,\"\\n])' + c.name + '($|[,\"\\r\\n])') ||\n"
    "  c.?env.orValue([]).exists(e, e.name in ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE',\n"
    "    'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']))";

constexpr std::string_view kDenial =
    "'the service account ' + params.metadata.namespace + '/' + params.metadata.name +\n"
    "' has an AWS role, but the webhook did not answer, so this pod would start without credentials. Controllers try ' "
    "+\n"
    "'again by themselves; irsa webhook lint says what is wrong. The label "
    "eks.amazonaws.com/skip-pod-identity-webhook' +\n"
    "' lets a pod start without the role'";

KubernetesObject policyObject(const WebhookWish& wish) {
  KubernetesObject made =
      newObject(ownerOf(wish), {kAdmission, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", Scope::Cluster},
                kGuardName);
  Json constraints = {{"resourceRules", Json::array({newPods()})},
                      {"namespaceSelector", notIn(exemptNamespaces(wish.settings.nameSpace))},
                      {"objectSelector", expressions(Json::array({requirement(kSkipLabel, "DoesNotExist")}))}};
  Json conditions = Json::array(
      {condition("account",
                 "params != null && params.metadata.name == object.spec.?serviceAccountName.orValue('default')"),
       condition("role", "params.metadata.?annotations[?'eks.amazonaws.com/role-arn'].orValue('') != ''"),
       notMirror()});
  Json variables = Json::array(
      {condition("containers", "object.spec.containers + object.spec.?initContainers.orValue([])"),
       condition("skipped", "object.metadata.?annotations[?'eks.amazonaws.com/skip-containers'].orValue('')")});
  Json validation = {{"expression", kNothingIsMissing}, {"messageExpression", kDenial}, {"reason", "Forbidden"}};
  made.object["spec"] = {{"failurePolicy", "Ignore"},  // the guard itself is to be no outage
                         {"paramKind", {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}}},
                         {"matchConstraints", std::move(constraints)},
                         {"matchConditions", std::move(conditions)},
                         {"variables", std::move(variables)},
                         {"validations", Json::array({std::move(validation)})}};
  return made;
}

// By label, since the conditions run once for each account of the pod's namespace that is selected.
KubernetesObject policyBindingObject(const WebhookWish& wish) {
  KubernetesObject made =
      newObject(ownerOf(wish),
                {kAdmission, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", Scope::Cluster},
                kGuardName);
  Json accounts = {{"selector", {{"matchLabels", {{kRoleLabel, "true"}}}}}, {"parameterNotFoundAction", "Allow"}};
  made.object["spec"] = {{"policyName", kGuardName},
                         {"paramRef", std::move(accounts)},
                         {"validationActions", Json::array({"Deny", "Audit"})}};
  return made;
}

}  // namespace

KubernetesObject webhookConfigurationObject(const WebhookWish& wish) {
  const std::string& space = wish.settings.nameSpace;
  const std::string name(kWebhookName), required(kInjectRequired);
  Json notSkipped = requirement(kSkipLabel, "DoesNotExist");
  Way ordinary{name, wish.settings.failurePolicy, notIn(exemptNamespaces(space)),
               expressions(Json::array({notSkipped, requirement(kInjectLabel, "NotIn", {required})}))};
  Way strict{"strict." + name, "Fail", notIn({space}),
             expressions(Json::array({notSkipped, requirement(kInjectLabel, "In", {required})}))};
  KubernetesObject made = newObject(
      ownerOf(wish), {kAdmission, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", Scope::Cluster});
  made.object["webhooks"] = Json::array({entryOf(wish, std::move(ordinary)), entryOf(wish, std::move(strict))});
  if (!wish.injectCaFrom.empty())
    made.object["metadata"]["annotations"] = {{"cert-manager.io/inject-ca-from", wish.injectCaFrom}};
  return made;
}

std::vector<KubernetesObject> guardObjects(const WebhookWish& wish) {
  return {policyObject(wish), policyBindingObject(wish)};
}

}  // namespace setup
