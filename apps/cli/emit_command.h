// `irsa apply --emit FORM`: the same desired state as files for another tool.
#pragma once
#include "life_cycle.h"

namespace cli {

int runEmit(const LifeCycleOptions& options);

}  // namespace cli
