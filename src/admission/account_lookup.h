// What to do about an account that the cache doesn't know, or knows only as young and without a role: ask the API
// server once, however many pods wait. One per server loop, used on that loop's thread only; whoever does the asking
// answers by posting deliver() to the loop.
#pragma once
#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "admission/settings.h"
#include "base/clock.h"

namespace admission {

struct LookupResult {
  enum class Type { Found, Absent, Failed };
  Type type = Type::Failed;
  std::shared_ptr<const Identity> identity;  // Found: null when the account asks for nothing
};

class AccountLookup {
 public:
  // Asks for namespace/name; must lead to exactly one deliver() of the same key within `budget`, roughly.
  using Ask = std::function<void(const std::string& key, std::chrono::milliseconds budget)>;

  // An answer is remembered for `remember`, so that an account is asked for once in that time at most.
  AccountLookup(Ask ask, const base::Clock& clock,
                std::chrono::milliseconds remember = std::chrono::milliseconds(1000));

  // co_await lookup.find(key, budget) gives the LookupResult. A coroutine that is destroyed while it waits is
  // forgotten.
  class Wait;
  Wait find(std::string_view key, std::chrono::milliseconds budget);

  void deliver(const std::string& key, const LookupResult& result);  // resumes whoever waits for it

  std::size_t pending() const { return pending_.size(); }  // keys asked for and not yet answered

 private:
  struct Remembered {
    LookupResult result;
    base::Time until;
  };
  const LookupResult* recall(const std::string& key) const;
  void remember(const std::string& key, const LookupResult& result);

  Ask ask_;
  const base::Clock& clock_;
  std::chrono::milliseconds rememberFor_;
  std::unordered_map<std::string, Wait*> pending_;  // a chain of waiters each; null when all have gone
  std::unordered_map<std::string, Remembered> remembered_;
};

class AccountLookup::Wait {
 public:
  Wait(AccountLookup& lookup, std::string key, std::chrono::milliseconds budget);
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait();

  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  LookupResult await_resume() { return std::move(result_); }

 private:
  friend class AccountLookup;
  AccountLookup& lookup_;
  std::string key_;
  std::chrono::milliseconds budget_;
  std::coroutine_handle<> waiter_;
  Wait *next_ = nullptr, *previous_ = nullptr;  // in the chain of its key
  bool isChained_ = false;
  LookupResult result_;
};

}  // namespace admission
