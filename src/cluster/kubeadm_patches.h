// The patches of the API server's manifest that others wrote beside ours: kubeadm applies every file kube-apiserver* of
// its folder of patches, so an issuer that one of them adds comes on top of those that we know.
//
// https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/control-plane-flags/#patches
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cluster/flavour.h"

namespace cluster {

struct PatchedIssuer {
  std::string file;
  Located issuer;  // in that file
};

// Whether kubeadm applies a file of this name (without folder) to the API server, and it is not ours.
bool isOthersPatch(std::string_view name);

// Refuses (PATCH_SHAPE) a patch that does anything with --service-account-issuer but append it.
base::Result<std::vector<PatchedIssuer>> issuersOfOthers(const std::vector<NamedFile>& patches);

// Refuses (ISSUER_TWICE) an issuer of theirs that the arguments, or our patch, have as well.
base::Result<void> checkOthers(const std::vector<Located>& ours, const std::vector<PatchedIssuer>& others);

// Of the wanted issuers, those of our patch: neither the first, which is an argument, nor theirs. Refuses what would
// need an edit of theirs (ISSUER_TWICE, ISSUER_CONFLICT).
base::Result<std::vector<std::string>> leftToOurs(const std::vector<std::string>& wanted,
                                                  const std::vector<PatchedIssuer>& others);

}  // namespace cluster
