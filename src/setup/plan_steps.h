// The pieces plan() is put together from, one for each kind of object. Each appends the calls that take what was
// observed to what is desired.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "setup/plan.h"

namespace setup {

struct PlanDraft {
  PlanOptions options;
  Phase phase = Phase::Issuer;  // of what is added next
  std::vector<Action> actions = {};
  std::vector<std::string> foreign = {};  // objects in the way that are not ours
  std::vector<std::string> notes = {};
  std::map<std::string, std::size_t> trustSizes = {};
  bool awaitsNames = false;  // of what is added next: Action::awaitsNames

  void add(Change change, std::string_view target, Call call, std::string_view reason);
  // The same for a document that is there: `before` and `after` as people read them.
  void addWithDiff(Change change, std::string_view target, Call call, std::string_view reason, std::string before,
                   std::string after);
  // True when the object may be changed: it is ours, or is to be adopted. Else it is noted as foreign.
  bool mayTouch(bool isOurs, std::string_view target);
  // Goes over to `next`; false when it was not asked for.
  bool enter(Phase next);
};

void planBucket(const Desired& desired, const Observed& observed, PlanDraft& draft);
// Its two halves: the bucket with tags and public access block, false when it is not ours to touch; what lies in it,
// and who may read that.
bool planBucketItself(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planBucketContents(const Desired& desired, const Observed& observed, PlanDraft& draft);
// The private bucket and what stands before it.
void planFront(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planFrontRemoval(const Observed& observed, PlanDraft& draft);
void planFolder(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planProvider(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planRoles(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planWebhook(const Desired& desired, const Observed& observed, PlanDraft& draft);
void planAccounts(const Desired& desired, const Observed& observed, PlanDraft& draft);

// As it is applied. `isOurs`: made by us, so the mark of that must stay in what we apply.
text::Json accountObject(const DesiredAccount& wanted, std::string_view name, bool isOurs);

// Deletes the role, or takes our statements off it when others are trusted as well.
void planRoleRemoval(const ObservedRole& role, const Observed& observed, PlanDraft& draft);
// Deletes the service account if we made it, else takes our marks off it.
void planAccountRemoval(const std::string& path, const text::Json& account, std::string_view name, PlanDraft& draft);
void planWebhookRemoval(const Observed& observed, PlanDraft& draft);

// Those of `wanted` that are missing or different in `found`.
Tags missingTags(const Tags& wanted, const Tags& found);

}  // namespace setup
