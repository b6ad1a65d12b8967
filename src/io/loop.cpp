#include "io/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <climits>

namespace io {

Loop::Loop() : poll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  watch(EPOLL_CTL_ADD, wake_.number(), EPOLLIN, nullptr);
}

Loop::~Loop() = default;

bool Loop::watch(int operation, int descriptor, std::uint32_t events, Watched* watched) {
  epoll_event event{events, {watched}};
  return epoll_ctl(poll_.number(), operation, descriptor, &event) == 0;
}

Watched& Loop::adopt(std::unique_ptr<Watched> watched) {
  watched->place_ = owned_.size();
  owned_.push_back(std::move(watched));
  return *owned_.back();
}

void Loop::bury(Watched& watched) {
  stopWaiting(watched);
  std::size_t place = watched.place_;
  graves_.push_back(std::move(owned_[place]));
  if (place + 1 < owned_.size()) {
    owned_[place] = std::move(owned_.back());
    owned_[place]->place_ = place;
  }
  owned_.pop_back();
}

void Loop::startWaiting(Watched& watched, Patience patience) {
  stopWaiting(watched);
  List& list = lists_[std::size_t(patience)];
  watched.patience_ = patience;
  watched.since_ = now_;
  watched.isWaiting_ = true;
  watched.before_ = list.last;
  watched.after_ = nullptr;
  (list.last ? list.last->after_ : list.first) = &watched;
  list.last = &watched;
}

void Loop::stopWaiting(Watched& watched) {
  if (!watched.isWaiting_) return;
  List& list = lists_[std::size_t(watched.patience_)];
  (watched.before_ ? watched.before_->after_ : list.first) = watched.after_;
  (watched.after_ ? watched.after_->before_ : list.last) = watched.before_;
  watched.isWaiting_ = false;
}

void Loop::expireNow(Watched& watched) {
  stopWaiting(watched);
  watched.expired();
}

void Loop::callIn(std::chrono::milliseconds time, std::function<void()> task) {
  alarm_ = now_ + time;
  alarmTask_ = std::move(task);
}

void Loop::post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  eventfd_write(wake_.number(), 1);
}

void Loop::stop() {
  stopped_ = true;
  eventfd_write(wake_.number(), 1);
}

int Loop::millisecondsToNext() const {
  Moment next = alarm_;
  for (std::size_t i = 0; i < kPatiences; ++i)
    if (lists_[i].first) next = std::min(next, lists_[i].first->since_ + durations_[i]);
  if (next == Moment::max()) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now()).count();
  return int(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

void Loop::expire() {
  for (std::size_t i = 0; i < kPatiences; ++i) {
    while (Watched* first = lists_[i].first) {
      if (first->since_ + durations_[i] > now_) break;
      expireNow(*first);
    }
  }
  if (alarm_ > now_) return;
  alarm_ = Moment::max();
  std::exchange(alarmTask_, nullptr)();
}

void Loop::runPosted() {
  eventfd_t count = 0;
  eventfd_read(wake_.number(), &count);
  {
    std::lock_guard lock(mutex_);
    running_.swap(posted_);
  }
  for (auto& task : running_) task();
  running_.clear();
}

// A grave's destructor may resume others, which may be buried in turn.
void Loop::emptyGraves() {
  while (!graves_.empty()) {
    auto dead = std::move(graves_.back());
    graves_.pop_back();
  }
}

void Loop::run() {
  std::array<epoll_event, 256> events;
  while (!stopped_) {
    int count = epoll_wait(poll_.number(), events.data(), int(events.size()), millisecondsToNext());
    now_ = std::chrono::steady_clock::now();
    bool isWoken = false;
    for (int i = 0; i < count; ++i) {
      auto& event = events[std::size_t(i)];
      if (auto* watched = static_cast<Watched*>(event.data.ptr)) {
        watched->ready(event.events);
      } else {
        isWoken = true;
      }
    }
    if (isWoken) runPosted();
    expire();
    emptyGraves();
  }
  while (!owned_.empty()) bury(*owned_.back());
  emptyGraves();
}

}  // namespace io
