// The coroutine type of Handler::handle. It starts at once and usually is done when it returns; the frame comes from a
// per-thread free list, so a warmed-up server allocates nothing for it.
#pragma once
#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

namespace http {

class [[nodiscard]] Answer {
 public:
  struct promise_type {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr failure;

    struct Finish {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        return self.promise().continuation;
      }
      void await_resume() const noexcept {}
    };

    Answer get_return_object() { return Answer(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    Finish final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() { failure = std::current_exception(); }

    static void* operator new(std::size_t size);
    static void operator delete(void* frame, std::size_t size) noexcept;
  };

  Answer(Answer&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (handle_) handle_.destroy();
  }

  bool done() const { return handle_.done(); }
  // Rethrows what escaped from the handler. REQUIRES: done().
  void finish() const {
    if (handle_.promise().failure) std::rethrow_exception(handle_.promise().failure);
  }

  // co_await answer: waits until it is done, then finish().
  bool await_ready() const noexcept { return handle_.done(); }
  void await_suspend(std::coroutine_handle<> waiter) const noexcept { handle_.promise().continuation = waiter; }
  void await_resume() const { finish(); }

 private:
  explicit Answer(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace http
