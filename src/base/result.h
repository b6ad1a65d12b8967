// Failure as a value: Result<T> is a T or an Error, and TRY passes an Error outward.
//
// For a planner, a simulator and a doctor failure is data: it is compared, printed and decided upon. Exceptions are
// therefore no part of any interface here; they are caught around third-party calls that throw and at the top of a
// thread (docs/decisions/0001-results-not-exceptions.md).
// A guard, not #pragma once: this header is precompiled, and a cached copy may stem from another folder or comment.
#ifndef IRSA_BASE_RESULT_H
#define IRSA_BASE_RESULT_H
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base {

// The seven kinds a caller branches on.
enum class ErrorKind { Invalid, NotFound, AlreadyExists, Conflict, Denied, Unavailable, Internal };

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string code;       // The remote's own word for it, e.g. "NoSuchEntity"; empty for local errors.
  std::string message;    // A sentence for a person: what, where and why.
  std::string hint = {};  // The next command or edit that helps; empty if there is none.

  // Says what we were doing, outermost first: "reading the discovery document: connection refused".
  Error during(std::string_view doing) && {
    message = std::string(doing).append(": ").append(message);
    return std::move(*this);
  }
  Error withHint(std::string next) && {
    hint = std::move(next);
    return std::move(*this);
  }

  bool operator==(const Error&) const = default;
};

inline Error invalid(std::string message) { return {ErrorKind::Invalid, "", std::move(message)}; }
inline Error notFound(std::string message) { return {ErrorKind::NotFound, "", std::move(message)}; }
inline Error unavailable(std::string message) { return {ErrorKind::Unavailable, "", std::move(message)}; }
inline Error conflict(std::string message, std::string hint = "") {
  return {ErrorKind::Conflict, "", std::move(message), std::move(hint)};
}
inline Error internal(std::string message) { return {ErrorKind::Internal, "", std::move(message)}; }

// REQUIRES for value(), * and ->: the Result holds a value. REQUIRES for error(): it holds an Error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  explicit operator bool() const { return !error_; }
  void value() && {}
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace base

// Evaluates to the value, or returns the error from the enclosing function. Never nest two in one statement.
#define TRY(...)                                             \
  __extension__({                                            \
    auto try_result_ = (__VA_ARGS__);                        \
    if (!try_result_) return std::move(try_result_).error(); \
    std::move(try_result_).value();                          \
  })

#endif  // IRSA_BASE_RESULT_H
