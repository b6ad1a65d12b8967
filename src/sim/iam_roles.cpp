#include <algorithm>

#include "base/time.h"
#include "policy/iam_text.h"
#include "policy/policy_document.h"
#include "policy/trust_policy.h"
#include "sim/iam.h"
#include "sim/managed_policies.h"
#include "sim/principals.h"
#include "text/uri.h"
#include "text/words.h"

namespace sim::iam {
namespace {

constexpr std::size_t kTrustQuota = 2048, kMostRoles = 1000;

base::Error cannotFind(std::string_view name) {
  return awsError("NoSuchEntity", "The role with name " + std::string(name) + " cannot be found.");
}

void checkName(Constraints& constraints, const std::optional<std::string_view>& name) {
  constraints.required("roleName", name)
      .length("roleName", name, 1, 64)
      .pattern("roleName", name, !name || policy::isNameText(*name), "[\\w+=,.@-]+");
}

base::Result<void> checkTrustPolicy(const Call& call, std::string_view document) {
  auto parsed = policy::parsePolicy(document, policy::PolicyKind::Trust);
  if (!parsed) return awsError("MalformedPolicyDocument", parsed.error().message);
  if (auto missing = missingPrincipal(call, *parsed))
    return awsError("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"" + *missing + "\"");
  if (policy::quotaSize(document) > kTrustQuota)
    return awsError("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: " + std::to_string(kTrustQuota));
  return {};
}

// [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*
bool isDescription(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')) return false;
      continue;
    }
    const unsigned second = i + 1 < text.size() ? static_cast<unsigned char>(text[++i]) : 0U;
    const unsigned point = (c & 0x1fU) << 6 | (second & 0x3fU);
    if ((c & 0xe0U) != 0xc0U || (second & 0xc0U) != 0x80U || point < 0xa1 || point > 0xff) return false;
  }
  return true;
}

void checkDescription(Constraints& constraints, const std::optional<std::string_view>& description) {
  constraints.length("description", description, 0, 1000)
      .pattern("description", description, !description || isDescription(*description),
               "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*");
}

void writeRole(Call& call, const Role& role, std::string_view element, Told told) {
  text::XmlWriter& xml = call.xml;
  const bool isCreated = told == Told::Created, isListed = told == Told::Listed;
  xml.open(element).leaf("Path", role.path).leaf("RoleName", role.name).leaf("RoleId", role.id);
  xml.leaf("Arn", roleArn(call, role)).leaf("CreateDate", timeText(role.created));
  xml.leaf("AssumeRolePolicyDocument", text::percentEncode(role.trustPolicy));
  if (!isCreated && !role.description.empty()) xml.leaf("Description", role.description);
  if (!isCreated) xml.leaf("MaxSessionDuration", std::to_string(role.maxSessionDuration));
  if (!isListed && !role.boundary.empty())
    xml.open("PermissionsBoundary")
        .leaf("PermissionsBoundaryType", "Policy")
        .leaf("PermissionsBoundaryArn", role.boundary)
        .close();
  if (!isListed && !role.tags.empty()) writeTags(xml, role.tags);
  if (told == Told::Got) xml.open("RoleLastUsed").close();
  xml.close();
}

base::Result<Role> requestedRole(const Call& call) {
  const Parameters& asked = call.parameters;
  auto name = asked.find("RoleName"), path = asked.find("Path"), trust = asked.find("AssumeRolePolicyDocument");
  auto description = asked.find("Description"), boundary = asked.find("PermissionsBoundary");
  auto duration = TRY(asked.number("MaxSessionDuration"));
  Constraints constraints(Values::Hidden);
  checkName(constraints, name);
  constraints.length("path", path, 1, 512)
      .pattern("path", path, !path || isPath(*path), "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)")
      .required("assumeRolePolicyDocument", trust)
      .length("assumeRolePolicyDocument", trust, 1, 131072)
      .range("maxSessionDuration", duration, 3600, 43200)
      .length("permissionsBoundary", boundary, 20, 2048);
  checkDescription(constraints, description);
  TRY(constraints.verdict());
  TRY(checkTrustPolicy(call, *trust));
  if (boundary) TRY(requestedArn(call, "PermissionsBoundary", "permissionsBoundary"));
  Role role;
  role.name = *name;
  role.path = path.value_or("/");
  role.trustPolicy = *trust;
  role.description = description.value_or("");
  role.boundary = boundary.value_or("");
  role.maxSessionDuration = duration.value_or(3600);
  role.tags = TRY(requestTags(call, KeyCase::Ignored));
  return role;
}

}  // namespace

std::string roleResource(const Call& call) {
  std::string name(call.parameters.get("RoleName"));
  auto found = call.state.roles.find(text::lowerCase(name));
  if (found != call.state.roles.end()) return roleArn(call, found->second);
  return arn(call, "iam", "role" + std::string(call.parameters.find("Path").value_or("/")) + name);
}

base::Result<Role*> findRole(Call& call) {
  auto name = call.parameters.find("RoleName");
  Constraints constraints(Values::Hidden);
  checkName(constraints, name);
  TRY(constraints.verdict());
  auto found = call.state.roles.find(text::lowerCase(*name));
  if (found == call.state.roles.end()) return cannotFind(*name);
  return &found->second;
}

base::Result<void> createRole(Call& call) {
  Role role = TRY(requestedRole(call));
  if (call.state.roles.count(text::lowerCase(role.name)))
    return awsError("EntityAlreadyExists", "Role with name " + role.name + " already exists.");
  if (!role.boundary.empty() && !policyDocument(call, role.boundary))
    return awsError("NoSuchEntity", "Scope ARN: " + role.boundary + " does not exist or is not attachable.");
  if (call.state.roles.size() >= kMostRoles)
    return awsError("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000");
  role.id = makeId(call.random, "AROA", 17);
  role.created = base::unixSeconds(call.now);
  writeRole(call, role, "Role", Told::Created);
  std::string key = text::lowerCase(role.name);
  call.state.roles.emplace(std::move(key), std::move(role));
  return {};
}

base::Result<void> getRole(Call& call) {
  const Role* role = TRY(findRole(call));
  writeRole(call, *role, "Role", Told::Got);
  return {};
}

base::Result<void> listRoles(Call& call) {
  auto wanted = call.parameters.find("PathPrefix");
  TRY(Constraints(Values::Hidden)
          .length("pathPrefix", wanted, 1, 512)
          .pattern("pathPrefix", wanted, !wanted || wanted->starts_with('/'), "\\u002F[\\u0021-\\u007F]*")
          .verdict());
  std::string_view prefix = wanted.value_or("/");
  std::vector<const Role*> roles;
  for (const auto& [name, role] : call.state.roles)
    if (role.path.starts_with(prefix)) roles.push_back(&role);
  Page page = TRY(pageOf(call, roles.size()));
  call.xml.open("Roles");
  for (std::size_t i = page.first; i < page.end; ++i) writeRole(call, *roles[i], "member", Told::Listed);
  call.xml.close();
  writePageEnd(call.xml, page);
  return {};
}

base::Result<void> deleteRole(Call& call) {
  const Role* role = TRY(findRole(call));
  if (!role->attachedPolicies.empty())
    return awsError("DeleteConflict", "Cannot delete entity, must detach all policies first.");
  if (!role->inlinePolicies.empty())
    return awsError("DeleteConflict", "Cannot delete entity, must delete policies first.");
  call.state.roles.erase(text::lowerCase(role->name));
  return {};
}

base::Result<void> updateRole(Call& call) {
  Role* role = TRY(findRole(call));
  auto description = call.parameters.find("Description");
  auto duration = TRY(call.parameters.number("MaxSessionDuration"));
  Constraints constraints(Values::Hidden);
  checkDescription(constraints, description);
  TRY(constraints.range("maxSessionDuration", duration, 3600, 43200).verdict());
  if (description) role->description = *description;
  if (duration) role->maxSessionDuration = *duration;
  return {};
}

base::Result<void> updateAssumeRolePolicy(Call& call) {
  auto document = call.parameters.find("PolicyDocument");
  TRY(Constraints(Values::Hidden)
          .required("policyDocument", document)
          .length("policyDocument", document, 1, 131072)
          .verdict());
  Role* role = TRY(findRole(call));
  TRY(checkTrustPolicy(call, *document));
  role->trustPolicy = *document;
  return {};
}

base::Result<void> tagRole(Call& call) {
  Role* role = TRY(findRole(call));
  Tags tags = TRY(requestTags(call, KeyCase::Ignored));
  return addTags(role->tags, tags, KeyCase::Ignored);
}

base::Result<void> untagRole(Call& call) {
  const std::vector<std::string> keys = TRY(requestTagKeys(call));
  Role* role = TRY(findRole(call));
  for (const std::string& key : keys)
    std::erase_if(role->tags, [&](const auto& tag) { return text::lowerCase(tag.first) == text::lowerCase(key); });
  return {};
}

base::Result<void> listRoleTags(Call& call) {
  const Role* role = TRY(findRole(call));
  return writeTagPage(call, role->tags);
}

}  // namespace sim::iam
