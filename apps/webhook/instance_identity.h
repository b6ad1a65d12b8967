// --compose-role-arn on EC2: the account and partition of the instance, from its metadata service (IMDSv2).
#pragma once
#include <string>
#include <string_view>

#include "admission/settings.h"
#include "base/result.h"

namespace webhook {

// Asks 169.254.169.254, or what AWS_EC2_METADATA_SERVICE_ENDPOINT says; waits 5 s at most. Unavailable where there is
// no such service, or AWS_EC2_METADATA_DISABLED is true.
base::Result<admission::RoleArnParts> instanceRoleArnParts();

// aws, aws-cn, aws-us-gov, ...
std::string_view partitionOfRegion(std::string_view region);

}  // namespace webhook
