#include "api_server_lint.h"

#include <algorithm>
#include <filesystem>

#include "api_server_sources.h"
#include "cluster/api_server_lint.h"
#include "ground.h"
#include "io/system.h"
#include "world.h"

namespace cli {
namespace {

constexpr std::uint64_t kLargestFile = 64U << 20U;

bool isYaml(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json") || name.ends_with(".manifest");
}

struct Linter {
  const base::Files& files;
  cluster::LintWish wish;
  std::string patches;  // the folder of kubeadm's; empty: patches beside each file
  text::Findings found = {};

  // With the files beside that are in force together with it.
  base::Result<text::Findings> findingsOf(const std::string& path, std::string contents) const {
    cluster::Sources sources{std::move(contents), ""};
    const std::string folder = patches.empty() ? base::folderOf(path) + "/patches" : patches;
    sources.patchName = folder + "/" + std::string(cluster::kPatchFile);
    if (const base::Result<std::string> patch = files.read(sources.patchName)) sources.patch = *patch;
    if (!wish.flavour || wish.flavour->hasPatch) TRY(addPatches(folder, files, sources));
    if (!wish.flavour || wish.flavour->hasDropIns) TRY(addDropIns(path, files, sources));
    return cluster::lintApiServer(path, sources, wish);
  }

  base::Result<void> file(const std::string& path) {
    std::string contents = TRY(files.read(path));
    text::append(found, TRY(findingsOf(path, std::move(contents))));
    return {};
  }

  // Every plain file of the folder, as the kubelet sees it, and each that is YAML by itself.
  base::Result<void> folder(const std::string& path) {
    std::vector<cluster::ManifestFile> all;
    for (const std::string& name : TRY(files.list(path))) {
      const std::string inside = path + "/" + name;
      const std::optional<base::FileInfo> info = TRY(files.info(inside));
      if (!info || info->isFolder || info->isSymbolicLink || info->size > kLargestFile) continue;
      std::string contents = TRY(files.read(inside));
      if (isYaml(name)) {
        const text::Findings own = TRY(findingsOf(inside, contents));
        std::ranges::copy_if(own, std::back_inserter(found),
                             [](const text::Finding& finding) { return finding.code != "FILE_UNKNOWN"; });
      }
      all.push_back({name, std::move(contents)});
    }
    text::append(found, cluster::lintManifests(path, all));
    return {};
  }

  // What lies beside a static pod's manifest is run too.
  base::Result<void> around(const std::string& path) {
    std::vector<cluster::ManifestFile> all;
    const std::string home = base::folderOf(path);
    for (const std::string& name : TRY(files.list(home))) {
      const std::optional<base::FileInfo> info = TRY(files.info(home + "/" + name));
      if (!info || info->isFolder || info->isSymbolicLink || info->size > kLargestFile) continue;
      const base::Result<std::string> contents = files.read(home + "/" + name);
      if (contents) all.push_back({name, *contents});
    }
    text::append(found, cluster::lintManifests(home, all));
    return {};
  }

  base::Result<void> path(const std::string& path) {
    if (path == "-") {
      text::append(found, cluster::lintApiServer("standard input", {io::readIn(), ""}, wish));
      return {};
    }
    const std::optional<base::FileInfo> info = TRY(files.info(path));
    if (info && info->isFolder) return folder(path);
    TRY(file(path));
    const std::string home = std::filesystem::path(base::folderOf(path)).filename();
    return home.ends_with("manifests") ? around(path) : base::Result<void>();
  }
};

// Findings about a text that is no file.
text::Findings without(text::Findings findings, bool lines) {
  for (text::Finding& finding : findings) {
    if (lines) finding.place += ", line " + std::to_string(finding.line);
    finding.line = finding.column = 0;
  }
  std::erase_if(findings, [](const text::Finding& finding) { return finding.code == "FILE_UNKNOWN"; });
  return findings;
}

std::vector<std::string> issuersOf(const cluster::Flavour& flavour, const std::string& text) {
  const base::Result<cluster::Survey> seen = flavour.survey({text, ""}, "");
  return seen ? cluster::valuesOf(seen->issuers) : std::vector<std::string>();
}

void comparePods(const std::vector<std::pair<std::string, std::vector<std::string>>>& pods, text::Findings& found) {
  for (const auto& [name, issuers] : pods) {
    if (issuers == pods.front().second) continue;
    found.push_back({"ISSUER_DIFFERS", text::Severity::Warning, "Pod kube-system/" + name,
                     "it takes other issuers than " + pods.front().first +
                         ", so that one of them may refuse the tokens that the other signs",
                     "bring all control-plane nodes to the same flags"});
  }
}

// What the next upgrade writes is what the ConfigMap says.
void compareKept(const std::string& configuration, const std::vector<std::string>& running, text::Findings& found) {
  const std::vector<std::string> kept = issuersOf(cluster::kubeadm(), configuration);
  if (kept.empty() || running.empty() || kept.front() == running.front()) return;
  found.push_back(
      {"EDIT_NOT_KEPT", text::Severity::Warning, "ConfigMap kube-system/kubeadm-config",
       "the API server signs as " + running.front() + ", but the next kubeadm upgrade makes it sign as " + kept.front(),
       "irsa apiserver patch --for kubeadm, then kubeadm init phase upload-config kubeadm"});
}

base::Result<text::Findings> lintCluster(const ApiServerLintOptions& options, const cluster::LintWish& wish,
                                         Ground& ground) {
  const ClusterConnection cluster = TRY(connectChosenCluster(options.cluster, options.common, ground));
  const text::Json pods =
      TRY(cluster.client->get("/api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver"));
  text::Findings found;
  cluster::LintWish running = wish;  // a pod is no file of the distribution's
  running.flavour = nullptr;
  std::vector<std::pair<std::string, std::vector<std::string>>> servers;
  const text::Json& items = text::at(pods, "items");
  for (const text::Json& item : items.is_array() ? items : text::Json::array()) {
    text::Json pod = item;
    pod.update({{"apiVersion", "v1"}, {"kind", "Pod"}});
    const std::string name = text::stringAt(text::at(pod, "metadata"), "name"), written = text::compact(pod);
    text::append(found, without(cluster::lintApiServer("Pod kube-system/" + name, {written, ""}, running), false));
    servers.emplace_back(name, issuersOf(cluster::staticPod(), written));
  }
  if (servers.empty()) {
    found.push_back({"APISERVER_UNSEEN", text::Severity::Note, "Namespace kube-system",
                     "the API servers run outside of pods, so that their flags can't be seen from here",
                     "lint the distribution's file instead"});
    return found;
  }
  comparePods(servers, found);
  const base::Result<text::Json> map = cluster.client->get("/api/v1/namespaces/kube-system/configmaps/kubeadm-config");
  if (!map) return found;
  const std::string configuration = text::stringAt(text::at(*map, "data"), "ClusterConfiguration");
  cluster::LintWish kept;  // its issuer is compared with the pods'
  text::append(
      found, without(cluster::lintApiServer("ConfigMap kube-system/kubeadm-config", {configuration, ""}, kept), true));
  compareKept(configuration, servers.front().second, found);
  return found;
}

}  // namespace

base::Result<text::Findings> lintApiServers(const ApiServerLintOptions& options, Ground& ground) {
  cluster::LintWish wish{nullptr, options.issuer, options.version};
  if (!options.flavour.empty()) {
    wish.flavour = cluster::flavourNamed(options.flavour);
    if (!wish.flavour) return base::invalid("--for " + options.flavour + ": there is no such distribution");
  }
  text::Findings found;
  if (options.paths.empty()) found = TRY(lintCluster(options, wish, ground));
  Linter linter{*ground.files, wish, options.patches};
  for (const std::string& path : options.paths) TRY(linter.path(path));
  text::append(found, std::move(linter.found));
  text::sortFindings(found);
  return found;
}

int runApiServerLint(const ApiServerLintOptions& options) {
  const Console console(options.common);
  Ground ground;
  const base::Result<text::Findings> found = lintApiServers(options, ground);
  if (found) return console.findings(*found);
  const bool isUsage = !options.flavour.empty() && !cluster::flavourNamed(options.flavour);
  return console.fail(found.error(), isUsage ? kUsage : kCouldNotLook);
}

}  // namespace cli
