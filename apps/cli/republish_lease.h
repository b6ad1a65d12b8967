// The Lease of `irsa issuer publish`: one of several publishes, and what it remembers of keys lies there.
#pragma once
#include <set>
#include <string>

#include "base/result.h"
#include "migration/republish.h"
#include "world.h"

namespace cli {

// That of the pod that apply makes (issuer.republish), or one of kube-system.
struct LeasePlace {
  std::string nameSpace, name;

  std::string list() const { return "/apis/coordination.k8s.io/v1/namespaces/" + nameSpace + "/leases"; }
  std::string path() const { return list() + "/" + name; }
};
LeasePlace republishLease(const setup::Configuration& configuration);

struct RepublishMemory {
  migration::Retired retired;
  std::set<std::string> revoked;  // kids
  std::string retiredAsWritten;
};

// Nothing is remembered where the Lease is not there.
base::Result<RepublishMemory> readRepublishLease(const World& world);

// Makes the Lease when it is not there.
base::Result<RepublishMemory> openRepublishLease(const World& world);

// Writes only what differs from `before`.
base::Result<void> rememberRetired(const World& world, const migration::Retired& retired, const std::string& before);

// From now on nobody who publishes by this Lease publishes one of them, whoever serves it.
base::Result<void> revoke(const World& world, const std::set<std::string>& kids);

}  // namespace cli
