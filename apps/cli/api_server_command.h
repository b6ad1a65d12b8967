// `irsa apiserver patch` and `irsa apiserver rollback`: the issuer flag of a kubeadm static pod, on the node itself.
#pragma once
#include "console.h"

namespace cli {

struct ApiServerOptions {
  CommonOptions common;
  std::string manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
  std::string issuer;  // patch: empty means the one of irsa.yaml
  ClusterChoice cluster;
  std::string backupFolder;  // empty: irsa-backup beside the manifests folder
  bool singleNode = false;   // patch: the user vouches that there is one control-plane node
};

// Puts the issuer first, keeping the old one, and waits until the API server serves it. Twice is once.
int runApiServerPatch(const ApiServerOptions& options);

// Puts the newest pre-image back, if the manifest is still as `patch` left it, and waits likewise.
int runApiServerRollback(const ApiServerOptions& options);

}  // namespace cli
