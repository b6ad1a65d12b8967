// Carries what the reflector sees of the service accounts to every server loop.
#pragma once
#include <memory>
#include <string>

#include "admission/account_table.h"
#include "kube/reflector.h"
#include "webhook/loops.h"
#include "webhook/watch_health.h"

namespace webhook {

class AccountFeed {
 public:
  AccountFeed(const admission::Settings& settings, Loops& loops, const admission::Log& log);

  kube::ObjectObserver observer();
  const WatchHealth& health() const { return health_; }

 private:
  void put(const kube::Object& account, bool isListed);
  void remove(const kube::Object& account);
  void add(admission::AccountChange::Type type);
  void post();

  const admission::Settings& settings_;
  Loops& loops_;
  WatchHealth health_;
  admission::Identity nothing_;  // what an account without annotations asks for
  admission::AccountChanges changes_;
};

// Null when `identity` is what every account gets that asks for nothing.
std::shared_ptr<const admission::Identity> shared(admission::Identity identity, const admission::Identity& nothing);

}  // namespace webhook
