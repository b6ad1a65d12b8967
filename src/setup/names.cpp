#include "setup/names.h"

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

}  // namespace

std::string bucketName(std::string_view account, std::string_view region, std::string_view name) {
  std::string digest = text::hex(crypto::sha256(joined({account, "\n", region, "\n", name})));
  return joined({name, "-", std::string_view(digest).substr(0, 12)});
}

std::string accountRegionalBucketName(std::string_view account, std::string_view region, std::string_view name) {
  return joined({name, "-", account, "-", region, "-an"});
}

std::string issuerUrl(std::string_view bucket, std::string_view region, std::string_view dnsSuffix,
                      std::string_view prefix) {
  return joined({"https://", bucket, ".s3.", region, ".", dnsSuffix, prefix.empty() ? "" : "/", prefix});
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
