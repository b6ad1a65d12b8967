#include <algorithm>

#include "setup/names.h"
#include "setup/observed.h"
#include "setup/republisher_objects.h"

namespace setup {
namespace {

using text::Json;

std::string labelOf(const Json& object, std::string_view label) {
  return text::stringAt(text::at(text::at(object, "metadata"), "labels"), label);
}

base::Result<void> lookAt(const kube::Client& kube, const std::string& path, std::map<std::string, Json>& into) {
  auto object = kube.get(path);
  if (object)
    into[path] = *std::move(object);
  else if (object.error().kind != base::ErrorKind::NotFound)
    return std::move(object).error();
  return {};
}

base::Result<bool> servesGuard(const kube::Client& kube) {
  Json served = TRY(kube.get("/apis/admissionregistration.k8s.io/v1"));
  const Json& resources = text::at(served, "resources");
  return std::any_of(resources.begin(), resources.end(), [](const Json& resource) {
    return text::stringAt(resource, "name") == "validatingadmissionpolicies";
  });
}

// Network policies see the port behind the Service, and some distributions have one of their own.
base::Result<int> apiServerPort(const kube::Client& kube) {
  auto slice = kube.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes");
  if (!slice && slice.error().kind != base::ErrorKind::NotFound) return std::move(slice).error();
  if (!slice) return 0;
  const Json& ports = text::at(*slice, "ports");
  return ports.empty() ? 0 : int(text::intAt(ports.front(), "port"));
}

// Looks at all paths side by side.
base::Result<void> lookAtAll(const World& world, const std::vector<std::string>& paths,
                             std::map<std::string, Json>& into) {
  std::vector<base::Result<std::map<std::string, Json>>> looked(paths.size(), std::map<std::string, Json>());
  world.sideBySide(paths.size(), [&](std::size_t i) {
    std::map<std::string, Json> one;
    auto done = lookAt(*world.kube, paths[i], one);
    if (done)
      looked[i] = std::move(one);
    else
      looked[i] = std::move(done).error();
  });
  for (auto& one : looked) into.merge(TRY(std::move(one)));
  return {};
}

base::Result<void> observeWebhook(const World& world, const Configuration& configuration, ObservedCluster& found) {
  found.servesGuard = TRY(servesGuard(*world.kube));
  found.apiServerPort = TRY(apiServerPort(*world.kube));
  WebhookWish whole = webhookWishOf(configuration);
  whole.settings.guard = true;  // it may be there from before
  std::vector<std::string> paths;
  for (const KubernetesObject& object : webhookObjects(whole)) paths.push_back(object.path);
  for (const KubernetesObject& object : republisherObjects({.nameSpace = whole.settings.nameSpace}))
    paths.push_back(object.path);
  return lookAtAll(world, paths, found.objects);
}

base::Result<void> observeAccounts(const World& world, const Configuration& configuration, ObservedCluster& found) {
  std::vector<std::string> paths;
  for (const Binding& binding : configuration.bindings)
    if (binding.isAnnotated()) paths.push_back(accountPath(binding.nameSpace, binding.serviceAccount));
  TRY(lookAtAll(world, paths, found.accounts));
  std::vector<Json> labelled = TRY(
      world.kube->list("/api/v1/serviceaccounts?labelSelector=irsa-anywhere%2Frole%3Dtrue%2Cirsa-anywhere%2Fname%3D" +
                       configuration.name));
  for (Json& account : labelled) {
    const Json& metadata = text::at(account, "metadata");
    std::string path = accountPath(text::stringAt(metadata, "namespace"), text::stringAt(metadata, "name"));
    found.accounts[std::move(path)] = std::move(account);
  }
  return {};
}

}  // namespace

bool hasOurLabel(const Json& object, std::string_view name) { return labelOf(object, kNameTag) == name; }

bool wasMadeByUs(const Json& object, std::string_view name) {
  return hasOurLabel(object, name) && labelOf(object, kManagedByLabel) == kManagedBy;
}

std::string accountPath(std::string_view nameSpace, std::string_view name) {
  return "/api/v1/namespaces/" + std::string(nameSpace) + "/serviceaccounts/" + std::string(name);
}

base::Result<ObservedCluster> observeCluster(const World& world, const Configuration& configuration,
                                             const Phases& phases) {
  const kube::Client& kube = *world.kube;
  ObservedCluster found;
  auto system = kube.get("/api/v1/namespaces/kube-system");
  if (!system) return std::move(system).error().during("looking at the cluster");
  found.uid = text::stringAt(text::at(*system, "metadata"), "uid");
  if (found.uid.empty()) return base::internal("the namespace kube-system has no uid");
  bool readsKeys = configuration.keys.source == KeySource::Cluster && phases.contains(Phase::Issuer);
  if (readsKeys && configuration.issuer.hosting != Hosting::Existing) {
    auto jwks = kube.getText("/openid/v1/jwks");
    if (!jwks) return std::move(jwks).error().during("reading the cluster's public keys");
    found.jwks = *std::move(jwks);
  }
  if (phases.contains(Phase::Webhook)) TRY(observeWebhook(world, configuration, found));
  if (phases.contains(Phase::Bindings)) TRY(observeAccounts(world, configuration, found));
  return found;
}

}  // namespace setup
