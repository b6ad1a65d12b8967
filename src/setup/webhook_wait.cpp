#include "setup/webhook_wait.h"

#include <algorithm>

#include "kube/pod.h"
#include "setup/identity_webhooks.h"
#include "setup/webhook_objects.h"
#include "setup/webhook_surroundings.h"

namespace setup {
namespace {

using text::Json;

constexpr std::chrono::seconds kPause{1};

// What keeps the first pod that is not ready from it. Empty when that can't be told.
std::string troubleOf(const kube::Client& kube, const Json& deployment, const std::string& nameSpace) {
  for (const Json& condition : text::at(text::at(deployment, "status"), "conditions"))
    if (text::stringAt(condition, "type") == "ReplicaFailure" && text::stringAt(condition, "status") == "True")
      return text::stringAt(condition, "message");
  auto pods = kube.list("/api/v1/namespaces/" + nameSpace + "/pods?labelSelector=app.kubernetes.io%2Fname%3D" +
                        std::string(kWebhookName));
  if (!pods) return "";
  auto waits = std::ranges::find_if(*pods, [](const Json& pod) {
    return !kube::isReady(pod) && !text::at(text::at(pod, "metadata"), "deletionTimestamp").is_string();
  });
  return waits == pods->end() ? "" : kube::whyNotRunning(*waits);
}

void judgeRollout(const Json& deployment, WebhookState& state) {
  const Json& status = text::at(deployment, "status");
  const std::int64_t wanted = text::intAt(text::at(deployment, "spec"), "replicas");
  const std::int64_t all = text::intAt(status, "replicas"), updated = text::intAt(status, "updatedReplicas");
  const std::int64_t available = text::intAt(status, "availableReplicas");
  const bool isSeen =
      text::intAt(status, "observedGeneration") >= text::intAt(text::at(deployment, "metadata"), "generation");
  const std::int64_t ready = isSeen ? std::max<std::int64_t>(0, available - (all - updated)) : 0;
  state.works = ready >= 1;
  state.isComplete = ready >= wanted && all == updated;
  if (!state.isComplete)
    state.missing = std::to_string(ready) + " of " + std::to_string(wanted) + " replicas of the webhook are available";
}

// What keeps the API server from trusting what the webhook serves.
base::Result<std::string> whyNoTrust(const kube::Client& kube, const std::string& nameSpace, base::Time now) {
  std::vector<Json> configurations(1);
  configurations[0] =
      TRY(kube.get("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" + std::string(kWebhookName)));
  base::Result<Json> secret = kube.get(secretPath(nameSpace, std::string(kWebhookName)));
  if (!secret && secret.error().kind != base::ErrorKind::Denied) return std::move(secret).error();
  const std::string certificate = secret ? secretMember(*secret, "tls.crt") : "";
  if (secret && certificate.empty()) return std::string("the webhook has made no certificate yet");
  for (const IdentityWebhook& webhook : identityWebhooksIn(configurations)) {
    if (webhook.service() != nameSpace + "/" + std::string(kWebhookName)) continue;
    if (webhook.authorities.empty()) return std::string("the webhook has not written its caBundle yet");
    const std::string why = secret ? whyNotTrusted(webhook, certificate, now) : "";
    if (!why.empty()) return "the API server does not trust the webhook's certificate yet: " + why;
  }
  return std::string();
}

base::Result<WebhookState> lookAgain(const kube::Client& kube, const WebhookSettings& settings, base::Time now) {
  base::Result<WebhookState> state = observeWebhook(kube, settings, now);
  if (state || state.error().kind != base::ErrorKind::Unavailable) return state;
  return WebhookState{false, false, "the API server does not answer"};
}

}  // namespace

base::Result<WebhookState> observeWebhook(const kube::Client& kube, const WebhookSettings& settings, base::Time now) {
  WebhookState state;
  const Json deployment = TRY(kube.get(deploymentsPath(settings.nameSpace) + "/" + std::string(kWebhookName)));
  judgeRollout(deployment, state);
  if (!state.isComplete) {
    const std::string trouble = troubleOf(kube, deployment, settings.nameSpace);
    if (!trouble.empty()) state.missing += ": " + trouble;
  }
  const std::string why = TRY(whyNoTrust(kube, settings.nameSpace, now));
  if (why.empty()) return state;
  if (state.isComplete) state.missing = why;
  state.works = state.isComplete = false;
  return state;
}

base::Result<WebhookState> awaitWebhook(const kube::Client& kube, const WebhookSettings& settings,
                                        std::chrono::seconds timeout, base::Clock& clock,
                                        const std::function<void(const std::string&)>& waiting) {
  const base::Time deadline = clock.now() + timeout;
  std::string said;
  while (true) {
    WebhookState state = TRY(lookAgain(kube, settings, clock.now()));
    if (state.isComplete) return state;
    if (state.missing != said) waiting(state.missing);
    said = state.missing;
    if (clock.now() >= deadline) {
      if (state.works) return state;
      return base::unavailable("the webhook does not work after " + std::to_string(timeout.count()) +
                               " s: " + state.missing);
    }
    clock.sleepFor(kPause);
  }
}

}  // namespace setup
