// The difference between what is wanted and what is there, as calls in the order in which they must run.
//
// Pure. plan(desired, what apply(plan(desired, observed)) leaves) is empty. Destroying is planning with nothing
// desired: role, then provider, then bucket, so that nobody can ever stand behind a provider's URL but its owner.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/cloudfront.h"
#include "aws/iam.h"
#include "aws/s3.h"
#include "base/result.h"
#include "setup/desired.h"
#include "setup/observed.h"
#include "setup/phase.h"
#include "text/json.h"

namespace setup {

// A private key that was generated and is to be kept: written 0600, never over a file that is there.
struct WritePrivateKey {
  std::string path, pem;  // the latter is secret
};

// A document of Hosting::Directory: replaced whole.
struct WriteDocument {
  std::string path, body;
};
struct RemoveDocument {
  std::string path;
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

// Until every edge of CloudFront has the last change: minutes.
struct AwaitDistribution {
  std::string distribution;  // id
};

// An empty entity tag in a call on a distribution or an origin access control means that of the moment.
using Call =
    std::variant<WritePrivateKey, WriteDocument, RemoveDocument, aws::CreateBucket, aws::PutBucketTagging,
                 aws::PutPublicAccessBlock, aws::PutBucketPolicy, aws::PutObject, aws::CreateOriginAccessControl,
                 aws::UpdateOriginAccessControl, aws::CreateDistributionWithTags, aws::TagResource,
                 aws::UpdateDistribution, aws::CreateInvalidation, AwaitDistribution, aws::DeleteDistribution,
                 aws::DeleteOriginAccessControl, aws::CreateOpenIDConnectProvider,
                 aws::AddClientIDToOpenIDConnectProvider, aws::RemoveClientIDFromOpenIDConnectProvider,
                 aws::UpdateOpenIDConnectProviderThumbprint, aws::TagOpenIDConnectProvider, aws::CreateRole,
                 aws::UpdateAssumeRolePolicy, aws::UpdateRole, aws::TagRole, aws::PutRolePermissionsBoundary,
                 aws::DeleteRolePermissionsBoundary, aws::AttachRolePolicy, aws::DetachRolePolicy, aws::PutRolePolicy,
                 aws::DeleteRolePolicy, ApplyObject, PatchServiceAccount, DeleteKubernetesObject, aws::DeleteRole,
                 aws::DeleteOpenIDConnectProvider, aws::DeleteObject, aws::DeleteBucket>;

enum class Change { Add, Modify, Remove, Replace };  // + ~ - ↻; the last for documents, which are written anew whole

struct Action {
  Change change = Change::Add;
  Call call;
  std::string target;  // "bucket edge-prod-0123456789ab", "role s3-echoer", "Deployment irsa-system/irsa-webhook"
  std::string reason;  // why: "does not exist", "the trust policy differs"
  Phase phase = Phase::Issuer;
  // Names in it are AWS's to give, by an earlier action of the plan. All that follow wait as well.
  bool awaitsNames = false;
  std::string before = {}, after = {};  // of a document or policy that differs, as people read it
};

inline constexpr std::size_t kAttachedQuota = 10;  // managed policies of a role; AWS raises it on request

struct Plan {
  std::vector<Action> actions;
  std::vector<std::string> notes;  // what is skipped or kept, and why
  std::string account, region, callerArn;
  std::string issuer, bucket, providerArn;
  oidc::Jwks published = {};                           // now, by what was looked at of the phase issuer
  std::vector<std::string> roleArns;                   // in the order of the bindings
  std::map<std::string, std::size_t> trustSizes = {};  // by role: characters of the trust policy that AWS counts
  std::size_t awsCalls = 0;                            // that it took to look
};

struct PlanOptions {
  bool adopt = false;         // take over objects that are not tagged as ours
  bool deleteBucket = false;  // destroy only
  Phases phases = allPhases();
  bool documentsOnly = false;  // Mode::documentsOnly
  bool isMoving = false;       // the provider of another issuer of ours may stand beside the new one for a while
};

// Conflict when a foreign object stands in the way and `adopt` is off; all of them are named. NotFound when documents
// alone are to be written and their place is not there.
base::Result<Plan> plan(const Desired& desired, const Observed& observed, const PlanOptions& options);
Plan planDestroy(const Observed& observed, const PlanOptions& options);
// What goes when the move from `former` to another issuer is over: statements of our roles that trust its provider,
// then the provider, each only if it is ours. Its bucket and documents stay.
Plan planFormer(const Observed& observed, std::string_view former);

std::string nameOf(const Call& call);  // "s3:CreateBucket", "iam:CreateRole", "kubernetes:Apply", "file:Create"
// Takes away what somebody may be using: an object, or a key that is published.
bool isDestructive(const Action& action);

// For people: by phase, + ~ - ↻ with reasons, diffs of documents, notes, and the total. No secrets.
std::string describe(const Plan& plan, bool isColored = false);
// {"actions":[{"call","target","reason"}],"notes":[...],"changes":N,"calls":N}; no secrets. Members may come, none go.
text::Json toJson(const Plan& plan);

}  // namespace setup
