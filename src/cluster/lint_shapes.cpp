#include <algorithm>
#include <array>

#include "cluster/api_server_manifest.h"
#include "cluster/lint_rules.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::Severity;
using text::YamlNode;
using text::YamlText;

const YamlNode* hostPathOf(const YamlNode& volume) {
  const YamlNode* path = volume.find("hostPath");
  return path && path->kind == YamlNode::Kind::Mapping ? path : nullptr;
}

void lintHostPath(const YamlNode& volume, const YamlNode& hostPath, FindingList& out) {
  for (const text::YamlMember& member : hostPath.members) {
    const std::string& key = member.key.scalar;
    if (key == "path" || key == "type") continue;
    const bool isName = key == "name" && !volume.find("name");
    out.add("VOLUME_SHAPE", Severity::Error, member.key.start,
            isName ? "name stands inside hostPath, so the volume has none and the kubelet refuses the pod"
                   : "hostPath has no field " + key + ", so the kubelet refuses the pod or drops it",
            isName ? "indent name as far as hostPath" : "");
  }
  const std::string path = scalarAt(hostPath, "path");
  if (isInStaticPodFolder(path)) out.add(keyAmongManifests({path, hostPath.find("path")->start}));
}

// The volumes' names, those that stand in the wrong place included.
std::vector<std::string> lintVolumes(const YamlNode& volumes, FindingList& out) {
  std::vector<std::string> names;
  for (const YamlNode& volume : volumes.items) {
    const YamlNode* hostPath = hostPathOf(volume);
    std::string name = scalarAt(volume, "name");
    if (name.empty() && hostPath) name = scalarAt(*hostPath, "name");
    if (hostPath) lintHostPath(volume, *hostPath, out);
    if (name.empty())
      out.add("VOLUME_SHAPE", Severity::Error, volume.start, "the volume has no name, so the kubelet refuses the pod",
              "");
    if (!name.empty() && std::ranges::find(names, name) != names.end())
      out.add("VOLUME_SHAPE", Severity::Error, volume.start, "a second volume is named " + name, "");
    names.push_back(name);
  }
  return names;
}

void lintMounts(const YamlNode& mounts, const std::vector<std::string>* volumes, FindingList& out) {
  for (const YamlNode& mount : mounts.items) {
    for (const char* key : {"name", "mountPath"}) {
      if (scalarAt(mount, key).empty())
        out.add("VOLUME_SHAPE", Severity::Error, mount.start,
                "the mount has no " + std::string(key) + ", so the kubelet refuses the pod", "");
    }
    const std::string name = scalarAt(mount, "name");
    if (!volumes || name.empty() || std::ranges::find(*volumes, name) != volumes->end()) continue;
    out.add("VOLUME_MISSING", Severity::Error, mount.find("name")->start, "the pod has no volume named " + name, "");
  }
}

void lintEnvironment(const YamlNode& variables, FindingList& out) {
  for (const YamlNode& variable : variables.items) {
    const YamlNode* value = variable.find("value");
    if (scalarAt(variable, "name") != "GODEBUG" || !value) continue;
    if (value->scalar.find("x509ignoreCN") == std::string::npos) continue;
    out.add(
        "GODEBUG_X509", Severity::Warning, value->start,
        "x509ignoreCN is gone since Go 1.17 (Kubernetes 1.23): a webhook's certificate without SAN is refused all the "
        "same",
        "take it out, and give the webhook a certificate with a SAN (irsa-webhook makes its own)");
  }
}

void lintContainer(const YamlNode& container, const std::vector<std::string>* volumes, FindingList& out) {
  if (const YamlNode* mounts = container.find("volumeMounts")) lintMounts(*mounts, volumes, out);
  if (const YamlNode* variables = container.find("env")) lintEnvironment(*variables, out);
}

// A piece of a manifest: a list of volumes or of mounts, or a key with one.
void lintPiece(const YamlNode& root, FindingList& out) {
  const auto has = [](const YamlNode& list, std::string_view key) {
    return std::ranges::any_of(list.items, [key](const YamlNode& item) { return item.find(key) != nullptr; });
  };
  if (has(root, "hostPath")) lintVolumes(root, out);
  if (has(root, "mountPath")) lintMounts(root, nullptr, out);
  if (root.find("kind")) return;
  if (const YamlNode* volumes = root.find("volumes"); volumes && has(*volumes, "hostPath")) lintVolumes(*volumes, out);
  lintContainer(root, nullptr, out);
}

}  // namespace

void FindingList::add(std::string_view code, text::Severity severity, const text::Position& at, std::string_view why,
                      std::string_view fix) {
  findings_.push_back({std::string(code), severity, place_, std::string(why), std::string(fix), at.line, at.column});
}

void FindingList::add(std::string_view code, text::Severity severity, const Located& at, std::string_view why,
                      std::string_view fix) {
  add(code, severity, at.at, why, fix);
  if (!at.file.empty()) findings_.back().place = at.file;
}

void FindingList::add(text::Finding finding) {
  if (finding.place.empty()) finding.place = place_;
  findings_.push_back(std::move(finding));
}

text::Findings FindingList::sorted() && {
  text::sortFindings(findings_);
  return std::move(findings_);
}

void lintShapes(const YamlText& file, FindingList& out) {
  for (const YamlNode& root : file.documents()) lintPiece(root, out);
  const base::Result<text::YamlPath> container = containerOf(file);
  if (!container) return;
  const YamlNode& spec = *file.documents().front().find("spec");
  std::vector<std::string> names;
  if (const YamlNode* volumes = spec.find("volumes")) names = lintVolumes(*volumes, out);
  lintContainer(*file.find(0, *container), &names, out);
}

std::vector<Located> hostFolders(const YamlText& file) {
  std::vector<Located> paths;
  const YamlNode* volumes = file.find(0, {"spec", "volumes"});
  for (std::size_t i = 0; volumes && i < volumes->items.size(); ++i) {
    const YamlNode* hostPath = hostPathOf(volumes->items[i]);
    const YamlNode* path = hostPath ? hostPath->find("path") : nullptr;
    if (path && scalarAt(*hostPath, "type").starts_with("Directory")) paths.push_back({path->scalar, path->start});
  }
  return paths;
}

}  // namespace cluster
