// What a request needs leave for beside its operation's own action, for what it brings along.
//
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
#pragma once
#include <string_view>
#include <vector>

#include "sim/operation.h"

namespace sim {

// On the same resource as the operation's action.
std::vector<std::string_view> furtherActions(const Call& call, const Operation& operation);

}  // namespace sim
