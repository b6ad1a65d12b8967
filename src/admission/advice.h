// Annotations that were meant for us and do nothing: on the wrong object, misspelt, or under a prefix that only looks
// right. AWS's webhook passes over them in silence, which is its users' most frequent puzzle.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "admission/settings.h"

namespace admission {

// For one pod or account. The API server passes 4096 characters on, 256 of each.
inline constexpr std::size_t kMostWarnings = 16;

// What the author should change about an annotation of a service account, or of a pod, as a sentence; empty when it is
// right, or somebody else's. `key` whole; `name` what follows our prefix and its slash.
std::string adviceOnAccount(std::string_view key, const Settings& settings);
std::string adviceOnPod(std::string_view name, const Settings& settings);

// Whether identityOf() wants to see the annotation of a service account: cheap, and true for nearly none of others'.
bool mayConcernUs(std::string_view key, const Settings& settings);

}  // namespace admission
