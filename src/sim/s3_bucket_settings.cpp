#include <algorithm>
#include <array>

#include "crypto/digest.h"
#include "policy/iam_text.h"
#include "policy/ip_range.h"
#include "policy/policy_document.h"
#include "sim/principals.h"
#include "sim/s3.h"
#include "sim/s3_object.h"
#include "text/encoding.h"
#include "text/words.h"

namespace sim::s3 {
namespace {

bool flagOf(const text::XmlElement& element, std::string_view name) {
  return text::lowerCase(element.textOf(name)) == "true";
}

std::string_view flagText(bool flag) { return flag ? "true" : "false"; }

// Whether everybody may have such an address: wider than /8, or than /32 with IPv6, or no range that can be read.
bool isWide(const std::string& addresses) {
  auto range = policy::parseIpRange(addresses);
  return !range || range->prefix < (range->isV6 ? 32 : 8);
}

// Keys that, pinned to fixed values, make a policy not public.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
bool narrows(const policy::Condition& condition) {
  constexpr std::array<std::string_view, 12> kKeys{
      "aws:sourceip",          "aws:sourcearn",        "aws:sourcevpc",    "aws:sourcevpce",
      "aws:sourceowner",       "aws:sourceaccount",    "aws:principalarn", "aws:principalorgid",
      "aws:principalorgpaths", "aws:principalaccount", "aws:userid",       "s3:dataaccesspointaccount"};
  constexpr std::array<std::string_view, 7> kOperators{
      "StringEquals", "StringLike", "StringEqualsIgnoreCase",  "ArnEquals",
      "ArnLike",      "IpAddress",  "ForAnyValue:StringEquals"};
  std::string key = text::lowerCase(condition.key);
  if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) return false;
  if (std::find(kOperators.begin(), kOperators.end(), condition.op) == kOperators.end()) return false;
  return std::none_of(condition.values.begin(), condition.values.end(), [&](const std::string& value) {
    if (key == "aws:sourceip") return isWide(value);
    return value.find_first_of("*?$") != value.npos;
  });
}

bool isEverybody(const policy::Principal& principal) {
  if (principal.kind == "*") return true;
  return principal.kind == "AWS" &&
         std::find(principal.values.begin(), principal.values.end(), "*") != principal.values.end();
}

bool isOpen(const policy::Statement& statement) {
  if (statement.effect != policy::Effect::Allow) return false;
  bool everybody = !statement.notPrincipals.empty() ||
                   std::any_of(statement.principals.begin(), statement.principals.end(), isEverybody);
  return everybody && std::none_of(statement.conditions.begin(), statement.conditions.end(), narrows);
}

// Each resource must be this bucket or something in it.
bool ownResources(const Call& call, const policy::PolicyDocument& document) {
  std::string own = bucketResource(call);
  auto fits = [&](const std::string& resource) {
    return resource == own || resource.starts_with(own + "/") || resource == own + "*";
  };
  return std::all_of(document.statements.begin(), document.statements.end(), [&](const policy::Statement& statement) {
    return std::all_of(statement.resources.begin(), statement.resources.end(), fits) &&
           std::all_of(statement.notResources.begin(), statement.notResources.end(), fits);
  });
}

bool isObjectAction(std::string_view action) {
  std::string name = text::lowerCase(action);
  return name.find("object") != name.npos && !name.starts_with("s3:getbucketobject") &&
         !name.starts_with("s3:putbucketobject");
}

// An action on objects needs a resource inside the bucket, an action on the bucket needs the bucket itself.
bool actionsApply(const Call& call, const policy::Statement& statement) {
  if (statement.actions.empty() || statement.resources.empty()) return true;
  std::string own = bucketResource(call);
  bool hasBucket = false, hasObjects = false;
  for (const std::string& resource : statement.resources) {
    hasBucket |= !resource.starts_with(own + "/");
    hasObjects |= resource != own;
  }
  return std::all_of(statement.actions.begin(), statement.actions.end(), [&](const std::string& action) {
    if (action.find('*') != action.npos) return true;
    return isObjectAction(action) ? hasObjects : hasBucket;
  });
}

}  // namespace

bool isPublic(std::string_view policyDocument) {
  auto parsed = policy::parsePolicy(policyDocument, policy::PolicyKind::Bucket);
  return parsed && std::any_of(parsed->statements.begin(), parsed->statements.end(), isOpen);
}

base::Result<void> refuseAcl(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  if (bucket->ownership != "BucketOwnerEnforced") return notImplemented(call, "x-amz-acl");
  return awsError("AccessControlListNotSupported", "The bucket does not allow ACLs");
}

// ACLs are off: what a bucket shows is its owner's full control, and nothing can be added.
base::Result<void> getBucketAcl(Call& call) {
  TRY(findBucket(call));
  std::string owner = text::hex(crypto::sha256(call.settings.account));
  text::XmlWriter xml;
  xml.open("AccessControlPolicy", kNamespace);
  writeOwner(xml, call);
  call.response->headers.set("Content-Type", "application/xml");
  // The type of a grantee is an attribute, which the writer has no word for.
  std::string grant =
      "<AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:type=\"CanonicalUser\"><ID>" +
      owner + "</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>";
  std::string body = std::move(xml).take();
  call.response->body = body.insert(body.rfind("</"), grant);
  return {};
}

// Every bucket is encrypted with keys of S3, and no other encryption is known here.
base::Result<void> getBucketEncryption(Call& call) {
  TRY(findBucket(call));
  text::XmlWriter xml;
  xml.open("ServerSideEncryptionConfiguration", kNamespace).open("Rule");
  xml.open("ApplyServerSideEncryptionByDefault").leaf("SSEAlgorithm", "AES256").close();
  xml.leaf("BucketKeyEnabled", "false");
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> putPublicAccessBlock(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  text::XmlElement body = TRY(requestXml(call));
  if (body.name != "PublicAccessBlockConfiguration") return malformedXml();
  bucket->publicAccessBlock =
      PublicAccessBlock{flagOf(body, "BlockPublicAcls"), flagOf(body, "IgnorePublicAcls"),
                        flagOf(body, "BlockPublicPolicy"), flagOf(body, "RestrictPublicBuckets")};
  return {};
}

base::Result<void> getPublicAccessBlock(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  const auto& block = bucket->publicAccessBlock;
  if (!block) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found");
  }
  text::XmlWriter xml;
  xml.open("PublicAccessBlockConfiguration", kNamespace);
  xml.leaf("BlockPublicAcls", flagText(block->blockPublicAcls))
      .leaf("IgnorePublicAcls", flagText(block->ignorePublicAcls));
  xml.leaf("BlockPublicPolicy", flagText(block->blockPublicPolicy));
  xml.leaf("RestrictPublicBuckets", flagText(block->restrictPublicBuckets));
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> deletePublicAccessBlock(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  bucket->publicAccessBlock.reset();
  call.response->status = 204;
  return {};
}

base::Result<void> putBucketPolicy(Call& call) {
  constexpr std::size_t kLargest = 20 * 1024;
  Bucket* bucket = TRY(findBucket(call));
  if (!call.body.starts_with('{') || !text::parseJson(call.body))
    return awsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'");
  if (call.body.size() > kLargest)
    return awsError("PolicyTooLarge", "The policy is larger than the 20 KB that are allowed.");
  auto parsed = policy::parsePolicy(call.body, policy::PolicyKind::Bucket);
  if (!parsed) return awsError("MalformedPolicy", parsed.error().message);
  if (missingPrincipal(call, *parsed)) return awsError("MalformedPolicy", "Invalid principal in policy");
  if (!ownResources(call, *parsed)) return awsError("MalformedPolicy", "Policy has invalid resource");
  for (const policy::Statement& statement : parsed->statements)
    if (!actionsApply(call, statement))
      return awsError("MalformedPolicy", "Action does not apply to any resource(s) in statement");
  if (bucket->publicAccessBlock && bucket->publicAccessBlock->blockPublicPolicy && isPublic(call.body))
    return awsError("AccessDenied", "User: " + call.caller.arn +
                                        " is not authorized to perform: s3:PutBucketPolicy on resource: \"" +
                                        bucketResource(call) +
                                        "\" because public policies are blocked by the BlockPublicPolicy block public "
                                        "access setting.");
  bucket->policy = call.body;
  call.response->status = 204;
  return {};
}

base::Result<void> getBucketPolicy(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  if (bucket->policy.empty()) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("NoSuchBucketPolicy", "The bucket policy does not exist");
  }
  call.response->headers.set("Content-Type", "application/json");
  call.response->body = bucket->policy;
  return {};
}

base::Result<void> deleteBucketPolicy(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  bucket->policy.clear();
  call.response->status = 204;
  return {};
}

base::Result<void> getBucketPolicyStatus(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  if (bucket->policy.empty()) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("NoSuchBucketPolicy", "The bucket policy does not exist");
  }
  text::XmlWriter xml;
  xml.open("PolicyStatus", kNamespace).leaf("IsPublic", flagText(isPublic(bucket->policy)));
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> putBucketOwnershipControls(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  text::XmlElement body = TRY(requestXml(call));
  const text::XmlElement* rule = body.find("Rule");
  if (body.name != "OwnershipControls" || body.all("Rule").size() != 1) return malformedXml();
  std::string_view wanted = rule->textOf("ObjectOwnership");
  if (wanted != "BucketOwnerEnforced" && wanted != "BucketOwnerPreferred" && wanted != "ObjectWriter")
    return malformedXml();
  bucket->ownership = wanted;
  return {};
}

base::Result<void> getBucketOwnershipControls(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  if (!bucket->ownership) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("OwnershipControlsNotFoundError", "The bucket ownership controls were not found");
  }
  text::XmlWriter xml;
  xml.open("OwnershipControls", kNamespace).open("Rule").leaf("ObjectOwnership", *bucket->ownership);
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> deleteBucketOwnershipControls(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  bucket->ownership.reset();
  call.response->status = 204;
  return {};
}

base::Result<void> checkTag(Call& call, std::string_view key, std::string_view value) {
  const bool isKey = !key.empty() && key.size() <= 128 && policy::isTagText(key);
  const bool isValue = value.size() <= 256 && policy::isTagText(value);
  const bool isReserved = policy::isReservedTagKey(key);
  if (isKey && isValue && !isReserved) return {};
  call.errorDetails = {{"TagKey", std::string(key)}};
  if (isReserved)
    return awsError("InvalidTag", call.key.empty() ? "System tags cannot be added/updated by requester"
                                                   : "Your TagKey cannot be prefixed with aws:");
  if (!isKey) return awsError("InvalidTag", "The TagKey you have provided is invalid");
  call.errorDetails.emplace_back("TagValue", value);
  return awsError("InvalidTag", "The TagValue you have provided is invalid");
}

base::Result<void> checkObjectTags(const Tags& tags) {
  if (tags.size() > 10) return awsError("BadRequest", "Object tags cannot be greater than 10");
  return {};
}

base::Result<Tags> readTagSet(Call& call, const text::XmlElement& tagging) {
  const text::XmlElement* set = tagging.find("TagSet");
  if (tagging.name != "Tagging" || !set) return malformedXml();
  Tags tags;
  for (const text::XmlElement* tag : set->all("Tag")) {
    std::string key(tag->textOf("Key")), value(tag->textOf("Value"));
    TRY(checkTag(call, key, value));
    if (tags.emplace(key, value).second) continue;
    call.errorDetails = {{"TagKey", key}};
    return awsError("InvalidTag", "Cannot provide multiple Tags with the same key");
  }
  return tags;
}

void answerTagSet(Call& call, const Tags& tags) {
  text::XmlWriter xml;
  xml.open("Tagging", kNamespace).open("TagSet");
  for (const auto& [key, value] : tags) xml.open("Tag").leaf("Key", key).leaf("Value", value).close();
  answerXml(call, std::move(xml));
}

base::Result<void> putBucketTagging(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  text::XmlElement body = TRY(requestXml(call));
  Tags tags = TRY(readTagSet(call, body));
  if (tags.size() > 50) return awsError("BadRequest", "Bucket tag count cannot be greater than 50");
  bucket->tags = std::move(tags);
  call.response->status = 204;
  return {};
}

base::Result<void> getBucketTagging(Call& call) {
  const Bucket* bucket = TRY(findBucket(call));
  if (bucket->tags.empty()) {
    call.errorDetails = {{"BucketName", call.bucket}};
    return awsError("NoSuchTagSet", "The TagSet does not exist");
  }
  answerTagSet(call, bucket->tags);
  return {};
}

base::Result<void> deleteBucketTagging(Call& call) {
  Bucket* bucket = TRY(findBucket(call));
  bucket->tags.clear();
  call.response->status = 204;
  return {};
}

}  // namespace sim::s3
