#include "http/answer.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

// Suspends until somebody resumes it.
struct Gate {
  std::coroutine_handle<> waiter;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiter = handle; }
  void await_resume() const {}
};

http::Answer atOnce(int& value) {
  value = 1;
  co_return;
}

http::Answer afterGate(Gate& gate, int& value) {
  value = 1;
  co_await gate;
  value = 2;
}

http::Answer throwing() {
  throw std::runtime_error("broken");
  co_return;
}

http::Answer waitingFor(http::Answer& other, int& value) {
  co_await other;
  value = 3;
}

http::Answer catching(http::Answer& other, std::string& seen) {
  try {
    co_await other;
  } catch (const std::runtime_error& error) {
    seen = error.what();
  }
}

TEST(Answer, StartsAtOnceAndUsuallyIsDone) {
  int value = 0;
  http::Answer answer = atOnce(value);
  EXPECT_TRUE(answer.done());
  EXPECT_EQ(value, 1);
}

TEST(Answer, WaitsUntilItIsResumed) {
  Gate gate;
  int value = 0;
  http::Answer answer = afterGate(gate, value);
  EXPECT_FALSE(answer.done());
  EXPECT_EQ(value, 1);
  gate.waiter.resume();
  EXPECT_TRUE(answer.done());
  EXPECT_EQ(value, 2);
}

TEST(Answer, ResumesWhoeverWaitsForIt) {
  Gate gate;
  int inner = 0, outer = 0;
  http::Answer first = afterGate(gate, inner);
  http::Answer second = waitingFor(first, outer);
  EXPECT_FALSE(second.done());
  gate.waiter.resume();
  EXPECT_TRUE(second.done());
  EXPECT_EQ(outer, 3);
}

TEST(Answer, RethrowsWhatEscaped) {
  http::Answer answer = throwing();
  ASSERT_TRUE(answer.done());
  EXPECT_THROW(answer.finish(), std::runtime_error);
  http::Answer failed = throwing();
  std::string seen;
  http::Answer caught = catching(failed, seen);
  EXPECT_EQ(seen, "broken");
  EXPECT_NO_THROW(caught.finish());
}

TEST(Answer, CanBeMovedAndDroppedBeforeItIsDone) {
  Gate gate;
  int value = 0;
  {
    http::Answer answer = afterGate(gate, value);
    http::Answer moved = std::move(answer);
    EXPECT_FALSE(moved.done());
  }
  EXPECT_EQ(value, 1);
}

TEST(Answer, TakesItsFramesFromTheThreadsFreeList) {
  using Promise = http::Answer::promise_type;
  void* first = Promise::operator new(300);
  auto address = reinterpret_cast<std::uintptr_t>(first);
  Promise::operator delete(first, 300);
  void* second = Promise::operator new(290);  // the same class of 128 bytes
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second), address);
  Promise::operator delete(second, 290);
}

TEST(Answer, SurvivesFramesThatEndOnAnotherThread) {
  std::vector<void*> frames;
  for (int i = 0; i < 200; ++i) frames.push_back(http::Answer::promise_type::operator new(std::size_t(i) * 20 + 1));
  std::thread([&] {
    for (int i = 0; i < 200; ++i)
      http::Answer::promise_type::operator delete(frames[std::size_t(i)], std::size_t(i) * 20 + 1);
  }).join();
  EXPECT_NE(frames.front(), nullptr);
}

}  // namespace
