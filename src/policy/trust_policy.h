// Trust policies for web identities: who may assume a role, with both aud and sub pinned.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/json.h"

namespace policy {

inline constexpr std::string_view kWebIdentityAction = "sts:AssumeRoleWithWebIdentity";
inline constexpr std::size_t kTrustQuota = 2048;  // IAM's quota ACLSizePerRole; AWS raises it on request

// Characters as the quota counts them: white space is free.
std::size_t quotaSize(std::string_view document);

// Those of one issuer who may assume a role.
struct TrustedIssuer {
  std::string providerArn;             // "arn:aws:iam::111122223333:oidc-provider/" and its name
  std::string providerName;            // the issuer without "https://": the prefix of its condition keys
  std::vector<std::string> audiences;  // at least one, compared exactly
  std::vector<std::string> subjects;   // at least one; with * or ? they are patterns
  bool operator==(const TrustedIssuer&) const = default;
};

// One statement for each issuer, as short as they get: subjects sorted and once, those left out that a pattern among
// them covers, a list of one as a string, no Sid.
text::Json trustPolicy(const std::vector<TrustedIssuer>& issuers);
text::Json trustPolicy(std::string_view providerArn, std::string_view providerName, std::string_view audience,
                       const std::vector<std::string>& subjects);

// `document` with `issuers` let in as well. Its Version, its Id and all its statements stay as they are, in their
// order; statements for those who are not let in yet come behind them. Only when that exceeds `quota`, subjects go into
// statements of `document` that have the form this file writes. Merging twice changes nothing. The result may still
// exceed `quota`. Errors: those of parsePolicy.
base::Result<text::Json> mergeTrust(std::string_view document, const std::vector<TrustedIssuer>& issuers,
                                    std::size_t quota);

}  // namespace policy
