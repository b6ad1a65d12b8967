// How a watch is faring: told by the reflector's thread, read by any, and said in the log.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "admission/log.h"
#include "kube/reflector.h"

namespace webhook {

class WatchHealth {
 public:
  WatchHealth(std::string noun, const admission::Log& log) : noun_(std::move(noun)), log_(log) {}

  void stateChanged(const kube::ReflectorState& state);

  // From any thread.
  bool refused() const { return refused_; }  // by the API server: what is known may be old, and nobody would notice
  std::uint64_t failures() const { return failures_; }
  std::string trouble() const;  // the last failure, or empty

 private:
  std::string noun_;
  const admission::Log& log_;
  bool wasSynced_ = false;
  std::atomic<bool> refused_{false};
  std::atomic<std::uint64_t> failures_{0};
  mutable std::mutex mutex_;
  std::string trouble_;
};

}  // namespace webhook
