// The API servers of a cluster, each asked by its own address.
#pragma once
#include <string>
#include <vector>

#include "migration/api_servers.h"
#include "world.h"

namespace cli {

// A client of the API server at `origin`, with the kubeconfig's credentials and roots.
kube::Client clientAt(const ClusterConnection& cluster, const std::string& origin);

// What is waited for, up to a minute and a half, when a pod has just been changed: the kubelet's report of those that
// it has told of, or the flags of every API server that can be looked at.
enum class Wait { ForReports, ForFlags };

// `origins` empty: those behind the Service kubernetes, or else the kubeconfig's server alone, which is said.
base::Result<migration::Cluster> lookAtServers(const ClusterConnection& cluster, std::vector<std::string> origins,
                                               base::Clock& clock, const Console& console,
                                               Wait wait = Wait::ForReports);

}  // namespace cli
