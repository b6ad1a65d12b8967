// A clock that moves only when told; sleepFor() moves it and returns at once.
#pragma once
#include "base/clock.h"
#include "base/time.h"

namespace support {

class ManualClock final : public base::Clock {
 public:
  explicit ManualClock(base::Time start = base::fromUnixSeconds(1795521600)) : now_(start) {}  // 2026-11-24T12:00:00Z
  base::Time now() const override { return now_; }
  void sleepFor(std::chrono::milliseconds time) override { now_ += time; }
  void advance(std::chrono::milliseconds time) { now_ += time; }

 private:
  base::Time now_;
};

}  // namespace support
