#include "migration/gate.h"

#include <algorithm>

namespace migration {

bool areMet(const Gates& gates) { return std::ranges::all_of(gates, &Gate::isMet); }

std::optional<base::Time> opensAt(const Gates& gates) {
  std::optional<base::Time> latest;
  for (const Gate& gate : gates) {
    if (!gate.isMet && gate.until && (!latest || *gate.until > *latest)) latest = gate.until;
  }
  return latest;
}

}  // namespace migration
