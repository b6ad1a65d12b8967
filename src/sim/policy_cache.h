// Policies that were read before: a role's trust policy is read once and not at every web identity.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "policy/policy_document.h"

namespace sim {

class PolicyCache {
 public:
  // Null when the document is no policy of that kind.
  std::shared_ptr<const policy::PolicyDocument> parse(const std::string& document, policy::PolicyKind kind);

 private:
  std::map<std::pair<policy::PolicyKind, std::string>, std::shared_ptr<const policy::PolicyDocument>> parsed_;
};

}  // namespace sim
