// Whether the webhook that set-up made answers the API server, and waiting until it does.
#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"
#include "setup/configuration.h"

namespace setup {

struct WebhookState {
  bool works = false;        // one replica as wanted is available, and the API server trusts its certificate
  bool isComplete = false;   // and all replicas are as wanted and available
  std::string missing = {};  // what is still to come, as a clause; empty when complete
};

// One look at Deployment, Secret (as far as it may be read) and MutatingWebhookConfiguration.
base::Result<WebhookState> observeWebhook(const kube::Client& kube, const WebhookSettings& settings, base::Time now);

// Looks once a second until all is complete; `waiting` is told each change of what is missing. When the time is over, a
// webhook that works is good enough; else Unavailable with what is missing.
base::Result<WebhookState> awaitWebhook(const kube::Client& kube, const WebhookSettings& settings,
                                        std::chrono::seconds timeout, base::Clock& clock,
                                        const std::function<void(const std::string&)>& waiting);

}  // namespace setup
