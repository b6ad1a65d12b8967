// Versions as people write them: "v1.36.1", "1.36", "kindest/node:v1.36.1@sha256:…".
#pragma once
#include <optional>
#include <string_view>
#include <utility>

namespace cluster {

// Major and minor of the first N.M in the text.
std::optional<std::pair<int, int>> versionIn(std::string_view text);

// False when the text names no version.
bool isAtLeast(std::string_view text, int major, int minor);

}  // namespace cluster
