#include "cluster/detect.h"

#include <algorithm>

namespace cluster {
namespace {

using Nodes = std::vector<NodeSigns>;

bool anyNode(const Nodes& nodes, std::string NodeSigns::* field, std::string_view part) {
  return std::ranges::any_of(nodes,
                             [&](const NodeSigns& node) { return (node.*field).find(part) != std::string::npos; });
}

bool anyKey(const Nodes& nodes, std::vector<std::string> NodeSigns::* keys, std::string_view begin) {
  return std::ranges::any_of(nodes, [&](const NodeSigns& node) {
    return std::ranges::any_of(node.*keys, [&](const std::string& key) { return key.starts_with(begin); });
  });
}

bool serves(const ClusterSigns& signs, std::string_view group) {
  return std::ranges::find(signs.groups, group) != signs.groups.end();
}

Detected found(std::string_view name, std::string why) { return {flavourNamed(name), std::move(why)}; }

Detected ofEks(const ClusterSigns& signs) {
  if (serves(signs, "anywhere.eks.amazonaws.com"))
    return found("eks-anywhere", "the API has anywhere.eks.amazonaws.com");
  if (!anyNode(signs.nodes, &NodeSigns::kubeletVersion, "-eks-")) return {};
  if (anyNode(signs.nodes, &NodeSigns::providerId, "aws://"))
    return {nullptr, "AWS runs this control plane, and publishes its issuer (irsa.yaml: issuer.hosting: existing)"};
  return found("eks-anywhere", "the nodes run EKS' Kubernetes outside of AWS");
}

Detected ofNodes(const ClusterSigns& signs) {
  const Nodes& nodes = signs.nodes;
  if (anyNode(nodes, &NodeSigns::osImage, "Talos")) return found("talos", "the nodes run Talos");
  if (anyNode(nodes, &NodeSigns::providerId, "kind://"))
    return found("kind", "the nodes' providerID begins with kind://");
  if (anyNode(nodes, &NodeSigns::kubeletVersion, "+rke2")) return found("rke2", "the kubelets are RKE2's");
  if (anyNode(nodes, &NodeSigns::kubeletVersion, "+k3s")) return found("k3s", "the kubelets are k3s'");
  if (anyKey(nodes, &NodeSigns::labels, "microk8s.io/"))
    return found("microk8s", "the nodes have labels of microk8s.io");
  if (anyKey(nodes, &NodeSigns::labels, "kops.k8s.io/")) return found("kops", "the nodes have labels of kops.k8s.io");
  if (anyKey(nodes, &NodeSigns::labels, "worker.gardener.cloud/"))
    return found("gardener", "the nodes have labels of worker.gardener.cloud");
  if (anyKey(nodes, &NodeSigns::annotations, "cluster.x-k8s.io/"))
    return found("cluster-api", "the nodes have annotations of cluster.x-k8s.io");
  return {};
}

}  // namespace

Detected detect(const ClusterSigns& signs) {
  if (serves(signs, "config.openshift.io")) return found("openshift", "the API has config.openshift.io");
  Detected seen = ofEks(signs);
  if (seen.why.empty()) seen = ofNodes(signs);
  if (!seen.why.empty()) return seen;
  if (signs.hasKubeadmConfig) return found("kubeadm", "there is a ConfigMap kube-system/kubeadm-config");
  if (signs.hasApiServerPods) return found("static-pod", "the API servers are static pods of an unknown maker");
  return {nullptr, "nothing shows which distribution this is"};
}

}  // namespace cluster
