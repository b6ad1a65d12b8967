#include "webhook/instance_identity.h"

#include <utility>

#include "http/url.h"
#include "io/client.h"
#include "io/system.h"
#include "text/json.h"
#include "text/words.h"

namespace webhook {
namespace {

constexpr std::chrono::milliseconds kPatience{5'000};

base::Result<std::string> ask(http::Client& client, const http::Request& request) {
  http::Response response = TRY(client.send(request));
  if (response.status != 200)
    return base::unavailable(request.origin + request.target + " answered HTTP " + std::to_string(response.status));
  return std::move(response.body);
}

base::Result<admission::RoleArnParts> askInstance() {
  if (text::lowerCase(io::environment("AWS_EC2_METADATA_DISABLED").value_or("")) == "true")
    return base::unavailable("AWS_EC2_METADATA_DISABLED is true");
  const std::string endpoint = io::environment("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
  const http::Url url = TRY(http::parseUrl(endpoint));
  io::ClientOptions options;
  options.connectTimeout = options.answerTimeout = options.idleTimeout = kPatience;
  options.maxBody = 64u << 10;
  std::unique_ptr<http::Client> client = io::newClient(options);
  http::Request request{.method = "PUT", .origin = url.origin(), .target = "/latest/api/token"};
  request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "60");
  const std::string token = TRY(ask(*client, request));
  http::Request document{
      .method = "GET", .origin = url.origin(), .target = "/latest/dynamic/instance-identity/document"};
  document.headers.add("X-aws-ec2-metadata-token", token);
  const std::string text = TRY(ask(*client, document));
  const text::Json json = TRY(text::parseJson(text));
  const std::string account = text::stringAt(json, "accountId"), region = text::stringAt(json, "region");
  if (account.empty()) return base::unavailable("the instance identity document names no account");
  return admission::RoleArnParts{std::string(partitionOfRegion(region)), account};
}

}  // namespace

base::Result<admission::RoleArnParts> instanceRoleArnParts() {
  base::Result<admission::RoleArnParts> parts = askInstance();
  if (parts) return parts;
  return std::move(parts)
      .error()
      .during("--compose-role-arn: EC2's instance metadata")
      .withHint("off EC2, say --compose-role-arn-account=ACCOUNT (and --compose-role-arn-partition)");
}

std::string_view partitionOfRegion(std::string_view region) {
  static constexpr std::pair<std::string_view, std::string_view> kPartitions[] = {
      {"cn-", "aws-cn"},         {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"},
      {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"}};
  for (const auto& [prefix, partition] : kPartitions)
    if (region.starts_with(prefix)) return partition;
  return "aws";
}

}  // namespace webhook
