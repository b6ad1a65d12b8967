#include "aws/s3.h"

#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/uri.h"
#include "text/xml.h"

namespace aws {
namespace {

using text::XmlElement;
using text::XmlWriter;

constexpr std::string_view kS3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

Operation onBucket(std::string_view method, std::string_view name, const std::string& bucket,
                   const std::string& expectedOwner, std::string_view query = "", std::string body = "") {
  Operation made{"s3", std::string(name), bucket, std::string(method)};
  made.bucket = bucket;
  made.query = query;
  if (!expectedOwner.empty()) made.headers.set("x-amz-expected-bucket-owner", expectedOwner);
  if (!body.empty()) {
    // PutBucketPolicy and PutPublicAccessBlock insist on one of the two; old S3 look-alikes only know the first.
    made.headers.set("Content-MD5", text::base64(crypto::md5(body)));
    made.headers.set("x-amz-checksum-sha256", text::base64(crypto::sha256(body)));
  }
  made.body = std::move(body);
  return made;
}

Operation onObject(std::string_view method, std::string_view name, const std::string& bucket,
                   const std::string& expectedOwner, const std::string& key, std::string body = "") {
  Operation made = onBucket(method, name, bucket, expectedOwner, "", std::move(body));
  made.subject = "s3://" + bucket + "/" + key;
  made.path = "/" + text::percentEncode(key, "/");
  return made;
}

std::string_view asText(bool value) { return value ? "true" : "false"; }

base::Result<XmlElement> documentOf(std::string_view name, const http::Response& response) {
  auto document = text::parseXml(response.body);
  if (!document) return std::move(document).error().during(std::string(name) + ": reading the answer");
  return document;
}

base::Result<PublicAccessBlock> publicAccessBlockOf(std::string_view name, const http::Response& response) {
  XmlElement document = TRY(documentOf(name, response));
  auto flag = [&](std::string_view which) { return document.textOf(which) == "true"; };
  return PublicAccessBlock{flag("BlockPublicAcls"), flag("IgnorePublicAcls"), flag("BlockPublicPolicy"),
                           flag("RestrictPublicBuckets")};
}

}  // namespace

Operation encode(const CreateBucket& call) {
  std::string body;
  if (!call.region.empty() && call.region != "us-east-1") {
    XmlWriter writer;
    writer.open("CreateBucketConfiguration", kS3Namespace).leaf("LocationConstraint", call.region);
    body = std::move(writer).take();
  }
  Operation made = onBucket("PUT", "CreateBucket", call.bucket, "", "", std::move(body));
  if (call.isAccountRegional) made.headers.set("x-amz-bucket-namespace", "account-regional");
  return made;
}

Operation encode(const HeadBucket& call) { return onBucket("HEAD", "HeadBucket", call.bucket, call.expectedOwner); }

Operation encode(const PutPublicAccessBlock& call) {
  XmlWriter writer;
  writer.open("PublicAccessBlockConfiguration", kS3Namespace)
      .leaf("BlockPublicAcls", asText(call.block.blockPublicAcls))
      .leaf("IgnorePublicAcls", asText(call.block.ignorePublicAcls))
      .leaf("BlockPublicPolicy", asText(call.block.blockPublicPolicy))
      .leaf("RestrictPublicBuckets", asText(call.block.restrictPublicBuckets));
  return onBucket("PUT", "PutPublicAccessBlock", call.bucket, call.expectedOwner,
                  "publicAccessBlock=", std::move(writer).take());
}

Operation encode(const GetPublicAccessBlock& call) {
  return onBucket("GET", "GetPublicAccessBlock", call.bucket, call.expectedOwner, "publicAccessBlock=");
}

Operation encode(const GetAccountPublicAccessBlock& call) {
  Operation made{"s3", "GetAccountPublicAccessBlock", call.account, "GET"};
  made.controlledAccount = call.account;
  made.path = "/v20180820/configuration/publicAccessBlock";
  made.headers.set("x-amz-account-id", call.account);
  return made;
}

Operation encode(const PutBucketPolicy& call) {
  Operation made = onBucket("PUT", "PutBucketPolicy", call.bucket, call.expectedOwner, "policy=", call.policy);
  made.headers.set("Content-Type", "application/json");
  return made;
}

Operation encode(const GetBucketPolicy& call) {
  return onBucket("GET", "GetBucketPolicy", call.bucket, call.expectedOwner, "policy=");
}

Operation encode(const PutBucketTagging& call) {
  XmlWriter writer;
  writer.open("Tagging", kS3Namespace).open("TagSet");
  for (const auto& [key, value] : call.tags) writer.open("Tag").leaf("Key", key).leaf("Value", value).close();
  return onBucket("PUT", "PutBucketTagging", call.bucket, call.expectedOwner, "tagging=", std::move(writer).take());
}

Operation encode(const GetBucketTagging& call) {
  return onBucket("GET", "GetBucketTagging", call.bucket, call.expectedOwner, "tagging=");
}

Operation encode(const DeleteBucket& call) {
  return onBucket("DELETE", "DeleteBucket", call.bucket, call.expectedOwner);
}

Operation encode(const PutObject& call) {
  Operation made = onObject("PUT", "PutObject", call.bucket, call.expectedOwner, call.key, call.body);
  made.headers.set("Content-Type", call.contentType);
  if (!call.cacheControl.empty()) made.headers.set("Cache-Control", call.cacheControl);
  if (!call.ifMatch.empty()) made.headers.set("If-Match", call.ifMatch);
  return made;
}

Operation encode(const GetObject& call) {
  return onObject("GET", "GetObject", call.bucket, call.expectedOwner, call.key);
}

Operation encode(const DeleteObject& call) {
  return onObject("DELETE", "DeleteObject", call.bucket, call.expectedOwner, call.key);
}

Operation encode(const ListObjectsV2& call) {
  std::string query = call.continuationToken.empty()
                          ? "list-type=2"
                          : "continuation-token=" + text::percentEncode(call.continuationToken) + "&list-type=2";
  return onBucket("GET", "ListObjectsV2", call.bucket, call.expectedOwner, query);
}

base::Result<std::string> decode(const HeadBucket&, const http::Response& response) {
  return std::string(response.headers.get("x-amz-bucket-region"));
}

base::Result<PublicAccessBlock> decode(const GetPublicAccessBlock&, const http::Response& response) {
  return publicAccessBlockOf("GetPublicAccessBlock", response);
}

base::Result<PublicAccessBlock> decode(const GetAccountPublicAccessBlock&, const http::Response& response) {
  return publicAccessBlockOf("GetAccountPublicAccessBlock", response);
}

base::Result<std::string> decode(const GetBucketPolicy&, const http::Response& response) { return response.body; }

base::Result<std::map<std::string, std::string>> decode(const GetBucketTagging&, const http::Response& response) {
  XmlElement document = TRY(documentOf("GetBucketTagging", response));
  std::map<std::string, std::string> tags;
  if (const XmlElement* set = document.find("TagSet"))
    for (const XmlElement* tag : set->all("Tag")) tags.emplace(tag->textOf("Key"), tag->textOf("Value"));
  return tags;
}

base::Result<Object> decode(const GetObject&, const http::Response& response) {
  return Object{response.body, std::string(response.headers.get("Content-Type")),
                std::string(response.headers.get("Cache-Control")), std::string(response.headers.get("ETag"))};
}

base::Result<ObjectKeys> decode(const ListObjectsV2&, const http::Response& response) {
  XmlElement document = TRY(documentOf("ListObjectsV2", response));
  ObjectKeys found;
  for (const XmlElement* entry : document.all("Contents")) found.keys.emplace_back(entry->textOf("Key"));
  if (document.textOf("IsTruncated") == "true") found.continuationToken = document.textOf("NextContinuationToken");
  return found;
}

}  // namespace aws
