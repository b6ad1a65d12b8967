// Cluster API's KubeadmControlPlane, v1beta1 and v1beta2, and its template. From v1beta2 the names in extraArgs must
// differ, so the patch is a file that the machines get.
#include <optional>

#include "cluster/kubeadm_arguments.h"
#include "cluster/object.h"
#include "text/encoding.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

constexpr std::string_view kClusterApiGroup = "controlplane.cluster.x-k8s.io/";
constexpr std::string_view kPlane = "KubeadmControlPlane", kTemplate = "KubeadmControlPlaneTemplate";

bool isClusterApi(const YamlText& file) {
  return holds(file, kClusterApiGroup, kPlane) || holds(file, kClusterApiGroup, kTemplate);
}

struct Plane {
  std::size_t document = 0;
  text::YamlPath bootstrap;  // the kubeadmConfigSpec
  KubeadmPlace arguments;    // with the domain of the Cluster beside it
};

base::Result<Plane> planeIn(const YamlText& file) {
  const bool isTemplate = !holds(file, kClusterApiGroup, kPlane) && holds(file, kClusterApiGroup, kTemplate);
  Plane plane;
  plane.document = TRY(onlyObject(file, kClusterApiGroup, isTemplate ? kTemplate : kPlane));
  plane.bootstrap = {"spec", "kubeadmConfigSpec"};
  if (isTemplate) plane.bootstrap = {"spec", "template", "spec", "kubeadmConfigSpec"};
  const std::string version = scalarAt(file.documents()[plane.document], "apiVersion");
  plane.arguments = {plane.document, plane.bootstrap / "clusterConfiguration", takesArgumentList(version), ""};
  for (std::size_t i = 0; i < file.documents().size(); ++i) {
    if (isObject(file.documents()[i], "cluster.x-k8s.io/", "Cluster"))
      plane.arguments.domain = scalarAt(file, i, {"spec", "clusterNetwork", "serviceDomain"});
  }
  return plane;
}

// The number of the entry of `files` that is the patch, or absent.
std::optional<std::size_t> patchIn(const YamlText& file, const Plane& plane) {
  const YamlNode* files = file.find(plane.document, plane.bootstrap / "files");
  for (std::size_t i = 0; files && i < files->items.size(); ++i) {
    if (scalarAt(files->items[i], "path").ends_with("/" + std::string(kPatchFile))) return i;
  }
  return std::nullopt;
}

std::string nameOf(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// Whether what the machines get lies elsewhere, or is packed.
bool isUnseen(const YamlNode& entry) {
  const std::string encoding = scalarAt(entry, "encoding");
  const YamlNode* elsewhere = entry.find("contentFrom");
  return (elsewhere && elsewhere->kind == YamlNode::Kind::Mapping) || (!encoding.empty() && encoding != "base64");
}

// Absent: there is none that could be seen.
std::optional<std::string> contentOf(const YamlNode& entry) {
  const YamlNode* content = entry.find("content");
  if (!content || isUnseen(entry)) return std::nullopt;
  if (scalarAt(entry, "encoding").empty()) return content->scalar;
  std::string packed = content->scalar;
  std::erase_if(packed, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  const base::Result<std::string> unpacked = text::decodeBase64(packed);
  return unpacked ? std::optional(*unpacked) : std::nullopt;
}

base::Result<std::vector<Located>> patchedIssuers(const YamlText& file, const Plane& plane) {
  const std::optional<std::size_t> patch = patchIn(file, plane);
  if (!patch) return std::vector<Located>();
  const YamlNode& entry = *file.find(plane.document, plane.bootstrap / "files" / *patch);
  const std::optional<std::string> content = contentOf(entry);
  if (!content) return std::vector<Located>();
  std::vector<Located> issuers = TRY(issuersOfPatch(*content));
  const YamlNode& written = *entry.find("content");
  for (Located& issuer : issuers)
    issuer.at = *content == written.scalar ? outward(file.text(), written, issuer.at) : written.start;
  return issuers;
}

// Other patches of the API server among `files`, with their places in the file that holds them.
base::Result<std::vector<PatchedIssuer>> otherIssuers(const YamlText& file, const Plane& plane) {
  std::vector<PatchedIssuer> found;
  const YamlNode* files = file.find(plane.document, plane.bootstrap / "files");
  for (std::size_t i = 0; files && i < files->items.size(); ++i) {
    const std::string path = scalarAt(files->items[i], "path");
    const std::optional<std::string> content = contentOf(files->items[i]);
    if (!content || path.starts_with(kStaticPodFolder)) continue;
    const YamlNode& written = *files->items[i].find("content");
    const bool isPlain = *content == written.scalar;
    base::Result<std::vector<PatchedIssuer>> issuers = issuersOfOthers({{path, *content}});
    if (!issuers) return refusal("PATCH_SHAPE", written.start, "in this patch, " + issuers.error().message);
    for (PatchedIssuer& one : *issuers) {
      one.issuer.at = isPlain ? outward(file.text(), written, one.issuer.at) : written.start;
      one.issuer.file.clear();
      found.push_back(std::move(one));
    }
  }
  return found;
}

// Patches of the API server whose contents are not in the file: what they do to the issuers is not known.
std::vector<Located> unseenPatches(const YamlText& file, const Plane& plane) {
  std::vector<Located> found;
  const YamlNode* files = file.find(plane.document, plane.bootstrap / "files");
  for (std::size_t i = 0; files && i < files->items.size(); ++i) {
    const YamlNode* path = files->items[i].find("path");
    if (!path || path->scalar.starts_with(kStaticPodFolder) || !isUnseen(files->items[i])) continue;
    const std::string name = nameOf(path->scalar);
    if (name == kPatchFile || isOthersPatch(name)) found.push_back({path->scalar, path->start});
  }
  return found;
}

std::string whyUnseen(const Located& patch) {
  return "the contents of " + patch.value +
         " are not in this file: an issuer that it appends would come on top, and one that comes twice keeps "
         "kube-apiserver from starting";
}

// A private key that the machines get into the folder whose every file the kubelet runs.
void findKeysAmongManifests(const YamlText& file, const Plane& plane, text::Findings& findings) {
  const YamlNode* files = file.find(plane.document, plane.bootstrap / "files");
  for (std::size_t i = 0; files && i < files->items.size(); ++i) {
    const YamlNode* path = files->items[i].find("path");
    if (!path || !path->scalar.starts_with(kStaticPodFolder)) continue;
    const bool isManifest = path->scalar.ends_with(".yaml") || path->scalar.ends_with(".yml") ||
                            path->scalar.ends_with(".json") || path->scalar.ends_with(".manifest");
    const bool isKey = scalarAt(files->items[i], "content").find("PRIVATE KEY-----") != std::string::npos;
    if (isManifest && !isKey) continue;
    findings.push_back(keyAmongManifests({path->scalar, path->start}));
  }
}

base::Result<Survey> surveyClusterApi(const Sources& sources, std::string_view) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const Plane plane = TRY(planeIn(file));
  Survey seen;
  TRY(surveyArguments(file, plane.arguments, seen));
  const std::vector<Located> own = TRY(argumentsNamed(file, plane.arguments, kIssuerFlag));
  if (own.size() > 1) {
    seen.findings.push_back(
        {"ARGS_TWICE", text::Severity::Error, "",
         "Cluster API refuses two arguments of one name, so that the second issuer can't stand here",
         "irsa apiserver patch --for cluster-api moves it into a patch", own[1].at.line, own[1].at.column});
  }
  for (Located& issuer : TRY(patchedIssuers(file, plane))) seen.issuers.push_back(std::move(issuer));
  for (PatchedIssuer& one : TRY(otherIssuers(file, plane))) seen.issuers.push_back(std::move(one.issuer));
  for (const Located& patch : unseenPatches(file, plane)) {
    seen.findings.push_back({"PATCH_UNSEEN", text::Severity::Warning, "", whyUnseen(patch),
                             "look into it, or write it out as content", patch.at.line, patch.at.column});
  }
  findKeysAmongManifests(file, plane, seen.findings);
  return seen;
}

base::Result<void> putPatch(YamlText& file, const Plane& plane, const std::vector<std::string>& issuers) {
  std::string folder;
  for (const char* configuration : {"initConfiguration", "joinConfiguration"}) {
    const text::YamlPath directory = plane.bootstrap / configuration / "patches" / "directory";
    const std::string named = scalarAt(file, plane.document, directory);
    if (!named.empty() && !folder.empty() && named != folder) {
      return refusal("PATCH_SHAPE", file.find(plane.document, directory)->start,
                     "the machines that join read their patches from " + named + ", the first one from " + folder)
          .withHint("name one folder in both");
    }
    if (!named.empty()) folder = named;
  }
  if (folder.empty()) folder = kPatchFolder;
  for (const char* configuration : {"initConfiguration", "joinConfiguration"}) {
    const text::YamlPath patches = plane.bootstrap / configuration / "patches";
    if (scalarAt(file, plane.document, patches / "directory").empty())
      TRY(file.putMember(plane.document, patches, "directory", folder));
  }
  const text::YamlPath files = plane.bootstrap / "files";
  const std::optional<std::size_t> there = patchIn(file, plane);
  const YamlNode* ours = there ? file.find(plane.document, files / *there) : nullptr;
  if (ours && (isUnseen(*ours) || ours->find("encoding"))) {
    return refusal("PATCH_SHAPE", ours->start,
                   std::string(kPatchFile) + " is irsa's, and is written out here as plain content")
        .withHint("take this entry out, or give it another name, then run this again");
  }
  if (there) return file.putMember(plane.document, files / *there, "content", patchOf(issuers));
  const text::Json entry = {{"path", folder + "/" + std::string(kPatchFile)},
                            {"owner", "root:root"},
                            {"permissions", "0600"},
                            {"content", patchOf(issuers)}};
  const YamlNode* list = file.find(plane.document, files);
  if (list && list->kind == YamlNode::Kind::Sequence)
    return file.insertItem(plane.document, files, list->items.size(), entry);
  return file.putMember(plane.document, plane.bootstrap, "files", text::Json::array({entry}));
}

base::Result<Edit> editClusterApi(const Sources& sources, const IssuerWish& wish) {
  YamlText file = TRY(YamlText::parse(sources.file));
  const Plane plane = TRY(planeIn(file));
  const std::vector<Located> patched = TRY(patchedIssuers(file, plane));
  const std::vector<PatchedIssuer> others = TRY(otherIssuers(file, plane));
  const std::vector<std::string> rest = TRY(arrangeArguments(file, plane.arguments, patched, others, wish));
  if (rest != valuesOf(patched)) TRY(putPatch(file, plane, rest));
  Survey seen;
  TRY(surveyArguments(file, plane.arguments, seen));
  Edit edit{{file.text(), ""},
            audienceWarnings(valuesOf(seen.audiences), wish.issuer),
            {"kubectl apply -f FILE on the management cluster: it replaces the control-plane machines one by one"}};
  for (const Located& patch : unseenPatches(file, plane))
    edit.warnings.push_back(text::place(patch.at) + ": " + whyUnseen(patch) + " (PATCH_UNSEEN)");
  return edit;
}

}  // namespace

Flavour clusterApi() {
  return {.name = "cluster-api",
          .title = "Cluster API's KubeadmControlPlane (v1beta1, v1beta2)",
          .file = "",
          .contents = "the KubeadmControlPlane or its template; kubectl get kubeadmcontrolplane NAME -o yaml",
          .hasPatch = false,
          .upgrades = "the KubeadmControlPlane itself: new machines are made from it",
          .recognises = isClusterApi,
          .survey = surveyClusterApi,
          .edit = editClusterApi};
}

}  // namespace cluster
