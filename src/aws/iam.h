// IAM's operations as far as roles for service accounts need them (API version 2010-05-08, AWS's query protocol).
//
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "aws/client.h"
#include "base/result.h"

namespace aws {

using Tags = std::map<std::string, std::string>;

struct OpenIDConnectProvider {
  std::string url = {};  // without its scheme
  std::vector<std::string> clientIds = {}, thumbprints = {};
  Tags tags = {};
};

struct Role {
  std::string name = {}, path = {}, arn = {}, id = {};
  std::string assumeRolePolicyDocument = {};  // decoded JSON
  std::string description = {};
  std::chrono::seconds maxSessionDuration{3600};
  std::string permissionsBoundary = {};  // ARN; ListRoles leaves it and the tags out
  Tags tags = {};
};

// Without thumbprints IAM reads the host's chain itself.
struct CreateOpenIDConnectProvider {
  std::string url;  // with https://
  std::vector<std::string> clientIds;
  Tags tags = {};
  std::vector<std::string> thumbprints = {};
  using Answer = std::string;  // ARN
};
struct GetOpenIDConnectProvider {
  std::string arn;
  using Answer = OpenIDConnectProvider;
};
struct ListOpenIDConnectProviders {
  using Answer = std::vector<std::string>;  // ARNs
};
struct AddClientIDToOpenIDConnectProvider {
  std::string arn, clientId;
  using Answer = void;
};
struct RemoveClientIDFromOpenIDConnectProvider {
  std::string arn, clientId;
  using Answer = void;
};
// Replaces the whole list.
struct UpdateOpenIDConnectProviderThumbprint {
  std::string arn;
  std::vector<std::string> thumbprints;
  using Answer = void;
};
struct TagOpenIDConnectProvider {
  std::string arn;
  Tags tags;
  using Answer = void;
};
struct DeleteOpenIDConnectProvider {
  std::string arn;
  using Answer = void;
};

struct CreateRole {
  std::string roleName, path = "/", assumeRolePolicyDocument, description = {};
  std::chrono::seconds maxSessionDuration{3600};
  std::string permissionsBoundary = {};  // ARN; empty: none
  Tags tags = {};
  using Answer = Role;
};
struct GetRole {
  std::string roleName;
  using Answer = Role;
};
struct UpdateAssumeRolePolicy {
  std::string roleName, policyDocument;
  using Answer = void;
};
struct UpdateRole {
  std::string roleName, description;
  std::chrono::seconds maxSessionDuration{3600};
  using Answer = void;
};
struct TagRole {
  std::string roleName;
  Tags tags;
  using Answer = void;
};
struct PutRolePermissionsBoundary {
  std::string roleName, permissionsBoundary;
  using Answer = void;
};
struct DeleteRolePermissionsBoundary {
  std::string roleName;
  using Answer = void;
};
struct DeleteRole {
  std::string roleName;
  using Answer = void;
};
struct AttachRolePolicy {
  std::string roleName, policyArn;
  using Answer = void;
};
struct DetachRolePolicy {
  std::string roleName, policyArn;
  using Answer = void;
};
struct PutRolePolicy {
  std::string roleName, policyName, policyDocument;
  using Answer = void;
};
struct GetRolePolicy {
  std::string roleName, policyName;
  using Answer = std::string;  // decoded JSON
};
struct DeleteRolePolicy {
  std::string roleName, policyName;
  using Answer = void;
};

struct ManagedPolicy {
  std::string arn = {};
  bool isAttachable = true;  // to users, groups and roles of the account's own; some of AWS's are for its services
};
struct GetPolicy {
  std::string policyArn;
  using Answer = ManagedPolicy;
};

// One page of a list; follow `marker` until it is empty, or let listAll() do it.
template <typename Item>
struct Page {
  std::vector<Item> items;
  std::string marker;
};
// Quotas and what is used of them, by AWS's names ("Roles", "RolesQuota", "AssumeRolePolicySizeQuota").
struct GetAccountSummary {
  using Answer = std::map<std::string, long>;
};

// Whether a principal may do each action on each resource. Answers what is denied, as "iam:CreateRole on ARN".
struct SimulatePrincipalPolicy {
  std::string principalArn;
  std::vector<std::string> actions, resourceArns;
  std::string marker = {};
  using Answer = Page<std::string>;
};

struct ListRoles {
  std::string marker = {};
  using Answer = Page<Role>;
};
struct ListRoleTags {
  std::string roleName, marker = {};
  using Answer = Page<std::pair<std::string, std::string>>;
};
struct ListAttachedRolePolicies {
  std::string roleName, marker = {};
  using Answer = Page<std::string>;  // ARNs
};
struct ListRolePolicies {
  std::string roleName, marker = {};
  using Answer = Page<std::string>;  // names
};

Operation encode(const CreateOpenIDConnectProvider& call);
Operation encode(const GetOpenIDConnectProvider& call);
Operation encode(const ListOpenIDConnectProviders& call);
Operation encode(const AddClientIDToOpenIDConnectProvider& call);
Operation encode(const RemoveClientIDFromOpenIDConnectProvider& call);
Operation encode(const UpdateOpenIDConnectProviderThumbprint& call);
Operation encode(const TagOpenIDConnectProvider& call);
Operation encode(const DeleteOpenIDConnectProvider& call);
Operation encode(const CreateRole& call);
Operation encode(const GetRole& call);
Operation encode(const UpdateAssumeRolePolicy& call);
Operation encode(const UpdateRole& call);
Operation encode(const TagRole& call);
Operation encode(const PutRolePermissionsBoundary& call);
Operation encode(const DeleteRolePermissionsBoundary& call);
Operation encode(const DeleteRole& call);
Operation encode(const AttachRolePolicy& call);
Operation encode(const DetachRolePolicy& call);
Operation encode(const PutRolePolicy& call);
Operation encode(const GetRolePolicy& call);
Operation encode(const DeleteRolePolicy& call);
Operation encode(const GetPolicy& call);
Operation encode(const GetAccountSummary& call);
Operation encode(const SimulatePrincipalPolicy& call);
Operation encode(const ListRoles& call);
Operation encode(const ListRoleTags& call);
Operation encode(const ListAttachedRolePolicies& call);
Operation encode(const ListRolePolicies& call);

base::Result<std::string> decode(const CreateOpenIDConnectProvider&, const http::Response& response);
base::Result<OpenIDConnectProvider> decode(const GetOpenIDConnectProvider&, const http::Response& response);
base::Result<std::vector<std::string>> decode(const ListOpenIDConnectProviders&, const http::Response& response);
base::Result<Role> decode(const CreateRole&, const http::Response& response);
base::Result<Role> decode(const GetRole&, const http::Response& response);
base::Result<std::string> decode(const GetRolePolicy&, const http::Response& response);
base::Result<ManagedPolicy> decode(const GetPolicy&, const http::Response& response);
base::Result<std::map<std::string, long>> decode(const GetAccountSummary&, const http::Response& response);
base::Result<Page<std::string>> decode(const SimulatePrincipalPolicy&, const http::Response& response);
base::Result<Page<Role>> decode(const ListRoles&, const http::Response& response);
base::Result<Page<std::pair<std::string, std::string>>> decode(const ListRoleTags&, const http::Response& response);
base::Result<Page<std::string>> decode(const ListAttachedRolePolicies&, const http::Response& response);
base::Result<Page<std::string>> decode(const ListRolePolicies&, const http::Response& response);

// All pages of a list.
template <typename List>
auto listAll(Client& client, List list) -> base::Result<decltype(List::Answer::items)> {
  decltype(List::Answer::items) all;
  do {
    auto page = TRY(client.call(list));
    all.insert(all.end(), page.items.begin(), page.items.end());
    list.marker = page.marker;
  } while (!list.marker.empty());
  return all;
}

}  // namespace aws
