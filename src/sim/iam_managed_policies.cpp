#include <algorithm>

#include "base/time.h"
#include "policy/arn.h"
#include "policy/iam_text.h"
#include "policy/policy_document.h"
#include "policy/trust_policy.h"
#include "sim/iam.h"
#include "sim/managed_policies.h"
#include "text/words.h"

namespace sim::iam {
namespace {

constexpr std::size_t kMostPolicies = 1500, kPolicyQuota = 6144;

base::Error notFound(std::string_view arn) {
  return awsError("NoSuchEntity", "Policy " + std::string(arn) + " was not found.");
}

std::size_t attachments(const State& state, std::string_view arn) {
  std::size_t count = 0;
  for (const auto& [name, role] : state.roles)
    count += std::size_t(std::count(role.attachedPolicies.begin(), role.attachedPolicies.end(), arn));
  return count;
}

std::size_t boundaries(const State& state, std::string_view arn) {
  return std::size_t(std::count_if(state.roles.begin(), state.roles.end(),
                                   [&](const auto& role) { return role.second.boundary == arn; }));
}

void writeCounts(Call& call, std::string_view arn) {
  call.xml.leaf("AttachmentCount", std::to_string(attachments(call.state, arn)));
  call.xml.leaf("PermissionsBoundaryUsageCount", std::to_string(boundaries(call.state, arn)));
  call.xml.leaf("IsAttachable", "true");
}

void writeAwsPolicy(Call& call, const ManagedPolicy& policy, std::string_view arn, std::string_view element,
                    Told told) {
  call.xml.open(element).leaf("PolicyName", policy.name).leaf("PolicyId", policy.id).leaf("Arn", arn).leaf("Path", "/");
  call.xml.leaf("DefaultVersionId", policy.version);
  writeCounts(call, arn);
  if (told == Told::Got) call.xml.leaf("Description", policy.description);
  call.xml.leaf("CreateDate", policy.created).leaf("UpdateDate", policy.updated);
  if (told == Told::Got) writeTags(call.xml, {});
  call.xml.close();
}

void writeOwnPolicy(Call& call, const CustomerPolicy& policy, std::string_view element, Told told) {
  const std::string arn = policyArn(call, policy);
  call.xml.open(element).leaf("PolicyName", policy.name).leaf("PolicyId", policy.id).leaf("Arn", arn);
  call.xml.leaf("Path", policy.path).leaf("DefaultVersionId", "v" + std::to_string(policy.defaultVersion));
  writeCounts(call, arn);
  if (told == Told::Got && !policy.description.empty()) call.xml.leaf("Description", policy.description);
  call.xml.leaf("CreateDate", timeText(policy.created)).leaf("UpdateDate", timeText(policy.updated));
  if (told == Told::Got || (told == Told::Created && !policy.tags.empty())) writeTags(call.xml, policy.tags);
  call.xml.close();
}

base::Result<CustomerPolicy> wishedPolicy(Call& call) {
  const Parameters& asked = call.parameters;
  auto name = asked.find("PolicyName"), path = asked.find("Path"), description = asked.find("Description");
  Constraints constraints(Values::Hidden);
  constraints.required("policyName", name)
      .length("policyName", name, 1, 128)
      .pattern("policyName", name, !name || policy::isNameText(*name), "[\\w+=,.@-]+");
  constraints.length("path", path, 1, 512)
      .pattern("path", path, !path || isPath(*path), "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/")
      .length("description", description, 0, 1000);
  TRY(constraints.verdict());
  CustomerPolicy policy;
  policy.versions[1] = {TRY(requestedPolicy(call)), base::unixSeconds(call.now)};
  policy.name = *name;
  policy.path = path.value_or("/");
  policy.description = description.value_or("");
  policy.tags = TRY(requestTags(call, KeyCase::Kept));
  policy.created = policy.updated = base::unixSeconds(call.now);
  return policy;
}

}  // namespace

std::string policyResource(const Call& call) {
  if (auto given = call.parameters.find("PolicyArn")) return std::string(*given);
  return arn(call, "iam",
             "policy" + std::string(call.parameters.find("Path").value_or("/")) +
                 std::string(call.parameters.get("PolicyName")));
}

base::Result<std::string> requestedArn(const Call& call, std::string_view parameter, std::string_view member) {
  auto given = call.parameters.find(parameter);
  TRY(Constraints(Values::Hidden).required(member, given).length(member, given, 20, 2048).verdict());
  auto arn = policy::parseArn(*given);
  const bool isOurs = arn && arn->partition == partitionOf(call.settings.region);
  if (!isOurs || arn->service != "iam" || !arn->resource.starts_with("policy/"))
    return awsError(arn ? "InvalidInput" : "ValidationError", "ARN " + std::string(*given) + " is not valid.");
  return std::string(*given);
}

base::Result<std::string> requestedPolicy(const Call& call) {
  auto document = call.parameters.find("PolicyDocument");
  TRY(Constraints(Values::Hidden)
          .required("policyDocument", document)
          .length("policyDocument", document, 1, 131072)
          .verdict());
  auto parsed = policy::parsePolicy(*document, policy::PolicyKind::Identity);
  if (!parsed) return awsError("MalformedPolicyDocument", parsed.error().message);
  if (policy::quotaSize(*document) > kPolicyQuota)
    return awsError("LimitExceeded", "Cannot exceed quota for PolicySize: 6144");
  return std::string(*document);
}

base::Result<CustomerPolicy*> findCustomerPolicy(Call& call) {
  std::string arn = TRY(requestedArn(call, "PolicyArn", "policyArn"));
  if (managedPolicy(arn))
    return awsError("AccessDenied", "User: " + call.caller.arn + " is not authorized to change the policy " + arn +
                                        ", which is AWS's own");
  auto found = call.state.policies.find(text::lowerCase(arn.substr(arn.rfind('/') + 1)));
  if (found == call.state.policies.end() || policyArn(call, found->second) != arn) return notFound(arn);
  return &found->second;
}

base::Result<void> createPolicy(Call& call) {
  CustomerPolicy policy = TRY(wishedPolicy(call));
  if (call.state.policies.count(text::lowerCase(policy.name)))
    return awsError("EntityAlreadyExists",
                    "A policy called " + policy.name + " already exists. Duplicate names are not allowed.");
  if (call.state.policies.size() >= kMostPolicies)
    return awsError("LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 1500");
  policy.id = makeId(call.random, "ANPA", 17);
  writeOwnPolicy(call, policy, "Policy", Told::Created);
  std::string key = text::lowerCase(policy.name);
  call.state.policies.emplace(std::move(key), std::move(policy));
  return {};
}

base::Result<void> getPolicy(Call& call) {
  const std::string arn = TRY(requestedArn(call, "PolicyArn", "policyArn"));
  if (const ManagedPolicy* known = managedPolicy(arn)) {
    writeAwsPolicy(call, *known, arn, "Policy", Told::Got);
    return {};
  }
  const CustomerPolicy* own = customerPolicy(call, arn);
  if (!own) return notFound(arn);
  writeOwnPolicy(call, *own, "Policy", Told::Got);
  return {};
}

base::Result<void> listPolicies(Call& call) {
  auto scope = call.parameters.find("Scope");
  bool isScope = !scope || *scope == "All" || *scope == "AWS" || *scope == "Local";
  TRY(Constraints(Values::Hidden).pattern("scope", scope, isScope, "All|AWS|Local").verdict());
  const std::string wanted(scope.value_or("All"));
  const std::string prefix(call.parameters.find("PathPrefix").value_or("/"));
  const bool onlyAttached = text::lowerCase(call.parameters.get("OnlyAttached")) == "true";
  std::vector<std::string> arns;
  if (wanted != "Local" && prefix == "/") arns = managedPolicyArns(partitionOf(call.settings.region));
  if (wanted != "AWS")
    for (const auto& [name, policy] : call.state.policies)
      if (policy.path.starts_with(prefix)) arns.push_back(policyArn(call, policy));
  if (onlyAttached) std::erase_if(arns, [&](const std::string& arn) { return attachments(call.state, arn) == 0; });
  Page page = TRY(pageOf(call, arns.size()));
  call.xml.open("Policies");
  for (std::size_t i = page.first; i < page.end; ++i) {
    if (const ManagedPolicy* known = managedPolicy(arns[i]))
      writeAwsPolicy(call, *known, arns[i], "member", Told::Listed);
    else
      writeOwnPolicy(call, *customerPolicy(call, arns[i]), "member", Told::Listed);
  }
  call.xml.close();
  writePageEnd(call.xml, page);
  return {};
}

base::Result<void> deletePolicy(Call& call) {
  const CustomerPolicy* policy = TRY(findCustomerPolicy(call));
  const std::string arn = policyArn(call, *policy);
  if (attachments(call.state, arn) + boundaries(call.state, arn) > 0)
    return awsError("DeleteConflict", "Cannot delete a policy attached to entities.");
  if (policy->versions.size() > 1)
    return awsError("DeleteConflict",
                    "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                    "versions. The default version is deleted with the policy.");
  call.state.policies.erase(text::lowerCase(policy->name));
  return {};
}

base::Result<void> listEntitiesForPolicy(Call& call) {
  const std::string arn = TRY(requestedArn(call, "PolicyArn", "policyArn"));
  if (!policyDocument(call, arn)) return notFound(arn);
  const bool asBoundary = call.parameters.get("PolicyUsageFilter") == "PermissionsBoundary";
  std::vector<const Role*> roles;
  for (const auto& [name, role] : call.state.roles) {
    const auto& attached = role.attachedPolicies;
    if (asBoundary ? role.boundary == arn : std::find(attached.begin(), attached.end(), arn) != attached.end())
      roles.push_back(&role);
  }
  Page page = TRY(pageOf(call, roles.size()));
  call.xml.open("PolicyRoles");
  for (std::size_t i = page.first; i < page.end; ++i)
    call.xml.open("member").leaf("RoleName", roles[i]->name).leaf("RoleId", roles[i]->id).close();
  call.xml.close().open("PolicyUsers").close().open("PolicyGroups").close();
  writePageEnd(call.xml, page);
  return {};
}

base::Result<void> tagPolicy(Call& call) {
  CustomerPolicy* policy = TRY(findCustomerPolicy(call));
  Tags tags = TRY(requestTags(call, KeyCase::Kept));
  return addTags(policy->tags, tags, KeyCase::Kept);
}

base::Result<void> untagPolicy(Call& call) {
  const std::vector<std::string> keys = TRY(requestTagKeys(call));
  CustomerPolicy* policy = TRY(findCustomerPolicy(call));
  for (const std::string& key : keys) policy->tags.erase(key);
  return {};
}

base::Result<void> listPolicyTags(Call& call) {
  const CustomerPolicy* policy = TRY(findCustomerPolicy(call));
  return writeTagPage(call, policy->tags);
}

}  // namespace sim::iam
