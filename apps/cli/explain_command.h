// `irsa explain`: why STS refuses a web identity.
#pragma once
#include <chrono>
#include <string>

#include "console.h"

namespace cli {

struct ExplainOptions {
  CommonOptions common;
  std::string text;                  // what STS or an SDK said; "-": standard input
  std::string token;                 // a file; empty: the one that AWS_WEB_IDENTITY_TOKEN_FILE names
  std::string role;                  // ARN; empty: AWS_ROLE_ARN
  std::string sessionName;           // empty: AWS_ROLE_SESSION_NAME
  std::chrono::seconds duration{0};  // 0: an hour, as SDKs ask for
  std::string region;                // empty: that of irsa.yaml or AWS_REGION
  std::string caFile;                // more roots for the issuer, beside the system's
  bool offline = false;
  bool allowLoopbackIssuers = false;
};

// Looks at IAM and at the issuer where it can, changes nothing, and prints the causes, the first to mend on top. 0 when
// STS would give the role by what was seen, 1 with causes or a text that is unknown, 4 when a file can't be read.
int runExplain(const ExplainOptions& options);

}  // namespace cli
