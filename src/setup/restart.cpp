#include "setup/restart.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "text/words.h"

namespace setup {
namespace {

using text::Json;

bool hasRole(const Json& pod) {
  const Json& spec = text::at(pod, "spec");
  for (const char* list : {"containers", "initContainers"})
    for (const Json& container : text::at(spec, list))
      for (const Json& variable : text::at(container, "env"))
        if (text::stringAt(variable, "name") == "AWS_ROLE_ARN") return true;
  return false;
}

bool isRunning(const Json& pod) {
  const std::string phase = text::stringAt(text::at(pod, "status"), "phase");
  bool isGoing = !text::stringAt(text::at(pod, "metadata"), "deletionTimestamp").empty();
  return phase != "Succeeded" && phase != "Failed" && !isGoing;
}

// Who creates the pod again. A ReplicaSet of a Deployment has its name and the hash of the template.
Workload ownerOf(const Json& pod, const std::string& nameSpace) {
  const Json& metadata = text::at(pod, "metadata");
  Workload owner{nameSpace, "Pod", text::stringAt(metadata, "name")};
  for (const Json& reference : text::at(metadata, "ownerReferences")) {
    if (text::at(reference, "controller") != Json(true)) continue;
    owner.kind = text::stringAt(reference, "kind");
    owner.name = text::stringAt(reference, "name");
  }
  const std::string hash = "-" + text::stringAt(text::at(metadata, "labels"), "pod-template-hash");
  if (owner.kind == "ReplicaSet" && hash.size() > 1 && owner.name.ends_with(hash)) {
    owner.kind = "Deployment";
    owner.name.resize(owner.name.size() - hash.size());
  }
  return owner;
}

}  // namespace

std::string Workload::restartCommand() const {
  std::string word;
  for (const char* known : {"Deployment", "StatefulSet", "DaemonSet"})
    if (kind == known) word = text::lowerCase(kind);
  if (!word.empty()) return "kubectl -n " + nameSpace + " rollout restart " + word + "/" + name;
  if (kind == "ReplicaSet") return "kubectl -n " + nameSpace + " delete pods, those of ReplicaSet " + name;
  return "";
}

base::Result<std::vector<Workload>> workloadsToRestart(const kube::Client& cluster,
                                                       const Configuration& configuration) {
  std::map<std::string, std::set<std::string>> accounts;  // by namespace
  for (const Binding& binding : configuration.bindings)
    if (binding.isAnnotated()) accounts[binding.nameSpace].insert(binding.serviceAccount);
  std::map<std::tuple<std::string, std::string, std::string>, Workload> found;
  for (const auto& [nameSpace, names] : accounts) {
    auto pods = TRY(cluster.list("/api/v1/namespaces/" + nameSpace + "/pods"));
    for (const Json& pod : pods) {
      const std::string account = text::stringAt(text::at(pod, "spec"), "serviceAccountName", "default");
      if (!names.contains(account) || !isRunning(pod) || hasRole(pod)) continue;
      Workload owner = ownerOf(pod, nameSpace);
      std::tuple key(owner.nameSpace, owner.kind, owner.name);
      ++found.try_emplace(std::move(key), std::move(owner)).first->second.pods;
    }
  }
  std::vector<Workload> workloads;
  for (auto& [key, workload] : found) workloads.push_back(std::move(workload));
  return workloads;
}

}  // namespace setup
