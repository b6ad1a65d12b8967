// The Kubernetes objects of irsa-webhook, as they must be.
//
// With its own authority (the default) the webhook makes its certificate itself: the Secret and the Lease are there and
// empty for it to fill, and caBundle is left out, since it is the webhook's field.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "setup/configuration.h"
#include "text/json.h"

namespace setup {

inline constexpr std::string_view kWebhookName = "irsa-webhook";  // of every object but namespace and guard
inline constexpr std::string_view kGuardName = "irsa-guard";
inline constexpr std::string_view kSkipLabel = "eks.amazonaws.com/skip-pod-identity-webhook";  // of pods; any value
inline constexpr std::string_view kInjectLabel = "irsa-anywhere/inject";                       // of pods
inline constexpr std::string_view kInjectRequired = "required";  // its value: rather no pod than one without its role

struct KubernetesObject {
  std::string path;    // below the API server
  std::string target;  // "Deployment irsa-system/irsa-webhook"
  text::Json object;
};

enum class CertificateSource { Self, Files };

// What the objects depend on.
struct WebhookWish {
  std::string name = {};    // Configuration::name; empty: none, and then no label says whose the objects are
  std::string region = {};  // empty: pods get no region
  WebhookSettings settings = {};
  int apiServerPort = 0;  // one that the NetworkPolicy must let through beside 443 and 6443; 0: none
  CertificateSource certificates = CertificateSource::Self;
  std::string certificateSecret = {};  // Files: of type kubernetes.io/tls, made by somebody else
  std::string injectCaFrom = {};       // Files: NAMESPACE/NAME of cert-manager's Certificate; empty: caBundle is theirs
};

WebhookWish webhookWishOf(const Configuration& configuration);

// In the order in which they are applied; they are deleted the other way round, the namespace last. The guard, which
// needs Kubernetes 1.30, comes last and only if `settings.guard`. A namespace that Kubernetes made is not among them.
std::vector<KubernetesObject> webhookObjects(const WebhookWish& wish);

// Namespaces whose pods the webhook leaves alone, though with kInjectLabel only its own one.
std::vector<std::string> exemptNamespaces(std::string_view webhookNamespace);

// Whether everything in `wanted` stands in `live` too; what the API server adds does not count.
bool holds(const text::Json& live, const text::Json& wanted);

}  // namespace setup
