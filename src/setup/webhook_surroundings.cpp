#include "setup/webhook_surroundings.h"

#include <set>

#include "setup/identity_webhooks.h"
#include "setup/webhook_program.h"

namespace setup {
namespace {

using base::ErrorKind;
using text::Json;

constexpr const char* kMutating = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
constexpr const char* kBindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
constexpr const char* kPolicies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

class Look {
 public:
  explicit Look(const kube::Client& kube) : kube_(kube) {}

  base::Result<WebhookSurroundings> around() {
    seen_.configurations = TRY(kube_.list(kMutating));
    seen_.namespaces = TRY(kube_.list("/api/v1/namespaces"));
    seen_.accounts = TRY(kube_.list("/api/v1/serviceaccounts"));
    TRY(atGuard());
    std::set<std::string> nameSpaces;
    for (const IdentityWebhook& webhook : identityWebhooksIn(seen_.configurations)) {
      if (!webhook.hasService() || seen_.services.contains(webhook.service())) continue;
      if (nameSpaces.insert(webhook.serviceNamespace).second) TRY(inNamespace(webhook.serviceNamespace));
      TRY(atService(webhook));
    }
    return std::move(seen_);
  }

 private:
  // What may not be seen is noted; what is not there is left out.
  template <typename T>
  base::Result<void> note(base::Result<T> answer, const std::string& path, T& into) {
    if (answer) {
      into = *std::move(answer);
    } else if (answer.error().kind == ErrorKind::Denied) {
      seen_.unread[path] = answer.error().message;
    } else if (answer.error().kind != ErrorKind::NotFound) {
      return std::move(answer).error();
    }
    return {};
  }

  base::Result<void> atGuard() {
    auto policies = kube_.list(policiesPath());
    seen_.servesGuard = policies || policies.error().kind != ErrorKind::NotFound;
    TRY(note(std::move(policies), policiesPath(), seen_.policies));
    return note(kube_.list(kBindings), policiesPath(), seen_.policyBindings);
  }

  base::Result<void> inNamespace(const std::string& nameSpace) {
    TRY(note(kube_.list(deploymentsPath(nameSpace)), deploymentsPath(nameSpace), seen_.deployments[nameSpace]));
    return note(kube_.list(budgetsPath(nameSpace)), budgetsPath(nameSpace), seen_.budgets[nameSpace]);
  }

  base::Result<void> atService(const IdentityWebhook& webhook) {
    const std::string& nameSpace = webhook.serviceNamespace;
    Json service;
    const std::string path = servicePath(nameSpace, webhook.serviceName);
    TRY(note(kube_.get(path), path, service));
    if (service.is_null()) return {};
    const std::string slices = endpointSlicesPath(nameSpace, webhook.serviceName);
    TRY(note(kube_.list(slices), slices, seen_.endpointSlices[webhook.service()]));
    for (const WebhookProgram& program : programsBehind(service, seen_.deployments[nameSpace]))
      if (!program.secret.empty()) TRY(atSecret(nameSpace, program.secret));
    seen_.services[webhook.service()] = std::move(service);
    return {};
  }

  base::Result<void> atSecret(const std::string& nameSpace, const std::string& name) {
    Json secret;
    TRY(note(kube_.get(secretPath(nameSpace, name)), secretPath(nameSpace, name), secret));
    if (!secret.is_null()) seen_.secrets[nameSpace + "/" + name] = std::move(secret);
    return {};
  }

  const kube::Client& kube_;
  WebhookSurroundings seen_;
};

std::string pathIn(const std::string& group, const std::string& nameSpace, const std::string& rest) {
  return group + "/namespaces/" + nameSpace + "/" + rest;
}

}  // namespace

std::string servicePath(const std::string& nameSpace, const std::string& name) {
  return pathIn("/api/v1", nameSpace, "services/" + name);
}
std::string endpointSlicesPath(const std::string& nameSpace, const std::string& service) {
  return pathIn("/apis/discovery.k8s.io/v1", nameSpace,
                "endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D" + service);
}
std::string deploymentsPath(const std::string& nameSpace) { return pathIn("/apis/apps/v1", nameSpace, "deployments"); }
std::string budgetsPath(const std::string& nameSpace) {
  return pathIn("/apis/policy/v1", nameSpace, "poddisruptionbudgets");
}
std::string secretPath(const std::string& nameSpace, const std::string& name) {
  return pathIn("/api/v1", nameSpace, "secrets/" + name);
}
std::string policiesPath() { return kPolicies; }

base::Result<WebhookSurroundings> lookAround(const kube::Client& kube) { return Look(kube).around(); }

}  // namespace setup
