// Whether the principals that a policy names are there.
#pragma once
#include <optional>
#include <string>

#include "policy/policy_document.h"
#include "sim/operation.h"

namespace sim {

// The first AWS principal of this account that does not exist; absent when all do. Other accounts' cannot be known.
std::optional<std::string> missingPrincipal(const Call& call, const policy::PolicyDocument& document);

}  // namespace sim
