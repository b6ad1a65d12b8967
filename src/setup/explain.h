// `irsa explain`: why STS refuses a web identity, from its answer, from token and role, or from both.
//
// Pure: the evidence is gathered by the caller. What is not known is not judged. The codes are stable;
// docs/guide/explain.md says what each one means:
//   ROLE_ARN_INVALID        SESSION_NAME_INVALID    DURATION_INVALID        DURATION_OVER_MAXIMUM
//   TOKEN_NOT_JWT           TOKEN_ALGORITHM         TOKEN_CRITICAL_HEADER   TOKEN_WITHOUT_KID
//   ISSUER_NOT_URL          ISSUER_NOT_HTTPS        ISSUER_SLASH            ISSUER_CASE
//   PROVIDER_MISSING        PROVIDER_OTHER_ACCOUNT  PROVIDER_OTHER_PARTITION
//   CLAIM_MISSING           CLAIM_EMPTY             TIMESTAMP_INVALID
//   AUD_MISMATCH            AUD_HIDDEN_BYTES        AUD_SEVERAL             TOKEN_FOR_API_SERVER
//   TOKEN_EXPIRED           TOKEN_TOO_OLD           TOKEN_NOT_YET_VALID     TOKEN_FROM_FUTURE       TOKEN_NOT_REREAD
//   DISCOVERY_UNREACHABLE   DISCOVERY_NOT_PUBLIC    DISCOVERY_MISSING       DISCOVERY_REDIRECT      DISCOVERY_SLOW
//   DISCOVERY_INVALID       ISSUER_MISMATCH         ISSUER_CERTIFICATE      ISSUER_UNCACHEABLE
//   JWKS_UNREACHABLE        JWKS_NOT_PUBLIC         JWKS_MISSING            JWKS_REDIRECT           JWKS_SLOW
//   JWKS_INVALID            KID_MISSING             KEY_UNUSABLE            KEYS_TOO_MANY           KEY_MISMATCH
//   ROLE_MISSING            ROLE_PATH               TRUST_INVALID           TRUST_DENIES            TRUST_TOO_LONG
//   PRINCIPAL_MISMATCH      PRINCIPAL_OTHER_ACCOUNT ACTION_MISSING          SUB_MISMATCH            WILDCARD_IN_EQUALS
//   AUD_CONDITION           CONDITION_KEY           CONDITION_UNMET         CONDITION_UNSEEN
//   TAG_SESSION_MISSING     SESSION_TAGS_INVALID
//   SOURCE_IDENTITY_MISSING POLICY_ABOVE            NOT_INJECTED            SDK_TOO_OLD             CONTAINER_SKIPPED
//   TOKEN_UNREADABLE        STS_UNREACHABLE         STS_REGION_OFF          WEBHOOK_CA_STALE        WEBHOOK_NO_SAN
//   WEBHOOK_EXPIRED         WEBHOOK_SIGNER_GONE     ISSUER_SWAPPED          BUCKET_ACL              ANSWER_UNEXPLAINED
//   PROVIDER_ID_GIVEN       SESSION_POLICY_INVALID  SESSION_POLICY_TOO_LARGE LOOK_DENIED      API_SERVER_MANIFEST
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "text/finding.h"

namespace setup {

// What a URL of the issuer answered to somebody without credentials who follows no redirects.
struct FetchedDocument {
  std::string url;
  int status = 0;            // 0: there was no answer
  std::string failure = {};  // why not
  bool untrusted = false;    // the failure is about the certificate
  std::string body = {}, location = {}, cacheControl = {}, lastModified = {};
  std::chrono::milliseconds took{0};
};

struct SeenProvider {
  std::string arn;
  std::vector<std::string> clientIds;
};

struct SeenRole {
  std::string arn, trustPolicy;
  std::chrono::seconds maxSessionDuration{3600};
};

// What was seen of IAM in the account of the credentials.
struct SeenAccount {
  std::string id;
  std::vector<SeenProvider> providers;
  std::optional<SeenRole> role;  // the one with the name that was asked for, whatever its path
};

struct WebIdentityEvidence {
  std::string answer = {};                            // what STS, or an SDK, said; as pasted
  std::optional<std::string> token = {};              // a JSON Web Token, or what was taken for one
  std::optional<std::string> roleArn = {};            // as it was asked for
  std::string sessionName = {};                       // empty: not known
  std::optional<std::chrono::seconds> duration = {};  // absent: an hour, as SDKs ask for
  std::optional<FetchedDocument> discovery = {}, jwks = {};
  std::optional<SeenAccount> account = {};
  std::vector<std::string> notSeen = {};  // what could not be looked at and why, a sentence each
  base::Time now = {};
};

// Causes in the order in which STS would meet them, each one's effects left out; those that STS's answer speaks of come
// first. An answer without token and role has the causes that are usual for it, the likeliest first, as warnings. Notes
// come last. Notes alone, or nothing: STS would give the role, by what is known. A text that nothing explains is a
// warning, unless token, issuer and role were seen and are right.
text::Findings explain(const WebIdentityEvidence& evidence);

// What STS says first to this evidence, "AccessDenied: Not authorized to perform …"; empty when it would give the role
// or says nothing that can be foreseen.
std::string foreseenAnswer(const WebIdentityEvidence& evidence);

}  // namespace setup
