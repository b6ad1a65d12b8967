// The API servers of a cluster, each asked by its own address.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "migration/api_servers.h"
#include "world.h"

namespace cli {

// A client of the API server at `origin`, with the kubeconfig's credentials and roots.
kube::Client clientAt(const ClusterConnection& cluster, const std::string& origin);

// Where the API servers are asked.
struct ServerPlaces {
  std::vector<kube::Client> clients;
  std::vector<migration::Endpoint> endpoints;  // of these clients
};

// `origins` empty: those behind the Service kubernetes, or else the kubeconfig's server alone, which is said.
base::Result<std::unique_ptr<ServerPlaces>> findServers(const ClusterConnection& cluster,
                                                        std::vector<std::string> origins, const Console& console);

// At all of them, as findServers() says. Waits for the kubelet's report of a pod that has just been changed, which
// comes within a minute and a half.
base::Result<migration::Cluster> lookAtServers(const ClusterConnection& cluster, std::vector<std::string> origins,
                                               base::Clock& clock, const Console& console);

}  // namespace cli
