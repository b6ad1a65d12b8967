// Pods that run without the role of their service account because they are older than its annotation: credentials come
// with a pod's creation only.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "setup/configuration.h"

namespace setup {

struct Workload {
  std::string nameSpace;
  std::string kind, name;  // "Deployment", "StatefulSet", ...; "Pod" when nothing would create it again
  std::size_t pods = 0;

  // kubectl's command that re-creates the pods; empty for those that come and go by themselves (Jobs) or never come
  // back.
  std::string restartCommand() const;
  bool operator==(const Workload&) const = default;
};

// By namespace, kind and name. Accounts that are given as patterns are left out.
base::Result<std::vector<Workload>> workloadsToRestart(const kube::Client& cluster, const Configuration& configuration);

}  // namespace setup
