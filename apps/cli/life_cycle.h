// What plan, apply and destroy share: one look at the world, one plan, one way of carrying it out.
#pragma once
#include <memory>
#include <string>

#include "console.h"
#include "setup/run.h"
#include "world.h"

namespace cli {

struct LifeCycleOptions {
  CommonOptions common;
  bool adopt = false;             // take over objects that are not tagged as ours
  bool deleteBucket = false;      // destroy
  bool detailedExitCode = false;  // plan
  bool noWait = false;            // apply: do not look whether the webhook works
};

// Takes the lock on irsa.yaml; Conflict when another run has it. The lock is freed with the process.
base::Result<std::shared_ptr<io::FileLock>> lockConfiguration(const CommonOptions& options);

// The plan as a result: lines for people or the document of setup::toJson() with issuer, account and ARNs.
void showPlan(const Console& console, const setup::Plan& plan);
text::Json documentOf(const setup::Plan& plan);

// Carries the plan out with a line of progress an action; prints what failed and what is left. `document` gains
// "done", "failures" and "left". True when all went well.
bool carryOut(const Console& console, const setup::Plan& plan, World& world, const setup::Mode& mode,
              text::Json& document);

}  // namespace cli
