// `irsa plan`: what `irsa apply` would change, and why. Reads only.
#pragma once
#include "life_cycle.h"

namespace cli {

int runPlan(const LifeCycleOptions& options);

}  // namespace cli
