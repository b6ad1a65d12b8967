// What would stop a plan half-way: looked for before its first change.
#pragma once
#include "base/result.h"
#include "setup/configuration.h"
#include "setup/plan.h"
#include "setup/world.h"

namespace setup {

// The account's quotas, its public access block and the managed policies that roles are to have, as far as the plan
// depends on them, and the issuer's documents with Hosting::Existing. Conflict says which stands in the way. What the
// caller may not look at becomes a note.
base::Result<void> checkPreconditions(const Configuration& configuration, const World& world, Plan& plan);

// Asks IAM whether the caller may make every call of the plan; Denied lists what is missing. Where IAM does not tell
// (no right to ask, the account's root, an IAM that does not know the question) nothing is found: the calls will tell.
base::Result<void> checkPermissions(const World& world, const Plan& plan);

}  // namespace setup
