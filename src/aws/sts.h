// STS's operations (API version 2011-06-15, AWS's query protocol).
//
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "aws/client.h"

namespace aws {

struct CallerIdentity {
  std::string account, arn, userId;
};

struct GetCallerIdentity {
  using Answer = CallerIdentity;
};

struct AssumedRole {
  Credentials credentials;
  std::string arn;  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  std::string subject, audience, provider;
};

// Not signed: the token is the proof.
struct AssumeRoleWithWebIdentity {
  std::string roleArn, roleSessionName, webIdentityToken;
  std::optional<std::chrono::seconds> duration = {};  // absent: an hour
  using Answer = AssumedRole;
};

Operation encode(const GetCallerIdentity& call);
Operation encode(const AssumeRoleWithWebIdentity& call);
base::Result<CallerIdentity> decode(const GetCallerIdentity&, const http::Response& response);
base::Result<AssumedRole> decode(const AssumeRoleWithWebIdentity&, const http::Response& response);

}  // namespace aws
