#include "seen_servers.h"

#include <algorithm>

namespace cli {
namespace {

constexpr std::chrono::seconds kLookPause{1};

// The kubelet tells of the pod that was there before, or, as long as it is making the new one, of none.
bool isToBeReported(const migration::ApiServer& server, base::Time now) {
  const bool isYoung = server.trouble.empty() && now < server.startedAt + migration::kReportTime;
  return server.isUnreported || (isYoung && !server.showsFlags);
}

}  // namespace

kube::Client clientAt(const ClusterConnection& cluster, const std::string& origin) {
  return {*cluster.http, origin, cluster.token, "irsa/" IRSA_VERSION};
}

base::Result<std::unique_ptr<ServerPlaces>> findServers(const ClusterConnection& cluster,
                                                        std::vector<std::string> origins, const Console& console) {
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
  auto places = std::make_unique<ServerPlaces>();
  places->clients.reserve(origins.size());  // the endpoints refer to them
  for (const std::string& origin : origins) {
    places->clients.push_back(clientAt(cluster, origin));
    const std::size_t scheme = origin.find("://");
    places->endpoints.push_back(
        {scheme == std::string::npos ? origin : origin.substr(scheme + 3), places->clients.back()});
  }
  return places;
}

base::Result<migration::Cluster> lookAtServers(const ClusterConnection& cluster, std::vector<std::string> origins,
                                               base::Clock& clock, const Console& console) {
  const std::unique_ptr<ServerPlaces> places = TRY(findServers(cluster, std::move(origins), console));
  const base::Time deadline = clock.now() + migration::kReportTime;
  while (true) {
    migration::Cluster seen = TRY(migration::lookAtApiServers(places->endpoints, *cluster.client, clock.now()));
    const bool isReported = std::ranges::none_of(
        seen.servers, [&seen](const migration::ApiServer& server) { return isToBeReported(server, seen.now); });
    if (isReported || clock.now() >= deadline) return seen;
    clock.sleepFor(kLookPause);
  }
}

}  // namespace cli
