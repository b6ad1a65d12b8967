// `irsa trust lint`: what in a role's trust policy lets in too many, or nobody.
//
// Pure. The codes are stable:
//   TRUST_MALFORMED            TRUST_TOO_LONG             TRUST_SEVERAL_ISSUERS     TRUST_STATEMENT_UNUSED
//   TRUST_PRINCIPAL_ANY        TRUST_NOT_PRINCIPAL        TRUST_NOT_ACTION          TRUST_TAG_SESSION
//   SUB_MISSING                SUB_ANY                    SUB_NOT_PINNED            SUB_NAMESPACE_PATTERN
//   SUB_ACCOUNT_PATTERN        AUD_MISSING                AUD_ANY                   WILDCARD_IN_EQUALS
//   LIKE_WITHOUT_WILDCARD      PROVIDER_OTHER_ACCOUNT     PROVIDER_PORT             PROVIDER_EXTRA_AUDIENCE
//   CONDITION_KEY_SCHEME       CONDITION_KEY_SLASH        CONDITION_KEY_OTHER       CONDITION_KEY_UNKNOWN
//   VARIABLE_UNKNOWN           PROVIDER_SCHEME            PROVIDER_SLASH            PROVIDER_UNUSED
//   SESSION_LONG               SESSION_OUTLIVES_TOKEN     CONDITION_NEVER_MET        SUB_NO_ACCOUNT
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "text/finding.h"

namespace setup {

// What is known beside the document; what is not given is not held against it.
struct TrustSurroundings {
  std::string document;  // the trust policy's JSON
  std::string name;      // what findings call it: "trust.json", "role s3-echoer"
  std::string roleArn = {};
  std::vector<std::string> issuers = {};  // the clusters' that the role is meant for, with https://
  std::optional<std::chrono::seconds> maxSessionDuration = {};
  std::optional<std::chrono::seconds> tokenExpiration = {};        // of the pods' tokens
  std::map<std::string, std::vector<std::string>> clientIds = {};  // of the providers, by ARN
};

// Sorted.
text::Findings lintTrust(const TrustSurroundings& trust);

}  // namespace setup
