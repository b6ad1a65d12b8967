// `irsa destroy`: removes what `irsa apply` made, roles before the provider before the bucket.
#pragma once
#include "life_cycle.h"

namespace cli {

int runDestroy(const LifeCycleOptions& options);

}  // namespace cli
