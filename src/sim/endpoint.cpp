#include "sim/endpoint.h"

#include <mutex>
#include <optional>

#include "base/time.h"
#include "sim/answer.h"
#include "sim/authenticate.h"
#include "sim/authorize.h"
#include "sim/cloudfront.h"
#include "sim/expectations.h"
#include "sim/further_actions.h"
#include "sim/issuer_reader.h"
#include "sim/policy_cache.h"
#include "sim/route.h"
#include "sim/s3.h"
#include "sim/sentences.h"
#include "sim/state_file.h"
#include "text/json.h"

namespace sim {
namespace {

constexpr std::string_view kControl = "/_irsa/";

base::Error errorOf(Fault fault, Service service, const Call& call, std::string_view action) {
  bool s3 = service == Service::S3;
  switch (fault) {
    case Fault::Throttle:
      return s3 ? awsError("SlowDown", "Please reduce your request rate.") : awsError("Throttling", "Rate exceeded");
    case Fault::Error500:
      return s3 ? awsError("InternalError", "We encountered an internal error. Please try again.")
                : awsError("InternalFailure",
                           "The request processing has failed because of an unknown error, exception or failure.");
    case Fault::TimeoutAfterSuccess: return awsError("GatewayTimeout", "The answer was lost on the way.");
    case Fault::AccessDenied: break;
  }
  return awsError("AccessDenied", "User: " + call.caller.arn + " is not authorized to perform: " + std::string(action) +
                                      " because no identity-based policy allows the " + std::string(action) +
                                      " action");
}

base::Result<const Operation*> operationOf(Call& call, Service service) {
  if (service == Service::S3) return s3Operation(call);
  if (service == Service::CloudFront) return cloudfront::operation(call);
  return queryOperation(service, call.parameters);
}

// One request on its way through.
struct Exchange {
  Routed routed;
  Call call;
  std::string decoded;                   // an aws-chunked body without its coat; call.body looks into it
  const Operation* operation = nullptr;  // null until it is found
  std::string requestId;
};

class LocalAws final : public Endpoint {
 public:
  LocalAws(Settings settings, const base::Clock& clock, base::RandomBytes random, base::Files* files,
           http::Client* issuers)
      : settings_(std::move(settings)),
        clock_(clock),
        random_(std::move(random)),
        issuers_(issuers),
        stateFile_(settings_.stateFile, files) {}

  base::Result<void> load() {
    state_ = TRY(stateFile_.load());
    return {};
  }

  http::Answer handle(const http::Request& request, http::Response& response) override {
    std::unique_lock lock(mutex_);
    if (request.path().starts_with(kControl))
      control(request, response);
    else
      serve(request, response, lock);
    co_return;
  }

  std::string dump() const override {
    std::lock_guard lock(mutex_);
    text::Json json = toJson(state_);
    json.erase("sessions");
    return text::pretty(json);
  }

 private:
  void serve(const http::Request& request, http::Response& response, std::unique_lock<std::mutex>& lock);
  void serveViewer(const http::Request& request, http::Response& response, IssuerReader& issuers);
  base::Result<void> answer(Exchange& exchange, http::Response& response);
  base::Result<void> identify(Exchange& exchange);
  base::Result<void> permit(Exchange& exchange);
  void log(const Exchange& exchange, const base::Error* error, int status);

  void control(const http::Request& request, http::Response& response);
  base::Result<void> checkControl(const http::Request& request);

  const Settings settings_;
  const base::Clock& clock_;
  base::RandomBytes random_;
  http::Client* issuers_;
  mutable std::mutex mutex_;  // guards everything below
  State state_;
  StateFile stateFile_;
  IssuerCache issuerKeys_;
  PolicyCache policies_;
  Expectations expectations_;
  CallLog calls_;
};

// Who calls, and what: everything that decides before the operation is looked at.
base::Result<void> LocalAws::identify(Exchange& exchange) {
  Routed& routed = exchange.routed;
  Call& call = exchange.call;
  if (routed.refusal) return *routed.refusal;
  bool isS3 = routed.service == Service::S3;
  auto named = operationOf(call, routed.service);
  if (named) exchange.operation = *named;
  if (exchange.operation && exchange.operation->unsignedOnly) return {};
  if (!routed.claimed && !isS3) return awsError("MissingAuthenticationToken", std::string(kNoToken));
  auto who = routed.claimed ? authenticate({call.request, *routed.claimed, routed.service}, state_, settings_, call.now,
                                           call.errorDetails)
                            : anonymous(call.request, call.errorDetails);
  if (!who) return std::move(who).error();
  call.caller = std::move(who->caller);
  call.trailers = std::move(who->trailers);
  if (who->decoded) {
    exchange.decoded = std::move(who->body);
    call.body = exchange.decoded;
  }
  if (!named) return std::move(named).error();
  if (exchange.operation) return {};
  return routed.claimed ? notImplemented() : awsError("AccessDenied", "Access Denied");
}

base::Result<void> LocalAws::permit(Exchange& exchange) {
  Call& call = exchange.call;
  const Operation& operation = *exchange.operation;
  if (exchange.routed.service == Service::S3) TRY(s3::checkRequest(call, operation));
  if (operation.action.empty()) return {};
  const std::string resource = operation.resource ? operation.resource(call) : "*";
  TRY(authorize(call, exchange.routed.service, operation.action, resource));
  for (std::string_view action : furtherActions(call, operation))
    TRY(authorize(call, exchange.routed.service, action, resource));
  return {};
}

base::Result<void> LocalAws::answer(Exchange& exchange, http::Response& response) {
  TRY(identify(exchange));
  Call& call = exchange.call;
  const Operation& operation = *exchange.operation;
  auto fault = expectations_.next(operation.name);
  if (fault && *fault != Fault::TimeoutAfterSuccess)
    return errorOf(*fault, exchange.routed.service, call, operation.action);
  TRY(permit(exchange));
  bool isQuery = !isRest(exchange.routed.service);
  if (isQuery) openEnvelope(call, exchange.routed.service, operation);
  if (operation.writes && !isQuery) issuerKeys_.forgetOwn();
  TRY(operation.run(call));
  if (operation.writes)
    if (auto saved = stateFile_.save(state_); !saved) {
      call.reason = saved.error().message;
      return errorOf(Fault::Error500, exchange.routed.service, call, operation.action);
    }
  if (fault) return errorOf(*fault, exchange.routed.service, call, operation.action);
  if (isQuery)
    answerQuery(call, operation, exchange.requestId, response);
  else if (exchange.routed.service == Service::S3)
    finishS3(exchange.requestId, response);
  else
    response.headers.set("x-amzn-RequestId", exchange.requestId);
  return {};
}

void LocalAws::serve(const http::Request& request, http::Response& response, std::unique_lock<std::mutex>& lock) {
  IssuerReader issuers(issuers_, issuerKeys_, lock);
  if (cloudfront::isViewerHost(state_, request.headers.get("host"))) return serveViewer(request, response, issuers);
  Routed routed = route(request, settings_);
  Call call{state_, settings_, clock_.now(), random_, issuers, request, request.body, {}, {}, {}, {}};
  call.parameters = routed.parameters;
  call.bucket = routed.bucket;
  call.key = routed.key;
  call.response = &response;
  call.policies = &policies_;
  std::string requestId = requestIdFor(routed.service, random_);
  Exchange exchange{std::move(routed), std::move(call), "", nullptr, std::move(requestId)};
  exchange.call.region = exchange.routed.region;
  auto done = answer(exchange, response);
  if (!done) answerError(exchange.routed.service, exchange.call, done.error(), exchange.requestId, response);
  if (!done && done.error().code == "GatewayTimeout") response.body.clear();
  log(exchange, done ? nullptr : &done.error(), response.status);
}

// A viewer of a distribution: no signature is looked at, the operation is nobody's.
void LocalAws::serveViewer(const http::Request& request, http::Response& response, IssuerReader& issuers) {
  Call call{state_, settings_, clock_.now(), random_, issuers, request, request.body, settings_.region, {}, {}, {}};
  call.response = &response;
  call.policies = &policies_;
  if (auto done = cloudfront::answerViewer(call); !done) response.status = 500;
  LoggedCall entry;
  entry.time = base::rfc3339(call.now);
  entry.service = nameOf(Service::CloudFront);
  entry.principal = "anonymous";
  entry.status = response.status;
  entry.reason = call.reason;
  calls_.add(std::move(entry));
}

void LocalAws::log(const Exchange& exchange, const base::Error* error, int status) {
  LoggedCall entry;
  entry.time = base::rfc3339(exchange.call.now);
  entry.service = nameOf(exchange.routed.service);
  entry.operation = exchange.operation ? exchange.operation->name : exchange.call.parameters.get("Action");
  entry.principal = exchange.call.caller.arn.empty() ? "anonymous" : exchange.call.caller.arn;
  entry.status = status;
  if (error) {
    entry.code = error->code;
    entry.reason = exchange.call.reason.empty() ? error->message : exchange.call.reason;
  }
  calls_.add(std::move(entry));
}

base::Result<void> LocalAws::checkControl(const http::Request& request) {
  if (!request.peer.empty() && !isLoopback(request.peer))
    return awsError("AccessDenied", "only loopback may ask for " + std::string(request.path()));
  Routed routed = route(request, settings_);
  if (routed.refusal) return *routed.refusal;
  if (!routed.claimed) return awsError("AccessDenied", "sign the request with the administrator's credentials");
  ErrorDetails details;
  auto who = authenticate({request, *routed.claimed, routed.service}, state_, settings_, clock_.now(), details);
  if (!who) return std::move(who).error();
  if (who->caller.kind == Caller::Kind::Administrator) return {};
  return awsError("AccessDenied", "only the administrator may ask for " + std::string(request.path()));
}

void LocalAws::control(const http::Request& request, http::Response& response) {
  response.headers.set("Content-Type", "application/json");
  auto refuse = [&](int status, std::string_view message) {
    response.status = status;
    response.body = text::compact({{"error", message}}) + "\n";
  };
  if (auto allowed = checkControl(request); !allowed) return refuse(403, allowed.error().message);
  std::string_view what = request.path().substr(kControl.size());
  if (what == "calls" && request.method == "GET") {
    response.body = text::compact(calls_.toJson()) + "\n";
    return;
  }
  if (what != "expect" || request.method != "POST")
    return refuse(404, "there are GET /_irsa/calls and POST /_irsa/expect");
  if (auto added = expectations_.add(request.body); !added) return refuse(400, added.error().message);
  response.body = "{}\n";
}

}  // namespace

base::Result<std::unique_ptr<Endpoint>> Endpoint::open(Settings settings, const base::Clock& clock,
                                                       base::RandomBytes random, base::Files* files,
                                                       http::Client* issuers) {
  if (!settings.stateFile.empty() && !files)
    return base::invalid("a state file was named, but there are no files to keep it in");
  auto endpoint = std::make_unique<LocalAws>(std::move(settings), clock, std::move(random), files, issuers);
  TRY(endpoint->load());
  return std::unique_ptr<Endpoint>(std::move(endpoint));
}

}  // namespace sim
