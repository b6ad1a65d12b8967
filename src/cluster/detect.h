// Which distribution a cluster is, from what its API shows to anybody who may list nodes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cluster/flavour.h"

namespace cluster {

struct NodeSigns {
  std::string osImage, kubeletVersion, providerId;  // status.nodeInfo, spec
  std::vector<std::string> labels, annotations;     // their keys
};

struct ClusterSigns {
  std::vector<NodeSigns> nodes;
  std::vector<std::string> groups;  // of the API: /apis
  bool hasKubeadmConfig = false;    // ConfigMap kube-system/kubeadm-config
  bool hasApiServerPods = false;    // mirror pods of a static pod
};

struct Detected {
  const Flavour* flavour = nullptr;  // null: none of ours
  std::string why;                   // what shows it, or why there is nothing to edit
};

// The most telling sign counts: what is made of kubeadm (EKS Anywhere, Cluster API, kind) is found before kubeadm.
Detected detect(const ClusterSigns& signs);

}  // namespace cluster
