// The Kubernetes objects of the republisher: `irsa issuer publish --watch` in one pod, which keeps the published keys
// equal to the API servers'.
//
// Its pod needs no webhook: it names role and token itself, and its account carries no annotation.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "setup/configuration.h"
#include "setup/webhook_objects.h"

namespace setup {

inline constexpr std::string_view kRepublisherName = "irsa-republisher";  // of every object, and of the account

// What the objects depend on.
struct RepublisherWish {
  std::string name = {};       // Configuration::name; empty: none, and then no label says whose the objects are
  std::string nameSpace = {};  // the webhook's
  std::string image = {};      // the webhook's, which holds `irsa` too
  std::string region = {}, roleArn = {};
  std::string configuration = {};  // the irsa.yaml that the pod reads
  std::string roots = {};          // PEM of aws.caFile, which lies beside it; empty: none
  std::vector<int> ports = {};     // that the NetworkPolicy must let through beside 443, 6443 and those of DNS
};

// REQUIRES: issuer.republish. `apiServerPort` as in WebhookWish.
RepublisherWish republisherWishOf(const Configuration& configuration, std::string_view account,
                                  std::string_view roleArn, int apiServerPort);

// irsa.yaml as the pod needs it: what says which documents there are, and where. No path in it leads out of its folder,
// and the cluster is the one that the pod runs in.
std::string republisherConfiguration(const Configuration& configuration, std::string_view account);

// In the order in which they are applied, into a namespace that is there. The Lease is empty, for the pod to fill.
std::vector<KubernetesObject> republisherObjects(const RepublisherWish& wish);

}  // namespace setup
