// `irsa apiserver patch --for NAME`: the file that a distribution's owner keeps, edited in place.
#pragma once
#include <string>

#include "console.h"

namespace cli {

struct ApiServerEditOptions {
  CommonOptions common;
  std::string flavour;      // a flavour's name, or "auto": what the file looks like, or else the cluster
  std::string file;         // "-": standard input to standard output; empty: where the flavour's file lies
  std::string issuer;       // empty: that of irsa.yaml
  bool allowsPort = false;  // in the issuer, as Ceph takes it
  std::string former;       // the issuer that signs now; empty: what the file says
  std::string phase = "switch";
  std::string version;  // of the distribution; empty: what the file says
  std::string patches;  // the folder of kubeadm's patch; empty: patches beside the file
  ClusterChoice cluster;
};

// Writes nothing with --dry-run, and nothing when there is nothing to change. Refuses a file that somebody else changes
// meanwhile.
int runApiServerEdit(const ApiServerEditOptions& options);

}  // namespace cli
