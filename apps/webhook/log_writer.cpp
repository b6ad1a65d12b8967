#include "webhook/log_writer.h"

#include <thread>

#include "io/system.h"

namespace webhook {
namespace {

constexpr std::size_t kMostWaiting = 4u << 20;  // bytes
constexpr std::chrono::milliseconds kGather{20};

}  // namespace

void LogWriter::start() {
  std::thread([this] { run(); }).detach();
}

void LogWriter::write(std::string_view line) {
  bool wasEmpty;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() + line.size() > kMostWaiting) {
      ++leftOut_;
      return;
    }
    wasEmpty = waiting_.empty();
    waiting_ += line;
  }
  if (wasEmpty) filled_.notify_one();
}

void LogWriter::flush() {
  std::lock_guard inOrder(output_);
  std::string batch;
  {
    std::lock_guard lock(mutex_);
    batch.swap(waiting_);
    if (leftOut_ > 0)
      batch += "W log: " + std::to_string(leftOut_) + " lines were left out, as nobody read them in time\n";
    leftOut_ = 0;
  }
  io::writeError(batch);
}

void LogWriter::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      filled_.wait(lock, [this] { return !waiting_.empty(); });
    }
    clock_.sleepFor(kGather);
    flush();
  }
}

}  // namespace webhook
