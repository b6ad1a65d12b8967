#include "sim/managed_policies.h"

#include <array>

#include "text/words.h"

namespace sim {
namespace {

constexpr std::array<ManagedPolicy, 3> kPolicies{{
    {"AdministratorAccess", "ANPAIWMBCKSKIEE64ZLYK", "v1", "2015-02-06T18:39:46Z", "2015-02-06T18:39:46Z",
     "Provides full access to AWS services and resources.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"},
    {"AmazonS3FullAccess", "ANPAIFIR6V6BVTRAHWINE", "v2", "2015-02-06T18:40:58Z", "2021-09-27T20:16:37Z",
     "Provides full access to all buckets via the AWS Management Console.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]})"},
    {"AmazonS3ReadOnlyAccess", "ANPAIZTJ4DXE7G6AGAE6M", "v3", "2015-02-06T18:40:59Z", "2023-08-10T21:31:39Z",
     "Provides read only access to all buckets via the AWS Management Console.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]})"},
}};

}  // namespace

const ManagedPolicy* managedPolicy(std::string_view arn) {
  constexpr std::string_view kMiddle = ":iam::aws:policy/";
  std::size_t at = arn.find(kMiddle);
  if (!arn.starts_with("arn:aws") || at == std::string_view::npos) return nullptr;
  std::string_view name = arn.substr(at + kMiddle.size());
  for (const ManagedPolicy& policy : kPolicies)
    if (policy.name == name) return &policy;
  return nullptr;
}

std::vector<std::string> managedPolicyArns(std::string_view partition) {
  std::vector<std::string> arns;
  for (const ManagedPolicy& policy : kPolicies)
    arns.push_back("arn:" + std::string(partition) + ":iam::aws:policy/" + std::string(policy.name));
  return arns;
}

std::string policyArn(const Call& call, const CustomerPolicy& policy) {
  return arn(call, "iam", "policy" + policy.path + policy.name);
}

const CustomerPolicy* customerPolicy(const Call& call, std::string_view arn) {
  auto found = call.state.policies.find(text::lowerCase(arn.substr(arn.rfind('/') + 1)));
  return found == call.state.policies.end() || policyArn(call, found->second) != arn ? nullptr : &found->second;
}

std::optional<std::string> policyDocument(const Call& call, std::string_view arn) {
  if (!arn.starts_with("arn:" + partitionOf(call.settings.region) + ":")) return std::nullopt;
  if (const ManagedPolicy* known = managedPolicy(arn)) return std::string(known->document);
  const CustomerPolicy* own = customerPolicy(call, arn);
  if (!own) return std::nullopt;
  return own->versions.at(own->defaultVersion).document;
}

}  // namespace sim
