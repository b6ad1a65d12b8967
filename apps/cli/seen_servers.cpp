#include "seen_servers.h"

#include <algorithm>

namespace cli {
namespace {

constexpr std::chrono::seconds kReport{90}, kPause{1};

}  // namespace

kube::Client clientAt(const ClusterConnection& cluster, const std::string& origin) {
  return {*cluster.http, origin, cluster.token, "irsa/" IRSA_VERSION};
}

base::Result<migration::Cluster> lookAtServers(const ClusterConnection& cluster, std::vector<std::string> origins,
                                               base::Clock& clock, const Console& console, Wait wait) {
  if (origins.empty()) {
    const base::Result<std::vector<std::string>> found = migration::addressesOf(*cluster.client);
    if (!found && found.error().kind != base::ErrorKind::NotFound) {
      return base::Error(found.error()).during("looking for the API servers' addresses");
    }
    if (found) origins = *found;
  }
  if (origins.empty()) {
    console.warn("the cluster does not tell its API servers' addresses: only " + cluster.access.server +
                 " is looked at; name them with --server");
    origins = {cluster.access.server};
  }
  std::vector<kube::Client> clients;
  clients.reserve(origins.size());
  std::vector<migration::Endpoint> endpoints;
  for (const std::string& origin : origins) {
    clients.push_back(clientAt(cluster, origin));
    const std::size_t scheme = origin.find("://");
    endpoints.push_back({scheme == std::string::npos ? origin : origin.substr(scheme + 3), clients.back()});
  }
  const base::Time deadline = clock.now() + kReport;
  while (true) {
    migration::Cluster seen = TRY(migration::lookAtApiServers(endpoints, *cluster.client, clock.now()));
    const bool isReported = std::ranges::none_of(seen.servers, [wait](const migration::ApiServer& server) {
      return server.isUnreported || (wait == Wait::ForFlags && server.trouble.empty() && !server.showsFlags);
    });
    if (isReported || clock.now() >= deadline) return seen;
    clock.sleepFor(kPause);
  }
}

}  // namespace cli
