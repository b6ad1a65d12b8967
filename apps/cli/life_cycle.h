// What plan, apply and destroy share: one look at the world, one plan, one way of carrying it out.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "console.h"
#include "setup/run.h"
#include "setup/run_lease.h"
#include "world.h"

namespace cli {

struct LifeCycleOptions {
  CommonOptions common;
  bool adopt = false;                             // take over objects that are not tagged as ours
  bool deleteBucket = false;                      // destroy
  bool detailedExitCode = false;                  // plan
  bool noWait = false;                            // apply: do not look whether the webhook works
  std::vector<std::string> only = {}, skip = {};  // plan, apply: phases by name
  std::string emit = {}, emitFolder = {};         // apply: files for another tool instead, and where
};

// What --only and --skip leave. Invalid for an unknown name, with the nearest right one.
base::Result<setup::Phases> phasesOf(const LifeCycleOptions& options);

// What keeps other runs away: the lock on irsa.yaml, freed with the process, and with a cluster a Lease in it.
struct Locks {
  std::shared_ptr<io::FileLock> file;
  std::unique_ptr<setup::RunLease> lease;  // null on day 0, and where the caller has no right to Leases, which is said
};
// Conflict when another run has one of them.
base::Result<Locks> lock(const CommonOptions& options, const World& world, const Console& console);
int failUnlocked(const base::Error& error, const Console& console);  // says it; kLocked when another run is at work

// The plan as a result: lines for people or the document of setup::toJson() with issuer, account and ARNs.
void showPlan(const Console& console, const setup::Plan& plan);
text::Json documentOf(const setup::Plan& plan);

// Carries the plan out with a line of progress an action; prints what failed and what is left. `plan` gets the names
// that AWS gave; `document` is that of the plan with "done", "failures" and "left". True when all went well.
bool carryOut(const Console& console, setup::Plan& plan, World& world, const setup::Mode& mode, const Locks& locks,
              text::Json& document);

}  // namespace cli
