// What policies may ask about a request: the condition keys that AWS, IAM and S3 have.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sim/operation.h"

namespace sim {

using ConditionKeys = std::map<std::string, std::vector<std::string>>;  // names in lower case

// Those of the caller, of the request and of S3: aws:PrincipalArn, aws:SourceIp, s3:prefix, …
ConditionKeys contextOf(const Call& call);

// Those of tags and of the session that a signed form of IAM or STS brings, and of what it is about:
// aws:RequestTag/…, aws:TagKeys, sts:RoleSessionName, aws:ResourceTag/…. Not for AssumeRoleWithWebIdentity, whose tags
// come in the token alone.
void addFormKeys(const Call& call, ConditionKeys& context);

// The role of the caller's session as it is now; null when it is gone. REQUIRES: the caller has a session.
const Role* callersRole(const Call& call);

}  // namespace sim
