#include "admission/webhook.h"

#include <algorithm>

#include "base/time.h"
#include "text/uri.h"

namespace admission {
namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

void answerText(http::Response& response, int status, std::string_view text) {
  response.status = status;
  response.headers.add("Content-Type", kPlainText);
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.body.assign(text);
}

// What Go's ParseForm refuses in a query: a bad escape, a semicolon.
bool isGoodQuery(std::string_view query) {
  if (query.find(';') != std::string_view::npos) return false;
  return query.find('%') == std::string_view::npos || bool(text::percentDecode(query));
}

// What is answered instead of a review; empty when nothing is.
std::string_view troubleOf(Reason reason) {
  if (reason == Reason::PodTooLarge) return "the pod has more containers than can be given credentials\n";
  if (reason == Reason::UnsoundPatch) return "the patch did not fit the pod: this is a defect of irsa-webhook\n";
  if (reason != Reason::LookupFailed && reason != Reason::NotSynced) return {};
  return "the service account is not in the cache, and the API server did not answer in time\n";
}

// "10s", "1m30s", "500ms": Go's durations, as far as the API server writes them.
std::chrono::milliseconds parseTimeout(std::string_view text) {
  std::int64_t total = 0, number = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      number = std::min<std::int64_t>(number * 10 + (c - '0'), 1'000'000);
      continue;
    }
    const bool isMilliseconds = text.substr(i, 2) == "ms";
    total += number * (isMilliseconds ? 1 : c == 's' ? 1000 : c == 'm' ? 60'000 : 0);
    if (isMilliseconds) ++i;
    number = 0;
  }
  return std::chrono::milliseconds(total);
}

}  // namespace

std::chrono::milliseconds lookupBudget(std::string_view query, std::chrono::milliseconds longest) {
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(field.size() + 1, query.size()));
    if (!field.starts_with("timeout=")) continue;
    const std::chrono::milliseconds timeout = parseTimeout(field.substr(8));
    if (timeout.count() > 0) return std::min(longest, timeout * 7 / 10);
  }
  return longest;
}

Webhook::Webhook(const Settings& settings, WebhookOptions options, const IdentitySources& sources,
                 AccountLookup& lookup, const Log& log, const base::Clock& clock, base::RandomBytes random)
    : options_(options),
      sources_(sources),
      lookup_(lookup),
      log_(log),
      clock_(clock),
      reader_(settings.annotationPrefix + "/"),
      mutator_(settings, std::move(random)),
      defaults_(std::make_shared<const Identity>(identityOf({}, settings))),
      fallback_(std::make_shared<const Identity>()) {}

http::Answer Webhook::handle(const http::Request& request, http::Response& response) {
  const base::Time begin = clock_.now();
  if (refuseUnread(request, response, begin)) co_return;
  if (!reader_.read(request.body)) {
    std::string text = "the body is no AdmissionReview that can be decoded: " + std::string(reader_.reason()) + "\n";
    fail(request, response, 400, Reason::UndecodableReview, text, begin);
    co_return;
  }
  Decision decision = decide(reader_.review());
  if (mustAsk(decision)) {
    const LookupResult result = co_await lookup_.find(key_, lookupBudget(request.query(), options_.lookupBudget));
    reader_.read(request.body);  // others may have used the reader meanwhile
    decision = afterLookup(result);
  } else if (decision.reason == Reason::AccountUnknown && !sources_.accounts.synced()) {
    decision.reason = Reason::NotSynced;
  }
  const bool isUndecided = decision.reason == Reason::NoRoleArn || decision.reason == Reason::AccountUnknown;
  if (isUndecided && options_.hasMapping && !sources_.mapping) decision.reason = Reason::NotSynced;
  answer(request, response, std::move(decision), begin);
}

bool Webhook::refuseUnread(const http::Request& request, http::Response& response, base::Time begin) {
  const std::string_view path = request.path();
  if (path == "/healthz") {
    answerText(response, 200, "ok");
    return true;
  }
  if (path != "/mutate") {
    answerText(response, 404, "404 page not found\n");
    return true;
  }
  if (!isGoodQuery(request.query())) {
    fail(request, response, 400, Reason::BadQuery, "{\"error\": \"error parsing form\"}\n", begin);
    return true;
  }
  if (request.headers.get("Content-Type") != "application/json") {
    fail(request, response, 415, Reason::WrongContentType, "Invalid Content-Type, expected `application/json`\n",
         begin);
    return true;
  }
  return false;
}

// What the pod gets; the role of an account that has container credentials too is none of its business.
std::string_view Webhook::roleOf(const Decision& decision) {
  return decision.identity && decision.method == Method::WebIdentity ? std::string_view(decision.identity->roleArn)
                                                                     : std::string_view();
}

Webhook::Decision Webhook::decide(const kube::Review& review) {
  if (!review.hasObject) return {Reason::NullObject};
  key_.assign(review.requestNamespace).append("/").append(review.serviceAccountName);
  isYoung_ = false;
  if (sources_.podIdentities && sources_.podIdentities->contains(key_)) return containerCredentials(review);
  if (review.serviceAccountName.empty()) {
    const bool isPod = review.objectKind.empty() || review.objectKind == "Pod";
    return {isPod ? Reason::NoServiceAccount : Reason::NotAPod};
  }
  return decideByAccount(review);
}

// An annotation wins over the ConfigMap, whose own entry for an account wins over that of "*".
Webhook::Decision Webhook::decideByAccount(const kube::Review& review) {
  const KnownAccount* account = sources_.accounts.find(key_);
  if (account && account->identity && !account->identity->roleArn.empty())
    return {Reason::Injected, account->identity, Method::WebIdentity, "annotation"};
  if (sources_.mapping) {
    auto mapped = sources_.mapping->find(review.requestNamespace, review.serviceAccountName);
    if (mapped && !mapped->roleArn.empty()) return {Reason::Injected, mapped, Method::WebIdentity, "configMap"};
  }
  if (!account) return {Reason::AccountUnknown};
  isYoung_ = base::fromUnixSeconds(account->created) + options_.youngAge > clock_.now();
  return {Reason::NoRoleArn, account->identity};
}

// Expiration and regional endpoint are the account's; those of an account that is not known come from the ConfigMap.
Webhook::Decision Webhook::containerCredentials(const kube::Review& review) const {
  std::shared_ptr<const Identity> identity;
  if (const KnownAccount* account = sources_.accounts.find(key_)) {
    identity = account->identity ? account->identity : defaults_;
  } else if (sources_.mapping) {
    identity = sources_.mapping->findExact(review.requestNamespace, review.serviceAccountName);
  }
  return {Reason::Injected, identity ? identity : fallback_, Method::ContainerCredentials, "podIdentity"};
}

bool Webhook::mustAsk(const Decision& known) const {
  constexpr std::size_t kLongestKey = 253 + 1 + 253;  // of names that Kubernetes gives: no other account exists
  if (options_.lookupBudget.count() == 0 || key_.size() > kLongestKey) return false;
  return known.reason == Reason::AccountUnknown || (known.reason == Reason::NoRoleArn && isYoung_);
}

Webhook::Decision Webhook::afterLookup(const LookupResult& result) {
  // The watch may have brought the account while the question was open.
  if (Decision known = decide(reader_.review()); known.reason == Reason::Injected) return known;
  if (result.type == LookupResult::Type::Failed) return {Reason::LookupFailed};
  if (result.type == LookupResult::Type::Absent) return {Reason::AccountUnknown};
  if (!result.identity || result.identity->roleArn.empty()) return {Reason::NoRoleArn, result.identity};
  return {Reason::Injected, result.identity, Method::WebIdentity, "annotation"};
}

void Webhook::answer(const http::Request& request, http::Response& response, Decision decision, base::Time begin) {
  const kube::Review& review = reader_.review();
  kube::ReviewAnswer reply{review.apiVersion, review.kind, review.uid, {}, {}, {}};
  if (troubleOf(decision.reason).empty()) mutate(review, decision, reply);
  if (const std::string_view trouble = troubleOf(decision.reason); !trouble.empty()) {
    logDecision(review, decision);
    const int status = decision.reason == Reason::PodTooLarge ? 400 : 500;
    return fail(request, response, status, decision.reason, trouble, begin);
  }
  const std::pair<std::string_view, std::string_view> audit[] = {
      {"reason", nameOf(decision.reason)}, {"source", decision.source}, {"role", roleOf(decision)}};
  const std::size_t told = decision.source.empty() ? 1 : audit[2].second.empty() ? 2 : 3;
  reply.auditAnnotations = std::span(audit, told);
  response.headers.add("Content-Type", "application/json");
  kube::appendAnswer(response.body, reply);
  logDecision(review, decision);
  metrics_.count(request.method, 200, decision.reason, clock_.now() - begin);
}

void Webhook::mutate(const kube::Review& review, Decision& decision, kube::ReviewAnswer& reply) {
  if (decision.reason == Reason::NotAPod) return;
  if (decision.reason != Reason::Injected) {
    mutator_.adviseOn(review, decision.identity.get());
  } else {
    const bool isWeb = decision.method == Method::WebIdentity;
    metrics_.countPod(!isWeb);
    const bool isChanged = isWeb ? mutator_.injectWebIdentity(review, *decision.identity)
                                 : mutator_.injectContainerCredentials(review, *decision.identity);
    if (!isChanged) decision.reason = Reason::AlreadySet;
    if (isChanged && mutator_.isTooLarge())
      decision.reason = Reason::PodTooLarge;
    else if (isChanged && !options_.isSound(mutator_.patch(), review))
      decision.reason = Reason::UnsoundPatch;
  }
  reply.patch = mutator_.patch();
  reply.warnings = mutator_.warnings();
}

void Webhook::fail(const http::Request& request, http::Response& response, int status, Reason reason,
                   std::string_view text, base::Time begin) {
  answerText(response, status, text);
  if (reason == Reason::UndecodableReview)
    log_.write(Level::Error, "a review can't be decoded", {{"why", reader_.reason()}});
  metrics_.count(request.method, status, reason, clock_.now() - begin);
}

void Webhook::logDecision(const kube::Review& review, const Decision& decision) const {
  if (!options_.logsDecisions) return;
  log_.write(troubleOf(decision.reason).empty() ? Level::Info : Level::Error, "decision",
             {{"reason", nameOf(decision.reason)},
              {"namespace", review.requestNamespace},
              {"pod", review.name.empty() ? review.generateName : review.name},
              {"serviceAccount", review.serviceAccountName},
              {"role", roleOf(decision)},
              {"source", decision.source},
              {"operation", review.operation},
              {"uid", review.uid}});
}

http::Answer MetricsHandler::handle(const http::Request& request, http::Response& response) {
  const std::string_view path = request.path();
  if (path == "/metrics") {
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics_();
  } else if (path == "/livez") {
    answerText(response, 200, "ok");
  } else if (path == "/readyz") {
    const std::string why = whyNotReady_();
    answerText(response, why.empty() ? 200 : 503, why.empty() ? "ok" : "not ready: " + why + "\n");
  } else {
    answerText(response, 404, "404 page not found\n");
  }
  co_return;
}

}  // namespace admission
