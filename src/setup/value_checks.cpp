#include "setup/value_checks.h"

#include <algorithm>
#include <charconv>

#include "aws/partition.h"
#include "http/url.h"
#include "policy/arn.h"
#include "policy/iam_text.h"

namespace setup {
namespace {

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLabelCharacter(char c) { return isLower(c) || isDigit(c) || c == '-'; }

bool isLabel(std::string_view value, std::size_t longest) {
  return !value.empty() && value.size() <= longest && value.front() != '-' && value.back() != '-' &&
         std::all_of(value.begin(), value.end(), isLabelCharacter);
}

// RFC 1123: what most Kubernetes objects may be called.
bool isSubdomain(std::string_view value) {
  constexpr std::size_t kLongest = 253;
  if (value.size() > kLongest) return false;
  for (std::size_t dot = value.find('.'); dot != std::string_view::npos; dot = value.find('.')) {
    if (!isLabel(value.substr(0, dot), kLongest)) return false;
    value.remove_prefix(dot + 1);
  }
  return isLabel(value, kLongest);
}

constexpr std::size_t kLongestName = 50;  // leaves room for "-" and 12 digits in a bucket's 63

}  // namespace

std::string checkName(std::string_view value) {
  return isLabel(value, kLongestName) ? "" : "must be at most 50 lower-case letters, digits and inner dashes";
}

std::string checkRegion(std::string_view value) {
  return aws::partitionOf(value) ? "" : "has the form of no AWS region (such as us-west-2)";
}

std::string checkAccountId(std::string_view value) {
  bool fits = value.size() == 12 && std::all_of(value.begin(), value.end(), isDigit);
  return fits ? "" : "is no AWS account id (12 digits, in quotes)";
}

std::string checkTenant(std::string_view value) {
  bool fits = !value.empty() && std::all_of(value.begin(), value.end(),
                                            [](char c) { return isLower(c) || isUpper(c) || isDigit(c) || c == '_'; });
  return fits ? "" : "is neither a tenant nor an account of Ceph (letters, digits and _)";
}

std::string checkEndpoint(std::string_view value) {
  auto url = http::parseUrl(value);
  if (!url) return "is no http or https URL";
  return url->target == "/" ? "" : "must not have a path";
}

std::string checkBucket(std::string_view value) {
  if (value.find('.') != std::string_view::npos)
    return "has a dot, which S3's certificate does not cover under https://BUCKET.s3...";
  if (value.size() < 3 || !isLabel(value, 63)) return "must be 3 to 63 lower-case letters, digits and inner dashes";
  for (std::string_view begin : {"xn--", "sthree-", "amzn-s3-demo-"})
    if (value.starts_with(begin)) return "begins with " + std::string(begin) + ", which S3 keeps for itself";
  for (std::string_view end : {"-s3alias", "--ol-s3", "--x-s3", "--table-s3"})
    if (value.ends_with(end)) return "ends with " + std::string(end) + ", which S3 keeps for itself";
  return "";
}

std::string checkDomain(std::string_view value) {
  std::size_t labels = 0;
  for (std::string_view rest = value;; ++labels) {
    std::size_t dot = rest.find('.');
    if (!isLabel(rest.substr(0, dot), 63)) return "is no host name, in lower case and without https://";
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return labels > 0 && value.size() <= 253 ? "" : "is no host name below a domain";
}

std::string checkCertificateArn(std::string_view value) {
  auto arn = policy::parseArn(value);
  bool fits = arn && arn->service == "acm" && arn->resource.starts_with("certificate/");
  if (!fits) return "is no ARN of a certificate in ACM";
  return arn->region == "us-east-1" ? "" : "must lie in us-east-1: CloudFront takes certificates from nowhere else";
}

std::string checkPrefix(std::string_view value) {
  bool fits = !value.empty() && value.size() <= 128 && value.front() != '/' && value.back() != '/' &&
              value.find("//") == std::string_view::npos && value.find("..") == std::string_view::npos &&
              std::all_of(value.begin(), value.end(),
                          [](char c) { return isLabelCharacter(c) || isUpper(c) || c == '/' || c == '_' || c == '.'; });
  return fits ? "" : "must be letters, digits, - _ . and inner slashes";
}

std::string checkNamespace(std::string_view value) {
  return isLabel(value, 63) ? "" : "is no namespace (at most 63 lower-case letters, digits and inner dashes)";
}

std::string checkServiceAccount(std::string_view value) {
  std::size_t slash = value.find('/');
  if (slash == std::string_view::npos || value.find('/', slash + 1) != std::string_view::npos)
    return "must be namespace/name, such as default/s3-echoer";
  std::string_view nameSpace = value.substr(0, slash), name = value.substr(slash + 1);
  if (nameSpace.find_first_of("*?") != std::string_view::npos)
    return "has a pattern in the namespace: * would match other namespaces too, so it may stand only in the name";
  if (!isLabel(nameSpace, 63)) return "must start with a namespace (lower-case letters, digits and inner dashes)";
  bool fits = !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
    return isLabelCharacter(c) || c == '.' || c == '*' || c == '?';
  });
  if (!fits) return "must end with a name of lower-case letters, digits, - and . (or a pattern with * and ?)";
  bool isOpen = name.find_first_not_of("*?") == std::string_view::npos;
  return isOpen ? "would let every service account of the namespace be the role: give the pattern a fixed part" : "";
}

std::string checkRoleName(std::string_view value) {
  const bool fits = !value.empty() && value.size() <= 64 && policy::isNameText(value);
  return fits ? "" : "is no role name (1 to 64 letters, digits and _+=,.@-)";
}

std::string checkRolePath(std::string_view value) {
  bool fits = !value.empty() && value.size() <= 512 && value.front() == '/' && value.back() == '/' && value != "//" &&
              std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return fits ? "" : "must start and end with a slash, such as /team/";
}

std::string checkPolicyArn(std::string_view value) {
  auto arn = policy::parseArn(value);
  bool fits = arn && arn->service == "iam" && arn->resource.starts_with("policy/");
  return fits ? "" : "is no ARN of a managed policy (arn:aws:iam::...:policy/NAME)";
}

std::string checkTagText(std::string_view value) {
  if (policy::isTagText(value)) return "";
  return "has a character that AWS takes in no tag: letters, digits, spaces and _ . : / = + - @ may stand there";
}

std::string checkTagKey(std::string_view value) {
  if (value.empty() || value.size() > 128) return "must have 1 to 128 characters";
  if (policy::isReservedTagKey(value)) return "starts with aws:, which AWS keeps for itself";
  return value.starts_with("irsa-anywhere/") ? "starts with irsa-anywhere/, which irsa keeps for itself"
                                             : checkTagText(value);
}

std::string checkTagValue(std::string_view value) {
  return value.size() <= 256 ? checkTagText(value) : "is longer than the 256 characters that AWS takes";
}

std::string checkSecret(std::string_view value) {
  std::size_t slash = value.find('/');
  bool fits =
      slash != std::string_view::npos && isLabel(value.substr(0, slash), 63) && isSubdomain(value.substr(slash + 1));
  return fits ? "" : "must be namespace/name, such as eksa-system/edge-sa";
}

std::string checkImage(std::string_view value) {
  bool fits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return fits ? "" : "is no image name";
}

std::optional<std::chrono::seconds> parseDuration(std::string_view value) {
  std::chrono::seconds total{0};
  if (value.empty()) return std::nullopt;
  while (!value.empty()) {
    long count = 0;
    auto [at, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error != std::errc() || count < 0 || count > 604'800 || at == value.data() + value.size()) return std::nullopt;
    char unit = *at;
    if (unit == 'h')
      total += std::chrono::hours(count);
    else if (unit == 'm')
      total += std::chrono::minutes(count);
    else if (unit == 's')
      total += std::chrono::seconds(count);
    else
      return std::nullopt;
    value.remove_prefix(std::size_t(at + 1 - value.data()));
    if (total > std::chrono::hours(168)) return std::nullopt;
  }
  return total;
}

std::string checkDuration(std::string_view value) {
  auto duration = parseDuration(value);
  if (!duration) return "is no duration, such as 1h or 90m";
  bool fits = *duration >= std::chrono::hours(1) && *duration <= std::chrono::hours(12);
  return fits ? "" : "must lie between 1h and 12h";
}

}  // namespace setup
