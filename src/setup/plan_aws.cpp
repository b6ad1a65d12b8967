#include <algorithm>
#include <iterator>

#include "http/message.h"
#include "policy/trust_policy.h"
#include "setup/documents.h"
#include "setup/names.h"
#include "setup/plan_steps.h"
#include "text/words.h"

namespace setup {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Between CreateBucket and PutBucketTagging a run may die: a bucket under the name that only we derive, without a tag,
// is that half-made one.
bool isBucketOurs(const Observed& observed) {
  return hasOurTag(observed.bucket.tags, observed.name) || (observed.isBucketNameOurs && observed.bucket.tags.empty());
}

// The number against AWS's quota, which the reader knows by it.
std::string sizeOf(std::string_view trustPolicy) {
  return "trust policy of " + std::to_string(policy::quotaSize(trustPolicy)) + " of 2048 characters";
}

void createRole(const DesiredRole& wanted, const std::string& target, PlanDraft& draft) {
  const RoleSettings& role = wanted.settings;
  draft.trustSizes[role.name] = policy::quotaSize(wanted.trustPolicy);
  draft.addWithDiff(Change::Add, target,
                    aws::CreateRole{.roleName = role.name,
                                    .path = role.path,
                                    .assumeRolePolicyDocument = wanted.trustPolicy,
                                    .description = wanted.description,
                                    .maxSessionDuration = role.maxSessionDuration,
                                    .permissionsBoundary = role.boundary,
                                    .tags = wanted.tags},
                    "does not exist; " + sizeOf(wanted.trustPolicy), "", readablePolicy(wanted.trustPolicy));
}

void repairTrust(const DesiredRole& wanted, const aws::Role& live, std::string_view providerArn,
                 const std::string& target, PlanDraft& draft) {
  MergedTrust merged = mergedTrust(live.assumeRolePolicyDocument, wanted.trustPolicy, providerArn);
  draft.trustSizes[live.name] = policy::quotaSize(merged.document);
  if (merged.foreign > 0)
    draft.notes.push_back("role " + live.name + " also trusts others: " + std::to_string(merged.foreign) +
                          (merged.foreign == 1 ? " statement is kept" : " statements are kept") +
                          " that irsa did not write");
  if (samePolicy(live.assumeRolePolicyDocument, merged.document)) return;
  draft.addWithDiff(Change::Modify, target, aws::UpdateAssumeRolePolicy{live.name, merged.document},
                    "the trust policy differs; " + sizeOf(merged.document),
                    readablePolicy(live.assumeRolePolicyDocument), readablePolicy(merged.document));
}

// Everything else that CreateRole can set, on a role that is there.
void repairRole(const DesiredRole& wanted, const aws::Role& live, const std::string& target, PlanDraft& draft) {
  const RoleSettings& role = wanted.settings;
  if (live.maxSessionDuration != role.maxSessionDuration || live.description != wanted.description)
    draft.add(Change::Modify, target, aws::UpdateRole{live.name, wanted.description, role.maxSessionDuration},
              "maxSessionDuration or description differs");
  if (role.boundary.empty() && !live.permissionsBoundary.empty())
    draft.add(Change::Modify, target, aws::DeleteRolePermissionsBoundary{live.name},
              "has the boundary " + live.permissionsBoundary);
  if (!role.boundary.empty() && role.boundary != live.permissionsBoundary)
    draft.add(Change::Modify, target, aws::PutRolePermissionsBoundary{live.name, role.boundary},
              "lacks the boundary " + role.boundary);
  if (Tags missing = missingTags(wanted.tags, live.tags); !missing.empty())
    draft.add(Change::Modify, target, aws::TagRole{live.name, std::move(missing)}, "tags differ");
}

void planAttached(const RoleSettings& role, const ObservedRole& live, const std::string& target, PlanDraft& draft) {
  std::vector<std::string> missing, left;
  std::ranges::copy_if(role.policies, std::back_inserter(missing),
                       [&](const std::string& arn) { return !contains(live.attachedPolicies, arn); });
  std::ranges::copy_if(live.attachedPolicies, std::back_inserter(left),
                       [&](const std::string& arn) { return !contains(role.policies, arn); });
  auto attach = [&] {
    for (const std::string& arn : missing)
      draft.add(Change::Add, target, aws::AttachRolePolicy{role.name, arn}, arn + " is not attached");
  };
  // The pods lose no permission in between, if there is room for both.
  const bool hasRoom = live.attachedPolicies.size() + missing.size() <= kAttachedQuota;
  if (hasRoom) attach();
  for (const std::string& arn : left)
    draft.add(Change::Remove, target, aws::DetachRolePolicy{role.name, arn}, arn + " is not in irsa.yaml");
  if (!hasRoom) attach();
}

void planPermissions(const RoleSettings& role, const ObservedRole& live, const std::string& target, PlanDraft& draft) {
  planAttached(role, live, target, draft);
  std::string own(kInlinePolicyName);
  auto inlined = live.inlinePolicies.find(own);
  bool isInlined = inlined != live.inlinePolicies.end();
  if (!role.inlinePolicy.empty() && (!isInlined || !samePolicy(inlined->second, role.inlinePolicy)))
    draft.addWithDiff(isInlined ? Change::Modify : Change::Add, target,
                      aws::PutRolePolicy{role.name, own, role.inlinePolicy},
                      isInlined ? "the inline policy differs" : "the inline policy is missing",
                      isInlined ? readablePolicy(inlined->second) : "", readablePolicy(role.inlinePolicy));
  for (const auto& [name, document] : live.inlinePolicies)
    if (name != own || role.inlinePolicy.empty())
      draft.add(Change::Remove, target, aws::DeleteRolePolicy{role.name, name},
                "the inline policy " + name + " is not in irsa.yaml");
}

std::string whyChanged(std::string_view live, std::string_view wanted) {
  const std::vector<std::string> lost = keysLost(live, wanted);
  return lost.empty() ? "differs" : "no longer has the key " + text::joined(lost) + ", whose tokens would be refused";
}

std::string whyReplaced(const aws::Object& live, const aws::Object& wanted) {
  if (live.body != wanted.body) return whyChanged(live.body, wanted.body);
  return "is served as " + (live.contentType.empty() ? "nothing" : live.contentType) + ", Cache-Control \"" +
         live.cacheControl + "\"";
}

// Deleted and made again with the audiences that it has. In between, for the time of one call, tokens are refused.
void replaceProvider(const Desired& desired, const aws::OpenIDConnectProvider& live, const std::string& target,
                     PlanDraft& draft) {
  std::vector<std::string> audiences = live.clientIds;
  if (!contains(audiences, kAudience)) audiences.emplace_back(kAudience);
  draft.add(Change::Replace, target, aws::DeleteOpenIDConnectProvider{desired.providerArn},
            "the thumbprints are not those of the keys, and Ceph cannot change them");
  draft.add(Change::Replace, target,
            aws::CreateOpenIDConnectProvider{desired.issuer, audiences, desired.providerTags, desired.thumbprints},
            "is made again at once");
}

}  // namespace

Tags missingTags(const Tags& wanted, const Tags& found) {
  Tags missing;
  for (const auto& [key, value] : wanted)
    if (auto tag = found.find(key); tag == found.end() || tag->second != value) missing[key] = value;
  return missing;
}

void planBucket(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  if (planBucketItself(desired, observed, draft)) planBucketContents(desired, observed, draft);
}

bool planBucketItself(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  const ObservedBucket& live = observed.bucket;
  const std::string& bucket = desired.bucket;
  const std::string& owner = observed.caller.account;
  std::string target = "bucket " + bucket;
  Change change = live.exists ? Change::Modify : Change::Add;
  if (!live.exists)
    draft.add(Change::Add, target, aws::CreateBucket{bucket, desired.locationConstraint, desired.isAccountRegional},
              "does not exist");
  else if (!draft.mayTouch(isBucketOurs(observed), target))
    return false;
  if (!missingTags(desired.tags, live.tags).empty()) {
    Tags all = live.tags;  // PutBucketTagging replaces the whole set
    for (const auto& [key, value] : desired.tags) all[key] = value;
    draft.add(change, target, aws::PutBucketTagging{bucket, owner, all}, "tags differ");
  }
  if (desired.publicAccess && live.publicAccess != desired.publicAccess)
    draft.add(change, target, aws::PutPublicAccessBlock{bucket, owner, *desired.publicAccess},
              desired.hosting == Hosting::S3 ? "a public bucket policy must be possible, public ACLs must not"
                                             : "nothing in it is public");
  return true;
}

void planBucketContents(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  const ObservedBucket& live = observed.bucket;
  const std::string& bucket = desired.bucket;
  const std::string& owner = observed.caller.account;
  std::string target = "bucket " + bucket;
  Change change = live.exists ? Change::Modify : Change::Add;
  if (live.policy.empty() || !samePolicy(live.policy, desired.bucketPolicy))
    draft.addWithDiff(change, target, aws::PutBucketPolicy{bucket, owner, desired.bucketPolicy},
                      desired.hosting == Hosting::S3 ? "everybody may read the documents, and nothing else"
                                                     : "the distribution may read the documents, and nobody else",
                      live.policy.empty() ? "" : readablePolicy(live.policy), readablePolicy(desired.bucketPolicy));
  for (const DesiredDocument& document : desired.documents) {
    auto found = live.documents.find(document.key);
    bool isThere = found != live.documents.end();
    if (isThere && found->second == document.object) continue;
    const aws::Object& wanted = document.object;
    draft.addWithDiff(isThere ? Change::Replace : Change::Add, "s3://" + bucket + "/" + document.key,
                      aws::PutObject{bucket, owner, document.key, wanted.body, wanted.contentType, wanted.cacheControl,
                                     isThere && desired.replacesAsSeen ? found->second.etag : ""},
                      isThere ? whyReplaced(found->second, wanted) : "does not exist",
                      isThere ? found->second.body : "", wanted.body);
  }
}

void planFolder(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  for (const DesiredDocument& document : desired.documents) {
    auto found = observed.folder.find(document.key);
    bool isThere = found != observed.folder.end();
    if (isThere && found->second == document.object.body) continue;
    std::string path = desired.directory + "/" + document.key;
    draft.addWithDiff(isThere ? Change::Replace : Change::Add, "file " + path,
                      WriteDocument{path, document.object.body},
                      isThere ? whyChanged(found->second, document.object.body) : "does not exist",
                      isThere ? found->second : "", document.object.body);
  }
}

void planProvider(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  const std::string& arn = desired.providerArn;
  std::string target = "OIDC provider " + desired.issuer;
  std::string audience(kAudience);
  auto found = std::find_if(observed.providers.begin(), observed.providers.end(),
                            [&](const ObservedProvider& live) { return live.arn == arn; });
  if (found == observed.providers.end())
    return draft.add(
        Change::Add, target,
        aws::CreateOpenIDConnectProvider{desired.issuer, {audience}, desired.providerTags, desired.thumbprints},
        "does not exist");
  const aws::OpenIDConnectProvider& live = found->provider;
  if (!draft.mayTouch(hasOurTag(live.tags, desired.name), target)) return;
  bool areSame = std::is_permutation(live.thumbprints.begin(), live.thumbprints.end(), desired.thumbprints.begin(),
                                     desired.thumbprints.end());
  bool differ = !desired.thumbprints.empty() && !areSame;
  if (desired.replacesProvider && (differ || !contains(live.clientIds, audience)))
    return replaceProvider(desired, live, target, draft);
  if (!contains(live.clientIds, audience))
    draft.add(Change::Modify, target, aws::AddClientIDToOpenIDConnectProvider{arn, audience},
              "does not accept the audience " + audience);
  for (const std::string& clientId : live.clientIds)
    if (clientId != audience)
      draft.notes.push_back("the provider also accepts the audience " + clientId +
                            ", which is kept; irsa's roles take " + audience + " only");
  if (differ)
    draft.add(Change::Modify, target, aws::UpdateOpenIDConnectProviderThumbprint{arn, desired.thumbprints},
              "the thumbprints are not those of issuer.caFile");
  if (Tags missing = missingTags(desired.providerTags, live.tags); !missing.empty())
    draft.add(Change::Modify, target, aws::TagOpenIDConnectProvider{arn, std::move(missing)}, "tags differ");
}

void planRoles(const Desired& desired, const Observed& observed, PlanDraft& draft) {
  for (const DesiredRole& wanted : desired.roles) {
    std::string target = "role " + wanted.settings.name;
    auto found = std::find_if(observed.roles.begin(), observed.roles.end(), [&](const ObservedRole& live) {
      return http::sameName(live.role.name, wanted.settings.name);
    });
    if (found == observed.roles.end()) {
      createRole(wanted, target, draft);
      planPermissions(wanted.settings, {}, target, draft);
      continue;
    }
    if (!draft.mayTouch(hasOurTag(found->role.tags, desired.name), target)) continue;
    repairTrust(wanted, found->role, desired.providerArn, target, draft);
    repairRole(wanted, found->role, target, draft);
    planPermissions(wanted.settings, *found, target, draft);
  }
}

void planRoleRemoval(const ObservedRole& live, const Observed& observed, PlanDraft& draft) {
  const std::string& name = live.role.name;
  std::string target = "role " + name;
  std::vector<std::string> ours{observed.identifiers.providerArn};
  for (const ObservedProvider& provider : observed.providers)
    if (hasOurTag(provider.provider.tags, observed.name)) ours.push_back(provider.arn);
  const std::string& trust = live.role.assumeRolePolicyDocument;
  if (const std::string others = withoutTrust(trust, ours); !others.empty()) {
    draft.notes.push_back(target + " stays with its permissions: it also trusts others, by statements that irsa did " +
                          "not write; when nobody needs it any more, delete it yourself");
    if (!samePolicy(trust, others))
      draft.addWithDiff(Change::Modify, target, aws::UpdateAssumeRolePolicy{name, others},
                        "is not wanted, but others are trusted as well", readablePolicy(trust), readablePolicy(others));
    return;
  }
  for (const std::string& arn : live.attachedPolicies)
    draft.add(Change::Remove, target, aws::DetachRolePolicy{name, arn}, "so that the role can be deleted");
  for (const auto& [policy, document] : live.inlinePolicies)
    draft.add(Change::Remove, target, aws::DeleteRolePolicy{name, policy}, "so that the role can be deleted");
  draft.add(Change::Remove, target, aws::DeleteRole{name}, "is not wanted");
}

}  // namespace setup
