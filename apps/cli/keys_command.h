// `irsa keys status | rotate`: another signing key for a running cluster, without refusing a token.
#pragma once
#include <chrono>
#include <string>

#include "console.h"
#include "migrate_look.h"
#include "nodes.h"

namespace cli {

struct KeysOptions {
  CommonOptions common;
  LookOptions look;
  std::string step;                 // rotate: the one that is meant; empty: the next
  std::string algorithm = "ES256";  // rotate: of a new key
  std::chrono::seconds cached{3600};
  bool legacyIsFine = false;
  bool emergency = false;  // rotate: the key that signs is in wrong hands
  std::string manifest;    // rotate: as in MigrateOptions
  std::string root;
  Nodes nodes;
};

int runKeysStatus(const KeysOptions& options);
// Takes the next step if its gates are open. kRefused when one is not; kChangesPending without a way to the nodes.
int runKeysRotate(const KeysOptions& options);

}  // namespace cli
