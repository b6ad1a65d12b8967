#include "kube/lease_election.h"

#include "base/time.h"
#include "text/json.h"

namespace kube {
namespace {

using text::Json;

std::int64_t secondsOf(const Json& spec, std::chrono::seconds fallback) {
  const Json& seconds = text::at(spec, "leaseDurationSeconds");
  return seconds.is_number_integer() && seconds.get<std::int64_t>() > 0 ? seconds.get<std::int64_t>()
                                                                        : fallback.count();
}

}  // namespace

std::string microTime(base::Time time) {
  std::string text = base::rfc3339(time);
  text.pop_back();
  return text + ".000000Z";
}

LeaseElection::LeaseElection(const Client& client, const base::Clock& clock, LeaseSettings settings)
    : client_(client),
      clock_(clock),
      settings_(std::move(settings)),
      path_("/apis/coordination.k8s.io/v1/namespaces/" + settings_.nameSpace + "/leases/" + settings_.name) {}

bool LeaseElection::holds() const { return clock_.now() < heldUntil_; }

base::Result<bool> LeaseElection::renew() {
  Json lease = TRY(client_.get(path_));
  const Json spec = text::at(lease, "spec");
  const std::string holder = text::stringAt(spec, "holderIdentity");
  if (const std::string now = text::compact(spec); now != seen_) {
    seen_ = now;
    seenAt_ = clock_.now();
  }
  const bool isOthers = !holder.empty() && holder != settings_.holder;
  if (isOthers && clock_.now() < seenAt_ + std::chrono::seconds(secondsOf(spec, settings_.duration))) {
    heldUntil_ = {};
    return false;
  }
  return take(std::move(lease));
}

base::Result<bool> LeaseElection::take(Json lease) {
  const base::Time now = clock_.now();
  Json& spec = lease["spec"];
  if (!spec.is_object()) spec = Json::object();
  const bool wasOurs = text::stringAt(spec, "holderIdentity") == settings_.holder;
  if (!wasOurs) {
    spec["holderIdentity"] = settings_.holder;
    spec["acquireTime"] = microTime(now);
    const Json& changes = text::at(spec, "leaseTransitions");
    spec["leaseTransitions"] = (changes.is_number_integer() ? changes.get<std::int64_t>() : 0) + 1;
  }
  spec["leaseDurationSeconds"] = settings_.duration.count();
  spec["renewTime"] = microTime(now);
  base::Result<Json> updated = client_.update(path_, lease);
  if (!updated && updated.error().kind == base::ErrorKind::Conflict) {
    heldUntil_ = {};
    return false;  // somebody was quicker
  }
  if (!updated) return std::move(updated).error();
  seen_ = text::compact(text::at(*updated, "spec"));
  seenAt_ = now;
  heldUntil_ = now + settings_.duration;
  return true;
}

void LeaseElection::release() {
  if (!holds()) return;
  heldUntil_ = {};
  base::Result<Json> lease = client_.get(path_);
  if (!lease || text::stringAt(text::at(*lease, "spec"), "holderIdentity") != settings_.holder) return;
  (*lease)["spec"]["holderIdentity"] = "";
  (void)client_.update(path_, *lease);
}

}  // namespace kube
