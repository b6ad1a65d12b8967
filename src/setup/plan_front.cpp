#include "base/time.h"
#include "crypto/digest.h"
#include "setup/distribution.h"
#include "setup/names.h"
#include "setup/plan_steps.h"
#include "text/encoding.h"

namespace setup {
namespace {

bool isOurs(const aws::OriginAccessControl& control, std::string_view name) {
  return control.description == roleDescription(name);
}

std::string targetOf(const aws::Distribution& distribution) { return "distribution " + distribution.id; }

// False when it is not ours to touch.
bool planAccessControl(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  const auto& live = observed.front.accessControl;
  const std::string target = "origin access control " + desired.bucket, description = roleDescription(desired.name);
  if (!live) {
    draft.add(Change::Add, target, aws::CreateOriginAccessControl{desired.bucket, description}, "does not exist");
    draft.awaitsNames = true;
    return true;
  }
  if (!draft.mayTouch(isOurs(*live, desired.name), target)) return false;
  if (!isOurs(*live, desired.name) || live->signingBehavior != "always" || live->originType != "s3")
    draft.add(Change::Modify, target, aws::UpdateOriginAccessControl{live->id, "", desired.bucket, description},
              "does not sign every request");
  return true;
}

bool planDistribution(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  const auto& found = observed.front.distribution;
  const text::XmlElement wanted = distributionConfig(desired.front);
  if (!found) {
    draft.addWithDiff(Change::Add, "distribution of " + desired.bucket,
                      aws::CreateDistributionWithTags{wanted, desired.tags}, "does not exist", "",
                      readableConfig(wanted));
    draft.awaitsNames = true;
    return true;
  }
  const aws::Distribution& live = found->distribution;
  const std::string target = targetOf(live);
  if (!draft.mayTouch(hasOurTag(found->tags, desired.name), target)) return false;
  if (Tags missing = missingTags(desired.tags, found->tags); !missing.empty())
    draft.add(Change::Modify, target, aws::TagResource{live.arn, std::move(missing)}, "tags differ");
  if (!covers(live.config, wanted)) {
    text::XmlElement config = overlaid(live.config, wanted);
    draft.addWithDiff(Change::Modify, target, aws::UpdateDistribution{live.id, live.etag, config}, "the config differs",
                      readableConfig(live.config), readableConfig(config));
  }
  return true;
}

// Documents are cached for minutes; whoever needs a new key needs it now. The reference is another each time.
void planInvalidation(const Observed& observed, std::size_t firstAction, PlanDraft& draft) {
  if (!observed.front.distribution) return;
  aws::CreateInvalidation call{observed.front.distribution->distribution.id, "", {}};
  std::string contents;
  for (std::size_t i = firstAction; i < draft.actions.size(); ++i) {
    const auto* put = std::get_if<aws::PutObject>(&draft.actions[i].call);
    if (!put || draft.actions[i].change != Change::Replace) continue;
    call.paths.push_back("/" + put->key);
    contents += put->body;
  }
  if (call.paths.empty()) return;
  const std::string digest = text::hex(crypto::sha256(contents)).substr(0, 16);
  call.callerReference = "irsa-" + digest + "-" + std::to_string(base::unixSeconds(observed.now));
  draft.add(Change::Modify, targetOf(observed.front.distribution->distribution), std::move(call),
            "so that nobody is served the old documents");
}

void planWait(const Observed& observed, std::size_t firstAction, PlanDraft& draft) {
  const auto& found = observed.front.distribution;
  bool isChanged = !found || !found->distribution.isDeployed();
  for (std::size_t i = firstAction; i < draft.actions.size(); ++i)
    isChanged = isChanged || std::holds_alternative<aws::UpdateDistribution>(draft.actions[i].call);
  if (!isChanged) return;
  const std::string id = found ? found->distribution.id : std::string(kUnknownDistribution);
  draft.add(found ? Change::Modify : Change::Add, "distribution " + id, AwaitDistribution{id},
            "AWS reads the documents there");
}

}  // namespace

void planFront(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  const std::size_t first = draft.actions.size();
  if (!planBucketItself(desired, observed, draft)) return;
  const bool mayGoOn = planAccessControl(desired, observed, draft);
  if (!planDistribution(desired, observed, draft) || !mayGoOn) return;
  planBucketContents(desired, observed, draft);
  planInvalidation(observed, first, draft);
  planWait(observed, first, draft);
}

void planFrontRemoval(const Observed& observed, PlanDraft& draft) {
  const auto& found = observed.front.distribution;
  if (found && hasOurTag(found->tags, observed.name)) {
    const aws::Distribution& live = found->distribution;
    const std::string target = targetOf(live);
    const bool isEnabled = live.config.textOf("Enabled") == "true";
    if (isEnabled) {
      text::XmlElement config = overlaid(live.config, {"DistributionConfig", "", {{"Enabled", "false", {}}}});
      draft.add(Change::Remove, target, aws::UpdateDistribution{live.id, live.etag, std::move(config)},
                "only a disabled one can be deleted");
    }
    if (isEnabled || !live.isDeployed())
      draft.add(Change::Remove, target, AwaitDistribution{live.id}, "until it is disabled everywhere");
    draft.add(Change::Remove, target, aws::DeleteDistribution{live.id, ""}, "was made by irsa");
  }
  const auto& control = observed.front.accessControl;
  if (control && isOurs(*control, observed.name))
    draft.add(Change::Remove, "origin access control " + control->name, aws::DeleteOriginAccessControl{control->id, ""},
              "was made by irsa");
}

}  // namespace setup
