// The pieces plan() is put together from, one for each kind of object. Each appends the calls that take what was
// observed to what is desired.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "setup/plan.h"

namespace setup {

struct PlanDraft {
  PlanOptions options;
  std::vector<Action> actions;
  std::vector<std::string> foreign;  // objects in the way that are not ours

  void add(Change change, std::string_view target, Call call, std::string_view reason);
  // True when the object may be changed: it is ours, or is to be adopted. Else it is noted as foreign.
  bool mayTouch(bool isOurs, std::string_view target);
};

void planBucket(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planProvider(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planRoles(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planCluster(const Desired& desired, const Observed& observed, PlanDraft& draft);

void planRoleRemoval(const ObservedRole& role, PlanDraft& draft);
// Deletes the service account if we made it, else takes our marks off it.
void planAccountRemoval(const std::string& path, const text::Json& account, std::string_view name, PlanDraft& draft);
void planWebhookRemoval(const Observed& observed, PlanDraft& draft);

// Those of `wanted` that are missing or different in `found`.
Tags missingTags(const Tags& wanted, const Tags& found);

}  // namespace setup
