// Pieces of work that do not depend on each other. Handed down from main(): io has the real one with a limit, tests
// take oneByOne().
#pragma once
#include <cstddef>
#include <functional>

namespace base {

// Calls `work` once with each index below `count`, in any order and from several threads at once, and returns when all
// calls have.
using SideBySide = std::function<void(std::size_t count, const std::function<void(std::size_t index)>& work)>;

inline void oneByOne(std::size_t count, const std::function<void(std::size_t index)>& work) {
  for (std::size_t index = 0; index < count; ++index) work(index);
}

}  // namespace base
