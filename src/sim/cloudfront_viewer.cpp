// A viewer's request: distribution, cache behavior, origin; then the origin's bucket is read as the origin access
// control says.
#include <algorithm>

#include "sim/answer.h"
#include "sim/authorize.h"
#include "sim/cloudfront.h"
#include "sim/issuer_reader.h"
#include "sim/s3.h"
#include "text/glob.h"
#include "text/uri.h"
#include "text/words.h"

namespace sim::cloudfront {
namespace {

using text::XmlElement;

constexpr std::string_view kSuffix = ".cloudfront.net";

std::string hostOf(std::string_view hostField) { return text::lowerCase(hostField.substr(0, hostField.find(':'))); }

const Distribution* distributionOf(const State& state, const std::string& host) {
  for (const auto& [id, distribution] : state.distributions) {
    const auto& aliases = distribution.aliases;
    if (host == distribution.domainName || std::find(aliases.begin(), aliases.end(), host) != aliases.end())
      return &distribution;
  }
  return nullptr;
}

// CloudFront's own refusals are pages for people.
void refuse(Call& call, int status, std::string_view why) {
  call.reason = why;
  http::Response& response = *call.response;
  response.clear();
  response.status = status;
  response.headers.set("Server", "CloudFront");
  response.headers.set("X-Cache", "Error from cloudfront");
  response.headers.set("Content-Type", "text/html");
  if (call.request.method == "HEAD") return;
  response.body =
      "<!DOCTYPE HTML>\n<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>\n<H1>" +
      std::to_string(status) + " ERROR</H1>\n<H2>The request could not be satisfied.</H2>\n" + text::escapeXml(why) +
      "\n</BODY></HTML>\n";
}

const XmlElement* behaviorOf(const XmlElement& config, std::string_view path) {
  for (const XmlElement* behavior : itemsOf(config, "CacheBehaviors")) {
    std::string pattern(behavior->textOf("PathPattern"));
    if (!pattern.starts_with('/')) pattern.insert(0, 1, '/');
    if (text::glob(pattern, path)) return behavior;
  }
  return config.find("DefaultCacheBehavior");
}

const XmlElement* originOf(const XmlElement& config, std::string_view id) {
  for (const XmlElement* origin : itemsOf(config, "Origins"))
    if (origin->textOf("Id") == id) return origin;
  return nullptr;
}

// Who reads the bucket: nobody in particular, or CloudFront for this distribution.
Caller callerOf(const Call& call, const Distribution& distribution, const XmlElement& origin) {
  Caller caller;
  auto access = call.state.originAccessControls.find(std::string(origin.textOf("OriginAccessControlId")));
  if (access == call.state.originAccessControls.end() || access->second.signingBehavior == "never") return caller;
  caller.kind = Caller::Kind::Service;
  caller.arn = "cloudfront.amazonaws.com";
  caller.sourceArn = distributionArn(call, distribution.id);
  return caller;
}

// What the origin is asked: the viewer's method, range and conditions.
http::Request originRequest(const Call& call) {
  http::Request out;
  out.method = call.request.method;
  out.peer = call.request.peer;
  for (std::string_view name : {"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"})
    if (auto value = call.request.headers.find(name)) out.headers.set(name, *value);
  return out;
}

void answerFrom(Call& call, const S3Place& place, Caller caller) {
  http::Request request = originRequest(call);
  Call reader = readerFor(call, request, place.region, place.bucket, place.key);
  reader.caller = std::move(caller);
  reader.response = call.response;
  base::Result<void> done = [&]() -> base::Result<void> {
    TRY(s3::findBucket(reader));
    TRY(authorize(reader, Service::S3, "s3:GetObject", s3::objectResource(reader)));
    return request.method == "HEAD" ? s3::headObject(reader) : s3::getObject(reader);
  }();
  std::string requestId = requestIdFor(Service::S3, call.random);
  if (done)
    finishS3(requestId, *call.response);
  else
    answerError(Service::S3, reader, done.error(), requestId, *call.response);
  call.reason = reader.reason.empty() && !done ? done.error().message : reader.reason;
  http::Headers& headers = call.response->headers;
  headers.set("X-Cache", done ? "Miss from cloudfront" : "Error from cloudfront");
  headers.set("Via", "1.1 " + requestId + ".cloudfront.net (CloudFront)");
}

}  // namespace

bool isViewerHost(const State& state, std::string_view hostField) {
  std::string host = hostOf(hostField);
  if (host.ends_with(kSuffix)) return true;
  return !state.distributions.empty() && distributionOf(state, host) != nullptr;
}

base::Result<void> answerViewer(Call& call) {
  const Distribution* distribution = distributionOf(call.state, hostOf(call.request.headers.get("host")));
  auto refused = [&](int status, std::string_view why) -> base::Result<void> {
    refuse(call, status, why);
    return {};
  };
  if (!distribution || !distribution->isEnabled)
    return refused(403, "Bad request. We can't connect to the server for this app or website at this time.");
  if (call.request.method != "GET" && call.request.method != "HEAD")
    return refused(403,
                   "This distribution is not configured to allow the HTTP request method that was used for this "
                   "request. The distribution supports only cachable requests.");
  XmlElement config = TRY(text::parseXml(distribution->config));
  std::string path(call.request.path());
  if (path == "/") path += config.textOf("DefaultRootObject");
  const XmlElement* origin = originOf(config, behaviorOf(config, path)->textOf("TargetOriginId"));
  auto place = origin ? s3Place("https://" + std::string(origin->textOf("DomainName")) +
                                std::string(origin->textOf("OriginPath")) + path)
                      : std::nullopt;
  if (!place) return refused(502, "CloudFront wasn't able to connect to the origin.");
  answerFrom(call, *place, callerOf(call, *distribution, *origin));
  return {};
}

std::optional<base::Result<std::string>> read(const Call& call, std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  std::string_view rest = url.substr(kScheme.size());
  std::size_t slash = std::min(rest.find('/'), rest.size());
  if (!isViewerHost(call.state, rest.substr(0, slash))) return std::nullopt;
  http::Request request;
  request.target = slash == rest.size() ? "/" : std::string(rest.substr(slash));
  request.headers.set("Host", rest.substr(0, slash));
  http::Response response;
  Call viewer = readerFor(call, request, call.region);
  viewer.response = &response;
  auto answered = answerViewer(viewer);
  if (!answered) return std::move(answered).error();
  if (response.status == 200) return std::move(response.body);
  return base::invalid(std::string(url) + " answered with status " + std::to_string(response.status) + ": " +
                       viewer.reason);
}

}  // namespace sim::cloudfront
