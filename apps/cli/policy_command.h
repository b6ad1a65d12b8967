#pragma once
#include <string>

#include "life_cycle.h"

namespace cli {

struct PolicyOptions {
  LifeCycleOptions cycle;
  std::string command;   // plan, apply, destroy or publish (of the issuer)
  std::size_t part = 0;  // of those that fit a managed policy each, from 1; 0: the whole
};

// The smallest IAM policy with which a command can do its work on this irsa.yaml.
int runPolicy(const PolicyOptions& options);

}  // namespace cli
