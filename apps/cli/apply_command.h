// `irsa apply`: makes the world as irsa.yaml wants it. A second run changes nothing.
#pragma once
#include "life_cycle.h"

namespace cli {

int runApply(const LifeCycleOptions& options);

}  // namespace cli
