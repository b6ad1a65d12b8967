#include "sim/route.h"

#include <algorithm>

#include "sim/authenticate.h"
#include "sim/cloudfront.h"
#include "sim/incomplete_signature.h"
#include "sim/issuer_reader.h"
#include "text/words.h"

namespace sim {
namespace {

std::span<const Operation> operationsOf(Service service) {
  return service == Service::Iam ? iamOperations() : stsOperations();
}

bool has(std::span<const Operation> operations, std::string_view name) {
  return std::any_of(operations.begin(), operations.end(), [&](const Operation& row) { return row.name == name; });
}

constexpr std::size_t kLargestForm = 1U << 20;  // bytes; no operation of IAM or STS has a use for more

// A form in the body of a POST, and the query string. Absent when either can't be decoded or they are too large.
std::optional<Parameters> formOf(const http::Request& request) {
  text::FormFields fields;
  if (request.body.size() > kLargestForm && request.method == "POST") return std::nullopt;
  if (request.method == "POST") {
    auto body = text::formDecode(request.body);
    if (!body) return std::nullopt;
    fields = std::move(body).value();
  }
  auto query = text::formDecode(request.query());
  if (!query) return std::nullopt;
  fields.insert(fields.end(), query->begin(), query->end());
  return Parameters(std::move(fields));
}

bool mayBeQueryProtocol(const http::Request& request) {
  if (request.path() != "/" || (request.method != "POST" && request.method != "GET")) return false;
  if (request.method == "GET") return true;
  std::string type = text::lowerCase(request.headers.get("content-type"));
  return type.empty() || type.starts_with("application/x-www-form-urlencoded");
}

// The service of a request whose scope does not say it: by its Action.
Service serviceByAction(const http::Request& request, std::optional<Parameters>& form) {
  if (!mayBeQueryProtocol(request)) return Service::S3;
  form = formOf(request);
  auto action = form ? form->find("Action") : std::nullopt;
  if (!action) return Service::S3;
  return has(iamOperations(), *action) ? Service::Iam : Service::Sts;
}

// `form` is filled in where it took that to tell.
Service serviceOf(const http::Request& request, const std::optional<aws::Authorization>& claimed,
                  std::optional<Parameters>& form) {
  if (claimed && claimed->scope.service == "s3") return Service::S3;
  if (claimed && claimed->scope.service == "iam") return Service::Iam;
  if (claimed && claimed->scope.service == "sts") return Service::Sts;
  if (claimed && claimed->scope.service == "cloudfront") return Service::CloudFront;
  if (cloudfront::isRequest(request)) return Service::CloudFront;
  return serviceByAction(request, form);
}

// A parameter given twice has no one meaning: nothing is assumed of the first or the last.
void readQuery(const http::Request& request, std::optional<Parameters> form, Routed& into) {
  if (!form) form = formOf(request);
  if (!form)
    into.refusal = awsError("MalformedQueryString", "The query string contains a syntax error.");
  else if (form->repeated())
    into.refusal = awsError("MalformedQueryString", "The query string has a parameter twice.");
  else
    into.parameters = std::move(*form);
}

void readS3(const http::Request& request, Routed& into) {
  auto path = text::percentDecode(request.path());
  auto query = text::formDecode(request.query());
  if (!path || !query || !path->starts_with('/')) {
    into.refusal = awsError("InvalidURI", "Couldn't parse the specified URI.");
    return;
  }
  into.parameters = Parameters(std::move(query).value());
  std::string_view rest = std::string_view(*path).substr(1);
  into.bucket = virtualHostBucket(request.headers.get("host"));
  if (into.bucket.empty()) {
    std::size_t slash = rest.find('/');
    into.bucket = rest.substr(0, slash);
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  }
  into.key = rest;
}

// A REST service's parameters are in its query string; the body is the operation's own.
void readRest(const http::Request& request, Routed& into) {
  auto query = text::formDecode(request.query());
  if (query)
    into.parameters = Parameters(std::move(query).value());
  else
    into.refusal = awsError("InvalidURI", "Couldn't parse the specified URI.");
}

}  // namespace

Routed route(const http::Request& request, const Settings& settings) {
  Routed out;
  auto claimed = claimedAuthorization(request);
  std::optional<base::Error> refusal;
  if (claimed)
    out.claimed = std::move(claimed).value();
  else
    refusal = claimed.error();
  std::optional<Parameters> form;
  out.service = serviceOf(request, out.claimed, form);
  out.region = out.claimed ? out.claimed->scope.region : settings.region;
  if (out.service == Service::S3)
    readS3(request, out);
  else if (out.service == Service::CloudFront)
    readRest(request, out);
  else
    readQuery(request, std::move(form), out);
  if (refusal) out.refusal = std::move(refusal);
  if (out.service != Service::S3)
    if (auto fault = incompleteSignature(request)) out.refusal = std::move(fault);
  return out;
}

base::Result<const Operation*> queryOperation(Service service, const Parameters& parameters) {
  auto action = parameters.find("Action");
  if (!action) return awsError("MissingAction", "Missing Action");
  std::string_view current = service == Service::Iam ? "2010-05-08" : "2011-06-15";
  std::string_view version = parameters.find("Version").value_or("NO_VERSION_SPECIFIED");
  if (version == current)
    for (const Operation& operation : operationsOf(service))
      if (operation.name == *action) return &operation;
  return awsError("InvalidAction",
                  "Could not find operation " + std::string(*action) + " for version " + std::string(version));
}

}  // namespace sim
