#include "setup/names.h"

#include <algorithm>

#include "aws/partition.h"
#include "crypto/digest.h"
#include "oidc/discovery.h"
#include "text/encoding.h"

namespace setup {
namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view part : parts) out += part;
  return out;
}

// What follows "s3." or "s3-" up to the partition's suffix, and whether it was a dash.
struct Endpoint {
  std::string region;
  bool hasDash = false;
};

std::optional<Endpoint> endpointOf(std::string_view host) {
  if (host == "s3.amazonaws.com") return Endpoint{};
  if (!host.starts_with("s3.") && !host.starts_with("s3-")) return std::nullopt;
  const std::string_view rest = host.substr(3);
  const std::size_t dot = rest.find('.');
  const std::string region(rest.substr(0, dot));
  auto partition = aws::partitionOf(region);
  if (dot == std::string_view::npos || !partition || rest.substr(dot + 1) != partition->dnsSuffix) return std::nullopt;
  return Endpoint{region, host[2] == '-'};
}

}  // namespace

std::string bucketName(std::string_view account, std::string_view region, std::string_view name) {
  std::string digest = text::hex(crypto::sha256(joined({account, "\n", region, "\n", name})));
  return joined({name, "-", std::string_view(digest).substr(0, 12)});
}

std::string accountRegionalBucketName(std::string_view account, std::string_view region, std::string_view name) {
  return joined({name, "-", account, "-", region, "-an"});
}

bool isUnnamed(std::string_view text) { return text.find(kUnknownDomain) != std::string_view::npos; }

std::string issuerUrl(std::string_view bucket, std::string_view region, std::string_view dnsSuffix,
                      std::string_view prefix) {
  return joined({"https://", bucket, ".s3.", region, ".", dnsSuffix, prefix.empty() ? "" : "/", prefix});
}

std::optional<IssuerPlace> issuerPlaceOf(std::string_view issuer) {
  constexpr std::string_view kScheme = "https://";
  if (issuer.starts_with(kScheme)) issuer.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(issuer.find('/'), issuer.size());
  const std::string_view host = issuer.substr(0, slash);
  std::string_view path = issuer.substr(std::min(slash + 1, issuer.size()));
  if (path.ends_with('/')) path.remove_suffix(1);
  if (auto endpoint = endpointOf(host)) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end == 0) return std::nullopt;
    return IssuerPlace{std::string(path.substr(0, end)), endpoint->region,
                       std::string(path.substr(std::min(end + 1, path.size()))), true, endpoint->hasDash};
  }
  for (std::size_t dot = host.find(".s3"); dot != std::string_view::npos; dot = host.find(".s3", dot + 1))
    if (auto endpoint = endpointOf(host.substr(dot + 1)); endpoint && dot > 0)
      return IssuerPlace{std::string(host.substr(0, dot)), endpoint->region, std::string(path), false,
                         endpoint->hasDash};
  return std::nullopt;
}

std::string providerArn(std::string_view partition, std::string_view account, std::string_view issuer) {
  return joined({"arn:", partition, ":iam::", account, ":oidc-provider/", oidc::providerName(issuer)});
}

std::string roleArn(std::string_view partition, std::string_view account, std::string_view path,
                    std::string_view name) {
  return joined({"arn:", partition, ":iam::", account, ":role", path, name});
}

std::string roleDescription(std::string_view name) { return joined({"irsa-anywhere ", name}); }

std::string distributionArn(std::string_view partition, std::string_view account, std::string_view id) {
  return joined({"arn:", partition, ":cloudfront::", account, ":distribution/", id});
}

std::string privateKeyPath(std::string_view directory, std::string_view name) {
  return joined({directory, "/", name, ".key"});
}

}  // namespace setup
