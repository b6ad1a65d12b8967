// Asks the API server about single accounts on a few threads of its own, at 50 questions a second at most, and posts
// the answers to the loops that asked.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "admission/account_lookup.h"
#include "base/clock.h"
#include "io/server.h"
#include "kube/client.h"

namespace webhook {

class AccountLookups {
 public:
  AccountLookups(const kube::Client& client, const admission::Settings& settings, base::Clock& clock);

  // Before the first question. The threads run until the process ends.
  void start(io::Server& server, std::vector<admission::AccountLookup*> lookups);

  // Called on a loop's thread; never blocks. A question that has waited for longer than its budget fails unasked.
  void ask(int loop, const std::string& key, std::chrono::milliseconds budget);

  std::uint64_t asked() const { return asked_; }
  std::uint64_t failed() const { return failed_; }

 private:
  struct Question {
    int loop = 0;
    std::string key;
    base::Time deadline;
  };
  void run();
  Question take();
  void pace();
  admission::LookupResult answer(const Question& question);

  const kube::Client& client_;
  const admission::Settings& settings_;
  base::Clock& clock_;
  io::Server* server_ = nullptr;
  std::vector<admission::AccountLookup*> lookups_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> questions_;
  base::Time slot_{};  // when the next question may be asked
  std::atomic<std::uint64_t> asked_{0}, failed_{0};
};

}  // namespace webhook
