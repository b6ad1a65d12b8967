// Credentials that the place a program runs in hands out: a container's endpoint (ECS, EKS Pod Identity) and the
// metadata service of an EC2 instance (IMDSv2 only).
//
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
#pragma once
#include <string>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "base/files.h"
#include "base/result.h"
#include "http/client.h"

namespace aws {

// {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}. `from` is named in errors, and nothing
// of the document is.
base::Result<Credentials> credentialsOf(std::string_view document, std::string_view from);

// Whether AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI is set.
bool isInContainer(const Environment& environment);
// Invalid for an http URI on a host that is neither loopback nor the link-local one of ECS and EKS.
base::Result<Credentials> fromContainer(http::Client& http, const Environment& environment, const base::Files& files);

// NotFound when there is no such service, it has no role, or AWS_EC2_METADATA_DISABLED is true.
base::Result<Credentials> fromInstance(http::Client& http, const Environment& environment);

}  // namespace aws
