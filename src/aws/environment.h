// The process's environment, as main() hands it down.
#pragma once
#include <functional>
#include <optional>
#include <string>

namespace aws {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;  // absent when unset

// Empty when it is unset; the SDKs take a variable that is empty for one that is unset, too.
inline std::string valueOf(const Environment& environment, const std::string& name) {
  return environment(name).value_or("");
}

}  // namespace aws
