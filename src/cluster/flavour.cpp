#include "cluster/flavour.h"

#include <algorithm>

namespace cluster {
namespace {

const std::vector<Flavour>& all() {
  static const std::vector<Flavour> kAll{eksAnywhere(), kubeadm(),  clusterApi(), kind(), rke2(),     k3s(),
                                         talos(),       microK8s(), openShift(),  kops(), gardener(), staticPod()};
  return kAll;
}

}  // namespace

base::Result<Survey> withFormer(Survey seen, const IssuerWish& wish) {
  if (!seen.beginsWithDefault || wish.former.empty()) return seen;
  TRY(checkFormer(wish.former));
  seen.issuers.front().value = wish.former;
  return seen;
}

std::span<const Flavour> flavours() { return all(); }

const Flavour* flavourNamed(std::string_view name) {
  const auto found = std::ranges::find(all(), name, &Flavour::name);
  return found == all().end() ? nullptr : &*found;
}

const Flavour* flavourOf(const text::YamlText& file) {
  const auto found = std::ranges::find_if(all(), [&](const Flavour& flavour) { return flavour.recognises(file); });
  return found == all().end() ? nullptr : &*found;
}

}  // namespace cluster
