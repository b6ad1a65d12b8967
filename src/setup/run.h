// The whole of `irsa plan | apply | destroy`, for a program that has built the world: look, decide, act.
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oidc/jwks.h"
#include "setup/configuration.h"
#include "setup/phase.h"
#include "setup/plan.h"
#include "setup/world.h"

namespace setup {

struct Mode {
  enum class Kind { Apply, Destroy } kind = Kind::Apply;
  bool deleteBucket = false;    // Destroy: the bucket too
  bool adopt = false;           // take over objects that are not tagged as ours
  Phases phases = allPhases();  // Apply: what is looked at and changed
  // Apply: of the issuer only its documents are written, and they hold `keys` and no other.
  bool documentsOnly = false;
  bool isMoving = false;  // Apply: another issuer of ours may stand beside the new one (irsa migrate)
  // Apply with keys.source cluster: to be published instead of what the kubeconfig's API server serves. With
  // issuer.republish a published key stays all the same: taking keys out is the republisher's.
  std::optional<oidc::Jwks> keys = {};
  // Ceph with keys.source cluster: the kids of those that API servers sign with now; empty: not known.
  std::set<std::string> signing = {};
};

// Reads the world and compares, and looks for what would stop the plan half-way (preconditions.h). Changes nothing: a
// key that is needed is made in memory and travels in the plan. Errors: could not look (Denied, Unavailable, ...),
// wrong account, foreign objects, a private key that is gone (Conflict).
base::Result<Plan> makePlan(const Configuration& configuration, World& world, const Mode& mode);

// What should be there, for emit(): AWS is not looked at, the cluster only where irsa.yaml names one. A key that is
// needed is made in memory.
base::Result<Desired> desireForPipeline(const Configuration& configuration, const World& world,
                                        const std::string& account);

// The same for what AWS has of an issuer that goes (planFormer()).
base::Result<Plan> makeFormerPlan(const Configuration& configuration, World& world, std::string_view former);

// What became of one action.
struct Event {
  enum class Kind { Started, Waiting, Done, Failed } kind = Kind::Started;
  const Action& action;
  std::string detail;  // Waiting: for what; Failed: the error's message
};
using Progress = std::function<void(const Event&)>;

struct Failure {
  std::string target;
  base::Error error;
};

struct Outcome {
  std::size_t done = 0;           // actions that were carried out
  std::vector<Failure> failures;  // empty: all went well
  std::vector<std::string> left;  // targets that were not reached: because of a failure, or for want of their names
};

// Carries out `plan` in its order; roles, and service accounts, side by side. Applying stops at the first failure;
// destroying goes on with what does not depend on it and keeps the bucket when a provider could not be deleted. Run
// again to go on: makePlan() finds what is left. `progress` is called by one thread at a time.
// Ends before the first action that awaits names.
Outcome applyPlan(const Plan& plan, World& world, const Mode& mode, const Progress& progress);

// The same to the end: where names had to be awaited the world is looked at again, and `plan` becomes what was done and
// is still to do, with these names. A look that would now take away what `plan` did not is a failure.
Outcome applyWholePlan(const Configuration& configuration, Plan& plan, World& world, const Mode& mode,
                       const Progress& progress);

}  // namespace setup
