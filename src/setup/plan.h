// The difference between what is wanted and what is there, as calls in the order in which they must run.
//
// Pure. plan(desired, what apply(plan(desired, observed)) leaves) is empty. Destroying is planning with nothing
// desired: role, then provider, then bucket, so that nobody can ever stand behind a provider's URL but its owner.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/iam.h"
#include "aws/s3.h"
#include "base/result.h"
#include "setup/desired.h"
#include "setup/observed.h"
#include "text/json.h"

namespace setup {

// A private key that was generated and is to be kept: written 0600, never over a file that is there.
struct WritePrivateKey {
  std::string path, pem;  // the latter is secret
};

// Server-side apply of one Kubernetes object.
struct ApplyObject {
  std::string path;
  text::Json object;
  bool force = false;  // take fields over from other managers
};

struct DeleteKubernetesObject {
  std::string path;
  bool waitUntilGone = false;
};

// Takes our annotation and labels off a service account that somebody else made.
struct PatchServiceAccount {
  std::string path;
  text::Json patch;  // RFC 7396
};

using Call = std::variant<WritePrivateKey, aws::CreateBucket, aws::PutBucketTagging, aws::PutPublicAccessBlock,
                          aws::PutBucketPolicy, aws::PutObject, aws::CreateOpenIDConnectProvider,
                          aws::AddClientIDToOpenIDConnectProvider, aws::RemoveClientIDFromOpenIDConnectProvider,
                          aws::TagOpenIDConnectProvider, aws::CreateRole, aws::UpdateAssumeRolePolicy, aws::UpdateRole,
                          aws::TagRole, aws::PutRolePermissionsBoundary, aws::DeleteRolePermissionsBoundary,
                          aws::AttachRolePolicy, aws::DetachRolePolicy, aws::PutRolePolicy, aws::DeleteRolePolicy,
                          ApplyObject, PatchServiceAccount, DeleteKubernetesObject, aws::DeleteRole,
                          aws::DeleteOpenIDConnectProvider, aws::DeleteObject, aws::DeleteBucket>;

enum class Change { Add, Modify, Remove };  // + ~ -

struct Action {
  Change change = Change::Add;
  Call call;
  std::string target;  // "bucket edge-prod-0123456789ab", "role s3-echoer", "Deployment irsa-system/irsa-webhook"
  std::string reason;  // why: "does not exist", "the trust policy differs"
};

struct Plan {
  std::vector<Action> actions;
  std::vector<std::string> notes;  // what is skipped or kept, and why
  std::string account, region, callerArn;
  std::string issuer, bucket, providerArn;
  std::vector<std::string> roleArns;  // in the order of the bindings
};

struct PlanOptions {
  bool adopt = false;         // take over objects that are not tagged as ours
  bool deleteBucket = false;  // destroy only
};

// Conflict when a foreign object stands in the way and `adopt` is off; all of them are named.
base::Result<Plan> plan(const Desired& desired, const Observed& observed, const PlanOptions& options);
Plan planDestroy(const Observed& observed, const PlanOptions& options);

std::string nameOf(const Call& call);    // "s3:CreateBucket", "iam:CreateRole", "kubernetes:Apply", "file:Create"
std::string describe(const Plan& plan);  // lines for people: + ~ - with reasons, notes, and the total
text::Json toJson(const Plan& plan);  // {"actions":[{"call","target","reason"}],"notes":[...],"changes":N}; no secrets

}  // namespace setup
