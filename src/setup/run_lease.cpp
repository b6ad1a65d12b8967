#include "setup/run_lease.h"

#include <charconv>

#include "base/time.h"
#include "kube/lease_election.h"

namespace setup {
namespace {

using base::ErrorKind;
using text::Json;

constexpr std::string_view kLeases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
constexpr std::chrono::minutes kDuration{5};
constexpr std::chrono::seconds kRenewEvery{30};
constexpr int kLeaseTries = 3;

Json leaseOf(const std::string& name, const std::string& holder, base::Time now) {
  Json metadata = {{"name", "irsa-" + name}, {"namespace", "kube-system"}};
  metadata["labels"] = {{"app.kubernetes.io/managed-by", "irsa"}, {"irsa-anywhere/name", name}};
  Json spec = {{"holderIdentity", holder}, {"leaseDurationSeconds", std::chrono::seconds(kDuration).count()}};
  spec["acquireTime"] = spec["renewTime"] = kube::microTime(now);
  return {{"apiVersion", "coordination.k8s.io/v1"},
          {"kind", "Lease"},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)}};
}

std::string holderOf(const Json& lease) { return text::stringAt(text::at(lease, "spec"), "holderIdentity"); }

// Whether the holder can be passed over: nobody, a dead process of this host, or one not heard of for long.
bool isFree(const Json& lease, const Runner& runner, base::Time now) {
  const std::string holder = holderOf(lease);
  if (holder.empty()) return true;
  const std::size_t slash = holder.rfind('/');
  if (slash != std::string::npos && holder.substr(0, slash) == runner.host) {
    long process = 0;
    std::from_chars(holder.data() + slash + 1, holder.data() + holder.size(), process);
    if (process == runner.process || (process > 0 && !runner.isRunning(process))) return true;
  }
  auto renewed = base::parseRfc3339(text::stringAt(text::at(lease, "spec"), "renewTime"));
  return !renewed || now > *renewed + kDuration;
}

base::Error isHeld(const Json& lease, const std::string& path) {
  const std::string holder = holderOf(lease);
  const std::size_t slash = holder.rfind('/');
  std::string message = "another run is at work on this cluster: on " + holder.substr(0, slash);
  if (slash != std::string::npos) message += " (process " + holder.substr(slash + 1) + ")";
  std::string hint = "wait until it has ended; if it was killed, five minutes, or delete the Lease kube-system/";
  hint += path.substr(path.rfind('/') + 1);
  return {ErrorKind::Conflict, "", std::move(message), std::move(hint)};
}

}  // namespace

RunLease::RunLease(const kube::Client& cluster, const base::Clock& clock, std::string path, std::string holder)
    : cluster_(cluster), clock_(clock), path_(std::move(path)), holder_(std::move(holder)), renewedAt_(clock.now()) {}

base::Result<std::unique_ptr<RunLease>> RunLease::take(const kube::Client& cluster, const base::Clock& clock,
                                                       const std::string& name, const Runner& runner) {
  std::string path(kLeases);
  path.append("/irsa-").append(name);
  const std::string holder = runner.host + "/" + std::to_string(runner.process);
  base::Error last = base::internal("nobody asked for the Lease");
  for (int attempt = 0; attempt < kLeaseTries; ++attempt) {
    auto found = cluster.get(path);
    if (!found && found.error().kind != ErrorKind::NotFound) return std::move(found).error();
    if (found && !isFree(*found, runner, clock.now())) return isHeld(*found, path);
    Json wanted = leaseOf(name, holder, clock.now());
    if (found) wanted["metadata"]["resourceVersion"] = text::at(text::at(*found, "metadata"), "resourceVersion");
    auto taken = found ? cluster.update(path, wanted) : cluster.create(std::string(kLeases), wanted);
    if (taken) return std::unique_ptr<RunLease>(new RunLease(cluster, clock, path, holder));
    last = std::move(taken).error();
    bool wasQuicker = last.kind == ErrorKind::Conflict || last.kind == ErrorKind::AlreadyExists;
    if (!wasQuicker) return last;
  }
  return last;
}

RunLease::~RunLease() {
  auto found = cluster_.get(path_);
  if (found && holderOf(*found) == holder_) (void)cluster_.remove(path_);
}

void RunLease::renew() {
  if (clock_.now() < renewedAt_ + kRenewEvery) return;
  renewedAt_ = clock_.now();
  auto found = cluster_.get(path_);
  if (!found || holderOf(*found) != holder_) return;
  (*found)["spec"]["renewTime"] = kube::microTime(renewedAt_);
  (void)cluster_.update(path_, *found);
}

}  // namespace setup
