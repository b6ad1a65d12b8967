// The parts of a set-up that --only and --skip name, in the order in which they are applied.
#pragma once
#include <optional>
#include <set>
#include <string_view>

namespace setup {

enum class Phase { Issuer, Provider, Roles, ApiServer, Webhook, Bindings };
using Phases = std::set<Phase>;

Phases allPhases();
std::string_view nameOf(Phase phase);  // "issuer", "apiserver", as on the command line
std::optional<Phase> phaseNamed(std::string_view name);

}  // namespace setup
