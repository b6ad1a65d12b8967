// `irsa issuer publish`: the published JWKS holds what the API servers serve, once or all the time.
#pragma once
#include <chrono>
#include <string>

#include "console.h"
#include "migrate_look.h"

namespace cli {

struct IssuerPublishOptions {
  CommonOptions common;
  LookOptions look;
  bool watch = false;
  std::chrono::seconds interval{60};
  std::chrono::seconds grace{48 * 3600};
  std::string metrics;  // ADDRESS:PORT; empty: none
};

// With `watch`, never returns but for a fault of the command line: whoever holds the Lease looks every `interval`, and
// after a failure at growing intervals. A signal ends it.
int runIssuerPublish(const IssuerPublishOptions& options);

}  // namespace cli
