#include "sim/iam.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "policy/iam_text.h"
#include "text/encoding.h"
#include "text/words.h"

namespace sim {
namespace {

using namespace iam;

constexpr std::size_t kMostTags = 50;

// Columns: name, action, resource, function, writes, hasResult.
constexpr Operation kIamOperations[] = {
    {"CreateOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider", providerResource, createOpenIdConnectProvider,
     true},
    {"GetOpenIDConnectProvider", "iam:GetOpenIDConnectProvider", providerResource, getOpenIdConnectProvider},
    {"ListOpenIDConnectProviders", "iam:ListOpenIDConnectProviders", nullptr, listOpenIdConnectProviders},
    {"DeleteOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", providerResource, deleteOpenIdConnectProvider,
     true, false},
    {"AddClientIDToOpenIDConnectProvider", "iam:AddClientIDToOpenIDConnectProvider", providerResource, addClientId,
     true, false},
    {"RemoveClientIDFromOpenIDConnectProvider", "iam:RemoveClientIDFromOpenIDConnectProvider", providerResource,
     removeClientId, true, false},
    {"UpdateOpenIDConnectProviderThumbprint", "iam:UpdateOpenIDConnectProviderThumbprint", providerResource,
     updateThumbprint, true, false},
    {"TagOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", providerResource, tagOpenIdConnectProvider, true,
     false},
    {"UntagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider", providerResource, untagOpenIdConnectProvider, true,
     false},
    {"ListOpenIDConnectProviderTags", "iam:ListOpenIDConnectProviderTags", providerResource,
     listOpenIdConnectProviderTags},
    {"CreateRole", "iam:CreateRole", roleResource, createRole, true},
    {"GetRole", "iam:GetRole", roleResource, getRole},
    {"ListRoles", "iam:ListRoles", nullptr, listRoles},
    {"DeleteRole", "iam:DeleteRole", roleResource, deleteRole, true, false},
    {"UpdateRole", "iam:UpdateRole", roleResource, updateRole, true},
    {"UpdateAssumeRolePolicy", "iam:UpdateAssumeRolePolicy", roleResource, updateAssumeRolePolicy, true, false},
    {"TagRole", "iam:TagRole", roleResource, tagRole, true, false},
    {"UntagRole", "iam:UntagRole", roleResource, untagRole, true, false},
    {"ListRoleTags", "iam:ListRoleTags", roleResource, listRoleTags},
    {"PutRolePolicy", "iam:PutRolePolicy", roleResource, putRolePolicy, true, false},
    {"GetRolePolicy", "iam:GetRolePolicy", roleResource, getRolePolicy},
    {"ListRolePolicies", "iam:ListRolePolicies", roleResource, listRolePolicies},
    {"DeleteRolePolicy", "iam:DeleteRolePolicy", roleResource, deleteRolePolicy, true, false},
    {"AttachRolePolicy", "iam:AttachRolePolicy", roleResource, attachRolePolicy, true, false},
    {"DetachRolePolicy", "iam:DetachRolePolicy", roleResource, detachRolePolicy, true, false},
    {"ListAttachedRolePolicies", "iam:ListAttachedRolePolicies", roleResource, listAttachedRolePolicies},
    {"PutRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", roleResource, putRolePermissionsBoundary, true,
     false},
    {"DeleteRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary", roleResource, deleteRolePermissionsBoundary,
     true, false},
    {"ListInstanceProfilesForRole", "iam:ListInstanceProfilesForRole", roleResource, listInstanceProfilesForRole},
    {"CreatePolicy", "iam:CreatePolicy", policyResource, createPolicy, true},
    {"GetPolicy", "iam:GetPolicy", policyResource, getPolicy},
    {"ListPolicies", "iam:ListPolicies", nullptr, listPolicies},
    {"DeletePolicy", "iam:DeletePolicy", policyResource, deletePolicy, true, false},
    {"ListEntitiesForPolicy", "iam:ListEntitiesForPolicy", policyResource, listEntitiesForPolicy},
    {"TagPolicy", "iam:TagPolicy", policyResource, tagPolicy, true, false},
    {"UntagPolicy", "iam:UntagPolicy", policyResource, untagPolicy, true, false},
    {"ListPolicyTags", "iam:ListPolicyTags", policyResource, listPolicyTags},
    {"CreatePolicyVersion", "iam:CreatePolicyVersion", policyResource, createPolicyVersion, true},
    {"GetPolicyVersion", "iam:GetPolicyVersion", policyResource, getPolicyVersion},
    {"ListPolicyVersions", "iam:ListPolicyVersions", policyResource, listPolicyVersions},
    {"SetDefaultPolicyVersion", "iam:SetDefaultPolicyVersion", policyResource, setDefaultPolicyVersion, true, false},
    {"DeletePolicyVersion", "iam:DeletePolicyVersion", policyResource, deletePolicyVersion, true, false},
    {"SimulateCustomPolicy", "iam:SimulateCustomPolicy", nullptr, simulateCustomPolicy},
    {"SimulatePrincipalPolicy", "iam:SimulatePrincipalPolicy", simulatedPrincipal, simulatePrincipalPolicy},
    {"GetAccountSummary", "iam:GetAccountSummary", nullptr, getAccountSummary},
};

}  // namespace

std::span<const Operation> iamOperations() { return kIamOperations; }

namespace iam {

base::Result<Tags> requestTags(const Call& call, KeyCase keyCase) {
  Tags tags;
  std::set<std::string> seen;
  Constraints constraints(Values::Hidden);
  const auto given = call.parameters.tags("Tags");
  if (given.size() > kMostTags) constraints.failed("", "tags", "Member must have length less than or equal to 50");
  for (std::size_t i = 0; i < given.size(); ++i) constraints.tag(i + 1, given[i].first, given[i].second);
  TRY(constraints.verdict());
  for (const auto& [key, value] : given) {
    if (!seen.insert(keyCase == KeyCase::Ignored ? text::lowerCase(key) : key).second)
      return awsError("InvalidInput", keyCase == KeyCase::Ignored
                                          ? "Duplicate tag keys found. Please note that Tag keys are case insensitive."
                                          : "Duplicate tag keys found.");
    if (policy::isReservedTagKey(key))
      return awsError("InvalidInput", "Keys that start with aws: are reserved for internal use.");
    tags[key] = value;
  }
  return tags;
}

base::Result<std::vector<std::string>> requestTagKeys(const Call& call) {
  std::vector<std::string> keys = call.parameters.list("TagKeys");
  Constraints constraints(Values::Hidden);
  if (keys.size() > kMostTags) constraints.failed("", "tagKeys", "Member must have length less than or equal to 50");
  const bool areKeys = std::ranges::all_of(
      keys, [](const std::string& key) { return !key.empty() && key.size() <= 128 && policy::isTagText(key); });
  constraints.items("tagKeys", areKeys,
                    "Member must have length less than or equal to 128, Member must have length greater than or equal "
                    "to 1, Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member "
                    "must not be null");
  TRY(constraints.verdict());
  return keys;
}

base::Result<void> addTags(Tags& tags, const Tags& added, KeyCase keyCase) {
  Tags both = tags;
  for (const auto& [key, value] : added) {
    if (keyCase == KeyCase::Ignored)
      std::erase_if(both, [&](const auto& tag) { return text::lowerCase(tag.first) == text::lowerCase(key); });
    both[key] = value;
  }
  if (both.size() > kMostTags) return awsError("LimitExceeded", "The number of tags has reached the maximum limit.");
  tags = std::move(both);
  return {};
}

void writeTags(text::XmlWriter& xml, const Tags& tags) {
  xml.open("Tags");
  for (const auto& [key, value] : tags) xml.open("member").leaf("Key", key).leaf("Value", value).close();
  xml.close();
}

base::Result<Page> pageOf(const Call& call, std::size_t count) {
  auto limit = TRY(call.parameters.number("MaxItems"));
  TRY(Constraints(Values::Hidden).range("maxItems", limit, 1, 1000).verdict());
  Page page;
  if (auto marker = call.parameters.find("Marker")) {
    auto plain = text::decodeBase64Url(*marker);
    auto parsed = plain ? std::from_chars(plain->data(), plain->data() + plain->size(), page.first)
                        : std::from_chars_result{nullptr, std::errc::invalid_argument};
    if (parsed.ec != std::errc() || page.first > count) return awsError("ValidationError", "Invalid Marker.");
  }
  page.end = std::min(count, page.first + std::size_t(limit.value_or(100)));
  page.isTruncated = page.end < count;
  return page;
}

void writePageEnd(text::XmlWriter& xml, const Page& page) {
  xml.leaf("IsTruncated", page.isTruncated ? "true" : "false");
  if (page.isTruncated) xml.leaf("Marker", text::base64Url(std::to_string(page.end)));
}

base::Result<void> writeTagPage(Call& call, const Tags& tags) {
  Page page = TRY(pageOf(call, tags.size()));
  auto first = std::next(tags.begin(), std::ptrdiff_t(page.first));
  writeTags(call.xml, Tags(first, std::next(tags.begin(), std::ptrdiff_t(page.end))));
  writePageEnd(call.xml, page);
  return {};
}

bool isPath(std::string_view path) {
  bool printable = std::all_of(path.begin(), path.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
  return printable && path.starts_with('/') && path.ends_with('/');
}

}  // namespace iam
}  // namespace sim
