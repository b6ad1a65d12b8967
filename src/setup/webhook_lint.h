// `irsa webhook lint`: what in a cluster would block pods, or let them start without the role of their account.
//
// Pure. The codes are stable:
//   WEBHOOK_MISSING            WEBHOOK_TWICE              WEBHOOK_MISSES_NAMESPACE   WEBHOOK_FAILS_OPEN
//   WEBHOOK_BLOCKS_SYSTEM      WEBHOOK_BLOCKS_ITSELF      WEBHOOK_TIMEOUT_LONG       WEBHOOK_NEVER_REINVOKED
//   WEBHOOK_REVIEWS_NO_V1      WEBHOOK_IMAGE_NO_V1        WEBHOOK_IMAGE_LATEST       WEBHOOK_SIGNER_GONE
//   WEBHOOK_SERVICE_MISSING    WEBHOOK_SERVICE_PORT       WEBHOOK_NO_ENDPOINTS       WEBHOOK_DEGRADED
//   WEBHOOK_ONE_REPLICA        WEBHOOK_NO_PDB             WEBHOOK_NO_CERTIFICATE     WEBHOOK_CERTIFICATE_WEAK
//   WEBHOOK_NO_CA              WEBHOOK_CA_STALE           WEBHOOK_CA_EXPIRED         WEBHOOK_CA_EXPIRES_SOON
//   WEBHOOK_NO_SAN             WEBHOOK_EXPIRED            WEBHOOK_EXPIRES_SOON
//   GUARD_OFF                  ACCOUNT_NOT_GUARDED        ROLE_ARN_INVALID           ANNOTATION_TYPO
//   LOOK_DENIED
#pragma once
#include "base/clock.h"
#include "setup/webhook_surroundings.h"
#include "text/finding.h"

namespace setup {

// Sorted.
text::Findings lintWebhooks(const WebhookSurroundings& cluster, base::Time now);

}  // namespace setup
