#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "io/system.h"

namespace io {

base::SideBySide sideBySide(std::size_t limit) {
  if (limit <= 1) return base::oneByOne;
  return [limit](std::size_t count, const std::function<void(std::size_t)>& work) {
    if (count <= 1) return base::oneByOne(count, work);
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(limit, count); ++i)
      threads.emplace_back([&] {
        for (std::size_t index = next++; index < count; index = next++) work(index);
      });
  };
}

}  // namespace io
