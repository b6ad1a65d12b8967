#include "aws/metadata_credentials.h"

#include <algorithm>
#include <array>

#include "base/time.h"
#include "http/url.h"
#include "text/json.h"
#include "text/words.h"

namespace aws {
namespace {

constexpr std::string_view kContainerHost = "http://169.254.170.2", kInstanceHost = "http://169.254.169.254";
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";

base::Result<http::Response> get(http::Client& http, const http::Url& url, const http::Headers& headers) {
  return http.send({.method = "GET", .origin = url.origin(), .target = url.target, .headers = headers});
}

bool mayBeAskedInClear(const http::Url& url) {
  constexpr std::array<std::string_view, 5> kHosts{"localhost", "::1", "169.254.170.2", "169.254.170.23",
                                                   "fd00:ec2::23"};
  return url.host.starts_with("127.") || std::find(kHosts.begin(), kHosts.end(), url.host) != kHosts.end();
}

base::Result<std::string> authorizationOf(const Environment& environment, const base::Files& files) {
  std::string file = valueOf(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  std::string token = valueOf(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (!file.empty()) token = TRY(files.read(file));
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  if (token.find_first_of("\r\n") != std::string::npos)
    return base::invalid("the container's authorization token has several lines");
  return token;
}

base::Error noInstance(std::string why) { return base::notFound("no EC2 instance metadata: " + std::move(why)); }

}  // namespace

base::Result<Credentials> credentialsOf(std::string_view document, std::string_view from) {
  auto json = text::parseJson(document);
  if (!json) return base::invalid(std::string(from) + " did not give JSON");
  Credentials credentials{text::stringAt(*json, "AccessKeyId"), text::stringAt(*json, "SecretAccessKey"),
                          text::stringAt(*json, "SessionToken", text::stringAt(*json, "Token")), std::nullopt};
  if (credentials.accessKeyId.empty() || credentials.secretAccessKey.empty())
    return base::invalid(std::string(from) + " gave no AccessKeyId and SecretAccessKey");
  std::string expiration = text::stringAt(*json, "Expiration");
  if (!expiration.empty()) credentials.expiration = TRY(base::parseRfc3339(expiration));
  return credentials;
}

bool isInContainer(const Environment& environment) {
  return !valueOf(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
         !valueOf(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
}

base::Result<Credentials> fromContainer(http::Client& http, const Environment& environment, const base::Files& files) {
  std::string relative = valueOf(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  std::string uri = relative.empty() ? valueOf(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                     : std::string(kContainerHost) + relative;
  auto url = http::parseUrl(uri);
  if (!url) return std::move(url).error().during("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (url->scheme == "http" && !mayBeAskedInClear(*url))
    return base::invalid("AWS_CONTAINER_CREDENTIALS_FULL_URI asks " + url->host +
                         " without TLS, which is allowed for loopback and the container's own endpoint only");
  http::Headers headers;
  if (std::string token = TRY(authorizationOf(environment, files)); !token.empty()) headers.set("Authorization", token);
  auto answer = get(http, *url, headers);
  if (!answer) return std::move(answer).error().during("asking the container's credentials endpoint");
  if (answer->status != 200)
    return base::Error{base::ErrorKind::Denied, "",
                       "the container's credentials endpoint answers with HTTP " + std::to_string(answer->status)};
  return credentialsOf(answer->body, "the container's credentials endpoint");
}

base::Result<Credentials> fromInstance(http::Client& http, const Environment& environment) {
  if (text::lowerCase(valueOf(environment, "AWS_EC2_METADATA_DISABLED")) == "true")
    return noInstance("AWS_EC2_METADATA_DISABLED is true");
  std::string host = valueOf(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  auto url = http::parseUrl(host.empty() ? kInstanceHost : std::string_view(host));
  if (!url) return std::move(url).error().during("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  http::Request asking{.method = "PUT", .origin = url->origin(), .target = "/latest/api/token"};
  asking.headers.set("X-aws-ec2-metadata-token-ttl-seconds", "21600");
  auto session = http.send(asking);
  if (!session) return noInstance(session.error().message);
  if (session->status != 200) return noInstance("no session, HTTP " + std::to_string(session->status));
  http::Headers headers;
  headers.set("X-aws-ec2-metadata-token", session->body);
  url->target = kRolePath;
  auto role = get(http, *url, headers);
  if (!role || role->status != 200) return noInstance("the instance has no role");
  url->target += role->body.substr(0, role->body.find('\n'));
  auto answer = get(http, *url, headers);
  if (!answer || answer->status != 200) return noInstance("the role's credentials can't be read");
  return credentialsOf(answer->body, "the instance metadata service");
}

}  // namespace aws
