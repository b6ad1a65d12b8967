#include "aws/client.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "aws/sigv4.h"
#include "base/time.h"
#include "text/xml.h"

namespace aws {
namespace {

using base::ErrorKind;

constexpr int kTries = 4;
constexpr std::chrono::milliseconds kFirstWait{1000}, kLongestWait{20'000};
constexpr std::chrono::minutes kMeaningfulSkew{4};

struct KnownCode {
  std::string_view code;
  ErrorKind kind;
};

constexpr std::array kKnownCodes{
    KnownCode{"NoSuchEntity", ErrorKind::NotFound},
    KnownCode{"NoSuchBucket", ErrorKind::NotFound},
    KnownCode{"NoSuchKey", ErrorKind::NotFound},
    KnownCode{"NoSuchTagSet", ErrorKind::NotFound},
    KnownCode{"NoSuchBucketPolicy", ErrorKind::NotFound},
    KnownCode{"NoSuchPublicAccessBlockConfiguration", ErrorKind::NotFound},
    KnownCode{"EntityAlreadyExists", ErrorKind::AlreadyExists},
    KnownCode{"OriginAccessControlAlreadyExists", ErrorKind::AlreadyExists},
    KnownCode{"DistributionAlreadyExists", ErrorKind::AlreadyExists},
    KnownCode{"BucketAlreadyExists", ErrorKind::AlreadyExists},
    KnownCode{"BucketAlreadyOwnedByYou", ErrorKind::AlreadyExists},
    KnownCode{"ExpiredToken", ErrorKind::Denied},
    KnownCode{"ExpiredTokenException", ErrorKind::Denied},
    KnownCode{"IDPCommunicationError", ErrorKind::Unavailable},
    KnownCode{"OpenIdIdpCommunicationError", ErrorKind::Unavailable},
};

constexpr std::array<std::string_view, 11> kThrottling{"Throttling",
                                                       "ThrottlingException",
                                                       "ThrottledException",
                                                       "RequestThrottled",
                                                       "RequestThrottledException",
                                                       "TooManyRequestsException",
                                                       "RequestLimitExceeded",
                                                       "BandwidthLimitExceeded",
                                                       "PriorRequestNotComplete",
                                                       "SlowDown",
                                                       "RequestTimeout"};

ErrorKind kindOf(std::string_view code, int status) {
  for (const KnownCode& known : kKnownCodes)
    if (known.code == code) return known.kind;
  if (std::find(kThrottling.begin(), kThrottling.end(), code) != kThrottling.end()) return ErrorKind::Unavailable;
  if (status >= 500 || status == 429) return ErrorKind::Unavailable;
  if (status == 404) return ErrorKind::NotFound;
  if (status == 409 || status == 412) return ErrorKind::Conflict;
  if (status == 401 || status == 403) return ErrorKind::Denied;
  return ErrorKind::Invalid;
}

std::string_view codeOfStatus(int status) {
  switch (status) {
    case 301: return "PermanentRedirect";
    case 403: return "AccessDenied";
    case 404: return "NotFound";
    case 503: return "SlowDown";
    default: return "HTTP";
  }
}

// S3 and CloudFront name some permissions otherwise than the calls that need them.
std::string permissionFor(const Operation& operation) {
  if (operation.name == "HeadBucket" || operation.name == "ListObjectsV2") return "s3:ListBucket";
  if (operation.name == "PutPublicAccessBlock") return "s3:PutBucketPublicAccessBlock";
  if (operation.name == "GetAccountPublicAccessBlock") return "s3:GetAccountPublicAccessBlock";
  if (operation.name == "GetPublicAccessBlock") return "s3:GetBucketPublicAccessBlock";
  if (operation.name == "CreateDistributionWithTags") return "cloudfront:CreateDistribution";
  return operation.service + ":" + operation.name;
}

std::string hintFor(const Operation& operation, std::string_view code) {
  if (code.starts_with("ExpiredToken"))
    return "renew the credentials (for example: aws sso login) and run the same command again";
  if (code == "InvalidClientTokenId" || code == "InvalidAccessKeyId" || code == "UnrecognizedClientException")
    return "AWS does not know this access key: check AWS_ACCESS_KEY_ID or the profile, and that they belong to this "
           "partition";
  if (code == "SignatureDoesNotMatch" || code == "IncompleteSignature")
    return "the secret access key does not belong to the access key id, or this machine's clock is wrong";
  if (code == "RequestTimeTooSkewed")
    return "set this machine's clock (timedatectl set-ntp true), then run the same command again";
  if (code == "AccessDenied" && !operation.isSigned)
    return "the role does not exist, or its trust policy does not admit this subject, audience and provider";
  if (code == "AccessDenied" || code == "AccessDeniedException")
    return "the caller needs the permission " + permissionFor(operation);
  if (code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed")
    return "the bucket lies in another region: set aws.region to it";
  if (code == "BucketNotEmpty")
    return "somebody else's objects lie there (aws s3 ls --recursive s3://" + operation.subject +
           " lists them): take them away, then run the same command again";
  if (code == "MethodNotAllowed")
    return "the endpoint has no such call; where it is Ceph's, irsa.yaml needs aws.dialect: ceph";
  if (code == "RegionDisabledException") return "activate this region for STS in the account's settings in IAM";
  return "";
}

// Of an IAM or STS <ErrorResponse><Error>, or an S3 <Error>.
struct WireError {
  std::string code, message;
};

WireError wireErrorOf(const http::Response& response) {
  WireError found{std::string(codeOfStatus(response.status)), "HTTP " + std::to_string(response.status)};
  auto document = text::parseXml(response.body);
  if (!document) return found;
  const text::XmlElement* error = document->name == "Error" ? &*document : document->find("Error");
  if (!error || error->textOf("Code").empty()) return found;
  found.code = error->textOf("Code");
  found.message = error->textOf("Message");
  if (auto region = error->textOf("Region"); !region.empty()) found.message += " (region " + std::string(region) + ")";
  return found;
}

std::string subjectOf(const Operation& operation) {
  return operation.name + (operation.subject.empty() ? "" : " " + operation.subject);
}

}  // namespace

base::Error errorOf(const Operation& operation, const http::Response& response) {
  WireError wire = wireErrorOf(response);
  return {kindOf(wire.code, response.status), wire.code, subjectOf(operation) + ": " + wire.code + ": " + wire.message,
          hintFor(operation, wire.code)};
}

Client::Client(http::Client& http, Endpoints endpoints, CredentialsSource credentials, std::string region,
               base::Clock& clock, base::RandomBytes random)
    : http_(http),
      endpoints_(std::move(endpoints)),
      credentials_(std::move(credentials)),
      region_(std::move(region)),
      clock_(clock),
      random_(std::move(random)) {}

base::Result<http::Request> Client::address(const Operation& operation) const {
  Partition partition = TRY(partitionOf(region_));
  http::Request request{
      .method = operation.method, .target = operation.path, .headers = operation.headers, .body = operation.body};
  if (operation.service == "iam")
    request.origin = endpoints_.iam.empty() ? "https://" + std::string(partition.iamHost) : endpoints_.iam;
  else if (operation.service == "sts")
    request.origin = endpoints_.sts.empty() ? "https://" + stsHost(partition, region_) : endpoints_.sts;
  else if (operation.service == "cloudfront")
    request.origin =
        endpoints_.cloudFront.empty() ? "https://" + std::string(partition.cloudFrontHost) : endpoints_.cloudFront;
  else if (!endpoints_.s3.empty())
    request.origin = endpoints_.s3;
  else if (!operation.controlledAccount.empty())
    request.origin = "https://" + operation.controlledAccount + "." + s3ControlHost(partition, region_);
  else
    request.origin = "https://" + (operation.bucket.empty() ? "" : operation.bucket + ".") + s3Host(partition, region_);

  if (request.origin == "https://") return base::invalid("there is no CloudFront in " + std::string(partition.name));
  bool isPathStyle = !operation.bucket.empty() && !endpoints_.s3.empty();
  if (isPathStyle) request.target = "/" + operation.bucket + (operation.path == "/" ? "" : operation.path);
  if (!operation.query.empty()) request.target += "?" + operation.query;
  return request;
}

// IAM and CloudFront are global: at their own hosts their signatures name one Region of the partition.
std::string_view Client::signingRegion(const Operation& operation, const Partition& partition) const {
  if (operation.service == "iam" && endpoints_.iam.empty()) return partition.iamRegion;
  if (operation.service == "cloudfront" && endpoints_.cloudFront.empty()) return partition.cloudFrontRegion;
  return region_;
}

base::Result<http::Response> Client::sendOnce(const Operation& operation) {
  http::Request request = TRY(address(operation));
  if (operation.isSigned) {
    Credentials credentials = TRY(credentials_());
    Partition partition = TRY(partitionOf(region_));
    sign(request, credentials, signingRegion(operation, partition), operation.service, clock_.now() + skew());
  }
  ++calls_;
  auto response = http_.send(request);
  if (!response) {
    base::Error error = std::move(response).error();
    if (error.hint.empty())
      error.hint = error.kind == ErrorKind::Invalid
                       ? "mend the endpoint: aws.endpoint in irsa.yaml, AWS_ENDPOINT_URL or the profile's endpoint_url"
                       : "check the way to " + request.origin + " (proxy, firewall, aws.endpoint in irsa.yaml)";
    return std::move(error).during(subjectOf(operation));
  }
  if (response->status >= 200 && response->status <= 299) return response;
  base::Error error = errorOf(operation, *response);
  if (learnsSkew(*response, error)) return sendOnce(operation);
  return error;
}

// Signatures hold for five minutes. True when the answer's Date shows that ours was refused for the clock alone, and
// that is known now for the next try.
bool Client::learnsSkew(const http::Response& response, const base::Error& error) {
  constexpr std::array<std::string_view, 5> kCodes{"RequestTimeTooSkewed", "RequestExpired",
                                                   "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"};
  if (std::find(kCodes.begin(), kCodes.end(), error.code) == kCodes.end()) return false;
  auto theirs = base::parseHttpDate(response.headers.get("date"));
  if (!theirs) return false;
  auto skew = std::chrono::duration_cast<std::chrono::seconds>(*theirs - clock_.now());
  auto change = skew - this->skew();
  if (change < kMeaningfulSkew && change > -kMeaningfulSkew) return false;
  skew_ = skew.count();
  return true;
}

base::Result<http::Response> Client::send(const Operation& operation) {
  std::chrono::milliseconds ceiling = kFirstWait;
  for (int attempt = 1;; ++attempt) {
    auto response = sendOnce(operation);
    if (response || response.error().kind != ErrorKind::Unavailable || attempt == kTries) return response;
    auto byte = static_cast<unsigned char>(random_(1)[0]);
    clock_.sleepFor(ceiling * byte / 256);
    ceiling = std::min(ceiling * 2, kLongestWait);
  }
}

}  // namespace aws
