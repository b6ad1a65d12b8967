// Writes the log to standard error from a thread of its own, many lines at a time: a decision costs no system call, and
// a reader that has stopped reading stops nobody.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace webhook {

class LogWriter {
 public:
  explicit LogWriter(base::Clock& clock) : clock_(clock) {}

  // The thread runs until the process ends. It calls `tellLoss` with a count of lines, which may write() of it.
  void start(std::function<void(std::uint64_t)> tellLoss);
  void write(std::string_view line);  // from any thread; left out and counted when 4 MiB are waiting
  void flush();                       // returns when nothing is waiting, or after a second: nobody may be reading

 private:
  void run(const std::function<void(std::uint64_t)>& tellLoss);

  base::Clock& clock_;
  std::mutex mutex_;  // of what follows
  std::condition_variable filled_, written_;
  std::string waiting_;
  bool isWriting_ = false;
  std::uint64_t leftOut_ = 0;
};

}  // namespace webhook
