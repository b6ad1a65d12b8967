#include "aws/iam.h"

#include <algorithm>
#include <charconv>

#include "aws/query_protocol.h"

namespace aws {
namespace {

constexpr const char* kLongestPage = "1000";

using text::FormFields;
using text::XmlElement;

Operation operation(std::string_view name, std::string_view subject, FormFields fields) {
  return queryOperation("iam", "2010-05-08", name, subject, std::move(fields));
}

void appendTags(FormFields& fields, const Tags& tags) {
  std::size_t number = 0;
  for (const auto& [key, value] : tags) {
    std::string prefix = "Tags.member." + std::to_string(++number);
    fields.emplace_back(prefix + ".Key", key);
    fields.emplace_back(prefix + ".Value", value);
  }
}

// Ceph writes a role's tags as <Key><Key>...</Key></Key><Value><Value>...</Value></Value> one after the other, and
// keeps the old value when a tag is set anew: the last is the one.
Tags tagsOf(const XmlElement& result) {
  Tags tags;
  const XmlElement* list = result.find("Tags");
  if (!list) return tags;
  for (const XmlElement* tag : list->all("member")) tags.emplace(tag->textOf("Key"), tag->textOf("Value"));
  const auto keys = list->all("Key"), values = list->all("Value");
  for (std::size_t i = 0; i < std::min(keys.size(), values.size()); ++i)
    tags.insert_or_assign(std::string(keys[i]->textOf("Key")), std::string(values[i]->textOf("Value")));
  return tags;
}

std::string seconds(std::chrono::seconds duration) { return std::to_string(duration.count()); }

// IAM returns policy documents percent-encoded inside the XML (RFC 3986); Ceph as they are.
base::Result<std::string> documentOf(const XmlElement& element, std::string_view name) {
  if (element.textOf(name).starts_with('{')) return std::string(element.textOf(name));
  auto decoded = text::percentDecode(element.textOf(name));
  if (!decoded) return std::move(decoded).error().during("decoding " + std::string(name));
  return decoded;
}

base::Result<Role> roleOf(const XmlElement& element) {
  Role role;
  role.name = element.textOf("RoleName");
  role.path = element.textOf("Path");
  role.arn = element.textOf("Arn");
  role.id = element.textOf("RoleId");
  role.description = element.textOf("Description");
  role.assumeRolePolicyDocument = TRY(documentOf(element, "AssumeRolePolicyDocument"));
  std::string_view duration = element.textOf("MaxSessionDuration");
  long count = role.maxSessionDuration.count();
  std::from_chars(duration.data(), duration.data() + duration.size(), count);
  role.maxSessionDuration = std::chrono::seconds(count);
  if (const XmlElement* boundary = element.find("PermissionsBoundary"))
    role.permissionsBoundary = boundary->textOf("PermissionsBoundaryArn");
  role.tags = tagsOf(element);
  return role;
}

base::Result<Role> onlyRole(std::string_view name, const http::Response& response) {
  XmlElement result = TRY(resultOf(name, response));
  const XmlElement* role = result.find("Role");
  if (!role) return base::internal(std::string(name) + ": the answer has no Role");
  return roleOf(*role);
}

std::string markerOf(const XmlElement& result) {
  return result.textOf("IsTruncated") == "true" ? std::string(result.textOf("Marker")) : "";
}

}  // namespace

Operation encode(const CreateOpenIDConnectProvider& call) {
  FormFields fields{{"Url", call.url}};
  appendList(fields, "ClientIDList", call.clientIds);
  appendList(fields, "ThumbprintList", call.thumbprints);
  appendTags(fields, call.tags);
  return operation("CreateOpenIDConnectProvider", call.url, fields);
}

Operation encode(const GetOpenIDConnectProvider& call) {
  return operation("GetOpenIDConnectProvider", call.arn, {{"OpenIDConnectProviderArn", call.arn}});
}

Operation encode(const ListOpenIDConnectProviders&) { return operation("ListOpenIDConnectProviders", "", {}); }

Operation encode(const AddClientIDToOpenIDConnectProvider& call) {
  return operation("AddClientIDToOpenIDConnectProvider", call.arn,
                   {{"OpenIDConnectProviderArn", call.arn}, {"ClientID", call.clientId}});
}

Operation encode(const RemoveClientIDFromOpenIDConnectProvider& call) {
  return operation("RemoveClientIDFromOpenIDConnectProvider", call.arn,
                   {{"OpenIDConnectProviderArn", call.arn}, {"ClientID", call.clientId}});
}

Operation encode(const UpdateOpenIDConnectProviderThumbprint& call) {
  FormFields fields{{"OpenIDConnectProviderArn", call.arn}};
  appendList(fields, "ThumbprintList", call.thumbprints);
  return operation("UpdateOpenIDConnectProviderThumbprint", call.arn, fields);
}

Operation encode(const TagOpenIDConnectProvider& call) {
  FormFields fields{{"OpenIDConnectProviderArn", call.arn}};
  appendTags(fields, call.tags);
  return operation("TagOpenIDConnectProvider", call.arn, fields);
}

Operation encode(const DeleteOpenIDConnectProvider& call) {
  return operation("DeleteOpenIDConnectProvider", call.arn, {{"OpenIDConnectProviderArn", call.arn}});
}

Operation encode(const CreateRole& call) {
  FormFields fields{{"RoleName", call.roleName},
                    {"Path", call.path},
                    {"AssumeRolePolicyDocument", call.assumeRolePolicyDocument},
                    {"Description", call.description},
                    {"MaxSessionDuration", seconds(call.maxSessionDuration)},
                    {"PermissionsBoundary", call.permissionsBoundary}};
  appendTags(fields, call.tags);
  return operation("CreateRole", call.roleName, fields);
}

Operation encode(const GetRole& call) { return operation("GetRole", call.roleName, {{"RoleName", call.roleName}}); }

Operation encode(const UpdateAssumeRolePolicy& call) {
  return operation("UpdateAssumeRolePolicy", call.roleName,
                   {{"RoleName", call.roleName}, {"PolicyDocument", call.policyDocument}});
}

Operation encode(const UpdateRole& call) {
  return operation("UpdateRole", call.roleName,
                   {{"RoleName", call.roleName},
                    {"Description", call.description},
                    {"MaxSessionDuration", seconds(call.maxSessionDuration)}});
}

Operation encode(const TagRole& call) {
  FormFields fields{{"RoleName", call.roleName}};
  appendTags(fields, call.tags);
  return operation("TagRole", call.roleName, fields);
}

Operation encode(const PutRolePermissionsBoundary& call) {
  return operation("PutRolePermissionsBoundary", call.roleName,
                   {{"RoleName", call.roleName}, {"PermissionsBoundary", call.permissionsBoundary}});
}

Operation encode(const DeleteRolePermissionsBoundary& call) {
  return operation("DeleteRolePermissionsBoundary", call.roleName, {{"RoleName", call.roleName}});
}

Operation encode(const DeleteRole& call) {
  return operation("DeleteRole", call.roleName, {{"RoleName", call.roleName}});
}

Operation encode(const AttachRolePolicy& call) {
  return operation("AttachRolePolicy", call.roleName + " " + call.policyArn,
                   {{"RoleName", call.roleName}, {"PolicyArn", call.policyArn}});
}

Operation encode(const DetachRolePolicy& call) {
  return operation("DetachRolePolicy", call.roleName + " " + call.policyArn,
                   {{"RoleName", call.roleName}, {"PolicyArn", call.policyArn}});
}

Operation encode(const PutRolePolicy& call) {
  return operation(
      "PutRolePolicy", call.roleName + " " + call.policyName,
      {{"RoleName", call.roleName}, {"PolicyName", call.policyName}, {"PolicyDocument", call.policyDocument}});
}

Operation encode(const GetRolePolicy& call) {
  return operation("GetRolePolicy", call.roleName + " " + call.policyName,
                   {{"RoleName", call.roleName}, {"PolicyName", call.policyName}});
}

Operation encode(const DeleteRolePolicy& call) {
  return operation("DeleteRolePolicy", call.roleName + " " + call.policyName,
                   {{"RoleName", call.roleName}, {"PolicyName", call.policyName}});
}

Operation encode(const GetPolicy& call) {
  return operation("GetPolicy", call.policyArn, {{"PolicyArn", call.policyArn}});
}

Operation encode(const GetAccountSummary&) { return operation("GetAccountSummary", "", {}); }

Operation encode(const SimulatePrincipalPolicy& call) {
  FormFields fields{{"PolicySourceArn", call.principalArn}, {"Marker", call.marker}, {"MaxItems", kLongestPage}};
  appendList(fields, "ActionNames", call.actions);
  appendList(fields, "ResourceArns", call.resourceArns);
  return operation("SimulatePrincipalPolicy", call.principalArn, fields);
}

Operation encode(const ListRoles& call) {
  return operation("ListRoles", "", {{"Marker", call.marker}, {"MaxItems", kLongestPage}});
}

Operation encode(const ListRoleTags& call) {
  return operation("ListRoleTags", call.roleName, {{"RoleName", call.roleName}, {"Marker", call.marker}});
}

Operation encode(const ListAttachedRolePolicies& call) {
  return operation("ListAttachedRolePolicies", call.roleName, {{"RoleName", call.roleName}, {"Marker", call.marker}});
}

Operation encode(const ListRolePolicies& call) {
  return operation("ListRolePolicies", call.roleName, {{"RoleName", call.roleName}, {"Marker", call.marker}});
}

base::Result<std::string> decode(const CreateOpenIDConnectProvider&, const http::Response& response) {
  XmlElement result = TRY(resultOf("CreateOpenIDConnectProvider", response));
  return std::string(result.textOf("OpenIDConnectProviderArn"));
}

base::Result<OpenIDConnectProvider> decode(const GetOpenIDConnectProvider&, const http::Response& response) {
  XmlElement result = TRY(resultOf("GetOpenIDConnectProvider", response));
  std::string_view url = result.textOf("Url");
  if (constexpr std::string_view kScheme = "https://"; url.starts_with(kScheme)) url.remove_prefix(kScheme.size());
  return OpenIDConnectProvider{std::string(url), membersOf(result, "ClientIDList"), membersOf(result, "ThumbprintList"),
                               tagsOf(result)};
}

base::Result<std::vector<std::string>> decode(const ListOpenIDConnectProviders&, const http::Response& response) {
  XmlElement result = TRY(resultOf("ListOpenIDConnectProviders", response));
  std::vector<std::string> arns;
  if (const XmlElement* list = result.find("OpenIDConnectProviderList"))
    for (const XmlElement& member : list->children) arns.emplace_back(member.textOf("Arn"));  // Ceph: <Arn><Arn>
  return arns;
}

base::Result<Role> decode(const CreateRole&, const http::Response& response) {
  return onlyRole("CreateRole", response);
}

base::Result<Role> decode(const GetRole&, const http::Response& response) { return onlyRole("GetRole", response); }

base::Result<std::string> decode(const GetRolePolicy&, const http::Response& response) {
  XmlElement result = TRY(resultOf("GetRolePolicy", response));
  return documentOf(result, "PolicyDocument");
}

base::Result<ManagedPolicy> decode(const GetPolicy&, const http::Response& response) {
  XmlElement result = TRY(resultOf("GetPolicy", response));
  const XmlElement* policy = result.find("Policy");
  if (!policy) return base::internal("GetPolicy: the answer has no Policy");
  return ManagedPolicy{std::string(policy->textOf("Arn")), policy->textOf("IsAttachable") != "false"};
}

base::Result<std::map<std::string, long>> decode(const GetAccountSummary&, const http::Response& response) {
  XmlElement result = TRY(resultOf("GetAccountSummary", response));
  std::map<std::string, long> summary;
  const XmlElement* entries = result.find("SummaryMap");
  for (const XmlElement* entry : entries ? entries->all("entry") : std::vector<const XmlElement*>()) {
    std::string_view text = entry->textOf("value");
    long value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    summary.emplace(entry->textOf("key"), value);
  }
  return summary;
}

base::Result<Page<std::string>> decode(const SimulatePrincipalPolicy&, const http::Response& response) {
  XmlElement result = TRY(resultOf("SimulatePrincipalPolicy", response));
  Page<std::string> page{{}, markerOf(result)};
  const XmlElement* list = result.find("EvaluationResults");
  for (const XmlElement* member : list ? list->all("member") : std::vector<const XmlElement*>())
    // What depends on values that only the call itself has (iam:PolicyARN) is not decided.
    if (member->textOf("EvalDecision") != "allowed" && membersOf(*member, "MissingContextValues").empty())
      page.items.push_back(std::string(member->textOf("EvalActionName")) + " on " +
                           std::string(member->textOf("EvalResourceName")));
  return page;
}

base::Result<Page<Role>> decode(const ListRoles&, const http::Response& response) {
  XmlElement result = TRY(resultOf("ListRoles", response));
  Page<Role> page{{}, markerOf(result)};
  if (const XmlElement* list = result.find("Roles"))
    for (const XmlElement* member : list->all("member")) page.items.push_back(TRY(roleOf(*member)));
  return page;
}

base::Result<Page<std::pair<std::string, std::string>>> decode(const ListRoleTags&, const http::Response& response) {
  XmlElement result = TRY(resultOf("ListRoleTags", response));
  Tags tags = tagsOf(result);
  return Page<std::pair<std::string, std::string>>{{tags.begin(), tags.end()}, markerOf(result)};
}

base::Result<Page<std::string>> decode(const ListAttachedRolePolicies&, const http::Response& response) {
  XmlElement result = TRY(resultOf("ListAttachedRolePolicies", response));
  Page<std::string> page{{}, markerOf(result)};
  if (const XmlElement* list = result.find("AttachedPolicies"))
    for (const XmlElement* member : list->all("member")) page.items.emplace_back(member->textOf("PolicyArn"));
  return page;
}

base::Result<Page<std::string>> decode(const ListRolePolicies&, const http::Response& response) {
  XmlElement result = TRY(resultOf("ListRolePolicies", response));
  return Page<std::string>{membersOf(result, "PolicyNames"), markerOf(result)};
}

}  // namespace aws
