#include <algorithm>

#include "setup/names.h"
#include "setup/plan_steps.h"

namespace setup {
namespace {

using text::Json;

std::string annotationOf(const Json& account) {
  return text::stringAt(text::at(text::at(account, "metadata"), "annotations"), kRoleAnnotation);
}

std::string targetOf(const Json& object) {
  const Json& metadata = text::at(object, "metadata");
  std::string kind = text::stringAt(object, "kind");
  std::string space = text::stringAt(metadata, "namespace");
  return kind + " " + (space.empty() ? "" : space + "/") + text::stringAt(metadata, "name");
}

void planAccount(const DesiredAccount& wanted, const Observed& observed, PlanDraft& draft) {
  const std::string& name = observed.name;
  std::string path = accountPath(wanted.nameSpace, wanted.name);
  std::string target = "ServiceAccount " + wanted.nameSpace + "/" + wanted.name;
  auto found = observed.cluster->accounts.find(path);
  if (found == observed.cluster->accounts.end())
    return draft.add(Change::Add, target, ApplyObject{path, accountObject(wanted, name, true), true}, "does not exist");
  const Json& live = found->second;
  std::string annotation = annotationOf(live);
  bool isMarked = hasOurLabel(live, name);
  if (annotation == wanted.roleArn && !isMarked) return;  // somebody annotated it by hand: leave it theirs
  if (!annotation.empty() && !draft.mayTouch(isMarked, target + ", which is annotated with " + annotation)) return;
  Json object = accountObject(wanted, name, wasMadeByUs(live, name));
  if (!holds(live, object))
    draft.add(Change::Modify, target, ApplyObject{path, std::move(object), isMarked || draft.options.adopt},
              "is not annotated with " + wanted.roleArn);
}

}  // namespace

Json accountObject(const DesiredAccount& wanted, std::string_view name, bool isOurs) {
  Json labels = {{kRoleLabel, "true"}, {kNameTag, name}};
  if (isOurs) labels[std::string(kManagedByLabel)] = kManagedBy;
  Json metadata = {{"name", wanted.name}, {"namespace", wanted.nameSpace}};
  metadata["annotations"] = {{kRoleAnnotation, wanted.roleArn}};
  metadata["labels"] = std::move(labels);
  return {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", std::move(metadata)}};
}

void planWebhook(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  for (const KubernetesObject& wanted : desired.objects) {
    auto found = observed.cluster->objects.find(wanted.path);
    bool isThere = found != observed.cluster->objects.end();
    if (isThere && !draft.mayTouch(wasMadeByUs(found->second, observed.name), wanted.target)) continue;
    if (isThere && holds(found->second, wanted.object)) continue;
    draft.add(isThere ? Change::Modify : Change::Add, wanted.target, ApplyObject{wanted.path, wanted.object, true},
              isThere ? "differs" : "does not exist");
  }
  for (const auto& [path, live] : observed.cluster->objects) {
    auto isWanted = [&where = path](const KubernetesObject& wanted) { return wanted.path == where; };
    if (std::any_of(desired.objects.begin(), desired.objects.end(), isWanted)) continue;
    if (wasMadeByUs(live, observed.name))
      draft.add(Change::Remove, targetOf(live), DeleteKubernetesObject{path}, "is not asked for any more");
  }
}

void planAccounts(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  for (const DesiredAccount& account : desired.accounts) planAccount(account, observed, draft);
  for (const auto& [path, account] : observed.cluster->accounts) {
    auto isWanted = [&where = path](const DesiredAccount& wanted) {
      return accountPath(wanted.nameSpace, wanted.name) == where;
    };
    if (std::any_of(desired.accounts.begin(), desired.accounts.end(), isWanted)) continue;
    if (hasOurLabel(account, observed.name)) planAccountRemoval(path, account, observed.name, draft);
  }
}

void planAccountRemoval(const std::string& path, const Json& account, std::string_view name, PlanDraft& draft) {
  if (wasMadeByUs(account, name))
    return draft.add(Change::Remove, targetOf(account), DeleteKubernetesObject{path}, "was made by irsa");
  Json metadata = Json::object();
  metadata["annotations"][std::string(kRoleAnnotation)] = nullptr;
  metadata["labels"][std::string(kRoleLabel)] = nullptr;
  metadata["labels"][std::string(kNameTag)] = nullptr;
  draft.add(Change::Remove, targetOf(account), PatchServiceAccount{path, {{"metadata", std::move(metadata)}}},
            "was annotated by irsa");
}

void planWebhookRemoval(const Observed& observed, PlanDraft& draft) {
  // The guard first, else it would refuse pods; then the configuration, so that no admission waits for a webhook that
  // is going; the namespace last.
  auto rankOf = [](const std::string& kind) {
    if (kind.starts_with("ValidatingAdmissionPolicy")) return 0;
    return kind == "MutatingWebhookConfiguration" ? 1 : kind == "Namespace" ? 3 : 2;
  };
  std::vector<std::pair<int, std::string>> paths;
  for (const auto& [path, object] : observed.cluster->objects) {
    if (!wasMadeByUs(object, observed.name)) continue;
    paths.emplace_back(rankOf(text::stringAt(object, "kind")), path);
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& [rank, path] : paths)
    draft.add(Change::Remove, targetOf(observed.cluster->objects.at(path)), DeleteKubernetesObject{path, rank == 3},
              "was made by irsa");
}

}  // namespace setup
