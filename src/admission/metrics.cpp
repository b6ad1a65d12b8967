#include "admission/metrics.h"

#include <algorithm>
#include <cstdio>

namespace admission {
namespace {

std::string shortest(double value) {
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%.9g", value);
  return std::string(text, std::size_t(size));
}

std::string precise(double seconds) {
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%.2f", seconds);
  return std::string(text, std::size_t(size));
}

std::string label(std::string_view name, std::string_view value) {
  std::string out(name);
  out.append("=\"").append(value).append("\"");
  return out;
}

// Writes one metric family after the other.
class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    (((out_ += "# HELP ") += name) += ' ') += help;
    ((((out_ += "\n# TYPE ") += name) += ' ') += type) += '\n';
    name_ = name;
  }
  void sample(std::string_view suffix, std::string_view labels, const std::string& value) {
    (out_ += name_) += suffix;
    if (!labels.empty()) ((out_ += '{') += labels) += '}';
    ((out_ += ' ') += value) += '\n';
  }
  void sample(std::string_view labels, std::uint64_t value) { sample("", labels, std::to_string(value)); }
  void single(std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    family(name, type, help);
    sample("", value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::string_view name_;
};

template <typename Part>
std::uint64_t sum(const std::vector<const LoopMetrics*>& loops, Part part) {
  std::uint64_t total = 0;
  for (const LoopMetrics* loop : loops) total += part(*loop).get();
  return total;
}

constexpr std::string_view kLabels = R"(verb="POST",path="/mutate")";

}  // namespace

void LoopMetrics::count(std::string_view verb, int status, Reason reason, std::chrono::nanoseconds took) {
  const auto verbAt = std::find(kVerbs.begin(), kVerbs.end() - 1, verb) - kVerbs.begin();
  const auto statusAt = std::find(kStatuses.begin(), kStatuses.end() - 1, status) - kStatuses.begin();
  requests_[std::size_t(verbAt)][std::size_t(statusAt)].add();
  decisions_[std::size_t(reason)].add();
  const auto nanoseconds = std::uint64_t(std::max<std::int64_t>(took.count(), 0));
  nanoseconds_.add(nanoseconds);
  const double seconds = double(nanoseconds) / 1e9;
  seconds_[std::size_t(std::lower_bound(kSeconds.begin(), kSeconds.end(), seconds) - kSeconds.begin())].add();
  const std::uint64_t microseconds = nanoseconds / 1000;
  microseconds_[std::size_t(std::lower_bound(kMicroseconds.begin(), kMicroseconds.end(), microseconds) -
                            kMicroseconds.begin())]
      .add();
}

namespace {

template <typename Bounds, typename Part>
std::uint64_t histogram(Page& page, const std::vector<const LoopMetrics*>& loops, const Bounds& bounds, Part part) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    total += sum(loops, [&](const LoopMetrics& loop) -> const Counter& { return part(loop)[i]; });
    const std::string bound = i < bounds.size() ? shortest(double(bounds[i])) : "+Inf";
    std::string labels(kLabels);
    labels.append(",").append(label("le", bound));
    page.sample("_bucket", labels, std::to_string(total));
  }
  return total;
}

void renderGauges(Page& page, const Gauges& gauges) {
  page.single("irsa_webhook_ready", "gauge", "Whether /readyz says yes.", gauges.ready);
  page.single("irsa_webhook_synced", "gauge", "Whether every service account has been listed once.", gauges.synced);
  page.single("irsa_webhook_refused", "gauge", "Whether the API server refuses our credentials.", gauges.refused);
  page.single("irsa_webhook_service_accounts", "gauge", "Service accounts known.", gauges.accounts);
  page.single("irsa_webhook_service_accounts_with_role", "gauge", "Service accounts that ask for a role.",
              gauges.accountsWithRole);
  page.single("irsa_webhook_connections", "gauge", "Open connections.", gauges.connections);
  page.single("irsa_webhook_certificate_expiry_timestamp_seconds", "gauge", "End of the serving certificate.",
              std::uint64_t(gauges.certificateExpiry));
  page.single("irsa_webhook_leader", "gauge", "Whether this replica keeps the certificates.", gauges.leads);
  page.single("irsa_webhook_ca_bundle_mismatch", "gauge",
              "Whether the webhook configuration's caBundle is not what it should be, as the leader sees it.",
              gauges.bundleMismatches);
  page.single("irsa_webhook_certificate_reloads_total", "counter", "Serving certificates taken into use.",
              gauges.certificateReloads);
  page.single("irsa_webhook_certificate_failures_total", "counter",
              "Looks for a certificate that failed, and certificates refused.", gauges.certificateFailures);
  page.single("irsa_webhook_account_lookups_total", "counter", "Service accounts asked for one by one.",
              gauges.lookups);
  page.single("irsa_webhook_account_lookup_failures_total", "counter", "Such questions without an answer in time.",
              gauges.lookupFailures);
  page.single("irsa_webhook_watch_failures_total", "counter", "Failed lists and watches.", gauges.watchFailures);
  page.family("irsa_webhook_build_info", "gauge", "The version, as a label.");
  page.sample(label("version", gauges.version), 1);
}

void renderProcess(Page& page, const ProcessGauges& process) {
  page.family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
  page.sample("", "", shortest(process.processorSeconds));
  page.family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.");
  page.sample("", "", precise(process.startTime));
  page.single("process_open_fds", "gauge", "Number of open file descriptors.", process.openDescriptors);
  page.single("process_max_fds", "gauge", "Maximum number of open file descriptors.", process.maxDescriptors);
  page.single("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", process.residentBytes);
  page.single("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", process.virtualBytes);
  page.single("process_virtual_memory_max_bytes", "gauge", "Maximum amount of virtual memory available in bytes.",
              process.maxVirtualBytes);
}

}  // namespace

std::string renderMetrics(const std::vector<const LoopMetrics*>& loops, const Gauges& gauges) {
  Page page;
  page.family("http_request_count", "counter",
              "Counter of requests broken out for each verb, path, and response code.");
  for (std::size_t verb = 0; verb < kVerbs.size(); ++verb)
    for (std::size_t status = 0; status < kStatuses.size(); ++status) {
      auto part = [&](const LoopMetrics& loop) -> const Counter& { return loop.requests_[verb][status]; };
      const std::uint64_t count = sum(loops, part);
      if (count == 0) continue;
      std::string labels = label("verb", kVerbs[verb]);
      labels.append(",path=\"/mutate\",").append(label("code", std::to_string(kStatuses[status])));
      page.sample(labels, count);
    }
  const std::uint64_t nanoseconds =
      sum(loops, [](const LoopMetrics& loop) -> const Counter& { return loop.nanoseconds_; });
  const std::string microseconds = shortest(double(nanoseconds) / 1e3);

  page.family("http_request_latencies", "histogram",
              "Response latency distribution in microseconds for each verb and path");
  std::uint64_t total =
      histogram(page, loops, kMicroseconds, [](const LoopMetrics& loop) { return loop.microseconds_.data(); });
  page.sample("_sum", kLabels, microseconds);
  page.sample("_count", kLabels, std::to_string(total));
  page.family("http_request_duration_microseconds", "summary", "The HTTP request latencies in microseconds.");
  page.sample("_sum", kLabels, microseconds);
  page.sample("_count", kLabels, std::to_string(total));
  page.family("http_request_duration_seconds", "histogram", "Time to answer a review.");
  histogram(page, loops, kSeconds, [](const LoopMetrics& loop) { return loop.seconds_.data(); });
  page.sample("_sum", kLabels, shortest(double(nanoseconds) / 1e9));
  page.sample("_count", kLabels, std::to_string(total));

  auto decided = [&](Reason reason) {
    return sum(loops, [&](const LoopMetrics& loop) -> const Counter& { return loop.decisions_[std::size_t(reason)]; });
  };
  page.family("pod_identity_webhook_pod_count", "counter",
              "Indicator to how many pods have been mutated by this webhook.");
  page.sample(R"(method="sts_web_identity")",
              sum(loops, [](const LoopMetrics& loop) -> const Counter& { return loop.webIdentity_; }));
  page.sample(R"(method="container_credentials")",
              sum(loops, [](const LoopMetrics& loop) -> const Counter& { return loop.containerCredentials_; }));
  page.single("pod_identity_webhook_missing_sa_count", "counter",
              "Indicator to how many times the webhook did not find a service account in cache.",
              decided(Reason::AccountUnknown) + decided(Reason::NoServiceAccount));
  page.single("pod_identity_webhook_used", "gauge", "Indicator to know if any service account is cached.",
              gauges.accounts > 0);
  page.family("irsa_webhook_decisions_total", "counter", "Reviews by what was decided and why.");
  for (std::size_t reason = 0; reason < kReasons; ++reason)
    page.sample(label("reason", nameOf(Reason(reason))), decided(Reason(reason)));
  renderGauges(page, gauges);
  renderProcess(page, gauges.process);
  return page.take();
}

}  // namespace admission
