// The whole of `irsa plan | apply | destroy`, for a program that has built the world: look, decide, act.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "kube/client.h"
#include "setup/configuration.h"
#include "setup/plan.h"

namespace setup {

// What the program hands down. Everything must outlive the calls below.
struct World {
  aws::Client& aws;              // for Configuration::aws
  kube::Client* kube = nullptr;  // for Configuration::cluster; null: day 0
  base::Files& files;
  base::Clock& clock;
};

struct Mode {
  enum class Kind { Apply, Destroy } kind = Kind::Apply;
  bool deleteBucket = false;  // Destroy: the bucket too
  bool adopt = false;         // take over objects that are not tagged as ours
};

// Reads the world and compares. Changes nothing: a key that is needed is made in memory and travels in the plan.
// Errors: could not look (Denied, Unavailable, ...), wrong account, foreign objects (Conflict).
base::Result<Plan> makePlan(const Configuration& configuration, World& world, const Mode& mode);

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
  std::vector<std::string> left;  // targets that were not reached because of a failure
};

// Carries out `plan`, one call after the other. Applying stops at the first failure; destroying goes on with what does
// not depend on it and keeps the bucket when a provider could not be deleted. Run again to go on: makePlan() finds what
// is left.
Outcome applyPlan(const Plan& plan, World& world, const Mode& mode, const Progress& progress);

}  // namespace setup
