// Carries the ConfigMap pod-identity-webhook (--watch-config-map) to every server loop.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "admission/mapping.h"
#include "kube/reflector.h"
#include "webhook/loops.h"
#include "webhook/watch_health.h"

namespace webhook {

class MappingFeed {
 public:
  MappingFeed(const admission::Settings& settings, Loops& loops, const admission::Log& log);

  static kube::Selection selection(const std::string& nameSpace);
  kube::ObjectObserver observer();

  const WatchHealth& health() const { return health_; }
  bool synced() const { return synced_; }  // from any thread: the ConfigMap was looked for, and read if it is there

 private:
  void take(const std::string& config);
  void post(admission::Mapping mapping);

  const admission::Settings& settings_;
  Loops& loops_;
  const admission::Log& log_;
  WatchHealth health_;
  bool isThere_ = false;  // the ConfigMap, in the list at hand
  std::atomic<bool> synced_{false};
};

}  // namespace webhook
