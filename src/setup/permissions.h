// The rights in IAM that a run needs.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "setup/configuration.h"
#include "setup/desired.h"
#include "setup/plan.h"
#include "text/json.h"

namespace setup {

// Of the calls of a plan: by resource ARN, the actions.
std::map<std::string, std::set<std::string>> permissionsFor(const Plan& plan);

// Publish: irsa issuer publish, which asks for the phase issuer alone and writes documents.
enum class Command { Plan, Apply, Destroy, Publish };

struct PermissionQuestion {
  Command command = Command::Apply;
  bool deletesBucket = false;  // Destroy
  Phases phases = allPhases();
  std::string distribution = "*";  // Hosting::CloudFront: its id, where it is known
};

// The smallest identity policy for a command on this irsa.yaml, whatever it finds: rights to look at what it names, to
// make it, and to repair each piece of it; for Destroy to look and to delete. Roles that were dropped from irsa.yaml
// since are not in it.
text::Json permissionPolicy(const Configuration& configuration, const Identifiers& names, std::string_view account,
                            const PermissionQuestion& question);

// IAM's quotas, in characters without white space.
inline constexpr std::size_t kManagedPolicyQuota = 6144, kRolePoliciesQuota = 10'240;

// The same rights as several policies of at most `most` characters, by parting statements and lists of resources; a
// statement with one resource stays whole.
std::vector<text::Json> inParts(const text::Json& policy, std::size_t most = kManagedPolicyQuota);

}  // namespace setup
