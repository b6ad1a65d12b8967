#include "ground.h"

#include <algorithm>

#include "http/address.h"

namespace cli {
namespace {

std::string firstOf(const std::string& configured, const std::string& variable) {
  if (!configured.empty()) return configured;
  const std::optional<std::string> own = io::environment(variable);
  if (own && !own->empty()) return *own;
  return io::environment("AWS_ENDPOINT_URL").value_or("");
}

}  // namespace

io::ClientOptions clientOptions(const CommonOptions& options) {
  io::ClientOptions http;
  http.proxy = "env";
  if (options.timeout.count() > 0) {
    http.answerTimeout = options.timeout;
    http.connectTimeout = std::min<std::chrono::milliseconds>(http.connectTimeout, options.timeout);
  }
  return http;
}

std::function<bool(std::string_view address)> issuerAddresses(bool allowLoopback) {
  return [allowLoopback](std::string_view address) {
    const http::Reach reach = http::reachOf(address);
    return reach == http::Reach::Internet || (allowLoopback && reach == http::Reach::Loopback);
  };
}

std::chrono::milliseconds helperTimeout(const CommonOptions& options) {
  if (options.timeout.count() > 0) return options.timeout;
  return std::chrono::minutes(1);
}

aws::Endpoints endpointsOf(const aws::Endpoints& configured) {
  return {.s3 = firstOf(configured.s3, "AWS_ENDPOINT_URL_S3"),
          .iam = firstOf(configured.iam, "AWS_ENDPOINT_URL_IAM"),
          .sts = firstOf(configured.sts, "AWS_ENDPOINT_URL_STS"),
          .cloudFront = firstOf(configured.cloudFront, "AWS_ENDPOINT_URL_CLOUDFRONT")};
}

base::Result<std::string> rootsOfEnvironment(const base::Files& files) {
  const std::string path = io::environment("AWS_CA_BUNDLE").value_or("");
  if (path.empty()) return std::string();
  base::Result<std::string> roots = files.read(path);
  if (!roots) return std::move(roots).error().during("reading AWS_CA_BUNDLE");
  return roots;
}

}  // namespace cli
