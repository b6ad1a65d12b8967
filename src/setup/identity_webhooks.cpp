#include "setup/identity_webhooks.h"

#include <algorithm>
#include <initializer_list>

#include "admission/serving_authority.h"
#include "crypto/certificate.h"
#include "setup/webhook_objects.h"
#include "text/encoding.h"

namespace setup {
namespace {

using text::Json;

bool holdsOneOf(const Json& list, std::initializer_list<std::string_view> words) {
  return std::any_of(list.begin(), list.end(), [&](const Json& item) {
    return item.is_string() && std::find(words.begin(), words.end(), item.get_ref<const std::string&>()) != words.end();
  });
}

bool handlesNewPods(const Json& entry) {
  const Json& rules = text::at(entry, "rules");
  return std::any_of(rules.begin(), rules.end(), [](const Json& rule) {
    return holdsOneOf(text::at(rule, "operations"), {"CREATE", "*"}) &&
           holdsOneOf(text::at(rule, "apiGroups"), {"", "*"}) &&
           holdsOneOf(text::at(rule, "apiVersions"), {"v1", "*"}) &&
           holdsOneOf(text::at(rule, "resources"), {"pods", "*", "*/*"});
  });
}

// EKS calls its own iam-for-pods.amazonaws.com; everybody else kept the words of AWS's manifests.
bool isOfThisKind(const Json& entry, const std::string& service) {
  for (std::string_view word :
       {std::string_view("pod-identity-webhook"), kWebhookName, std::string_view("iam-for-pods")})
    for (const std::string& name : {service, text::stringAt(entry, "name")})
      if (name.find(word) != std::string::npos) return true;
  return text::compact(text::at(entry, "objectSelector")).find(kSkipLabel) != std::string::npos;
}

std::string decoded(const std::string& base64) {
  auto bytes = text::decodeBase64(base64);
  return bytes ? *std::move(bytes) : "";
}

bool anyConditionOnNamespaces(const Json& conditions) {
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return text::stringAt(condition, "expression").find("namespace") != std::string::npos;
  });
}

IdentityWebhook webhookOf(const std::string& configuration, const Json& entry) {
  const Json& client = text::at(entry, "clientConfig");
  const Json& service = text::at(client, "service");
  IdentityWebhook webhook{configuration, text::stringAt(entry, "name"), text::stringAt(client, "url"),
                          text::stringAt(service, "namespace"), text::stringAt(service, "name")};
  webhook.port = text::intAt(service, "port", webhook.port);
  webhook.authorities = decoded(text::stringAt(client, "caBundle"));
  webhook.failurePolicy = text::stringAt(entry, "failurePolicy", webhook.failurePolicy);
  webhook.reinvocationPolicy = text::stringAt(entry, "reinvocationPolicy", webhook.reinvocationPolicy);
  webhook.timeoutSeconds = text::intAt(entry, "timeoutSeconds", webhook.timeoutSeconds);
  for (const Json& version : text::at(entry, "admissionReviewVersions"))
    if (version.is_string()) webhook.reviewVersions.push_back(version);
  webhook.namespaceSelector = text::at(entry, "namespaceSelector");
  webhook.objectSelector = text::at(entry, "objectSelector");
  webhook.looksAtNamespaces = anyConditionOnNamespaces(text::at(entry, "matchConditions"));
  return webhook;
}

}  // namespace

std::string IdentityWebhook::place() const {
  return "MutatingWebhookConfiguration " + configuration + ", webhook " + name;
}

bool IdentityWebhook::takes(const kube::Labels& nameSpace, const kube::Labels& pod) const {
  return kube::selects(namespaceSelector, nameSpace) && kube::selects(objectSelector, pod);
}

std::vector<IdentityWebhook> identityWebhooksIn(const std::vector<Json>& configurations) {
  std::vector<IdentityWebhook> found;
  for (const Json& configuration : configurations) {
    const std::string name = text::stringAt(text::at(configuration, "metadata"), "name");
    for (const Json& entry : text::at(configuration, "webhooks")) {
      const std::string service = text::stringAt(text::at(text::at(entry, "clientConfig"), "service"), "name");
      if (handlesNewPods(entry) && isOfThisKind(entry, service)) found.push_back(webhookOf(name, entry));
    }
  }
  return found;
}

std::string whyNotTrusted(const IdentityWebhook& webhook, std::string_view certificatePem, base::Time now) {
  if (!crypto::certificatesFromPem(webhook.authorities)) return "caBundle holds no certificate";
  const std::string name = admission::serviceNames(webhook.serviceName, webhook.serviceNamespace).front();
  auto verified = crypto::verifyServer(certificatePem, webhook.authorities, name, now);
  return verified ? "" : verified.error().message;
}

std::string secretMember(const Json& secret, std::string_view member) {
  return decoded(text::stringAt(text::at(secret, "data"), member));
}

}  // namespace setup
