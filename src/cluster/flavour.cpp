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

std::vector<std::string> leftWarnings(const Flavour& flavour, const Sources& before, const Edit& edit,
                                      std::string_view version) {
  Sources after = before;
  after.file = edit.sources.file;
  after.patch = edit.sources.patch;
  const base::Result<Survey> was = flavour.survey(before, version), is = flavour.survey(after, version);
  if (!was || !is) return {};
  return jwksUriWarnings(valuesOf(is->jwksUris), valuesOf(was->issuers), valuesOf(is->issuers));
}

std::string folderOr(const std::string& written, std::string_view usual) {
  if (written.empty()) return std::string(usual);
  return written.ends_with('/') ? written : written + "/";
}

bool isInStaticPodFolder(std::string_view path) {
  return path.starts_with(kStaticPodFolder) || path == kStaticPodFolder.substr(0, kStaticPodFolder.size() - 1);
}

text::Finding keyAmongManifests(const Located& path) {
  return {"KEY_IN_MANIFESTS",
          text::Severity::Error,
          path.file,
          path.value + " lies in the folder whose every file the kubelet runs as a pod",
          "keep keys in /etc/kubernetes/pki, which kube-apiserver mounts already",
          path.at.line,
          path.at.column};
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
