#include "sim/s3.h"

#include <algorithm>
#include <array>

#include "sim/authorize.h"
#include "sim/checksum.h"

namespace sim {
namespace {

using namespace s3;

constexpr bool kWrites = true, kNoResult = false, kSigned = false, kNeedsChecksum = true, kCopies = true;

constexpr Route kRoutes[] = {
    {"GET", Level::Account, "", {"ListBuckets", "s3:ListAllMyBuckets", nullptr, listBuckets}},
    {"PUT", Level::Bucket, "", {"CreateBucket", "s3:CreateBucket", bucketResource, createBucket, kWrites}},
    {"HEAD", Level::Bucket, "", {"HeadBucket", "s3:ListBucket", bucketResource, headBucket}},
    {"DELETE", Level::Bucket, "", {"DeleteBucket", "s3:DeleteBucket", bucketResource, deleteBucket, kWrites}},
    {"GET",
     Level::Bucket,
     "location",
     {"GetBucketLocation", "s3:GetBucketLocation", bucketResource, getBucketLocation}},
    {"GET",
     Level::Bucket,
     "versioning",
     {"GetBucketVersioning", "s3:GetBucketVersioning", bucketResource, getBucketVersioning}},
    {"PUT", Level::Bucket, "acl", {"PutBucketAcl", "s3:PutBucketAcl", bucketResource, refuseAcl, kWrites}},
    {"PUT", Level::Object, "acl", {"PutObjectAcl", "s3:PutObjectAcl", objectResource, refuseAcl, kWrites}},
    {"PUT",
     Level::Bucket,
     "publicAccessBlock",
     {"PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", bucketResource, putPublicAccessBlock, kWrites, kNoResult,
      kSigned, kNeedsChecksum}},
    {"GET",
     Level::Bucket,
     "publicAccessBlock",
     {"GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", bucketResource, getPublicAccessBlock}},
    {"DELETE",
     Level::Bucket,
     "publicAccessBlock",
     {"DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", bucketResource, deletePublicAccessBlock, kWrites}},
    {"PUT",
     Level::Bucket,
     "policy",
     {"PutBucketPolicy", "s3:PutBucketPolicy", bucketResource, putBucketPolicy, kWrites, kNoResult, kSigned,
      kNeedsChecksum}},
    {"GET", Level::Bucket, "policy", {"GetBucketPolicy", "s3:GetBucketPolicy", bucketResource, getBucketPolicy}},
    {"DELETE",
     Level::Bucket,
     "policy",
     {"DeleteBucketPolicy", "s3:DeleteBucketPolicy", bucketResource, deleteBucketPolicy, kWrites}},
    {"GET",
     Level::Bucket,
     "policyStatus",
     {"GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", bucketResource, getBucketPolicyStatus}},
    {"PUT",
     Level::Bucket,
     "ownershipControls",
     {"PutBucketOwnershipControls", "s3:PutBucketOwnershipControls", bucketResource, putBucketOwnershipControls,
      kWrites, kNoResult, kSigned, kNeedsChecksum}},
    {"GET",
     Level::Bucket,
     "ownershipControls",
     {"GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", bucketResource, getBucketOwnershipControls}},
    {"DELETE",
     Level::Bucket,
     "ownershipControls",
     {"DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls", bucketResource, deleteBucketOwnershipControls,
      kWrites}},
    {"PUT",
     Level::Bucket,
     "tagging",
     {"PutBucketTagging", "s3:PutBucketTagging", bucketResource, putBucketTagging, kWrites, kNoResult, kSigned,
      kNeedsChecksum}},
    {"GET", Level::Bucket, "tagging", {"GetBucketTagging", "s3:GetBucketTagging", bucketResource, getBucketTagging}},
    {"DELETE",
     Level::Bucket,
     "tagging",
     {"DeleteBucketTagging", "s3:PutBucketTagging", bucketResource, deleteBucketTagging, kWrites}},
    {"POST",
     Level::Bucket,
     "delete",
     {"DeleteObjects", "", nullptr, deleteObjects, kWrites, kNoResult, kSigned, kNeedsChecksum}},
    {"GET", Level::Bucket, "acl", {"GetBucketAcl", "s3:GetBucketAcl", bucketResource, getBucketAcl}},
    {"GET",
     Level::Bucket,
     "encryption",
     {"GetBucketEncryption", "s3:GetEncryptionConfiguration", bucketResource, getBucketEncryption}},
    {"GET",
     Level::Bucket,
     "uploads",
     {"ListMultipartUploads", "s3:ListBucketMultipartUploads", bucketResource, listMultipartUploads}},
    {"GET", Level::Bucket, "list-type=2", {"ListObjectsV2", "s3:ListBucket", bucketResource, listObjectsV2}},
    {"GET", Level::Bucket, "", {"ListObjects", "s3:ListBucket", bucketResource, listObjects}},
    {"PUT", Level::Object, "", {"PutObject", "s3:PutObject", objectResource, putObject, kWrites}},
    {"PUT", Level::Object, "", {"CopyObject", "s3:PutObject", objectResource, copyObject, kWrites}, kCopies},
    {"GET", Level::Object, "", {"GetObject", "s3:GetObject", objectResource, getObject}},
    {"HEAD", Level::Object, "", {"HeadObject", "s3:GetObject", objectResource, headObject}},
    {"DELETE", Level::Object, "", {"DeleteObject", "s3:DeleteObject", objectResource, deleteObject, kWrites}},
    {"GET",
     Level::Object,
     "attributes",
     {"GetObjectAttributes", "s3:GetObjectAttributes", objectResource, getObjectAttributes}},
    {"PUT",
     Level::Object,
     "tagging",
     {"PutObjectTagging", "s3:PutObjectTagging", objectResource, putObjectTagging, kWrites, kNoResult, kSigned,
      kNeedsChecksum}},
    {"GET", Level::Object, "tagging", {"GetObjectTagging", "s3:GetObjectTagging", objectResource, getObjectTagging}},
    {"DELETE",
     Level::Object,
     "tagging",
     {"DeleteObjectTagging", "s3:DeleteObjectTagging", objectResource, deleteObjectTagging, kWrites}},
    {"POST",
     Level::Object,
     "uploads",
     {"CreateMultipartUpload", "s3:PutObject", objectResource, createMultipartUpload, kWrites}},
    {"PUT", Level::Object, "uploadId", {"UploadPart", "s3:PutObject", objectResource, uploadPart, kWrites}},
    {"PUT",
     Level::Object,
     "uploadId",
     {"UploadPartCopy", "s3:PutObject", objectResource, uploadPartCopy, kWrites},
     kCopies},
    {"POST",
     Level::Object,
     "uploadId",
     {"CompleteMultipartUpload", "s3:PutObject", objectResource, completeMultipartUpload, kWrites}},
    {"DELETE",
     Level::Object,
     "uploadId",
     {"AbortMultipartUpload", "s3:AbortMultipartUpload", objectResource, abortMultipartUpload, kWrites}},
    {"GET", Level::Object, "uploadId", {"ListParts", "s3:ListMultipartUploadParts", objectResource, listParts}},
};

// Every query name that makes a request another operation: one that is here and in no route is not implemented, and
// must never be taken for the plain operation.
constexpr std::array<std::string_view, 34> kSubresources{"accelerate",   "acl",
                                                         "analytics",    "attributes",
                                                         "cors",         "delete",
                                                         "encryption",   "intelligent-tiering",
                                                         "inventory",    "legal-hold",
                                                         "lifecycle",    "location",
                                                         "logging",      "metadataTable",
                                                         "metrics",      "notification",
                                                         "object-lock",  "ownershipControls",
                                                         "partNumber",   "policy",
                                                         "policyStatus", "publicAccessBlock",
                                                         "replication",  "requestPayment",
                                                         "restore",      "retention",
                                                         "select",       "tagging",
                                                         "torrent",      "uploadId",
                                                         "uploads",      "versioning",
                                                         "versions",     "website"};

constexpr auto kOperations = [] {
  std::array<const Operation*, std::size(kRoutes)> operations{};
  for (std::size_t i = 0; i < operations.size(); ++i) operations[i] = &kRoutes[i].operation;
  return operations;
}();

// The names in the query that make the request another operation. A part number says which part of a plain GET or of
// an upload is meant; anywhere else it is one of them.
std::vector<std::string_view> subresourcesOf(const Call& call) {
  bool reads = call.request.method == "GET" || call.request.method == "HEAD";
  bool hasPart = reads || call.parameters.has("uploadId");
  std::vector<std::string_view> names;
  for (std::string_view name : kSubresources)
    if (call.parameters.has(name) && !(name == "partNumber" && hasPart)) names.push_back(name);
  return names;
}

bool fits(const Route& route, const std::vector<std::string_view>& subresources, const Parameters& query) {
  std::size_t equals = route.subresource.find('=');
  if (equals != route.subresource.npos)
    return subresources.empty() &&
           query.get(route.subresource.substr(0, equals)) == route.subresource.substr(equals + 1);
  if (route.subresource.empty()) return subresources.empty();
  return subresources.size() == 1 && subresources[0] == route.subresource;
}

}  // namespace

std::span<const Operation* const> s3Operations() { return kOperations; }

const Operation* s3Operation(const Call& call) {
  Level level = call.bucket.empty() ? Level::Account : call.key.empty() ? Level::Bucket : Level::Object;
  std::vector<std::string_view> subresources = subresourcesOf(call);
  bool copies = call.request.headers.find("x-amz-copy-source").has_value();
  for (const Route& route : kRoutes)
    if (route.method == call.request.method && route.level == level && route.copies == copies &&
        fits(route, subresources, call.parameters))
      return &route.operation;
  return nullptr;
}

namespace s3 {

std::span<const Route> routes() { return kRoutes; }

base::Result<void> checkRequest(Call& call, const Operation& operation) {
  if (!call.bucket.empty() && operation.run != createBucket) TRY(findBucket(call));
  // What comes with this one is the checksum of the object, not of the request.
  if (operation.run == completeMultipartUpload) return {};
  return checkChecksums(call, operation.needsChecksum);
}

base::Result<Bucket*> findBucket(Call& call) {
  auto found = call.state.buckets.find(call.bucket);
  if (found == call.state.buckets.end()) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("NoSuchBucket", "The specified bucket does not exist");
  }
  auto owner = call.request.headers.find("x-amz-expected-bucket-owner");
  if (owner && *owner != call.settings.account) return awsError("AccessDenied", "Access Denied");
  return &found->second;
}

base::Result<text::XmlElement> requestXml(const Call& call) {
  auto parsed = text::parseXml(call.body);
  if (!parsed) return malformedXml();
  return std::move(parsed).value();
}

base::Error malformedXml() {
  return awsError("MalformedXML",
                  "The XML you provided was not well-formed or did not validate against our published schema");
}

base::Error badChecksumAlgorithm() {
  return awsError("InvalidRequest",
                  "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, "
                  "CRC32C, CRC64NVME, SHA1, SHA256]");
}

std::string storageClassOf(const std::map<std::string, std::string>& headers) {
  auto found = headers.find("x-amz-storage-class");
  return found == headers.end() ? "STANDARD" : found->second;
}

void answerXml(Call& call, text::XmlWriter&& xml) {
  call.response->headers.set("Content-Type", "application/xml");
  call.response->body = std::move(xml).take();
}

std::string bucketArn(const Call& call, std::string_view bucket) {
  return "arn:" + partitionOf(call.settings.region) + ":s3:::" + std::string(bucket);
}

std::string bucketResource(const Call& call) { return bucketArn(call, call.bucket); }

std::string objectResource(const Call& call) { return bucketArn(call, call.bucket + "/" + call.key); }

base::Result<std::string> readAnonymously(const Call& call, const std::string& bucket, const std::string& region,
                                          const std::string& key) {
  std::string where = "s3://" + bucket + "/" + key;
  auto found = call.state.buckets.find(bucket);
  if (found == call.state.buckets.end()) return base::notFound("there is no bucket " + bucket);
  if (!region.empty() && region != found->second.region)
    return base::invalid("the bucket " + bucket + " is in " + found->second.region + ", the URL says " + region);
  http::Request get;
  Call reader = readerFor(call, get, region, bucket, key);
  if (!mayDo(reader, "s3:GetObject", objectResource(reader)))
    return base::invalid(where + " is not public: an anonymous reader gets 403 AccessDenied");
  auto object = found->second.objects.find(key);
  if (object == found->second.objects.end()) return base::notFound("there is no object " + where);
  return object->second.body.bytes();
}

}  // namespace s3
}  // namespace sim
