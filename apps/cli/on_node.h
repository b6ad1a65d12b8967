// `irsa on-node`, which no help names: what a Job of node_job.h runs on its node.
#pragma once
#include <string>
#include <vector>

namespace cli {

struct OnNodeOptions {
  std::string root = "/";              // where the node's root folder is mounted
  std::string input;                   // the file to give as standard input; empty: none
  std::vector<std::string> arguments;  // of irsa
};

// Runs irsa with the node's root folder as its own and ends as it does. Its standard error is ours, line for line; its
// standard output follows there, marked (migration::nodeOutputLine), as a pod's log keeps the two streams in no order.
int runOnNode(const OnNodeOptions& options);

}  // namespace cli
