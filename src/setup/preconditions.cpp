#include "setup/preconditions.h"

#include <algorithm>
#include <set>

#include "http/url.h"
#include "oidc/discovery.h"
#include "policy/arn.h"
#include "policy/trust_policy.h"
#include "setup/permissions.h"

namespace setup {
namespace {

constexpr long kUsualTrustQuota = policy::kTrustQuota;
constexpr std::size_t kMostAskedAtOnce = 50;  // resources

template <typename T>
std::size_t countOf(const Plan& plan) {
  return std::size_t(std::count_if(plan.actions.begin(), plan.actions.end(),
                                   [](const Action& action) { return std::holds_alternative<T>(action.call); }));
}

// A note instead of an error for what the caller may not look at, or what this S3 or IAM does not know.
bool isNoAnswer(const base::Error& error) {
  return error.kind == base::ErrorKind::Denied || error.kind == base::ErrorKind::NotFound ||
         error.kind == base::ErrorKind::Invalid || error.code == "NotImplemented";
}

base::Result<void> checkPublicAccess(const World& world, Plan& plan) {
  bool opensBucket = countOf<aws::CreateBucket>(plan) + countOf<aws::PutBucketPolicy>(plan) +
                         countOf<aws::PutPublicAccessBlock>(plan) >
                     0;
  if (!opensBucket) return {};
  auto block = world.aws.call(aws::GetAccountPublicAccessBlock{plan.account});
  if (!block && block.error().kind == base::ErrorKind::NotFound) return {};  // there is none
  if (!block && isNoAnswer(block.error())) {
    plan.notes.push_back("whether account " + plan.account +
                         " blocks public buckets is not known: " + block.error().message);
    return {};
  }
  if (!block) return std::move(block).error();
  if (!block->blockPublicPolicy && !block->restrictPublicBuckets) return {};
  return base::conflict("account " + plan.account + " blocks public access to all its buckets (" +
                            (block->blockPublicPolicy ? "BlockPublicPolicy" : "RestrictPublicBuckets") +
                            "), so nobody could read the issuer's documents in " + plan.bucket,
                        "have that lifted for S3 (aws s3control get-public-access-block --account-id " + plan.account +
                            "), or choose issuer.hosting directory and another HTTPS host");
}

base::Result<void> checkRoom(const std::map<std::string, long>& summary, const std::string& used,
                             const std::string& quota, std::size_t added, const std::string& what) {
  auto count = summary.find(used), limit = summary.find(quota);
  if (added == 0 || count == summary.end() || limit == summary.end()) return {};
  if (count->second + long(added) <= limit->second) return {};
  return base::conflict("the account has " + std::to_string(count->second) + " of " + std::to_string(limit->second) +
                            " " + what + "; " + std::to_string(added) + " more do not fit",
                        "remove unused ones, or have the quota raised (Service Quotas, IAM)");
}

base::Result<void> checkTrustSizes(const std::map<std::string, long>& summary, const Plan& plan) {
  auto found = summary.find("AssumeRolePolicySizeQuota");
  const long quota = found == summary.end() ? kUsualTrustQuota : found->second;
  for (const auto& [role, size] : plan.trustSizes)
    if (long(size) > quota)
      return base::conflict(
          "the trust policy of role " + role + " would have " + std::to_string(size) +
              " characters; the account's quota is " + std::to_string(quota),
          "divide its service accounts among several roles, or have the quota raised (Service Quotas, IAM: "
          "Role trust policy length, up to 4096)");
  return {};
}

base::Result<void> checkAttached(const std::map<std::string, long>& summary, const Configuration& configuration) {
  auto found = summary.find("AttachedPoliciesPerRoleQuota");
  const long quota = found == summary.end() ? long(kAttachedQuota) : found->second;
  for (const Binding& binding : configuration.bindings)
    if (long(binding.role.policies.size()) > quota)
      return base::conflict("role " + binding.role.name + " is to have " +
                                std::to_string(binding.role.policies.size()) +
                                " managed policies; the account's quota is " + std::to_string(quota),
                            "put some of them together, or have the quota raised (Service Quotas, IAM: Managed "
                            "policies per role, up to 25)");
  return {};
}

base::Result<void> checkQuotas(const Configuration& configuration, const World& world, Plan& plan) {
  constexpr long kMostProviders = 100;
  const std::size_t roles = countOf<aws::CreateRole>(plan), providers = countOf<aws::CreateOpenIDConnectProvider>(plan);
  bool hasLongTrust = std::any_of(plan.trustSizes.begin(), plan.trustSizes.end(),
                                  [](const auto& role) { return long(role.second) > kUsualTrustQuota; });
  const bool hasManyPolicies = countOf<aws::AttachRolePolicy>(plan) > 0 &&
                               std::ranges::any_of(configuration.bindings, [](const Binding& binding) {
                                 return binding.role.policies.size() > kAttachedQuota;
                               });
  if (roles + providers == 0 && !hasLongTrust && !hasManyPolicies) return {};
  auto summary = world.aws.call(aws::GetAccountSummary{});
  if (!summary && !isNoAnswer(summary.error())) return std::move(summary).error();
  if (!summary) plan.notes.push_back("the account's quotas are not known: " + summary.error().message);
  std::map<std::string, long> known = summary ? *std::move(summary) : std::map<std::string, long>();
  known.emplace("ProvidersQuota", kMostProviders);  // AWS does not tell it
  TRY(checkRoom(known, "Roles", "RolesQuota", roles, "roles"));
  TRY(checkRoom(known, "Providers", "ProvidersQuota", providers, "identity providers"));
  if (hasManyPolicies) TRY(checkAttached(known, configuration));
  return checkTrustSizes(known, plan);
}

base::Result<void> checkIssuer(const World& world, Plan& plan) {
  auto url = http::parseUrl(plan.issuer + std::string(oidc::kDiscoveryPath));
  if (!world.web || !url) return {};
  http::Request request{.method = "GET", .origin = url->origin(), .target = url->target};
  auto answer = world.web->send(request);
  const std::string where = plan.issuer + std::string(oidc::kDiscoveryPath);
  if (!answer) {
    plan.notes.push_back("could not look at the issuer from here, AWS must be able to: " + answer.error().message);
    return {};
  }
  const std::string hint = "see that everybody can read " + where + ", or correct issuer.url";
  if (answer->status != 200)
    return base::conflict(where + " answers with HTTP " + std::to_string(answer->status) + ", so AWS could not read it",
                          hint);
  auto discovery = oidc::parseDiscovery(answer->body);
  if (!discovery) return base::conflict(where + ": " + discovery.error().message, hint);
  if (discovery->issuer != plan.issuer)
    return base::conflict(where + " says the issuer is \"" + discovery->issuer + "\", irsa.yaml says \"" + plan.issuer +
                              "\"; AWS compares them to the letter",
                          "write issuer.url as the document has it");
  return {};
}

struct WantedPolicy {
  std::string arn, target;  // the first that is to have it: "role s3-echoer"
};

// The managed policies and boundaries that roles are to get, each once.
std::vector<WantedPolicy> policiesWanted(const Plan& plan) {
  std::vector<WantedPolicy> wanted;
  for (const Action& action : plan.actions) {
    std::string arn;
    if (auto* call = std::get_if<aws::AttachRolePolicy>(&action.call)) arn = call->policyArn;
    if (auto* call = std::get_if<aws::CreateRole>(&action.call)) arn = call->permissionsBoundary;
    if (auto* call = std::get_if<aws::PutRolePermissionsBoundary>(&action.call)) arn = call->permissionsBoundary;
    if (!arn.empty() && std::ranges::find(wanted, arn, &WantedPolicy::arn) == wanted.end())
      wanted.push_back({arn, action.target});
  }
  return wanted;
}

// IAM attaches no policy of another account, and none that is not there.
base::Result<void> checkPolicies(const World& world, Plan& plan) {
  const std::vector<WantedPolicy> wanted = policiesWanted(plan);
  for (const WantedPolicy& one : wanted) {
    const auto arn = policy::parseArn(one.arn);
    if (arn && arn->account != "aws" && arn->account != plan.account)
      return base::conflict(
          one.target + " is to have the policy " + one.arn + ", which is another account's: this is " + plan.account,
          "make that policy in " + plan.account + ", or use the right account's credentials");
  }
  std::vector<base::Result<aws::ManagedPolicy>> found(wanted.size(), base::internal("nobody looked"));
  world.sideBySide(wanted.size(), [&](std::size_t i) { found[i] = world.aws.call(aws::GetPolicy{wanted[i].arn}); });
  std::string missing;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string line = "\n  " + wanted[i].target + ": " + wanted[i].arn;
    if (found[i] && !found[i]->isAttachable)
      missing += line + " can be attached to no role of yours";
    else if (!found[i] && (found[i].error().code == "NoSuchEntity" || found[i].error().code == "InvalidInput"))
      missing += line + " does not exist";
    else if (!found[i] && isNoAnswer(found[i].error()))
      plan.notes.push_back("whether the policy " + wanted[i].arn + " exists is not known: " + found[i].error().message);
    else if (!found[i])
      return std::move(found[i]).error();
  }
  if (missing.empty()) return {};
  return base::conflict("roles are to have managed policies that are not to be had, so nothing was done:" + missing,
                        "correct role.policies and role.boundary in irsa.yaml, or make these policies first");
}

base::Result<void> checkThumbprints(const Plan& plan) {
  for (const Action& action : plan.actions)
    if (auto* call = std::get_if<aws::CreateOpenIDConnectProvider>(&action.call); call && call->thumbprints.empty())
      return base::conflict(
          "Ceph takes no OIDC provider without a thumbprint, and the issuer publishes no certificate yet",
          "run irsa apply for the phase issuer as well");
  return {};
}

// Whose policies count: for an assumed role the role, which may have a path that the session's ARN does not show.
base::Result<std::string> policySource(const World& world, const Plan& plan) {
  policy::Arn arn = TRY(policy::parseArn(plan.callerArn));
  if (arn.resource.starts_with("user/")) return plan.callerArn;
  if (!arn.resource.starts_with("assumed-role/")) return base::invalid("only users and roles have policies");
  std::string name = arn.resource.substr(arn.resource.find('/') + 1);
  name = name.substr(0, name.find('/'));
  auto role = world.aws.call(aws::GetRole{name});
  if (role) return role->arn;
  return policy::Arn{arn.partition, "iam", "", arn.account, "role/" + name}.text();
}

}  // namespace

base::Result<void> checkPreconditions(const Configuration& configuration, const World& world, Plan& plan) {
  if (configuration.issuer.hosting == Hosting::Existing) TRY(checkIssuer(world, plan));
  if (configuration.aws.isCeph()) return checkThumbprints(plan);  // knows none of what follows
  TRY(checkPolicies(world, plan));
  if (configuration.issuer.hosting == Hosting::S3) TRY(checkPublicAccess(world, plan));
  return checkQuotas(configuration, world, plan);
}

base::Result<void> checkPermissions(const World& world, const Plan& plan) {
  std::map<std::set<std::string>, std::vector<std::string>> resources;  // by the actions that are needed on them
  for (auto& [resource, actions] : permissionsFor(plan)) resources[actions].push_back(resource);
  if (resources.empty()) return {};
  auto source = policySource(world, plan);
  if (!source) return {};
  std::string denied;
  for (const auto& [actions, on] : resources)
    for (std::size_t begin = 0; begin < on.size(); begin += kMostAskedAtOnce) {
      auto first = on.begin() + std::ptrdiff_t(begin);
      auto last = on.begin() + std::ptrdiff_t(std::min(begin + kMostAskedAtOnce, on.size()));
      auto found = aws::listAll(world.aws,
                                aws::SimulatePrincipalPolicy{*source, {actions.begin(), actions.end()}, {first, last}});
      if (!found) return {};
      for (const std::string& one : *found) denied += "\n  " + one;
    }
  if (denied.empty()) return {};
  return base::Error{base::ErrorKind::Denied, "AccessDenied",
                     plan.callerArn + " lacks permissions, so nothing was done:" + denied,
                     "irsa policy --for apply prints the policy that is needed"};
}

}  // namespace setup
