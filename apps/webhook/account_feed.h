// Carries what the reflector sees to every server loop's table.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admission/account_table.h"
#include "admission/log.h"
#include "io/server.h"
#include "kube/reflector.h"

namespace webhook {

class AccountFeed {
 public:
  AccountFeed(const admission::Settings& settings, io::Server& server, std::vector<admission::AccountTable*> tables,
              const admission::Log& log);

  kube::AccountObserver observer();

  // From any thread.
  bool refused() const { return refused_; }
  std::uint64_t failures() const { return failures_; }
  std::string trouble() const;  // the last failure, or empty

 private:
  void put(const kube::ServiceAccount& account, bool isListed);
  void remove(const kube::ServiceAccount& account);
  void add(admission::AccountChange::Type type);
  void post();
  void stateChanged(const kube::ReflectorState& state);

  const admission::Settings& settings_;
  io::Server& server_;
  std::vector<admission::AccountTable*> tables_;
  const admission::Log& log_;
  admission::Identity nothing_;  // what an account without annotations asks for
  admission::AccountChanges changes_;
  bool wasSynced_ = false;
  std::atomic<bool> refused_{false};
  std::atomic<std::uint64_t> failures_{0};
  mutable std::mutex mutex_;
  std::string trouble_;
};

// Null when `identity` is what every account gets that asks for nothing.
std::shared_ptr<const admission::Identity> shared(admission::Identity identity, const admission::Identity& nothing);

}  // namespace webhook
