#include <algorithm>
#include <optional>

#include "base/time.h"
#include "sim/s3.h"
#include "sim/s3_listing.h"
#include "sim/s3_object.h"
#include "text/encoding.h"

namespace sim::s3 {
namespace {

constexpr std::string_view kHome = "us-east-1";  // the Region that goes without a LocationConstraint

bool isAddress(std::string_view name) {
  return std::count(name.begin(), name.end(), '.') == 3 && name.find_first_not_of("0123456789.") == name.npos;
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
bool isBucketName(std::string_view name) {
  auto isEnd = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.size() < 3 || name.size() > 63 || !isEnd(name.front()) || !isEnd(name.back())) return false;
  if (!std::all_of(name.begin(), name.end(), [&](char c) { return isEnd(c) || c == '.' || c == '-'; })) return false;
  if (name.find("..") != name.npos || isAddress(name)) return false;
  for (std::string_view prefix : {"xn--", "sthree-", "amzn-s3-demo-"})
    if (name.starts_with(prefix)) return false;
  for (std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"})
    if (name.ends_with(suffix)) return false;
  return true;
}

// letters-letters[-letters]-digit
bool isRegion(std::string_view region) {
  std::size_t dash = region.rfind('-');
  if (dash == region.npos || dash + 1 == region.size() || std::count(region.begin(), region.end(), '-') < 2)
    return false;
  std::string_view word = region.substr(0, dash), number = region.substr(dash + 1);
  return number.find_first_not_of("0123456789") == number.npos &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == word.npos;
}

base::Error incompatible(std::string_view which) {
  return awsError(
      "IllegalLocationConstraintException",
      "The " + std::string(which) +
          " location constraint is incompatible for the region specific endpoint this request was sent to.");
}

// The Region a new bucket is made in. The endpoint that was asked is the one of the signing scope's Region.
base::Result<std::string> regionOf(Call& call) {
  std::string asked;
  text::XmlElement body;
  if (!call.body.empty()) {
    body = TRY(requestXml(call));
    if (body.name != "CreateBucketConfiguration") return malformedXml();
    asked = body.textOf("LocationConstraint");
  }
  if (asked == "EU") asked = "eu-west-1";
  if (!asked.empty() && (asked == kHome || !isRegion(asked))) {
    call.errorDetails = {{"LocationConstraint", asked}};
    return awsError("InvalidLocationConstraint", "The specified location-constraint is not valid");
  }
  if (call.region == kHome) return asked.empty() ? std::string(kHome) : asked;
  if (asked.empty()) return incompatible("unspecified");
  if (asked != call.region) return incompatible(asked);
  return asked;
}

bool isAccount(std::string_view text) { return text.size() == 12 && text.find_first_not_of("0123456789") == text.npos; }

// PREFIX-ACCOUNT-REGION-an, the form of names in an account's regional namespace: {account, region}, or absent.
std::optional<std::pair<std::string_view, std::string_view>> namespaceOf(std::string_view name) {
  if (!name.ends_with("-an")) return std::nullopt;
  name.remove_suffix(3);
  for (std::size_t dash = name.find('-'); dash != name.npos && dash + 14 < name.size();
       dash = name.find('-', dash + 1)) {
    std::string_view account = name.substr(dash + 1, 12), region = name.substr(dash + 14);
    if (dash > 0 && isAccount(account) && name[dash + 13] == '-' && isRegion(region)) return std::pair(account, region);
  }
  return std::nullopt;
}

// Names of that form can be had by the account alone, in that Region alone, and only by saying so.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
base::Result<void> checkNamespace(Call& call, const std::string& region) {
  auto wanted = call.request.headers.find("x-amz-bucket-namespace");
  if (wanted && *wanted != "account-regional" && *wanted != "global") {
    call.errorDetails = {{"ArgumentName", "x-amz-bucket-namespace"}, {"ArgumentValue", std::string(*wanted)}};
    return awsError("InvalidArgument", "Invalid x-amz-bucket-namespace header: " + std::string(*wanted));
  }
  bool isRegional = wanted == "account-regional";
  auto named = namespaceOf(call.bucket);
  if (named && !wanted) {
    call.errorDetails = {{"Header", "x-amz-bucket-namespace"}};
    return awsError("MissingNamespaceHeader",
                    "The requested bucket is an account-regional namespace bucket, but your request is missing the "
                    "required x-amz-bucket-namespace header.");
  }
  const std::string suffix = "-" + call.settings.account + "-" + region + "-an";
  if (isRegional && !named)
    return awsError("InvalidNamespaceHeader",
                    "The requested bucket name did not include the account-regional namespace suffix, but the provided "
                    "x-amz-bucket-namespace header value is account-regional. Specify " +
                        suffix +
                        " as the bucket name suffix to create a bucket in your account-regional namespace, or remove "
                        "the header.");
  if (named && !isRegional)
    return awsError("InvalidNamespaceHeader",
                    "The requested bucket name is in an account regional namespace, not in the global one");
  if (!isRegional || call.bucket.ends_with(suffix)) return {};
  call.errorDetails = {{"BucketName", call.bucket}};
  return awsError(
      "InvalidBucketNamespace",
      "The requested bucket name does not end with the suffix of the account regional namespace, " + suffix);
}

base::Result<void> readNewSettings(Call& call, Bucket& bucket) {
  auto ownership = call.request.headers.find("x-amz-object-ownership");
  if (ownership) {
    if (*ownership != "BucketOwnerEnforced" && *ownership != "BucketOwnerPreferred" && *ownership != "ObjectWriter") {
      call.errorDetails = {{"ArgumentName", "x-amz-object-ownership"}};
      return awsError("InvalidArgument", "Invalid x-amz-object-ownership header: " + std::string(*ownership));
    }
    bucket.ownership = *ownership;
  }
  auto acl = call.request.headers.find("x-amz-acl");
  if (!acl || *acl == "private") return {};
  if (bucket.ownership == "BucketOwnerEnforced")
    return awsError("InvalidBucketAclWithObjectOwnership",
                    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
  return awsError("AccessDenied", "User: " + call.caller.arn +
                                      " is not authorized to perform: s3:CreateBucket on resource: \"" +
                                      bucketResource(call) +
                                      "\" because public ACLs are prevented by the BlockPublicAcls setting in S3 Block "
                                      "Public Access.");
}

}  // namespace

base::Result<void> listBuckets(Call& call) {
  constexpr std::int64_t kMost = 10'000;
  std::string_view prefix = call.parameters.get("prefix"), region = call.parameters.get("bucket-region");
  std::int64_t most = TRY(countOf(call, "max-buckets", kMost));
  if (most < 1 || most > kMost) {
    call.errorDetails = {{"ArgumentName", "max-buckets"}, {"ArgumentValue", std::to_string(most)}};
    return awsError("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000");
  }
  auto after = text::decodeBase64Url(call.parameters.get("continuation-token"));
  if (!after) return badContinuation(call);
  text::XmlWriter xml;
  xml.open("ListAllMyBucketsResult", kNamespace);
  writeOwner(xml, call);
  xml.open("Buckets");
  std::string last, next;
  std::int64_t listed = 0;
  for (const auto& [name, bucket] : call.state.buckets) {
    if (!name.starts_with(prefix) || (!region.empty() && region != bucket.region) || name <= *after) continue;
    if (listed++ == most) {
      next = last;
      break;
    }
    last = name;
    xml.open("Bucket").leaf("Name", name).leaf("CreationDate", xmlTime(bucket.created));
    xml.leaf("BucketRegion", bucket.region).leaf("BucketArn", bucketArn(call, name)).close();
  }
  xml.close();
  if (!prefix.empty()) xml.leaf("Prefix", prefix);
  if (!next.empty()) xml.leaf("ContinuationToken", text::base64Url(next));
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> createBucket(Call& call) {
  if (!isBucketName(call.bucket)) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("InvalidBucketName", "The specified bucket is not valid.");
  }
  Bucket bucket;
  bucket.name = call.bucket;
  bucket.region = TRY(regionOf(call));
  TRY(checkNamespace(call, bucket.region));
  bucket.created = base::unixSeconds(call.now);
  TRY(readNewSettings(call, bucket));
  bool home = bucket.region == kHome;
  call.response->headers.set("x-amz-bucket-arn", bucketResource(call));
  call.response->headers.set("Location", home ? "/" + call.bucket : "http://" + call.bucket + ".s3.amazonaws.com/");
  auto there = call.state.buckets.find(call.bucket);
  if (there != call.state.buckets.end()) {
    // In the oldest Region making it once more succeeds, as it always did.
    if (call.region == kHome && there->second.region == kHome) return {};
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already own it.");
  }
  call.state.buckets.emplace(call.bucket, std::move(bucket));
  return {};
}

base::Result<void> headBucket(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  call.response->headers.set("x-amz-bucket-region", bucket->region);
  call.response->headers.set("x-amz-bucket-arn", bucketResource(call));
  call.response->headers.set("x-amz-access-point-alias", "false");
  call.response->headers.set("Content-Type", "application/xml");
  return {};
}

base::Result<void> deleteBucket(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  if (!bucket->objects.empty()) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("BucketNotEmpty", "The bucket you tried to delete is not empty");
  }
  call.state.buckets.erase(call.bucket);
  call.response->status = 204;
  return {};
}

base::Result<void> getBucketLocation(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  // The root element is the text itself; for us-east-1 it is empty.
  std::string region = bucket->region == kHome ? "" : bucket->region;
  call.response->headers.set("Content-Type", "application/xml");
  call.response->body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\"" +
                        std::string(kNamespace) + "\">" + text::escapeXml(region) + "</LocationConstraint>";
  return {};
}

base::Result<void> getBucketVersioning(Call& call) {
  TRY(findBucket(call));
  text::XmlWriter xml;
  xml.open("VersioningConfiguration", kNamespace);
  answerXml(call, std::move(xml));
  return {};
}

}  // namespace sim::s3
