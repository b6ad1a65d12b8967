// A Job (kube/job.h) that runs `irsa whoami` as a service account.
#pragma once
#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "console.h"
#include "kube/client.h"
#include "text/json.h"

namespace cli {

struct VerifyJob {
  std::string nameSpace, serviceAccount, image;
  std::string region, stsEndpoint;  // the latter empty: AWS's own
  std::string rootsPem;             // of that endpoint; empty: none. Travels in a ConfigMap
  std::chrono::seconds timeout{120};
};

// The Job as it is sent: no retries, no privileges, gone by itself when we cannot delete it.
text::Json jobObject(const VerifyJob& job, const std::string& name);

// The transcript of web_identity.h that the pod printed. An Error when the pod did not come to print one: Unavailable
// with what it was last waiting for.
base::Result<text::Json> runVerifyJob(const VerifyJob& job, const kube::Client& cluster, base::Clock& clock,
                                      const base::RandomBytes& random, const Console& console);

}  // namespace cli
