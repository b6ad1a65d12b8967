// kind's configuration, which it reads when it makes a cluster. Its kubeadm template is v1beta3 (a map of arguments)
// before node image 1.36 and v1beta4 (a list) from there on; a merge patch of a list would drop kind's own entries, so
// there the issuer is added by a JSON 6902 patch. What comes second is kubeadm's patch, mounted into the nodes.
//
// https://kind.sigs.k8s.io/docs/user/configuration/ (kubeadmConfigPatches, kubeadmConfigPatchesJSON6902, extraMounts)
#include <algorithm>
#include <optional>

#include "cluster/kubeadm_arguments.h"
#include "cluster/object.h"
#include "cluster/version.h"

namespace cluster {
namespace {

using text::Json;
using text::YamlNode;
using text::YamlText;

constexpr std::string_view kKindGroup = "kind.x-k8s.io/";
constexpr std::string_view kMounted = "/etc/kubernetes/irsa-patches";
constexpr std::string_view kHostFolder = "./patches";  // kind resolves it against the folder it is started in
const std::string kMerge = "kubeadmConfigPatches", k6902 = "kubeadmConfigPatchesJSON6902";

bool isKind(const YamlText& file) { return holds(file, kKindGroup, "Cluster"); }

bool isControlPlane(const YamlNode& node) {
  const std::string role = scalarAt(node, "role");
  return role.empty() || role == "control-plane";
}

struct Plan {
  std::size_t document = 0;
  bool takesPatches = true;
  bool isList = false;
};

base::Result<Plan> planOf(const YamlText& file, std::string_view version) {
  Plan plan;
  plan.document = TRY(onlyObject(file, kKindGroup, "Cluster"));
  std::string found(version);
  const YamlNode* nodes = file.find(plan.document, {"nodes"});
  for (std::size_t i = 0; found.empty() && nodes && i < nodes->items.size(); ++i) {
    const std::string image = scalarAt(nodes->items[i], "image");
    if (isControlPlane(nodes->items[i])) found = image.substr(0, image.find('@'));
  }
  if (!versionIn(found)) {
    return base::invalid(text::place(file.documents()[plan.document].start) +
                         ": the nodes name no image with a version, and 1.36 changed how kind takes arguments")
        .withHint("say it with --version, e.g. --version 1.36");
  }
  plan.takesPatches = isAtLeast(found, 1, 23);
  plan.isList = isAtLeast(found, 1, 36);
  return plan;
}

// Every list of patches of that name: the cluster's and the control-plane nodes'.
std::vector<text::YamlPath> patchLists(const YamlText& file, std::size_t document, const std::string& key) {
  std::vector<text::YamlPath> lists;
  if (file.find(document, {key})) lists.push_back({key});
  const YamlNode* nodes = file.find(document, {"nodes"});
  for (std::size_t i = 0; nodes && i < nodes->items.size(); ++i) {
    if (isControlPlane(nodes->items[i]) && nodes->items[i].find(key)) lists.push_back({"nodes", i, key});
  }
  return lists;
}

struct Inner {
  YamlText text;
  text::YamlPath path;  // of the text's block in the file
};

// The merge patches for objects of that kind, in the order in which kind applies them.
base::Result<std::vector<Inner>> mergePatches(const YamlText& file, std::size_t document, std::string_view kind) {
  std::vector<Inner> found;
  for (const text::YamlPath& list : patchLists(file, document, kMerge)) {
    for (std::size_t i = 0; i < file.find(document, list)->items.size(); ++i) {
      const YamlNode& block = file.find(document, list)->items[i];
      base::Result<YamlText> inner = YamlText::parse(block.scalar);
      if (!inner) return refusal("PATCH_SHAPE", block.start, inner.error().message);
      if (inner->documents().size() == 1 && scalarAt(inner->documents().front(), "kind") == kind)
        found.push_back(Inner{std::move(*inner), list / i});
    }
  }
  return found;
}

// The one that says it at `path`: of several the last, and when none does, the first.
base::Result<std::optional<Inner>> mergePatch(const YamlText& file, std::size_t document, std::string_view kind,
                                              const text::YamlPath& path) {
  std::vector<Inner> patches = TRY(mergePatches(file, document, kind));
  const auto says = [&path](const Inner& patch) { return patch.text.find(0, path) != nullptr; };
  const auto last = std::find_if(patches.rbegin(), patches.rend(), says);
  if (last != patches.rend()) return std::optional(std::move(*last));
  return patches.empty() ? std::optional<Inner>() : std::optional(std::move(patches.front()));
}

// In a list the names are no keys: the last list replaces those before it.
base::Result<std::optional<Inner>> patchWith(const YamlText& file, const Plan& plan, const std::string& argument) {
  const text::YamlPath arguments{"apiServer", "extraArgs"};
  return mergePatch(file, plan.document, "ClusterConfiguration", plan.isList ? arguments : arguments / argument);
}

// Where a JSON 6902 patch sets our argument: the text of its operations, and the value there.
struct Operation {
  Inner inner;
  text::YamlPath value;
};

text::YamlPath valueIn(const YamlText& patch, std::size_t index) {
  const text::YamlPath value{index, "value"};
  const bool isEntry = scalarAt(patch, 0, value / "name") == kIssuerFlag;
  const bool isMember = scalarAt(patch, 0, {index, "path"}).ends_with("/extraArgs/" + std::string(kIssuerFlag));
  if (isEntry && patch.find(0, value / "value")) return value / "value";
  return isMember && patch.find(0, value) ? value : text::YamlPath();
}

base::Result<std::vector<Operation>> operationsIn(const YamlText& file, std::size_t document) {
  std::vector<Operation> found;
  for (const text::YamlPath& list : patchLists(file, document, k6902)) {
    for (std::size_t i = 0; i < file.find(document, list)->items.size(); ++i) {
      const YamlNode* patch = file.find(document, list / i / "patch");
      if (!patch) continue;
      const base::Result<YamlText> inner = YamlText::parse(patch->scalar);
      if (!inner) return refusal("PATCH_SHAPE", patch->start, inner.error().message);
      for (std::size_t j = 0; inner->documents().size() == 1 && j < inner->documents().front().items.size(); ++j) {
        const text::YamlPath value = valueIn(*inner, j);
        if (!value.empty()) found.push_back(Operation{{*inner, list / i / "patch"}, value});
      }
    }
  }
  return found;
}

// What a merge patch says takes the place of what those before it said.
void mergeInto(Survey& seen, Survey next, bool isWholeList) {
  const bool saysIssuers = !next.beginsWithDefault;
  if (saysIssuers || isWholeList) seen.issuers = saysIssuers ? std::move(next.issuers) : std::vector<Located>();
  for (const auto list : {&Survey::audiences, &Survey::keyFiles, &Survey::signingKeys, &Survey::jwksUris}) {
    if (isWholeList || !(next.*list).empty()) seen.*list = std::move(next.*list);
  }
}

base::Result<void> surveyMerges(const YamlText& file, const Plan& plan, Survey& seen) {
  for (const Inner& merge : TRY(mergePatches(file, plan.document, "ClusterConfiguration"))) {
    const YamlNode& block = *file.find(plan.document, merge.path);
    Survey next;
    const base::Result<void> read = surveyArguments(merge.text, {0, {}, plan.isList, ""}, next);
    if (!read) return refusal(read.error().code, block.start, "in this patch, " + read.error().message);
    for (const auto list :
         {&Survey::issuers, &Survey::audiences, &Survey::keyFiles, &Survey::signingKeys, &Survey::jwksUris}) {
      for (Located& one : next.*list) one.at = outward(file.text(), block, one.at);
    }
    mergeInto(seen, std::move(next), plan.isList && merge.text.find(0, {"apiServer", "extraArgs"}));
  }
  return {};
}

base::Result<Survey> surveyPlan(const YamlText& file, const Plan& plan) {
  Survey seen;
  TRY(surveyMerges(file, plan, seen));
  for (const Operation& operation : TRY(operationsIn(file, plan.document))) {
    const YamlNode& block = *file.find(plan.document, operation.inner.path);
    const YamlNode& value = *operation.inner.text.find(0, operation.value);
    if (!plan.isList) seen.issuers.clear();
    seen.issuers.push_back({value.scalar, outward(file.text(), block, value.start)});
  }
  seen.beginsWithDefault = seen.issuers.empty();
  if (!seen.issuers.empty()) return seen;
  const text::YamlPath domain{"networking", "dnsDomain"};
  const std::optional<Inner> merge = TRY(mergePatch(file, plan.document, "ClusterConfiguration", domain));
  seen.issuers.push_back(
      {defaultIssuer(merge ? scalarAt(merge->text, 0, domain) : ""), file.documents()[plan.document].start});
  return seen;
}

base::Result<Survey> surveyKind(const Sources& sources, std::string_view version) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  base::Result<Plan> plan = planOf(file, version);
  if (!plan) return Survey();  // without a version nothing can be said
  Survey seen = TRY(surveyPlan(file, *plan));
  for (Located& issuer : TRY(issuersOfPatch(sources))) seen.issuers.push_back(std::move(issuer));
  for (PatchedIssuer& one : TRY(issuersOfOthers(sources.later))) seen.issuers.push_back(std::move(one.issuer));
  return seen;
}

base::Result<void> addTo(YamlText& file, std::size_t document, const text::YamlPath& parent, const std::string& key,
                         const Json& entry) {
  const YamlNode* list = file.find(document, parent / key);
  if (list && list->kind == YamlNode::Kind::Sequence)
    return file.insertItem(document, parent / key, list->items.size(), entry);
  return file.putMember(document, parent, key, Json::array({entry}));
}

base::Result<void> setIssuer(YamlText& file, const Plan& plan, const std::string& issuer) {
  std::vector<Operation> operations = TRY(operationsIn(file, plan.document));
  if (!operations.empty()) {
    Operation& last = operations.back();
    TRY(last.inner.text.setScalar(0, last.value, issuer));
    return file.setScalar(plan.document, last.inner.path, last.inner.text.text());
  }
  std::optional<Inner> merge = TRY(patchWith(file, plan, std::string(kIssuerFlag)));
  const KubeadmPlace place{0, {}, plan.isList, ""};
  std::vector<Located> there;
  if (merge) there = TRY(argumentsNamed(merge->text, place, kIssuerFlag));
  if (merge && (!plan.isList || !there.empty())) {
    TRY(setArgument(merge->text, place, std::string(kIssuerFlag), issuer));
    return file.setScalar(plan.document, merge->path, merge->text.text());
  }
  if (!plan.isList) {
    const std::string patch =
        "kind: ClusterConfiguration\napiServer:\n  extraArgs:\n    " + std::string(kIssuerFlag) + ": " + issuer + "\n";
    return addTo(file, plan.document, {}, kMerge, patch);
  }
  const std::string patch =
      "- op: add\n  path: /apiServer/extraArgs/-\n  value:\n    name: " + std::string(kIssuerFlag) +
      "\n    value: " + issuer + "\n";
  const Json entry = {
      {"group", "kubeadm.k8s.io"}, {"version", "v1beta4"}, {"kind", "ClusterConfiguration"}, {"patch", patch}};
  return addTo(file, plan.document, {}, k6902, entry);
}

// Audiences stand where the user wrote them: in the merge patch.
base::Result<void> setAudiences(YamlText& file, const Plan& plan, const std::vector<std::string>& audiences) {
  std::optional<Inner> merge = TRY(patchWith(file, plan, std::string(kAudiencesFlag)));
  if (!merge) return {};
  TRY(setArgument(merge->text, {0, {}, plan.isList, ""}, kAudiencesFlag, commaJoined(audiences)));
  return file.setScalar(plan.document, merge->path, merge->text.text());
}

base::Result<void> nameFolder(YamlText& file, const Plan& plan, const std::string& kind) {
  std::optional<Inner> merge = TRY(mergePatch(file, plan.document, kind, {"patches", "directory"}));
  const std::string folder(kMounted);
  if (!merge) {
    const std::string patch = "kind: " + kind + "\npatches:\n  directory: " + folder + "\n";
    return addTo(file, plan.document, {}, kMerge, patch);
  }
  const std::string there = scalarAt(merge->text, 0, {"patches", "directory"});
  if (there == folder) return {};
  if (!there.empty()) {
    return refusal(
        "PATCH_SHAPE", file.find(plan.document, merge->path)->start,
        "kubeadm reads its patches from " + there + " already; put " + std::string(kPatchFile) + " there by hand");
  }
  TRY(merge->text.putMember(0, {"patches"}, "directory", folder));
  return file.setScalar(plan.document, merge->path, merge->text.text());
}

base::Result<void> mountPatches(YamlText& file, const Plan& plan) {
  for (const char* kind : {"InitConfiguration", "JoinConfiguration"}) TRY(nameFolder(file, plan, kind));
  const Json mount = {
      {"hostPath", std::string(kHostFolder)}, {"containerPath", std::string(kMounted)}, {"readOnly", true}};
  const YamlNode* nodes = file.find(plan.document, {"nodes"});
  if (!nodes || nodes->items.empty()) {
    const Json node = {{"role", "control-plane"}, {"extraMounts", Json::array({mount})}};
    return file.putMember(plan.document, {}, "nodes", Json::array({node}));
  }
  for (std::size_t i = 0; i < file.find(plan.document, {"nodes"})->items.size(); ++i) {
    const YamlNode& node = file.find(plan.document, {"nodes"})->items[i];
    if (!isControlPlane(node)) continue;
    bool mounted = false;
    const YamlNode* mounts = node.find("extraMounts");
    for (std::size_t j = 0; mounts && j < mounts->items.size(); ++j)
      mounted = mounted || scalarAt(mounts->items[j], "containerPath") == kMounted;
    if (!mounted) TRY(addTo(file, plan.document, {"nodes", i}, "extraMounts", mount));
  }
  return {};
}

base::Result<Edit> editKind(const Sources& sources, const IssuerWish& wish) {
  YamlText file = TRY(YamlText::parse(sources.file));
  const Plan plan = TRY(planOf(file, wish.version));
  if (!plan.takesPatches) {
    return refusal("PATCH_SHAPE", file.documents()[plan.document].start,
                   "before node image 1.23 kind takes kubeadm's v1beta2, which knows no folder of patches, so that a "
                   "second issuer has no place")
        .withHint("take a newer node image");
  }
  const Survey seen = TRY(surveyPlan(file, plan));
  const std::vector<Located> patched = TRY(issuersOfPatch(sources));
  const std::vector<PatchedIssuer> others = TRY(issuersOfOthers(sources.later));
  const Survey named = TRY(withFormer(seen, wish));
  const std::vector<Located> now = TRY(inForce(named.issuers, patched, others));
  const std::vector<std::string> wanted = TRY(wantedIssuers(now, wish));
  const std::vector<std::string> rest = TRY(leftToOurs(wanted, others));
  const bool hasOperation = !TRY(operationsIn(file, plan.document)).empty();
  if (hasOperation && seen.issuers.size() > 1) {
    return refusal("ARGS_TWICE", seen.issuers[1].at,
                   std::string(kIssuerFlag) + " is set a second time here, and kubeadm orders them by its version")
        .withHint("keep one of them; the other issuer goes into kubeadm's patch");
  }
  if (wanted.front() != seen.issuers.front().value) TRY(setIssuer(file, plan, wanted.front()));
  const std::vector<std::string> audiences = valuesOf(seen.audiences);
  const std::vector<std::string> heard = wantedAudiences(audiences, valuesOf(now), wanted, wish.issuer);
  if (heard != audiences) TRY(setAudiences(file, plan, heard));
  Edit edit;
  edit.sources.patch = valuesOf(patched) == rest ? sources.patch : patchOf(rest);
  if (!rest.empty()) TRY(mountPatches(file, plan));
  edit.sources.file = file.text();
  edit.warnings = audienceWarnings(heard, wish.issuer);
  edit.steps = {"kind create cluster --config FILE, from the folder that holds " + std::string(kHostFolder),
                "kind reads this once: in a cluster that runs, irsa apiserver patch --for static-pod on "
                "/etc/kubernetes/manifests/kube-apiserver.yaml in the node's container"};
  return edit;
}

}  // namespace

Flavour kind() {
  return {.name = "kind",
          .title = "kind (arguments as a map before node image 1.36, as a list from 1.36)",
          .file = "",
          .contents = "the Cluster that kind create cluster --config takes",
          .hasPatch = true,
          .upgrades = "nothing to keep: a kind cluster is made anew",
          .recognises = isKind,
          .survey = surveyKind,
          .edit = editKind};
}

}  // namespace cluster
