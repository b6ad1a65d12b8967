// One row of the simulator: an operation of S3, IAM, STS or CloudFront, what it needs, and the function that answers
// it. The tables are s3.cpp's, iam.cpp's, sts.cpp's and cloudfront.cpp's.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "http/message.h"
#include "sim/endpoint.h"
#include "sim/parameters.h"
#include "sim/state.h"
#include "text/xml.h"

namespace sim {

enum class Service { S3, Iam, Sts, CloudFront };

// S3 and CloudFront speak REST with XML, the others the query protocol.
constexpr bool isRest(Service service) { return service == Service::S3 || service == Service::CloudFront; }

std::string_view nameOf(Service service);  // as a signing scope says it: "s3"

// Elements beside Code and Message in an error of S3, in their order: {"BucketName", "x"}.
using ErrorDetails = std::vector<std::pair<std::string, std::string>>;

// Who signed the request. A session is a copy: the caller stays what it was while the operation changes the state.
struct Caller {
  enum class Kind { Anonymous, Administrator, Session, Service };
  Kind kind = Kind::Anonymous;
  std::string arn, userId, accessKeyId;
  std::optional<Session> session = {};
  std::string sourceArn = {};  // of a service, whose name is in `arn`: what it reads for
};

// Fetches documents of issuers, see issuer_reader.h.
class IssuerReader;
class PolicyCache;

// Everything an operation may look at and change. Lives for one request, under the endpoint's lock.
struct Call {
  State& state;
  const Settings& settings;
  base::Time now;
  const base::RandomBytes& random;
  IssuerReader& issuers;
  const http::Request& request;
  std::string_view body;    // the payload, out of its aws-chunked coat
  std::string_view region;  // of the signing scope, or the simulator's own
  Parameters parameters;
  std::string bucket, key;                                         // S3 only, decoded
  std::vector<std::pair<std::string, std::string>> trailers = {};  // of an aws-chunked payload, names in lower case
  Caller caller = {};
  text::XmlWriter xml = {};            // query protocol: inside <OperationResult>
  http::Response* response = nullptr;  // REST only
  std::vector<std::string> ids = {};   // CloudFront only: those in the path
  PolicyCache* policies = nullptr;     // null: every policy is read anew
  // For the call log, never for the client: why it was refused, condition by condition.
  std::string reason = {};
  ErrorDetails errorDetails = {};  // S3 only
};

// What reads something for the sake of `call`: in the same world at the same time, but for nobody yet.
Call readerFor(const Call& call, const http::Request& request, std::string_view region, std::string bucket = {},
               std::string key = {});

struct Operation {
  std::string_view name;    // as CloudTrail writes it
  std::string_view action;  // the permission it needs, "iam:CreateRole"; empty: a valid signature is enough
  // The ARN the permission is asked for; null: "*".
  std::string (*resource)(const Call& call);
  // Errors carry AWS's code and sentence.
  base::Result<void> (*run)(Call& call);
  bool writes = false;
  bool hasResult = true;       // query protocol: <OperationResult> is in the answer
  bool unsignedOnly = false;   // AssumeRoleWithWebIdentity: no signature is looked at
  bool needsChecksum = false;  // S3: Content-MD5 or x-amz-checksum-* is required
};

std::span<const Operation> iamOperations();
std::span<const Operation> stsOperations();
// The S3 operation that method, bucket, key and query ask for; null when this simulator has none.
const Operation* s3Operation(const Call& call);
std::span<const Operation* const> s3Operations();
std::span<const Operation* const> cloudFrontOperations();

// An Error with AWS's code and sentence.
base::Error awsError(std::string_view code, std::string message);

// S3's answer to what is not there; it names the header that asks for it, if one does.
base::Error notImplemented();
base::Error notImplemented(Call& call, std::string_view header);
// The same of a condition whose header has a value that the operation doesn't take.
base::Error conditionNotImplemented(Call& call, std::string_view header);
// The status that goes with a code. S3 and the query services differ in one: ExpiredToken.
int statusOf(Service service, std::string_view code);

std::string partitionOf(std::string_view region);  // "aws", "aws-cn", "aws-us-gov", …
std::string arn(const Call& call, std::string_view service, std::string_view resource);  // without a region
std::string roleArn(const Call& call, const Role& role);
// The role of exactly this ARN, path and case included; null when there is none.
Role* roleOfArn(const Call& call, std::string_view arn);
std::string timeText(std::int64_t seconds);  // 2026-11-23T20:00:00Z

// `prefix` and `count` letters and digits, as AWS makes its ids: "AROA…", "ASIA…".
std::string makeId(const base::RandomBytes& random, std::string_view prefix, std::size_t count);

}  // namespace sim
