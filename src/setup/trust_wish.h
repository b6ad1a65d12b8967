// What `irsa trust render` is asked for, checked and put into the words of a trust policy.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/policy_document.h"
#include "policy/trust_policy.h"

namespace setup {

struct TrustWish {
  std::vector<std::string> serviceAccounts;  // NAMESPACE/NAME; * and ? in either when patterns are allowed
  std::vector<std::string> issuers;          // with https://; every one of them vouches for all accounts
  std::string account, partition = "aws";
  std::vector<std::string> audiences{"sts.amazonaws.com"};
  bool allowsPatterns = false;
};

// A pattern of a namespace begins with a letter or digit, so that no wish opens a role to all namespaces.
base::Result<std::vector<policy::TrustedIssuer>> trustedIssuers(const TrustWish& wish);

// The request that STS makes of a token's claims (iss, sub, aud, azp, amr; source identity and session tags) for the
// role. With azp, that is the audience and aud is oaud. Invalid when iss or sub is missing, when there are several
// audiences and no azp, when the session tags are malformed, or when `roleArn` is no role's ARN.
base::Result<policy::Request> webIdentityRequest(const text::Json& claims, const std::string& roleArn,
                                                 const std::string& sessionName);

}  // namespace setup
