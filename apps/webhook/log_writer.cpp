#include "webhook/log_writer.h"

#include <thread>
#include <utility>

#include "io/system.h"

namespace webhook {
namespace {

constexpr std::size_t kMostWaiting = 4u << 20;  // bytes
constexpr std::chrono::milliseconds kGather{20}, kPatience{1000};

}  // namespace

void LogWriter::start(std::function<void(std::uint64_t)> tellLoss) {
  std::thread([this, tellLoss = std::move(tellLoss)] { run(tellLoss); }).detach();
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
  std::unique_lock lock(mutex_);
  written_.wait_for(lock, kPatience, [this] { return waiting_.empty() && !isWriting_; });
}

void LogWriter::run(const std::function<void(std::uint64_t)>& tellLoss) {
  std::string batch;
  for (std::unique_lock lock(mutex_);; written_.notify_all()) {
    filled_.wait(lock, [this] { return !waiting_.empty(); });
    lock.unlock();
    clock_.sleepFor(kGather);
    lock.lock();
    batch.clear();
    batch.swap(waiting_);
    const std::uint64_t lost = std::exchange(leftOut_, 0);
    isWriting_ = true;
    lock.unlock();
    io::writeError(batch);
    if (lost > 0) tellLoss(lost);
    lock.lock();
    isWriting_ = false;
  }
}

}  // namespace webhook
