// Which of several replicas may write: a Lease (coordination.k8s.io/v1) held by one of them, as client-go's
// leaderelection does it. It keeps writers apart and is no fence: whoever writes sends the resourceVersion along, so
// that two who both believe to lead can't both succeed.
#pragma once
#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"

namespace kube {

// RFC 3339 with six digits of fraction, which the API server insists upon in a Lease (MicroTime).
std::string microTime(base::Time time);

struct LeaseSettings {
  std::string nameSpace, name;
  std::string holder;  // who we are: unique among the replicas
  std::chrono::seconds duration{15};
};

// One thread's. The Lease must exist: making it is set-up's business.
class LeaseElection {
 public:
  LeaseElection(const Client& client, const base::Clock& clock, LeaseSettings settings);

  // Call this every two or three seconds. True while we hold the lease. An Error means that the API server did not
  // answer or refused; then we hold it no longer than its duration from the last renewal.
  base::Result<bool> renew();

  // Gives it up, so that another need not wait. Best effort.
  void release();

  bool holds() const;

 private:
  base::Result<bool> take(text::Json lease);

  const Client& client_;
  const base::Clock& clock_;
  LeaseSettings settings_;
  std::string path_;
  // What others wrote is judged by when we saw it change, never by their clock.
  std::string seen_;
  base::Time seenAt_{};
  base::Time heldUntil_{};
};

}  // namespace kube
