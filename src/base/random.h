// Randomness handed down from main(): io reads the kernel's, tests give a seeded one.
#pragma once
#include <cstddef>
#include <functional>
#include <string>

namespace base {

// Returns exactly `count` random bytes. Thread-safe where the program uses it from several threads.
using RandomBytes = std::function<std::string(std::size_t count)>;

}  // namespace base
