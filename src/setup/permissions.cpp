#include "setup/permissions.h"

#include <algorithm>

#include "policy/arn.h"
#include "setup/documents.h"
#include "setup/names.h"

namespace setup {
namespace {

using text::Json;
using Words = std::vector<std::string>;

// What a call of the plan acts upon, and the action that IAM asks about where it is called otherwise.
struct Subject {
  const Plan& plan;
  std::string partition;

  std::string bucketArn(const std::string& bucket) const { return "arn:" + partition + ":s3:::" + bucket; }
  std::string roleArn(const std::string& name) const {
    for (const std::string& arn : plan.roleArns)
      if (arn.ends_with("/" + name)) return arn;
    return "arn:" + partition + ":iam::" + plan.account + ":role/" + name;
  }

  template <typename Other>
  std::string operator()(const Other& call) const {
    if constexpr (requires { call.roleName; })
      return roleArn(call.roleName);
    else if constexpr (requires {
                         call.key;
                         call.bucket;
                       })
      return bucketArn(call.bucket) + "/" + call.key;
    else if constexpr (requires { call.bucket; })
      return bucketArn(call.bucket);
    else if constexpr (requires { call.arn; })
      return call.arn;
    else if constexpr (requires { call.distribution; })
      return distributionArn(partition, plan.account, call.distribution);
    else if constexpr (requires { call.accessControl; })
      return accessControlArn(call.accessControl);
    else
      return "";  // a file or a Kubernetes object
  }
  std::string operator()(const aws::CreateOpenIDConnectProvider&) const { return plan.providerArn; }
  std::string operator()(const aws::CreateDistributionWithTags&) const {
    return distributionArn(partition, plan.account, "*");
  }
  std::string operator()(const aws::CreateOriginAccessControl&) const { return accessControlArn("*"); }

  std::string accessControlArn(const std::string& id) const {
    return "arn:" + partition + ":cloudfront::" + plan.account + ":origin-access-control/" + id;
  }
};

std::string actionOf(const Call& call) {
  std::string name = nameOf(call);
  if (std::holds_alternative<AwaitDistribution>(call)) return "cloudfront:GetDistribution";
  if (std::holds_alternative<aws::CreateDistributionWithTags>(call)) return "cloudfront:CreateDistribution";
  return name == "s3:PutPublicAccessBlock" ? "s3:PutBucketPublicAccessBlock" : name;
}

class PolicyWriter {
 public:
  void allow(std::string_view sid, const Words& actions, const Words& resources, Json condition = nullptr) {
    if (actions.empty() || resources.empty()) return;
    Json statement = {{"Sid", sid}, {"Effect", "Allow"}};
    statement["Action"] = actions.size() == 1 ? Json(actions.front()) : Json(actions);
    statement["Resource"] = resources.size() == 1 ? Json(resources.front()) : Json(resources);
    if (!condition.is_null()) statement["Condition"] = std::move(condition);
    statements_.push_back(std::move(statement));
  }
  Json take() && { return {{"Version", "2012-10-17"}, {"Statement", std::move(statements_)}}; }

 private:
  Json statements_ = Json::array();
};

struct Resources {
  std::string bucket;
  Words documents, roles, attaching;  // the last: roles with managed policies
  Words policies;                     // managed policies and boundaries
  std::string provider, providers;
  std::string distributions = {}, accessControls = {};  // Hosting::CloudFront
};

Resources resourcesOf(const Configuration& configuration, const Identifiers& names, std::string_view account,
                      const std::string& distribution) {
  Resources found;
  const std::string iam = "arn:" + names.partition + ":iam::" + std::string(account) + ":";
  const bool isCloudFront = configuration.issuer.hosting == Hosting::CloudFront;
  if (isCloudFront) {
    // CloudFront chooses the ids.
    found.distributions = distributionArn(names.partition, account, distribution);
    found.accessControls =
        "arn:" + names.partition + ":cloudfront::" + std::string(account) + ":origin-access-control/*";
  }
  if (isCloudFront || configuration.issuer.hosting == Hosting::S3) {
    found.bucket = "arn:" + names.partition + ":s3:::" + names.bucket;
    for (std::string_view key : kDocumentKeys)
      found.documents.push_back(found.bucket + "/" + objectKey(configuration.issuer.prefix, key));
  }
  for (const Binding& binding : configuration.bindings) {
    std::string arn = roleArn(names.partition, account, binding.role.path, binding.role.name);
    auto add = [](Words& to, const std::string& one) {
      if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
    };
    add(found.roles, arn);
    if (!binding.role.policies.empty()) add(found.attaching, arn);
    for (const std::string& policy : binding.role.policies) add(found.policies, policy);
    if (!binding.role.boundary.empty()) add(found.policies, binding.role.boundary);
  }
  found.provider = names.providerArn;
  if (std::size_t at = found.provider.find(kUnknownDomain); at != std::string::npos)
    found.provider.replace(at, kUnknownDomain.size(), "d*.cloudfront.net");
  found.providers = iam + "oidc-provider/*";
  return found;
}

template <typename Test>
bool anyRole(const Configuration& configuration, const Test& test) {
  return std::any_of(configuration.bindings.begin(), configuration.bindings.end(),
                     [&](const Binding& binding) { return test(binding.role); });
}

void allowIssuer(const Resources& on, const PermissionQuestion& question, PolicyWriter& policy) {
  if (on.bucket.empty()) return;
  Words bucket{"s3:ListBucket", "s3:GetBucketTagging", "s3:GetBucketPublicAccessBlock", "s3:GetBucketPolicy"};
  Words documents{"s3:GetObject"};
  if (question.command == Command::Apply) {
    for (const char* action :
         {"s3:CreateBucket", "s3:PutBucketTagging", "s3:PutBucketPublicAccessBlock", "s3:PutBucketPolicy"})
      bucket.push_back(action);
    documents.push_back("s3:PutObject");
  }
  if (question.command == Command::Publish) documents.push_back("s3:PutObject");
  if (question.command == Command::Destroy && question.deletesBucket) {
    bucket.push_back("s3:DeleteBucket");
    documents.push_back("s3:DeleteObject");
  }
  policy.allow("Bucket", bucket, {on.bucket});
  policy.allow("Documents", documents, on.documents);
  const bool opensBucket = question.command == Command::Plan || question.command == Command::Apply;
  if (opensBucket && on.distributions.empty()) policy.allow("PublicAccess", {"s3:GetAccountPublicAccessBlock"}, {"*"});
}

void allowFront(const Resources& on, const PermissionQuestion& question, PolicyWriter& policy) {
  if (on.distributions.empty()) return;
  policy.allow("Front", {"cloudfront:ListDistributions", "cloudfront:ListOriginAccessControls"}, {"*"});
  Words distributions{"cloudfront:GetDistribution", "cloudfront:ListTagsForResource"}, controls;
  auto add = [](Words& to, std::initializer_list<const char*> actions) {
    to.insert(to.end(), actions.begin(), actions.end());
  };
  if (!question.phases.contains(Phase::Issuer)) {
    // only the issuer's name is looked for
  } else if (question.command == Command::Apply) {
    add(distributions, {"cloudfront:CreateDistribution", "cloudfront:TagResource", "cloudfront:UpdateDistribution",
                        "cloudfront:CreateInvalidation"});
    add(controls, {"cloudfront:CreateOriginAccessControl", "cloudfront:GetOriginAccessControl",
                   "cloudfront:UpdateOriginAccessControl"});
  } else if (question.command == Command::Publish) {
    add(distributions, {"cloudfront:CreateInvalidation"});
  } else if (question.command == Command::Destroy && question.deletesBucket) {
    add(distributions, {"cloudfront:UpdateDistribution", "cloudfront:DeleteDistribution"});
    add(controls, {"cloudfront:GetOriginAccessControl", "cloudfront:DeleteOriginAccessControl"});
  }
  policy.allow("Distributions", distributions, {on.distributions});
  policy.allow("OriginAccessControls", controls, {on.accessControls});
}

void allowProvider(const Configuration& configuration, const Resources& on, const PermissionQuestion& question,
                   PolicyWriter& policy) {
  policy.allow("Providers", {"iam:GetOpenIDConnectProvider"}, {on.providers});
  Words actions;
  if (question.command == Command::Apply) {
    actions = {"iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider",
               "iam:AddClientIDToOpenIDConnectProvider"};
    if (!configuration.issuer.thumbprints.empty()) actions.push_back("iam:UpdateOpenIDConnectProviderThumbprint");
  }
  if (question.command == Command::Destroy) actions = {"iam:DeleteOpenIDConnectProvider"};
  policy.allow("Provider", actions, {on.provider});
}

void allowRoles(const Configuration& configuration, const Resources& on, const PermissionQuestion& question,
                PolicyWriter& policy) {
  Words actions{"iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy"};
  Words more;
  if (question.command == Command::Apply) {
    bool hasBoundary = anyRole(configuration, [](const RoleSettings& role) { return !role.boundary.empty(); });
    bool hasInline = configuration.issuer.republish ||
                     anyRole(configuration, [](const RoleSettings& role) { return !role.inlinePolicy.empty(); });
    bool lacksBoundary = anyRole(configuration, [](const RoleSettings& role) { return role.boundary.empty(); });
    more = {"iam:CreateRole", "iam:TagRole",          "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole", "iam:DetachRolePolicy", "iam:DeleteRolePolicy"};
    if (hasInline) more.push_back("iam:PutRolePolicy");
    if (hasBoundary) more.push_back("iam:PutRolePermissionsBoundary");
    if (lacksBoundary) more.push_back("iam:DeleteRolePermissionsBoundary");
  }
  if (question.command == Command::Destroy)
    more = {"iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole", "iam:UpdateAssumeRolePolicy"};
  actions.insert(actions.end(), more.begin(), more.end());
  policy.allow("Roles", actions, on.roles);
  if (question.command == Command::Plan || question.command == Command::Apply)
    policy.allow("Policies", {"iam:GetPolicy"}, on.policies);
  if (question.command != Command::Apply) return;
  std::set<std::string> attached;
  for (const Binding& binding : configuration.bindings)
    attached.insert(binding.role.policies.begin(), binding.role.policies.end());
  Words arns(attached.begin(), attached.end());
  if (!arns.empty())
    policy.allow("Attach", {"iam:AttachRolePolicy"}, on.attaching, {{"ArnEquals", {{"iam:PolicyARN", Json(arns)}}}});
}

// A list goes on in the statement before it if that is its first half: a policy's Sids differ.
Json joined(Json policy, const Json& statement) {
  Json& statements = policy["Statement"];
  if (statements.empty() || statements.back()["Sid"] != statement["Sid"]) {
    statements.push_back(statement);
  } else {
    for (const Json& resource : statement["Resource"]) statements.back()["Resource"].push_back(resource);
  }
  return policy;
}

void place(const Json& statement, std::size_t most, std::vector<Json>& parts) {
  Json whole = joined(parts.back(), statement);
  const Json& resources = statement["Resource"];
  if (text::compact(whole).size() <= most) {
    parts.back() = std::move(whole);
  } else if (resources.is_array() && resources.size() > 1) {
    const auto middle = resources.begin() + std::ptrdiff_t(resources.size() / 2);
    Json first = statement, second = statement;
    first["Resource"] = Json(Json::array_t(resources.begin(), middle));
    second["Resource"] = Json(Json::array_t(middle, resources.end()));
    place(first, most, parts);
    place(second, most, parts);
  } else {
    if (!parts.back()["Statement"].empty()) parts.push_back({{"Version", "2012-10-17"}, {"Statement", Json::array()}});
    parts.back()["Statement"].push_back(statement);
  }
}

}  // namespace

std::map<std::string, std::set<std::string>> permissionsFor(const Plan& plan) {
  std::map<std::string, std::set<std::string>> needed;
  auto provider = policy::parseArn(plan.providerArn);
  const Subject subject{plan, provider ? provider->partition : "aws"};
  for (const Action& action : plan.actions) {
    const std::string on = std::visit(subject, action.call);
    if (on.empty()) continue;
    needed[on].insert(actionOf(action.call));
    if (std::holds_alternative<aws::CreateRole>(action.call)) needed[on].insert("iam:TagRole");
    if (std::holds_alternative<aws::CreateOpenIDConnectProvider>(action.call))
      needed[on].insert("iam:TagOpenIDConnectProvider");
    if (std::holds_alternative<aws::CreateDistributionWithTags>(action.call))
      needed[on].insert("cloudfront:TagResource");
  }
  return needed;
}

Json permissionPolicy(const Configuration& configuration, const Identifiers& names, std::string_view account,
                      const PermissionQuestion& question) {
  const Resources on = resourcesOf(configuration, names, account, question.distribution);
  const Phases phases = question.command == Command::Publish ? Phases{Phase::Issuer} : question.phases;
  const bool hasRoles = phases.contains(Phase::Roles), hasProvider = phases.contains(Phase::Provider);
  Words everywhere;  // IAM asks about these without a resource
  if (hasProvider) everywhere.push_back("iam:ListOpenIDConnectProviders");
  if (hasRoles) everywhere.push_back("iam:ListRoles");
  if (question.command != Command::Destroy && (hasRoles || hasProvider)) everywhere.push_back("iam:GetAccountSummary");
  PolicyWriter policy;
  policy.allow("Look", everywhere, {"*"});
  if (phases.contains(Phase::Issuer)) allowIssuer(on, question, policy);
  allowFront(on, question, policy);
  if (hasProvider) allowProvider(configuration, on, question, policy);
  if (hasRoles) allowRoles(configuration, on, question, policy);
  return std::move(policy).take();
}

std::vector<Json> inParts(const Json& policy, std::size_t most) {
  std::vector<Json> parts{{{"Version", "2012-10-17"}, {"Statement", Json::array()}}};
  for (const Json& statement : policy["Statement"]) place(statement, most, parts);
  return parts;
}

}  // namespace setup
