// Waiting until a restarted API server is ready, serves an issuer and signs as it.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "console.h"
#include "kube/client.h"

namespace cli {

// The issuer of /.well-known/openid-configuration. NotFound when the API server serves no such document, which is so
// when its first issuer is no https URL.
base::Result<std::string> servedIssuer(const kube::Client& cluster);

struct IssuerWait {
  const kube::Client& cluster;
  std::string issuer;
  std::chrono::seconds timeout;
  std::optional<base::Time> restartedAfter = {};           // when given, the process must have started later
  std::function<std::optional<std::string>()> ended = {};  // asked at each look: why waiting is in vain
};

// Polls until /readyz is good, the first issuer is the one wanted, and a token is signed as it and taken. While the API
// server is away errors are expected; each change of state is a line of progress. Unavailable, with the last state,
// after the time; Conflict when `ended` gave a reason.
base::Result<void> waitForIssuer(const IssuerWait& wait, base::Clock& clock, const Console& console);

}  // namespace cli
