// Keeps runs on different hosts apart that set up the same cluster: a Lease in kube-system, as long as the run lasts.
// (Runs on one host are kept apart by the lock on irsa.yaml.)
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"

namespace setup {

// Who runs.
struct Runner {
  std::string host;
  long process = 0;
  std::function<bool(long process)> isRunning;  // on this host
};

class RunLease {
 public:
  // Conflict, naming host and process, when another run has it. It is taken over when its holder is on this host and
  // dead, or was last heard of five minutes ago. `name` is Configuration::name. Everything must outlive the lease.
  static base::Result<std::unique_ptr<RunLease>> take(const kube::Client& cluster, const base::Clock& clock,
                                                      const std::string& name, const Runner& runner);
  RunLease(const RunLease&) = delete;
  ~RunLease();  // deletes it, if it is still ours

  // Call it now and then. A failure shows at the next call on the cluster.
  void renew();

 private:
  RunLease(const kube::Client& cluster, const base::Clock& clock, std::string path, std::string holder);

  const kube::Client& cluster_;
  const base::Clock& clock_;
  std::string path_, holder_;
  base::Time renewedAt_;
};

}  // namespace setup
