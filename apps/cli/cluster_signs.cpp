#include "cluster_signs.h"

namespace cli {
namespace {

std::vector<std::string> keysOf(const text::Json& object) {
  std::vector<std::string> keys;
  if (!object.is_object()) return keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

cluster::NodeSigns signsOf(const text::Json& node) {
  const text::Json& about = text::at(text::at(node, "status"), "nodeInfo");
  const text::Json& metadata = text::at(node, "metadata");
  return {text::stringAt(about, "osImage"), text::stringAt(about, "kubeletVersion"),
          text::stringAt(text::at(node, "spec"), "providerID"), keysOf(text::at(metadata, "labels")),
          keysOf(text::at(metadata, "annotations"))};
}

}  // namespace

base::Result<cluster::ClusterSigns> readSigns(const kube::Client& cluster) {
  cluster::ClusterSigns signs;
  const text::Json nodes = TRY(cluster.get("/api/v1/nodes"));
  for (const text::Json& node : text::at(nodes, "items")) signs.nodes.push_back(signsOf(node));
  if (const base::Result<text::Json> groups = cluster.get("/apis")) {
    for (const text::Json& group : text::at(*groups, "groups")) signs.groups.push_back(text::stringAt(group, "name"));
  }
  const std::string home = "/api/v1/namespaces/kube-system/";
  signs.hasKubeadmConfig = cluster.get(home + "configmaps/kubeadm-config") ? true : false;
  const base::Result<text::Json> pods = cluster.get(home + "pods?labelSelector=component%3Dkube-apiserver");
  signs.hasApiServerPods = pods && !text::at(*pods, "items").empty();
  return signs;
}

}  // namespace cli
