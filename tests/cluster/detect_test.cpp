#include "cluster/detect.h"

#include <gmock/gmock.h>

namespace cluster {
namespace {

std::string nameOf(const ClusterSigns& signs) {
  const Detected seen = detect(signs);
  EXPECT_FALSE(seen.why.empty());
  return seen.flavour ? std::string(seen.flavour->name) : "";
}

ClusterSigns of(NodeSigns node) {
  return {{NodeSigns{"Debian", "v1.33.1", "", {}, {}}, std::move(node)}, {}, true, true};
}

TEST(Detect, GoesByTheMostTellingSign) {
  EXPECT_EQ(nameOf(of({"Talos (v1.13.2)", "v1.33.1", "", {}, {}})), "talos");
  EXPECT_EQ(nameOf(of({"", "v1.33.1", "kind://docker/kind/kind-control-plane", {}, {}})), "kind");
  EXPECT_EQ(nameOf(of({"", "v1.33.1+k3s1", "k3s://a", {}, {}})), "k3s");
  EXPECT_EQ(nameOf(of({"", "v1.33.1+rke2r1", "rke2://a", {}, {}})), "rke2");
  EXPECT_EQ(nameOf(of({"", "v1.33.1", "", {"microk8s.io/cluster"}, {}})), "microk8s");
  EXPECT_EQ(nameOf(of({"", "v1.33.1", "aws:///a", {"kops.k8s.io/instancegroup"}, {}})), "kops");
  EXPECT_EQ(nameOf(of({"", "v1.33.1", "", {"worker.gardener.cloud/pool"}, {}})), "gardener");
  EXPECT_EQ(nameOf(of({"", "v1.33.1", "vsphere://a", {}, {"cluster.x-k8s.io/machine"}})), "cluster-api");
  EXPECT_EQ(nameOf(of({})), "kubeadm");
  EXPECT_EQ(nameOf({{}, {}, false, true}), "static-pod");
  EXPECT_EQ(nameOf({}), "");
}

TEST(Detect, TellsEksAnywhereFromItsPartsAndFromEks) {
  const NodeSigns node{"Bottlerocket", "v1.33.1-eks-1234567", "vsphere://a", {}, {"cluster.x-k8s.io/machine"}};
  EXPECT_EQ(nameOf(of(node)), "eks-anywhere");
  ClusterSigns management = of({"", "v1.33.1", "", {}, {"cluster.x-k8s.io/machine"}});
  management.groups = {"apps", "anywhere.eks.amazonaws.com", "controlplane.cluster.x-k8s.io"};
  EXPECT_EQ(nameOf(management), "eks-anywhere");
  EXPECT_EQ(nameOf(of({"Amazon Linux", "v1.33.1-eks-1234567", "aws:///us-west-2a/i-1", {}, {}})), "");
  management.groups.emplace_back("config.openshift.io");
  EXPECT_EQ(nameOf(management), "openshift");
}

}  // namespace
}  // namespace cluster
