#include "sim/operation.h"

#include <algorithm>
#include <array>

#include "base/time.h"
#include "text/words.h"

namespace sim {
namespace {

struct CodeStatus {
  std::string_view code;
  int status;
};

// Codes that are not 400.
constexpr CodeStatus kStatuses[] = {
    {"AccessControlListNotSupported", 400},
    {"AccessDenied", 403},
    {"BatchTooLarge", 413},
    {"BucketAlreadyExists", 409},
    {"BucketAlreadyOwnedByYou", 409},
    {"BucketNotEmpty", 409},
    {"CNAMEAlreadyExists", 409},
    {"ConcurrentModification", 409},
    {"DeleteConflict", 409},
    {"DistributionAlreadyExists", 409},
    {"DistributionNotDisabled", 409},
    {"EntityAlreadyExists", 409},
    {"ExpiredToken", 403},
    {"GatewayTimeout", 504},
    {"IDPRejectedClaim", 403},
    {"InternalError", 500},
    {"InternalFailure", 500},
    {"InvalidAccessKeyId", 403},
    {"InvalidChunkSizeError", 403},
    {"InvalidClientTokenId", 403},
    {"InvalidPartNumber", 416},
    {"InvalidRange", 416},
    {"LimitExceeded", 409},
    {"MethodNotAllowed", 405},
    {"MissingAuthenticationToken", 403},
    {"MissingContentLength", 411},
    {"NoSuchBucket", 404},
    {"NoSuchBucketPolicy", 404},
    {"NoSuchCachePolicy", 404},
    {"NoSuchDistribution", 404},
    {"NoSuchEntity", 404},
    {"NoSuchInvalidation", 404},
    {"NoSuchKey", 404},
    {"NoSuchOrigin", 404},
    {"NoSuchOriginAccessControl", 404},
    {"NoSuchPublicAccessBlockConfiguration", 404},
    {"NoSuchResource", 404},
    {"NoSuchTagSet", 404},
    {"NoSuchUpload", 404},
    {"NoSuchVersion", 404},
    {"NotImplemented", 501},
    {"OperationAborted", 409},
    {"OriginAccessControlAlreadyExists", 409},
    {"OriginAccessControlInUse", 409},
    {"OwnershipControlsNotFoundError", 404},
    {"PreconditionFailed", 412},
    {"RegionDisabledException", 403},
    {"RequestTimeTooSkewed", 403},
    {"ServiceFailure", 500},
    {"SignatureDoesNotMatch", 403},
    {"SlowDown", 503},
};

base::ErrorKind kindOf(int status) {
  switch (status) {
    case 403: return base::ErrorKind::Denied;
    case 404: return base::ErrorKind::NotFound;
    case 409: return base::ErrorKind::Conflict;
    default: return status >= 500 ? base::ErrorKind::Unavailable : base::ErrorKind::Invalid;
  }
}

}  // namespace

std::string_view nameOf(Service service) {
  switch (service) {
    case Service::S3: return "s3";
    case Service::Iam: return "iam";
    case Service::CloudFront: return "cloudfront";
    case Service::Sts: break;
  }
  return "sts";
}

int statusOf(Service service, std::string_view code) {
  if (service == Service::S3 && code == "ExpiredToken") return 400;
  auto found =
      std::find_if(std::begin(kStatuses), std::end(kStatuses), [&](const auto& row) { return row.code == code; });
  return found == std::end(kStatuses) ? 400 : found->status;
}

base::Error notImplemented() {
  return awsError("NotImplemented", "A header you provided implies functionality that is not implemented");
}

base::Error notImplemented(Call& call, std::string_view header) {
  call.errorDetails = {{"Header", std::string(header)}};
  return notImplemented();
}

base::Error conditionNotImplemented(Call& call, std::string_view header) {
  base::Error error = notImplemented(call, header);
  call.errorDetails.emplace_back(
      "additionalMessage", "We don't accept the provided value of " + std::string(header) + " header for this API");
  return error;
}

base::Error awsError(std::string_view code, std::string message) {
  return {kindOf(statusOf(Service::Sts, code)), std::string(code), std::move(message)};
}

std::string partitionOf(std::string_view region) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kPrefixes{{{"cn-", "aws-cn"},
                                                                                    {"us-gov-", "aws-us-gov"},
                                                                                    {"eusc-", "aws-eusc"},
                                                                                    {"us-isob-", "aws-iso-b"},
                                                                                    {"us-isof-", "aws-iso-f"},
                                                                                    {"us-iso-", "aws-iso"},
                                                                                    {"eu-isoe-", "aws-iso-e"},
                                                                                    {"", "aws"}}};
  for (const auto& [prefix, partition] : kPrefixes)
    if (region.starts_with(prefix)) return std::string(partition);
  return "aws";
}

Call readerFor(const Call& call, const http::Request& request, std::string_view region, std::string bucket,
               std::string key) {
  Call reader{call.state, call.settings, call.now,     call.random,       call.issuers,  request,
              "",         region,        Parameters(), std::move(bucket), std::move(key)};
  reader.policies = call.policies;
  return reader;
}

std::string arn(const Call& call, std::string_view service, std::string_view resource) {
  return "arn:" + partitionOf(call.settings.region) + ":" + std::string(service) + "::" + call.settings.account + ":" +
         std::string(resource);
}

std::string roleArn(const Call& call, const Role& role) { return arn(call, "iam", "role" + role.path + role.name); }

Role* roleOfArn(const Call& call, std::string_view arn) {
  auto found = call.state.roles.find(text::lowerCase(arn.substr(arn.rfind('/') + 1)));
  return found != call.state.roles.end() && roleArn(call, found->second) == arn ? &found->second : nullptr;
}

std::string timeText(std::int64_t seconds) { return base::rfc3339(base::fromUnixSeconds(seconds)); }

std::string makeId(const base::RandomBytes& random, std::string_view prefix, std::size_t count) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out(prefix);
  for (char c : random(count)) out += kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return out;
}

}  // namespace sim
