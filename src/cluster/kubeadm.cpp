// kubeadm's configuration, v1beta3 and v1beta4, with the patch beside it.
#include "cluster/kubeadm_arguments.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlText;

constexpr std::string_view kKubeadmGroup = "kubeadm.k8s.io/";

bool isKubeadm(const YamlText& file) { return holds(file, kKubeadmGroup, "ClusterConfiguration"); }

base::Result<KubeadmPlace> placeIn(const YamlText& file) {
  const std::size_t document = TRY(onlyObject(file, kKubeadmGroup, "ClusterConfiguration"));
  const std::string version = scalarAt(file.documents()[document], "apiVersion");
  if (version < "kubeadm.k8s.io/v1beta3") {
    return base::invalid(text::place(file.documents()[document].start) + ": " + version + " is too old for patches")
        .withHint("kubeadm config migrate --old-config FILE --new-config NEW");
  }
  return KubeadmPlace{document, {}, takesArgumentList(version), ""};
}

base::Result<Survey> surveyKubeadm(const Sources& sources, std::string_view version) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const KubeadmPlace place = TRY(placeIn(file));
  Survey seen;
  TRY(surveyArguments(file, place, seen));
  const std::string kubernetes = scalarAt(file, place.document, {"kubernetesVersion"});
  findSortedIssuers(seen.issuers, version.empty() ? std::string_view(kubernetes) : version, seen.findings);
  for (Located& issuer : TRY(issuersOfPatch(sources))) seen.issuers.push_back(std::move(issuer));
  for (PatchedIssuer& one : TRY(issuersOfOthers(sources.later))) seen.issuers.push_back(std::move(one.issuer));
  return seen;
}

// Every document that writes an API server's manifest has to know the patches; those of the file that do already keep
// their folder.
base::Result<std::string> namePatchFolder(YamlText& file, const std::string& version) {
  std::string folder;
  struct Where {
    std::string_view kind;
    text::YamlPath path;
  };
  const Where places[] = {{"InitConfiguration", {}},
                          {"JoinConfiguration", {}},
                          {"UpgradeConfiguration", {"apply"}},
                          {"UpgradeConfiguration", {"node"}}};
  for (const auto& [kind, path] : places) {
    for (std::size_t i = 0; i < file.documents().size(); ++i) {
      if (!isObject(file.documents()[i], kKubeadmGroup, kind)) continue;
      const std::string named = scalarAt(file, i, path / "patches" / "directory");
      if (!named.empty()) folder = named;
    }
  }
  if (folder.empty()) folder = kPatchFolder;
  if (!holds(file, kKubeadmGroup, "InitConfiguration")) {  // kubeadm takes no --patches beside --config
    TRY(file.addDocument({{"apiVersion", version}, {"kind", "InitConfiguration"}}));
  }
  for (const auto& [kind, path] : places) {
    for (std::size_t i = 0; i < file.documents().size(); ++i) {
      if (!isObject(file.documents()[i], kKubeadmGroup, kind)) continue;
      if (scalarAt(file, i, path / "patches" / "directory").empty())
        TRY(file.putMember(i, path / "patches", "directory", folder));
    }
  }
  return folder;
}

base::Result<Edit> editKubeadm(const Sources& sources, const IssuerWish& wish) {
  YamlText file = TRY(YamlText::parse(sources.file));
  const KubeadmPlace place = TRY(placeIn(file));
  const std::vector<Located> patched = TRY(issuersOfPatch(sources));
  const std::vector<PatchedIssuer> others = TRY(issuersOfOthers(sources.later));
  const std::vector<std::string> rest = TRY(arrangeArguments(file, place, patched, others, wish));
  Edit edit;
  std::string folder(kPatchFolder);
  if (!rest.empty() || !sources.patch.empty()) {
    folder = TRY(namePatchFolder(file, scalarAt(file, place.document, {"apiVersion"})));
    edit.sources.patch = valuesOf(patched) == rest ? sources.patch : patchOf(rest);
  }
  edit.sources.file = file.text();
  Survey seen;
  TRY(surveyArguments(file, place, seen));
  edit.warnings = audienceWarnings(valuesOf(seen.audiences), wish.issuer);
  const bool hasPatch = !edit.sources.patch.empty();
  if (hasPatch)
    edit.steps.push_back("copy " + std::string(kPatchFile) + " to " + folder + " on every control-plane node");
  edit.steps.emplace_back("kubeadm init phase upload-config kubeadm --config FILE");
  edit.steps.emplace_back(
      "on one control-plane node after the other: kubeadm init phase control-plane apiserver --config FILE, then "
      "wait for /readyz");
  if (hasPatch) edit.steps.push_back("from now on: kubeadm upgrade apply|node --patches " + folder);
  return edit;
}

}  // namespace

Flavour kubeadm() {
  return {.name = "kubeadm",
          .title = "kubeadm's configuration (v1beta3, v1beta4)",
          .file = "",
          .contents =
              "the ClusterConfiguration; kubectl -n kube-system get cm kubeadm-config -o "
              "jsonpath='{.data.ClusterConfiguration}'",
          .hasPatch = true,
          .upgrades = "the ConfigMap kubeadm-config and --patches at kubeadm upgrade apply|node",
          .recognises = isKubeadm,
          .survey = surveyKubeadm,
          .edit = editKubeadm};
}

}  // namespace cluster
