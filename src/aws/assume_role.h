// STS's AssumeRole: from one identity to a role, as profiles with role_arn ask for it.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "aws/client.h"

namespace aws {

struct AssumeRole {
  std::string roleArn, roleSessionName;
  std::string externalId = {};                        // empty: none
  std::optional<std::chrono::seconds> duration = {};  // absent: an hour
  using Answer = Credentials;
};

Operation encode(const AssumeRole& call);
base::Result<Credentials> decode(const AssumeRole&, const http::Response& response);

}  // namespace aws
