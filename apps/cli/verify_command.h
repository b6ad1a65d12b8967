// `irsa verify NAMESPACE/NAME`: proves that a service account gets its role, or says why not.
#pragma once
#include <string>

#include "console.h"

namespace cli {

struct VerifyOptions {
  CommonOptions common;
  std::string serviceAccount;  // NAMESPACE/NAME
  bool job = false;            // in a pod of the account, through the webhook, instead of from here
};

// Without --job: a TokenRequest, AssumeRoleWithWebIdentity, GetCallerIdentity; nothing runs in the cluster. With it: a
// Job of webhook.image that runs `irsa whoami`; its exit code is the verdict, and it is deleted afterwards.
int runVerify(const VerifyOptions& options);

}  // namespace cli
