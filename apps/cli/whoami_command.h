// `irsa whoami`: runs in a pod and says which role its service account gets. Needs nothing but what the webhook
// injects.
#pragma once
#include "console.h"

namespace cli {

// Reads AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_REGION or AWS_DEFAULT_REGION, AWS_ROLE_SESSION_NAME,
// AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS, AWS_CA_BUNDLE. The exit code is the verdict.
int runWhoami(const CommonOptions& options);

}  // namespace cli
