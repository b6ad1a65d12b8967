#include "setup/phase.h"

#include <array>

namespace setup {
namespace {

constexpr std::array<std::string_view, 6> kNames{"issuer", "provider", "roles", "apiserver", "webhook", "bindings"};

}  // namespace

Phases allPhases() {
  Phases all;
  for (std::size_t i = 0; i < kNames.size(); ++i) all.insert(Phase(i));
  return all;
}

std::string_view nameOf(Phase phase) { return kNames[static_cast<std::size_t>(phase)]; }

std::optional<Phase> phaseNamed(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return Phase(i);
  return std::nullopt;
}

}  // namespace setup
