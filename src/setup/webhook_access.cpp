#include "setup/webhook_parts.h"

namespace setup {
namespace {

using text::Json;

// Getting and updating the one object of our name.
Json ownRule(std::string_view group, std::string_view resource) {
  return namedRule(group, resource, kWebhookName, {"get", "update"});
}

}  // namespace

std::vector<KubernetesObject> accessObjects(const WebhookWish& wish) {
  const bool keepsCertificates = wish.certificates == CertificateSource::Self;
  const ObjectOwner owner = ownerOf(wish);
  Json rules = Json::array({rule("", "serviceaccounts", {"get", "list", "watch"})});
  if (keepsCertificates) rules.push_back(ownRule("admissionregistration.k8s.io", "mutatingwebhookconfigurations"));
  std::vector<KubernetesObject> objects{podAccountObject(owner)};
  append(objects, roleObjects(owner, Scope::Cluster, std::move(rules)));
  if (!keepsCertificates) return objects;
  Json own = Json::array({ownRule("", "secrets"), ownRule("coordination.k8s.io", "leases")});
  append(objects, roleObjects(owner, Scope::Namespace, std::move(own)));
  return objects;
}

}  // namespace setup
