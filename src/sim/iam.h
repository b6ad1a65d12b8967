// What the files of IAM share: one table in iam.cpp, the operations by subject.
#pragma once
#include <string>
#include <string_view>

#include "sim/operation.h"

namespace sim::iam {

// OpenID Connect providers: iam_providers.cpp.
base::Result<void> createOpenIdConnectProvider(Call& call);
base::Result<void> getOpenIdConnectProvider(Call& call);
base::Result<void> listOpenIdConnectProviders(Call& call);
base::Result<void> deleteOpenIdConnectProvider(Call& call);
base::Result<void> addClientId(Call& call);
base::Result<void> removeClientId(Call& call);
base::Result<void> updateThumbprint(Call& call);
base::Result<void> tagOpenIdConnectProvider(Call& call);
base::Result<void> untagOpenIdConnectProvider(Call& call);
base::Result<void> listOpenIdConnectProviderTags(Call& call);
std::string providerResource(const Call& call);

// Roles: iam_roles.cpp.
base::Result<void> createRole(Call& call);
base::Result<void> getRole(Call& call);
base::Result<void> listRoles(Call& call);
base::Result<void> deleteRole(Call& call);
base::Result<void> updateRole(Call& call);
base::Result<void> updateAssumeRolePolicy(Call& call);
base::Result<void> tagRole(Call& call);
base::Result<void> untagRole(Call& call);
base::Result<void> listRoleTags(Call& call);
std::string roleResource(const Call& call);
base::Result<Role*> findRole(Call& call);  // of the parameter RoleName

// A role's policies: iam_policies.cpp.
base::Result<void> putRolePolicy(Call& call);
base::Result<void> getRolePolicy(Call& call);
base::Result<void> listRolePolicies(Call& call);
base::Result<void> deleteRolePolicy(Call& call);
base::Result<void> attachRolePolicy(Call& call);
base::Result<void> detachRolePolicy(Call& call);
base::Result<void> listAttachedRolePolicies(Call& call);
base::Result<void> putRolePermissionsBoundary(Call& call);
base::Result<void> deleteRolePermissionsBoundary(Call& call);
base::Result<void> listInstanceProfilesForRole(Call& call);
base::Result<void> getAccountSummary(Call& call);
// A parameter that holds an ARN; `member` is its name in messages.
base::Result<std::string> requestedArn(const Call& call, std::string_view parameter, std::string_view member);

// Managed policies, AWS's and the account's own: iam_managed_policies.cpp and iam_policy_versions.cpp.
base::Result<void> createPolicy(Call& call);
base::Result<void> getPolicy(Call& call);
base::Result<void> listPolicies(Call& call);
base::Result<void> deletePolicy(Call& call);
base::Result<void> listEntitiesForPolicy(Call& call);
base::Result<void> tagPolicy(Call& call);
base::Result<void> untagPolicy(Call& call);
base::Result<void> listPolicyTags(Call& call);
base::Result<void> createPolicyVersion(Call& call);
base::Result<void> getPolicyVersion(Call& call);
base::Result<void> listPolicyVersions(Call& call);
base::Result<void> setDefaultPolicyVersion(Call& call);
base::Result<void> deletePolicyVersion(Call& call);
std::string policyResource(const Call& call);
// The account's own policy of the parameter PolicyArn; AWS's cannot be changed.
base::Result<CustomerPolicy*> findCustomerPolicy(Call& call);
base::Result<std::string> requestedPolicy(const Call& call);  // PolicyDocument, judged

// What would be allowed: iam_simulate.cpp.
base::Result<void> simulateCustomPolicy(Call& call);
base::Result<void> simulatePrincipalPolicy(Call& call);
std::string simulatedPrincipal(const Call& call);

// What the answers tell of a role or a policy: none of them everything but GetRole's and GetPolicy's.
enum class Told { Created, Got, Listed };

// The keys of a role's tags are the same in whatever case they are written; a policy's and a provider's are not.
enum class KeyCase { Ignored, Kept };

// Tags of a request, judged: 1 to 128 and 0 to 256 code points, no key twice, at most 50.
base::Result<Tags> requestTags(const Call& call, KeyCase keyCase);
base::Result<std::vector<std::string>> requestTagKeys(const Call& call);  // of TagKeys, judged
base::Result<void> addTags(Tags& tags, const Tags& added, KeyCase keyCase);
void writeTags(text::XmlWriter& xml, const Tags& tags);

// One page of `names` by Marker and MaxItems. Call close() after the items were written.
struct Page {
  std::size_t first = 0, end = 0;
  bool isTruncated = false;
};
base::Result<Page> pageOf(const Call& call, std::size_t count);
base::Result<void> writeTagPage(Call& call, const Tags& tags);  // <Tags>, one page of them
void writePageEnd(text::XmlWriter& xml, const Page& page);

bool isPath(std::string_view path);  // (/)|(/[\x21-\x7E]+/)

}  // namespace sim::iam
