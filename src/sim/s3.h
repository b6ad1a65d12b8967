// What the files of S3 share: one table of routes in s3.cpp, the operations by subject.
#pragma once
#include <string>

#include "sim/operation.h"

namespace sim::s3 {

inline constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

enum class Level { Account, Bucket, Object };

struct Route {
  std::string_view method;
  Level level;
  std::string_view subresource;  // a name in the query, or "name=value"; empty: none
  Operation operation;
  bool copies = false;  // with the header x-amz-copy-source, and only with it
};
std::span<const Route> routes();

// Buckets and what is set on them: s3_buckets.cpp and s3_bucket_settings.cpp.
base::Result<void> listBuckets(Call& call);
base::Result<void> createBucket(Call& call);
base::Result<void> headBucket(Call& call);
base::Result<void> deleteBucket(Call& call);
base::Result<void> getBucketLocation(Call& call);
base::Result<void> getBucketVersioning(Call& call);
base::Result<void> refuseAcl(Call& call);
base::Result<void> putPublicAccessBlock(Call& call);
base::Result<void> getPublicAccessBlock(Call& call);
base::Result<void> deletePublicAccessBlock(Call& call);
base::Result<void> putBucketPolicy(Call& call);
base::Result<void> getBucketPolicy(Call& call);
base::Result<void> deleteBucketPolicy(Call& call);
base::Result<void> getBucketPolicyStatus(Call& call);
base::Result<void> putBucketOwnershipControls(Call& call);
base::Result<void> getBucketOwnershipControls(Call& call);
base::Result<void> deleteBucketOwnershipControls(Call& call);
base::Result<void> putBucketTagging(Call& call);
base::Result<void> getBucketTagging(Call& call);
base::Result<void> deleteBucketTagging(Call& call);

base::Result<void> getBucketAcl(Call& call);
base::Result<void> getBucketEncryption(Call& call);

// Objects: s3_objects.cpp, and lists of them: s3_listing.cpp.
base::Result<void> putObject(Call& call);
base::Result<void> getObject(Call& call);
base::Result<void> headObject(Call& call);
base::Result<void> deleteObject(Call& call);
base::Result<void> deleteObjects(Call& call);
base::Result<void> listObjects(Call& call);
base::Result<void> listObjectsV2(Call& call);
base::Result<void> getObjectAttributes(Call& call);
base::Result<void> copyObject(Call& call);
base::Result<void> putObjectTagging(Call& call);
base::Result<void> getObjectTagging(Call& call);
base::Result<void> deleteObjectTagging(Call& call);

// Multipart uploads: s3_multipart.cpp and s3_multipart_lists.cpp.
base::Result<void> createMultipartUpload(Call& call);
base::Result<void> uploadPart(Call& call);
base::Result<void> uploadPartCopy(Call& call);
base::Result<void> completeMultipartUpload(Call& call);
base::Result<void> abortMultipartUpload(Call& call);
base::Result<void> listParts(Call& call);
base::Result<void> listMultipartUploads(Call& call);
base::Result<Upload*> findUpload(Call& call);  // NoSuchUpload
base::Error badPartNumber(Call& call);
base::Error badChecksumAlgorithm();

// NoSuchBucket, or AccessDenied when x-amz-expected-bucket-owner names another account.
base::Result<Bucket*> findBucket(Call& call);
base::Result<text::XmlElement> requestXml(const Call& call);  // MalformedXML
base::Error malformedXml();
// What must be right before the operation is looked at: the bucket is there and ours, and the payload is what its
// checksums say.
base::Result<void> checkRequest(Call& call, const Operation& operation);

// <Tagging><TagSet>…: MalformedXML, InvalidTag. Objects have at most ten: BadRequest.
base::Result<Tags> readTagSet(Call& call, const text::XmlElement& tagging);
base::Result<void> checkTag(Call& call, std::string_view key, std::string_view value);
base::Result<void> checkObjectTags(const Tags& tags);
void answerTagSet(Call& call, const Tags& tags);
std::string storageClassOf(const std::map<std::string, std::string>& headers);
void answerXml(Call& call, text::XmlWriter&& xml);

std::string bucketArn(const Call& call, std::string_view bucket);
std::string bucketResource(const Call& call);
std::string objectResource(const Call& call);

// The object as a reader without any credentials gets it from the bucket's own Region (any, when `region` is empty).
base::Result<std::string> readAnonymously(const Call& call, const std::string& bucket, const std::string& region,
                                          const std::string& key);

// Whether a bucket policy gives something to everybody, by the rules of Block Public Access.
bool isPublic(std::string_view policyDocument);

}  // namespace sim::s3
