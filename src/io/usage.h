// What this process uses of its machine, as Prometheus' clients report it in every language.
#pragma once
#include <cstdint>

namespace io {

struct Usage {
  double processorSeconds = 0;                            // user and system time
  double startTime = 0;                                   // Unix seconds
  std::uint64_t openDescriptors = 0, maxDescriptors = 0;  // and the limit of this moment
  std::uint64_t residentBytes = 0, virtualBytes = 0, maxVirtualBytes = 0;
};

// What /proc does not tell is 0.
Usage ownUsage();

}  // namespace io
