#include "setup/plan.h"

#include <algorithm>

#include "http/message.h"
#include "setup/documents.h"
#include "setup/names.h"
#include "setup/plan_steps.h"

namespace setup {
namespace {

// Objects of the same name that serve another cluster: a kubeconfig of the wrong cluster must not take them over.
base::Result<void> checkCluster(const Desired& desired, const Observed& observed) {
  auto wanted = desired.tags.find(std::string(kClusterTag));
  if (wanted == desired.tags.end()) return {};
  auto refuse = [&](const Tags& tags, const std::string& target) -> base::Result<void> {
    auto found = tags.find(std::string(kClusterTag));
    if (!hasOurTag(tags, desired.name) || found == tags.end() || found->second == wanted->second) return {};
    return base::conflict(
        target + " belongs to another cluster (uid " + found->second + ", this one is " + wanted->second + ")",
        "choose the right cluster.context, give this cluster another name, or pass --adopt");
  };
  TRY(refuse(observed.bucket.tags, "bucket " + desired.bucket));
  for (const ObservedProvider& live : observed.providers) TRY(refuse(live.provider.tags, "OIDC provider " + live.arn));
  for (const ObservedRole& live : observed.roles) TRY(refuse(live.role.tags, "role " + live.role.name));
  return {};
}

// What a plan must not try: it would cut off running pods, or IAM cannot do it.
base::Result<void> checkPossible(const Desired& desired, const Observed& observed, bool isMoving) {
  for (const ObservedProvider& live : observed.providers)
    if (!isMoving && live.arn != desired.providerArn && hasOurTag(live.provider.tags, desired.name))
      return base::conflict(
          "the issuer of " + desired.name + " is https://" + live.provider.url + ", irsa.yaml now asks for " +
              desired.issuer + ": every token that is in use would be refused",
          isUnnamed(desired.issuer)
              ? "the distribution of that name is gone and none can get it again: irsa destroy, then irsa "
                "apply, give the set-up another issuer"
              : "irsa migrate plan shows the way to the new issuer; or set name, aws.region and issuer in "
                "irsa.yaml back");
  for (const DesiredRole& wanted : desired.roles)
    for (const ObservedRole& live : observed.roles)
      if (http::sameName(live.role.name, wanted.settings.name) && live.role.arn != wanted.arn)
        return base::conflict("role " + wanted.settings.name + " is " + live.role.arn + ", irsa.yaml asks for " +
                                  wanted.arn + ": IAM can neither move nor rename a role",
                              "give the role another name in irsa.yaml, or set its path and spelling back");
  return {};
}

void fillHead(Plan& plan, const Observed& observed, std::string_view region) {
  plan.account = observed.caller.account;
  plan.callerArn = observed.caller.arn;
  plan.region = region;
  plan.issuer = observed.identifiers.issuer;
  plan.bucket = observed.identifiers.bucket;
  plan.providerArn = observed.identifiers.providerArn;
}

// What else differs is a run of apply's to mend.
base::Result<void> keepDocuments(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  const bool isInBucket = desired.hosting == Hosting::S3 || desired.hosting == Hosting::CloudFront;
  const bool isThere = !isInBucket || (observed.bucket.exists && !draft.awaitsNames);
  if (!isThere)
    return base::Error{base::ErrorKind::NotFound, "",
                       "there is no place for documents: bucket " + desired.bucket +
                           (observed.bucket.exists ? " has no whole distribution" : " does not exist"),
                       "irsa apply makes it"};
  std::erase_if(draft.actions, [](const Action& action) {
    return !std::holds_alternative<aws::PutObject>(action.call) &&
           !std::holds_alternative<aws::CreateInvalidation>(action.call) &&
           !std::holds_alternative<WriteDocument>(action.call);
  });
  return {};
}

void planIssuer(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  if (!desired.newPrivateKeyPem.empty())
    draft.add(Change::Add, "file " + desired.privateKeyPath,
              WritePrivateKey{desired.privateKeyPath, desired.newPrivateKeyPem}, "does not exist");
  if (desired.hosting == Hosting::S3) planBucket(desired, observed, draft);
  if (desired.hosting == Hosting::CloudFront) planFront(desired, observed, draft);
  if (desired.hosting == Hosting::Directory) planFolder(desired, observed, draft);
}

void planUnwantedRoles(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  for (const ObservedRole& live : observed.roles) {
    auto isWanted = [&](const DesiredRole& role) { return http::sameName(role.settings.name, live.role.name); };
    if (std::none_of(desired.roles.begin(), desired.roles.end(), isWanted)) planRoleRemoval(live, observed, draft);
  }
}

// The documents of a folder are the user's host's: they stay, as private keys do.
void planBucketRemoval(const Observed& observed, PlanDraft& draft) {
  const std::string& bucket = observed.identifiers.bucket;
  const std::string& owner = observed.caller.account;
  if (!observed.folder.empty())
    draft.notes.push_back(
        "the documents in the issuer's folder are kept; remove them from your host when no token is left");
  const bool hasFront = observed.front.distribution && hasOurTag(observed.front.distribution->tags, observed.name);
  if (draft.options.deleteBucket) planFrontRemoval(observed, draft);
  bool isOurs = observed.bucket.exists && (hasOurTag(observed.bucket.tags, observed.name) ||
                                           (observed.isBucketNameOurs && observed.bucket.tags.empty()));
  if (isOurs && draft.options.deleteBucket) {
    for (const auto& [key, object] : observed.bucket.documents)
      draft.add(Change::Remove, "s3://" + bucket + "/" + key, aws::DeleteObject{bucket, owner, key},
                "was made by irsa");
    draft.add(Change::Remove, "bucket " + bucket, aws::DeleteBucket{bucket, owner}, "was made by irsa");
  } else if (isOurs) {
    draft.notes.push_back("bucket " + bucket + " is kept, with its documents" +
                          (hasFront ? " and distribution " + observed.front.distribution->distribution.id +
                                          " that serves them; --delete-bucket removes both"
                                    : "; --delete-bucket removes it"));
  }
}

}  // namespace

void PlanDraft::add(Change change, std::string_view target, Call call, std::string_view reason) {
  addWithDiff(change, target, std::move(call), reason, "", "");
}

void PlanDraft::addWithDiff(Change change, std::string_view target, Call call, std::string_view reason,
                            std::string before, std::string after) {
  actions.push_back({change, std::move(call), std::string(target), std::string(reason), phase, awaitsNames,
                     std::move(before), std::move(after)});
}

bool PlanDraft::enter(Phase next) {
  phase = next;
  return options.phases.contains(next);
}

bool PlanDraft::mayTouch(bool isOurs, std::string_view target) {
  if (isOurs || options.adopt) return true;
  foreign.emplace_back(target);
  return false;
}

base::Result<Plan> plan(const Desired& desired, const Observed& observed, const PlanOptions& options) {
  if (!options.adopt) TRY(checkCluster(desired, observed));
  TRY(checkPossible(desired, observed, options.isMoving));
  PlanDraft draft{options};
  if (draft.enter(Phase::Issuer)) {
    planIssuer(desired, observed, draft);
    if (options.documentsOnly) TRY(keepDocuments(desired, observed, draft));
  }
  if (draft.enter(Phase::Provider)) planProvider(desired, observed, draft);
  if (draft.enter(Phase::Roles)) planRoles(desired, observed, draft);
  if (desired.hasCluster && draft.enter(Phase::Webhook)) planWebhook(desired, observed, draft);
  if (desired.hasCluster && draft.enter(Phase::Bindings)) planAccounts(desired, observed, draft);
  if (draft.enter(Phase::Roles)) planUnwantedRoles(desired, observed, draft);
  if (!draft.foreign.empty()) {
    std::string list;
    for (const std::string& target : draft.foreign) list += "\n  " + target;
    return base::conflict("these exist and were not made for " + desired.name + ", so nothing was done:" + list,
                          "choose other names in irsa.yaml, or let irsa take them over with --adopt");
  }
  Plan made;
  fillHead(made, observed, desired.region);
  made.actions = std::move(draft.actions);
  made.notes = desired.notes;
  made.notes.insert(made.notes.end(), draft.notes.begin(), draft.notes.end());
  for (const DesiredRole& role : desired.roles) made.roleArns.push_back(role.arn);
  made.trustSizes = std::move(draft.trustSizes);
  return made;
}

Plan planDestroy(const Observed& observed, const PlanOptions& options) {
  PlanDraft draft{options};
  Plan made;
  fillHead(made, observed, "");
  if (observed.cluster) {
    draft.enter(Phase::Bindings);
    for (const auto& [path, account] : observed.cluster->accounts)
      if (hasOurLabel(account, observed.name)) planAccountRemoval(path, account, observed.name, draft);
    draft.enter(Phase::Webhook);
    planWebhookRemoval(observed, draft);
  }
  draft.enter(Phase::Roles);
  for (const ObservedRole& live : observed.roles)
    if (hasOurTag(live.role.tags, observed.name)) planRoleRemoval(live, observed, draft);
  draft.enter(Phase::Provider);
  for (const ObservedProvider& live : observed.providers)
    if (hasOurTag(live.provider.tags, observed.name))
      draft.add(Change::Remove, "OIDC provider https://" + live.provider.url,
                aws::DeleteOpenIDConnectProvider{live.arn}, "was made by irsa");
  draft.enter(Phase::Issuer);
  planBucketRemoval(observed, draft);
  made.actions = std::move(draft.actions);
  made.notes = std::move(draft.notes);
  return made;
}

Plan planFormer(const Observed& observed, std::string_view former) {
  PlanDraft draft{{}};
  Plan made;
  fillHead(made, observed, "");
  for (const ObservedProvider& live : observed.providers) {
    const bool isFormer = "https://" + live.provider.url == former;
    if (!isFormer || !hasOurTag(live.provider.tags, observed.name)) continue;
    draft.enter(Phase::Roles);
    for (const ObservedRole& role : observed.roles) {
      const std::string& trust = role.role.assumeRolePolicyDocument;
      const std::string without = withoutTrust(trust, {live.arn});
      if (!hasOurTag(role.role.tags, observed.name) || without.empty() || samePolicy(trust, without)) continue;
      draft.addWithDiff(Change::Modify, "role " + role.role.name, aws::UpdateAssumeRolePolicy{role.role.name, without},
                        "trusts the former issuer", readablePolicy(trust), readablePolicy(without));
    }
    draft.enter(Phase::Provider);
    draft.add(Change::Remove, "OIDC provider https://" + live.provider.url, aws::DeleteOpenIDConnectProvider{live.arn},
              "is that of the former issuer");
  }
  made.actions = std::move(draft.actions);
  return made;
}

}  // namespace setup
