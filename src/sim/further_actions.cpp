#include "sim/further_actions.h"

namespace sim {
namespace {

enum class In { Form, Head };

struct Further {
  std::string_view operation;
  In where;
  std::string_view name;  // of the parameter or header that asks for it
  std::string_view action;
  std::string_view unless = {};  // this value asks for nothing more
};

constexpr Further kFurther[] = {
    {"CreateRole", In::Form, "Tags.member.1.Key", "iam:TagRole"},
    {"CreatePolicy", In::Form, "Tags.member.1.Key", "iam:TagPolicy"},
    {"CreateOpenIDConnectProvider", In::Form, "Tags.member.1.Key", "iam:TagOpenIDConnectProvider"},
    {"AssumeRole", In::Form, "Tags.member.1.Key", "sts:TagSession"},
    {"AssumeRole", In::Form, "SourceIdentity", "sts:SetSourceIdentity"},
    {"CreateBucket", In::Head, "x-amz-object-ownership", "s3:PutBucketOwnershipControls"},
    {"CreateBucket", In::Head, "x-amz-acl", "s3:PutBucketAcl", "private"},
    {"PutObject", In::Head, "x-amz-tagging", "s3:PutObjectTagging"},
    {"CopyObject", In::Head, "x-amz-tagging", "s3:PutObjectTagging"},
    {"CreateMultipartUpload", In::Head, "x-amz-tagging", "s3:PutObjectTagging"},
    {"PutObject", In::Head, "x-amz-acl", "s3:PutObjectAcl"},
    {"CopyObject", In::Head, "x-amz-acl", "s3:PutObjectAcl"},
    {"CreateMultipartUpload", In::Head, "x-amz-acl", "s3:PutObjectAcl"},
    // Whoever compares with an entity tag learns what is there.
    {"PutObject", In::Head, "if-match", "s3:GetObject", "*"},
    {"CopyObject", In::Head, "if-match", "s3:GetObject", "*"},
    {"CompleteMultipartUpload", In::Head, "if-match", "s3:GetObject", "*"},
    {"DeleteObject", In::Head, "if-match", "s3:GetObject", "*"},
};

}  // namespace

std::vector<std::string_view> furtherActions(const Call& call, const Operation& operation) {
  std::vector<std::string_view> actions;
  for (const Further& row : kFurther) {
    if (row.operation != operation.name) continue;
    auto value = row.where == In::Form ? call.parameters.find(row.name) : call.request.headers.find(row.name);
    if (value && (row.unless.empty() || *value != row.unless)) actions.push_back(row.action);
  }
  if (operation.name == "CreateDistributionWithTags") actions.push_back("cloudfront:TagResource");
  return actions;
}

}  // namespace sim
