// `irsa migrate plan | next | status`: to another issuer without refusing a token. Nothing is kept between two runs.
#pragma once
#include <string>

#include "console.h"
#include "migrate_look.h"
#include "nodes.h"

namespace cli {

struct MigrateOptions {
  CommonOptions common;
  LookOptions look;
  std::string
      manifest;       // next: on the nodes, or without nodes of the only one, which is this; empty: the usual, not here
  std::string root;   // where the node's /etc and /var lie
  Nodes nodes;        // next: the control-plane nodes
  bool back = false;  // next: to the state before
};

int runMigratePlan(const MigrateOptions& options);
int runMigrateStatus(const MigrateOptions& options);

// Takes the next step if its gates are open. kRefused when one is not; kChangesPending when the step is the user's to
// take, with the command for it.
int runMigrateNext(const MigrateOptions& options);

}  // namespace cli
