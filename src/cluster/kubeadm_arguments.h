// kubeadm's extraArgs of the API server, as a map (v1beta3 and before) or as a list (from v1beta4), and the patch that
// carries what they can't: what kubeadm's own files, Cluster API and kind have in common.
//
// https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/ (ClusterConfiguration.apiServer, Patches)
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cluster/flavour.h"
#include "cluster/kubeadm_patches.h"

namespace cluster {

// One ClusterConfiguration within a text.
struct KubeadmPlace {
  std::size_t document = 0;
  text::YamlPath path;  // of the ClusterConfiguration
  bool isList = false;  // how extraArgs is written
  std::string domain;   // the cluster's, unless the ClusterConfiguration says one; empty: cluster.local
};

// Whether a kubeadm (or bootstrap) API of this version takes a list.
bool takesArgumentList(std::string_view apiVersion);

// "https://kubernetes.default.svc.cluster.local", or of the cluster's own DNS domain.
std::string defaultIssuer(std::string_view dnsDomain);

// The entries of that name. Invalid when extraArgs is there in the other shape.
base::Result<std::vector<Located>> argumentsNamed(const text::YamlText& text, const KubeadmPlace& place,
                                                  std::string_view name);

// Makes `value` the only entry of that name.
base::Result<void> setArgument(text::YamlText& text, const KubeadmPlace& place, std::string_view name,
                               const std::string& value);

// kPatchFile's contents, and the issuers in them (and in what others wrote in its place). Invalid for anything but a
// list of JSON patch operations.
std::string patchOf(const std::vector<std::string>& issuers);
base::Result<std::vector<Located>> issuersOfPatch(std::string_view patch);
base::Result<std::vector<Located>> issuersOfPatch(const Sources& sources);  // with its name

// Adds to `seen` what the arguments say.
base::Result<void> surveyArguments(const text::YamlText& text, const KubeadmPlace& place, Survey& seen);

// Brings the arguments to the first of the wanted issuers, and the audiences; returns the issuers that are the patch's.
// `patched` are those in the patch now, `others` those of other patches, which stay as they are.
base::Result<std::vector<std::string>> arrangeArguments(text::YamlText& text, const KubeadmPlace& place,
                                                        const std::vector<Located>& patched,
                                                        const std::vector<PatchedIssuer>& others,
                                                        const IssuerWish& wish);

// The arguments' issuers, then the patch's. One that stands in both is one: a run that was killed between two writes
// left it there. Last come those of other patches, of which none may be among the former (ISSUER_TWICE).
base::Result<std::vector<Located>> inForce(const std::vector<Located>& arguments, const std::vector<Located>& patched,
                                           const std::vector<PatchedIssuer>& others);

// Warns where the arguments list an issuer twice: before kubeadm's fix the alphabet decides (ISSUER_ORDER).
void findSortedIssuers(const std::vector<Located>& arguments, std::string_view kubernetesVersion,
                       text::Findings& findings);

}  // namespace cluster
