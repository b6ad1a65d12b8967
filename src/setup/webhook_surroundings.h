// What a cluster holds of webhooks that give pods their credentials, and of all they depend on.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "text/json.h"

namespace setup {

struct WebhookSurroundings {
  std::vector<text::Json> configurations = {};  // all MutatingWebhookConfigurations
  std::vector<text::Json> namespaces = {}, accounts = {};
  bool servesGuard = true;
  std::vector<text::Json> policies = {}, policyBindings = {};  // ValidatingAdmissionPolicies and their bindings
  // By NAMESPACE/NAME: the Services that webhooks name, their EndpointSlices, and the Secrets of their certificates.
  std::map<std::string, text::Json> services = {};
  std::map<std::string, std::vector<text::Json>> endpointSlices = {};
  std::map<std::string, text::Json> secrets = {};
  // By namespace of those Services.
  std::map<std::string, std::vector<text::Json>> deployments = {}, budgets = {};
  std::map<std::string, std::string> unread = {};  // path to the reason: what we were not allowed to see

  bool mayHave(const std::string& path) const { return unread.contains(path); }  // absent only to our eyes
};

// Paths as they stand in `unread`.
std::string servicePath(const std::string& nameSpace, const std::string& name);
std::string endpointSlicesPath(const std::string& nameSpace, const std::string& service);
std::string deploymentsPath(const std::string& nameSpace);
std::string budgetsPath(const std::string& nameSpace);
std::string secretPath(const std::string& nameSpace, const std::string& name);
std::string policiesPath();

// An Error when the API server does not answer, or hides webhook configurations, namespaces or service accounts:
// without them nothing can be said. What else it hides is noted.
base::Result<WebhookSurroundings> lookAround(const kube::Client& kube);

}  // namespace setup
