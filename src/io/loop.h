// One thread's event loop: epoll, time limits and a mailbox. Everything but post() and stop() belongs to the thread
// that runs it.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "io/descriptor.h"

namespace io {

// The classes of waiting. Each has one duration, so a list in order of arrival is a list in order of expiry.
enum class Patience : std::uint8_t { Handshake, Request, Write, Idle, Linger };
inline constexpr std::size_t kPatiences = 5;

// What is told when its descriptor is ready or its time is up. Owned by the loop.
class Watched {
 public:
  Watched() = default;
  Watched(const Watched&) = delete;
  virtual ~Watched() = default;
  virtual void ready(std::uint32_t events) = 0;
  virtual void expired() = 0;

 private:
  friend class Loop;
  Watched *before_ = nullptr, *after_ = nullptr;  // in the list of its patience
  std::chrono::steady_clock::time_point since_;
  Patience patience_ = Patience::Idle;
  bool isWaiting_ = false;
  std::size_t place_ = 0;  // in Loop::owned_
};

class Loop {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;

  // False when the kernel refuses (errno says why).
  bool watch(int operation, int descriptor, std::uint32_t events, Watched* watched);

  Watched& adopt(std::unique_ptr<Watched> watched);
  void bury(Watched& watched);  // destroyed after the current batch, as later events of it may still name it

  void setDuration(Patience patience, std::chrono::milliseconds time) { durations_[std::size_t(patience)] = time; }
  void startWaiting(Watched& watched, Patience patience);  // replaces an earlier wait
  void stopWaiting(Watched& watched);
  // Who has waited longest in that patience; null when nobody does. After: the next one.
  Watched* longestWaiting(Patience patience) const { return lists_[std::size_t(patience)].first; }
  static Watched* after(const Watched& watched) { return watched.after_; }
  void expireNow(Watched& watched);  // as if its time were up

  // Calls `task` once in about `time`; a later call replaces an earlier one.
  void callIn(std::chrono::milliseconds time, std::function<void()> task);

  void post(std::function<void()> task);  // thread-safe
  void stop();                            // thread-safe; run() returns soon
  void run();                             // destroys what it owns before it returns

 private:
  struct List {
    Watched *first = nullptr, *last = nullptr;
  };
  int millisecondsToNext() const;
  void expire();
  void runPosted();
  void emptyGraves();

  Descriptor poll_, wake_;
  Moment now_ = std::chrono::steady_clock::now();
  std::array<List, kPatiences> lists_;
  std::array<std::chrono::milliseconds, kPatiences> durations_{};
  std::vector<std::unique_ptr<Watched>> owned_;
  std::vector<std::unique_ptr<Watched>> graves_;
  Moment alarm_ = Moment::max();
  std::function<void()> alarmTask_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
  std::vector<std::function<void()>> running_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace io
