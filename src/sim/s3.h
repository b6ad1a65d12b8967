// What the files of S3 share: one table in s3.cpp, the operations by subject.
#pragma once
#include <string>

#include "sim/operation.h"

namespace sim::s3 {

inline constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

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

// Objects: s3_objects.cpp, and lists of them: s3_listing.cpp.
base::Result<void> putObject(Call& call);
base::Result<void> getObject(Call& call);
base::Result<void> headObject(Call& call);
base::Result<void> deleteObject(Call& call);
base::Result<void> deleteObjects(Call& call);
base::Result<void> listObjects(Call& call);
base::Result<void> listObjectsV2(Call& call);

// NoSuchBucket, or AccessDenied when x-amz-expected-bucket-owner names another account.
base::Result<Bucket*> findBucket(Call& call);
base::Result<text::XmlElement> requestXml(const Call& call);  // MalformedXML
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
