// `irsa apiserver lint`: what is wrong with the issuers, audiences, keys and volumes of API servers.
#pragma once
#include <string>
#include <vector>

#include "console.h"
#include "ground.h"

namespace cli {

struct ApiServerLintOptions {
  CommonOptions common;
  std::vector<std::string> paths;  // files, folders, "-"; empty: the cluster
  std::string flavour;             // empty: what each file looks like
  std::string issuer;              // the one that is to sign; empty: any
  std::string version;             // of the distribution, when a file does not say
  std::string patches;             // the folder of kubeadm's patches; empty: patches beside each file
  ClusterChoice cluster;
};

// What is wrong with the paths, or with the cluster when there are none. Invalid for an unknown distribution.
base::Result<text::Findings> lintApiServers(const ApiServerLintOptions& options, Ground& ground);

// Reads only.
int runApiServerLint(const ApiServerLintOptions& options);

}  // namespace cli
