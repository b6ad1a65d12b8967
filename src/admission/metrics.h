// Counters of the webhook and their Prometheus text: AWS's names first, so that dashboards keep working, then ours in
// base units. Each server loop counts for itself; a scrape adds the loops up.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admission/reason.h"

namespace admission {

// Written by one loop, read by any thread. No read-modify-write is needed for that, so counting costs two plain moves.
class Counter {
 public:
  void add(std::uint64_t value = 1) { value_.store(get() + value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

constexpr std::array<std::string_view, 8> kVerbs = {"POST",  "GET",  "PUT",     "DELETE",
                                                    "PATCH", "HEAD", "OPTIONS", "other"};
constexpr std::array<int, 4> kStatuses = {200, 400, 415, 500};
constexpr std::array<double, 14> kSeconds = {0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
                                             0.0025,  0.005,    0.01,    0.05,   0.1,     0.5,    1};
constexpr std::array<std::uint64_t, 7> kMicroseconds = {125'000,   250'000,   500'000,  1'000'000,
                                                        2'000'000, 4'000'000, 8'000'000};

class LoopMetrics {
 public:
  void count(std::string_view verb, int status, Reason reason, std::chrono::nanoseconds took);
  // A pod that is to have credentials, whether or not it lacks any.
  void countPod(bool byContainerCredentials) { (byContainerCredentials ? containerCredentials_ : webIdentity_).add(); }

 private:
  friend std::string renderMetrics(const std::vector<const LoopMetrics*>& loops, const struct Gauges& gauges);
  std::array<std::array<Counter, kStatuses.size()>, kVerbs.size()> requests_;
  std::array<Counter, kReasons> decisions_;
  std::array<Counter, kSeconds.size() + 1> seconds_;
  std::array<Counter, kMicroseconds.size() + 1> microseconds_;
  Counter nanoseconds_, webIdentity_, containerCredentials_;
};

// What the process uses, under the names that every client of Prometheus gives it.
struct ProcessGauges {
  double processorSeconds = 0, startTime = 0;  // seconds; the latter Unix time
  std::uint64_t openDescriptors = 0, maxDescriptors = 0;
  std::uint64_t residentBytes = 0, virtualBytes = 0, maxVirtualBytes = 0;
};

// What a scrape finds beside the loops' counters.
struct Gauges {
  bool ready = false, synced = false, refused = false;
  std::size_t accounts = 0, accountsWithRole = 0, connections = 0;
  bool leads = false, bundleMismatches = false;  // of the own authority: false where there is none
  std::int64_t certificateExpiry = 0;            // Unix seconds; 0: unknown
  std::uint64_t certificateReloads = 0, certificateFailures = 0;
  std::uint64_t lookups = 0, lookupFailures = 0;
  std::uint64_t watchFailures = 0;
  std::string version;
  ProcessGauges process = {};
};

// Prometheus text format 0.0.4.
std::string renderMetrics(const std::vector<const LoopMetrics*>& loops, const Gauges& gauges);

}  // namespace admission
