#include "ground.h"

#include <algorithm>

#include "http/address.h"

namespace cli {
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

std::chrono::milliseconds programTimeout(const CommonOptions& options) {
  if (options.timeout.count() > 0) return options.timeout;
  return std::chrono::minutes(1);
}

aws::Endpoints endpointsOf(const aws::Endpoints& configured, const aws::Profile& profile) {
  aws::Endpoints endpoints = aws::configuredEndpoints(io::environment, profile);
  if (!configured.s3.empty()) endpoints.s3 = configured.s3;
  if (!configured.iam.empty()) endpoints.iam = configured.iam;
  if (!configured.sts.empty()) endpoints.sts = configured.sts;
  if (!configured.cloudFront.empty()) endpoints.cloudFront = configured.cloudFront;
  return endpoints;
}

base::Result<std::string> rootsOf(const aws::Profile& profile, const base::Files& files) {
  const std::string path = aws::caBundlePath(io::environment, profile);
  if (path.empty()) return std::string();
  return readRoots(path, "AWS_CA_BUNDLE or the profile's ca_bundle", files);
}

base::Result<std::string> readRoots(const std::string& path, std::string_view setting, const base::Files& files) {
  base::Result<std::string> roots = files.read(path);
  if (roots) return roots;
  base::Error error = std::move(roots).error().during("reading the certificates of " + std::string(setting));
  error.kind = base::ErrorKind::Invalid;
  return std::move(error).withHint("name a file of PEM certificates there, or take the setting out");
}

}  // namespace cli
