// Policies that AWS itself provides, as far as users of an issuer need them, with their real documents.
#pragma once
#include <string_view>

namespace sim {

struct ManagedPolicy {
  std::string_view name, id, version, created, updated, description, document;
};

// By ARN, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" (any partition); null when this simulator has none of it.
const ManagedPolicy* managedPolicy(std::string_view arn);

}  // namespace sim
