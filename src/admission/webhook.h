// The webhook's two faces: /mutate and /healthz for the API server (TLS), /metrics, /livez and /readyz for whoever runs
// it (plain HTTP on its own port).
//
// A review that can't be decoded is HTTP 400, our own trouble is HTTP 500: both are subject to failurePolicy, which
// `allowed: false` is not; so a pod is never refused. Everything else is allowed, with a patch or without.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "admission/account_lookup.h"
#include "admission/identity_sources.h"
#include "admission/log.h"
#include "admission/metrics.h"
#include "admission/mutate.h"
#include "admission/patch_check.h"
#include "http/handler.h"
#include "kube/admission_review.h"

namespace admission {

// The budget of one question to the API server: at most `longest`, and less when the review's own ?timeout= is near.
std::chrono::milliseconds lookupBudget(std::string_view query, std::chrono::milliseconds longest);

struct WebhookOptions {
  std::chrono::milliseconds lookupBudget{1000};  // 0: no question is ever asked, a miss is a miss
  std::chrono::seconds youngAge{10};             // an account without a role that is younger is asked for again
  bool logsDecisions = true;
  bool hasMapping = false;  // a ConfigMap is watched: without it, an account without a role is not decided upon
  bool (*isSound)(std::string_view patch, const kube::Review& pod) = isSoundPatch;  // else the answer is HTTP 500
};

// One per server loop. Everything it is handed must outlive it.
class Webhook final : public http::Handler {
 public:
  Webhook(const Settings& settings, WebhookOptions options, const IdentitySources& sources, AccountLookup& lookup,
          const Log& log, const base::Clock& clock, base::RandomBytes random);

  http::Answer handle(const http::Request& request, http::Response& response) override;
  const LoopMetrics& metrics() const { return metrics_; }

 private:
  enum class Method { WebIdentity, ContainerCredentials };
  struct Decision {
    Reason reason = Reason::Injected;
    std::shared_ptr<const Identity> identity = nullptr;  // what is known of the account; not null if Injected
    Method method = Method::WebIdentity;                 // Injected and AlreadySet
    std::string_view source = {};                        // of the identity: annotation, configMap or podIdentity
  };
  static std::string_view roleOf(const Decision& decision);
  bool refuseUnread(const http::Request& request, http::Response& response, base::Time begin);
  bool mustAsk(const Decision& known) const;
  Decision decide(const kube::Review& review);
  Decision decideByAccount(const kube::Review& review);
  Decision containerCredentials(const kube::Review& review) const;
  Decision afterLookup(const LookupResult& result);
  void mutate(const kube::Review& review, Decision& decision, kube::ReviewAnswer& reply);
  void answer(const http::Request& request, http::Response& response, Decision decision, base::Time begin);
  void fail(const http::Request& request, http::Response& response, int status, Reason reason, std::string_view text,
            base::Time begin);
  void logDecision(const kube::Review& review, const Decision& decision) const;

  WebhookOptions options_;
  const IdentitySources& sources_;
  AccountLookup& lookup_;
  const Log& log_;
  const base::Clock& clock_;
  kube::ReviewReader reader_;
  Mutator mutator_;
  LoopMetrics metrics_;
  std::shared_ptr<const Identity> defaults_;  // of container credentials: by the flags, and without any
  std::shared_ptr<const Identity> fallback_;
  std::string key_;       // namespace/name of the review at hand
  bool isYoung_ = false;  // the account at hand has no role yet and is younger than youngAge
};

// `gauges` and `metrics` are called per scrape, in the thread of the loop that serves it.
class MetricsHandler final : public http::Handler {
 public:
  // `whyNotReady`: empty when ready.
  MetricsHandler(std::function<std::string()> metrics, std::function<std::string()> whyNotReady)
      : metrics_(std::move(metrics)), whyNotReady_(std::move(whyNotReady)) {}
  http::Answer handle(const http::Request& request, http::Response& response) override;

 private:
  std::function<std::string()> metrics_, whyNotReady_;
};

}  // namespace admission
