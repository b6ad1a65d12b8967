#include <algorithm>

#include "policy/iam_text.h"
#include "policy/policy_document.h"
#include "policy/trust_policy.h"
#include "sim/iam.h"
#include "sim/managed_policies.h"
#include "text/uri.h"

namespace sim::iam {
namespace {

constexpr std::size_t kInlineQuota = 10'240, kMostAttached = 10;

base::Result<std::string> policyName(const Call& call) {
  auto name = call.parameters.find("PolicyName");
  TRY(Constraints(Values::Hidden)
          .required("policyName", name)
          .length("policyName", name, 1, 128)
          .pattern("policyName", name, !name || policy::isNameText(*name), "[\\w+=,.@-]+")
          .verdict());
  return std::string(*name);
}

base::Error noInlinePolicy(std::string_view name) {
  return awsError("NoSuchEntity", "The role policy with name " + std::string(name) + " cannot be found.");
}

}  // namespace

base::Result<void> putRolePolicy(Call& call) {
  std::string name = TRY(policyName(call));
  auto document = call.parameters.find("PolicyDocument");
  TRY(Constraints(Values::Hidden)
          .required("policyDocument", document)
          .length("policyDocument", document, 1, 131072)
          .verdict());
  Role* role = TRY(findRole(call));
  auto parsed = policy::parsePolicy(*document, policy::PolicyKind::Identity);
  if (!parsed) return awsError("MalformedPolicyDocument", parsed.error().message);
  std::size_t size = policy::quotaSize(*document);
  for (const auto& [other, text] : role->inlinePolicies)
    if (other != name) size += policy::quotaSize(text);
  if (size > kInlineQuota)
    return awsError("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role " + role->name);
  role->inlinePolicies[name] = *document;
  return {};
}

base::Result<void> getRolePolicy(Call& call) {
  std::string name = TRY(policyName(call));
  const Role* role = TRY(findRole(call));
  auto found = role->inlinePolicies.find(name);
  if (found == role->inlinePolicies.end()) return noInlinePolicy(name);
  call.xml.leaf("RoleName", role->name).leaf("PolicyName", name);
  call.xml.leaf("PolicyDocument", text::percentEncode(found->second));
  return {};
}

base::Result<void> listRolePolicies(Call& call) {
  const Role* role = TRY(findRole(call));
  Page page = TRY(pageOf(call, role->inlinePolicies.size()));
  call.xml.open("PolicyNames");
  auto policy = std::next(role->inlinePolicies.begin(), std::ptrdiff_t(page.first));
  for (std::size_t i = page.first; i < page.end; ++i, ++policy) call.xml.leaf("member", policy->first);
  call.xml.close();
  writePageEnd(call.xml, page);
  return {};
}

base::Result<void> deleteRolePolicy(Call& call) {
  std::string name = TRY(policyName(call));
  Role* role = TRY(findRole(call));
  if (!role->inlinePolicies.erase(name)) return noInlinePolicy(name);
  return {};
}

base::Result<void> attachRolePolicy(Call& call) {
  std::string arn = TRY(requestedArn(call, "PolicyArn", "policyArn"));
  Role* role = TRY(findRole(call));
  if (!policyDocument(call, arn))
    return awsError("NoSuchEntity", "Policy " + arn + " does not exist or is not attachable.");
  auto& attached = role->attachedPolicies;
  if (std::find(attached.begin(), attached.end(), arn) != attached.end()) return {};
  if (attached.size() >= kMostAttached) return awsError("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10");
  attached.push_back(arn);
  return {};
}

base::Result<void> detachRolePolicy(Call& call) {
  std::string arn = TRY(requestedArn(call, "PolicyArn", "policyArn"));
  Role* role = TRY(findRole(call));
  if (!std::erase(role->attachedPolicies, arn)) return awsError("NoSuchEntity", "Policy " + arn + " was not found.");
  return {};
}

base::Result<void> listAttachedRolePolicies(Call& call) {
  const Role* role = TRY(findRole(call));
  Page page = TRY(pageOf(call, role->attachedPolicies.size()));
  call.xml.open("AttachedPolicies");
  for (std::size_t i = page.first; i < page.end; ++i) {
    const std::string& arn = role->attachedPolicies[i];
    call.xml.open("member").leaf("PolicyName", arn.substr(arn.rfind('/') + 1)).leaf("PolicyArn", arn).close();
  }
  call.xml.close();
  writePageEnd(call.xml, page);
  return {};
}

base::Result<void> putRolePermissionsBoundary(Call& call) {
  std::string arn = TRY(requestedArn(call, "PermissionsBoundary", "permissionsBoundary"));
  Role* role = TRY(findRole(call));
  if (!policyDocument(call, arn))
    return awsError("NoSuchEntity", "Scope ARN: " + arn + " does not exist or is not attachable.");
  role->boundary = arn;
  return {};
}

base::Result<void> deleteRolePermissionsBoundary(Call& call) {
  Role* role = TRY(findRole(call));
  if (role->boundary.empty())
    return awsError("NoSuchEntity", "The role " + role->name + " doesn't have a permissions boundary.");
  role->boundary.clear();
  return {};
}

base::Result<void> listInstanceProfilesForRole(Call& call) {
  TRY(findRole(call));
  call.xml.open("InstanceProfiles").close().leaf("IsTruncated", "false");
  return {};
}

base::Result<void> getAccountSummary(Call& call) {
  std::size_t versions = 0;
  for (const auto& [name, policy] : call.state.policies) versions += policy.versions.size();
  const std::pair<std::string_view, std::size_t> entries[] = {
      {"AccessKeysPerUserQuota", 2},
      {"AccountAccessKeysPresent", 0},
      {"AccountMFAEnabled", 0},
      {"AccountPasswordPresent", 0},
      {"AccountSigningCertificatesPresent", 0},
      {"AssumeRolePolicySizeQuota", 2048},
      {"AttachedPoliciesPerGroupQuota", 10},
      {"AttachedPoliciesPerRoleQuota", kMostAttached},
      {"AttachedPoliciesPerUserQuota", 10},
      {"GlobalEndpointTokenVersion", 1},
      {"GroupPolicySizeQuota", 5120},
      {"Groups", 0},
      {"GroupsPerUserQuota", 10},
      {"GroupsQuota", 300},
      {"InstanceProfiles", 0},
      {"InstanceProfilesQuota", 1000},
      {"MFADevices", 0},
      {"MFADevicesInUse", 0},
      {"Policies", call.state.policies.size()},
      {"PoliciesQuota", 1500},
      {"PolicySizeQuota", 6144},
      {"PolicyVersionsInUse", versions},
      {"PolicyVersionsInUseQuota", 10'000},
      {"Providers", call.state.providers.size()},
      {"RolePolicySizeQuota", kInlineQuota},
      {"Roles", call.state.roles.size()},
      {"RolesQuota", 1000},
      {"ServerCertificates", 0},
      {"ServerCertificatesQuota", 20},
      {"SigningCertificatesPerUserQuota", 2},
      {"UserPolicySizeQuota", 2048},
      {"Users", 1},
      {"UsersQuota", 5000},
      {"VersionsPerPolicyQuota", 5},
  };
  call.xml.open("SummaryMap");
  for (const auto& [key, value] : entries)
    call.xml.open("entry").leaf("key", key).leaf("value", std::to_string(value)).close();
  call.xml.close();
  return {};
}

}  // namespace sim::iam
