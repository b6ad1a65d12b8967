// `irsa adopt`: what is wrong with a set-up that somebody made without irsa, and its repair, code by code.
#pragma once
#include <string>
#include <vector>

#include "console.h"

namespace cli {

struct AdoptOptions {
  CommonOptions common{.file = ""};
  std::string issuer;                  // empty: all of the account's
  std::vector<std::string> fixes;      // codes; empty: only look
  std::string caFile;                  // certificates of the authorities of the issuer's host
  std::vector<std::string> manifests;  // of API servers
  ClusterChoice cluster;               // looked at when it is named, here or in irsa.yaml
};

int runAdopt(const AdoptOptions& options);

}  // namespace cli
