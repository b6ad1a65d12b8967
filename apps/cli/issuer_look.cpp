#include "issuer_look.h"

#include "http/url.h"

namespace cli {
namespace {

constexpr std::chrono::milliseconds kPatience{6'000};     // STS has about five seconds
constexpr std::size_t kLargestDocument = (1U << 20) + 1;  // one byte more than STS reads

bool isS3(const std::string& host) {
  return (host.starts_with("s3.") || host.starts_with("s3-") || host.find(".s3.") != host.npos ||
          host.find(".s3-") != host.npos) &&
         host.find(".amazonaws.") != host.npos;
}

}  // namespace

IssuerLook::IssuerLook(const CommonOptions& options, const std::string& caFile,
                       std::function<bool(std::string_view address)> mayConnect, const AwsConnection* aws,
                       const Ground& ground)
    : aws_(aws), clock_(ground.clock) {
  io::ClientOptions http = clientOptions(options);
  http.connectTimeout = http.answerTimeout = http.idleTimeout = http.wholeTimeout = kPatience;
  http.maxBody = kLargestDocument;
  http.mayConnect = std::move(mayConnect);
  if (!caFile.empty()) {
    if (base::Result<std::string> roots = ground.files->read(caFile)) http.tls.extraRootsPem = *roots;
  }
  client_ = io::newClient(std::move(http));
}

setup::FetchedDocument IssuerLook::fetch(const std::string& url) const {
  setup::FetchedDocument document{.url = url};
  const base::Result<http::Url> parsed = http::parseUrl(url);
  if (!parsed || parsed->scheme != "https") {
    document.failure = "it is no https URL";
    return document;
  }
  http::Request request;
  request.origin = parsed->origin();
  request.target = parsed->target;
  request.headers.add("Accept", "application/json");
  const bool isOwn = aws_ && !aws_->endpoints.s3.empty() && isS3(parsed->host);
  if (isOwn) {  // a bucket of the endpoint that stands for S3
    request.origin = aws_->endpoints.s3;
    request.headers.add("Host", parsed->host);
  }
  const base::Time start = clock_.now();
  const base::Result<http::Response> response = (isOwn ? *aws_->http : *client_).send(request);
  document.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - start);
  if (!response) {
    document.failure = response.error().message;
    document.untrusted = response.error().kind == base::ErrorKind::Denied;
    return document;
  }
  document.status = response->status;
  document.body = response->body;
  document.location = std::string(response->headers.get("location"));
  document.cacheControl = std::string(response->headers.get("cache-control"));
  document.lastModified = std::string(response->headers.get("last-modified"));
  return document;
}

}  // namespace cli
