// The clock that is handed down from main(): nothing below a program asks the operating system for the time.
#pragma once
#include <chrono>

namespace base {

using Time = std::chrono::system_clock::time_point;  // wall clock, UTC

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  // Blocks the calling thread. A test's clock returns at once and moves its own time forward.
  virtual void sleepFor(std::chrono::milliseconds time) = 0;
};

}  // namespace base
