// Waiting until a restarted API server is ready and serves an issuer.
#pragma once
#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "console.h"
#include "kube/client.h"

namespace cli {

// The issuer of /.well-known/openid-configuration. NotFound when the API server serves no such document, which is so
// when its first issuer is no https URL.
base::Result<std::string> servedIssuer(const kube::Client& cluster);

// Polls until /readyz is good and the first issuer is `issuer`. While the API server is away errors are expected; each
// change of state is a line of progress. Unavailable, with the last state, after `timeout`.
base::Result<void> waitForIssuer(const kube::Client& cluster, const std::string& issuer, std::chrono::seconds timeout,
                                 base::Clock& clock, const Console& console);

}  // namespace cli
