// Managed policies: those that AWS itself provides, as far as users of an issuer need them, with their real documents,
// and how an ARN leads to one of them or of the account's own.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/operation.h"

namespace sim {

struct ManagedPolicy {
  std::string_view name, id, version, created, updated, description, document;
};

// By ARN, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" (any partition); null when this simulator has none of it.
const ManagedPolicy* managedPolicy(std::string_view arn);
std::vector<std::string> managedPolicyArns(std::string_view partition);

std::string policyArn(const Call& call, const CustomerPolicy& policy);
const CustomerPolicy* customerPolicy(const Call& call, std::string_view arn);  // null: there is none

// The default version's document of either kind; absent when there is no such policy.
std::optional<std::string> policyDocument(const Call& call, std::string_view arn);

}  // namespace sim
