// S3's operations on an issuer's bucket (REST, API version 2006-03-01).
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
#pragma once
#include <map>
#include <string>
#include <vector>

#include "aws/client.h"

namespace aws {

// `expectedOwner`, where it is not empty, is sent as x-amz-expected-bucket-owner: S3 refuses the call when the bucket
// belongs to another account.

// The region becomes the LocationConstraint; us-east-1 must not have one. Empty: where the service puts it.
struct CreateBucket {
  std::string bucket, region;
  bool isAccountRegional = false;  // x-amz-bucket-namespace: the name is NAME-ACCOUNT-REGION-an
  using Answer = void;
};
// Answers the bucket's region.
struct HeadBucket {
  std::string bucket, expectedOwner = {};
  using Answer = std::string;
};
struct PublicAccessBlock {
  bool blockPublicAcls = false, ignorePublicAcls = false, blockPublicPolicy = false, restrictPublicBuckets = false;
  bool operator==(const PublicAccessBlock&) const = default;
};
struct PutPublicAccessBlock {
  std::string bucket, expectedOwner;
  PublicAccessBlock block;
  using Answer = void;
};
struct GetPublicAccessBlock {
  std::string bucket, expectedOwner;
  using Answer = PublicAccessBlock;
};
// Of the whole account (S3 Control, API version 2018-08-20): it holds whatever the bucket's own says.
struct GetAccountPublicAccessBlock {
  std::string account;
  using Answer = PublicAccessBlock;
};
struct PutBucketPolicy {
  std::string bucket, expectedOwner, policy;  // the policy is JSON
  using Answer = void;
};
struct GetBucketPolicy {
  std::string bucket, expectedOwner;
  using Answer = std::string;
};
// Replaces the whole set.
struct PutBucketTagging {
  std::string bucket, expectedOwner;
  std::map<std::string, std::string> tags;
  using Answer = void;
};
struct GetBucketTagging {
  std::string bucket, expectedOwner;
  using Answer = std::map<std::string, std::string>;
};
struct DeleteBucket {
  std::string bucket, expectedOwner;
  using Answer = void;
};
struct PutObject {
  std::string bucket, expectedOwner, key, body, contentType, cacheControl;
  using Answer = void;
};
struct Object {
  std::string body, contentType, cacheControl;
  bool operator==(const Object&) const = default;
};
struct GetObject {
  std::string bucket, expectedOwner, key;
  using Answer = Object;
};
struct DeleteObject {
  std::string bucket, expectedOwner, key;
  using Answer = void;
};
struct ObjectKeys {
  std::vector<std::string> keys;
  std::string continuationToken;  // empty: that was all
};
struct ListObjectsV2 {
  std::string bucket, expectedOwner, continuationToken = {};
  using Answer = ObjectKeys;
};

Operation encode(const CreateBucket& call);
Operation encode(const HeadBucket& call);
Operation encode(const PutPublicAccessBlock& call);
Operation encode(const GetPublicAccessBlock& call);
Operation encode(const GetAccountPublicAccessBlock& call);
Operation encode(const PutBucketPolicy& call);
Operation encode(const GetBucketPolicy& call);
Operation encode(const PutBucketTagging& call);
Operation encode(const GetBucketTagging& call);
Operation encode(const DeleteBucket& call);
Operation encode(const PutObject& call);
Operation encode(const GetObject& call);
Operation encode(const DeleteObject& call);
Operation encode(const ListObjectsV2& call);

base::Result<std::string> decode(const HeadBucket&, const http::Response& response);
base::Result<PublicAccessBlock> decode(const GetPublicAccessBlock&, const http::Response& response);
base::Result<PublicAccessBlock> decode(const GetAccountPublicAccessBlock&, const http::Response& response);
base::Result<std::string> decode(const GetBucketPolicy&, const http::Response& response);
base::Result<std::map<std::string, std::string>> decode(const GetBucketTagging&, const http::Response& response);
base::Result<Object> decode(const GetObject&, const http::Response& response);
base::Result<ObjectKeys> decode(const ListObjectsV2&, const http::Response& response);

}  // namespace aws
