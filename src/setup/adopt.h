// `irsa adopt`: what is wrong with a set-up that somebody made by hand or by a guide, and each defect's own repair.
//
// Looking changes nothing; a repair touches what its code is about and nothing else. The codes are stable:
//   ISSUER_SLASH *             ISSUER_MISMATCH            ISSUER_PATH_STYLE          ISSUER_DASH_ENDPOINT
//   DOCUMENT_MISSING           DOCUMENT_MALFORMED         DOCUMENT_HEADERS *         KID_EMPTY *
//   DOCUMENTS_BY_ACL *         BUCKET_POLICY_WIDE *       PUBLIC_ACLS *              BUCKET_MISSING
//   PROVIDER_NO_AUDIENCE *     THUMBPRINT_LEAF *          LOOK_DENIED
// and those of trust_lint.h, of which AUD_MISSING * can be repaired. * can be repaired.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "setup/names.h"
#include "setup/observed.h"
#include "setup/plan.h"
#include "setup/world.h"
#include "text/finding.h"

namespace setup {

struct FoundSetup {
  std::string account, partition;
  ObservedProvider provider;
  std::optional<IssuerPlace> place;
  ObservedBucket bucket;
  std::vector<aws::Role> roles;               // that trust the provider
  std::vector<std::string> authorities = {};  // thumbprints of the host's authorities, if the caller knows them
  std::string unread = {};                    // why the bucket could not be looked at; empty: it was

  std::string issuer() const { return "https://" + provider.provider.url; }
};

// The set-ups of an account, by provider: the one of `issuer`, or with an empty one all. NotFound when there is none.
base::Result<std::vector<FoundSetup>> lookForSetups(const World& world, std::string_view issuer);

// Sorted.
text::Findings lintSetup(const FoundSetup& found);

std::set<std::string_view> repairableCodes();

// The calls that mend the findings of these codes; a code that irsa mends but that is not found is a note, so that
// twice is once. Conflict for any other code, and for a repair that alone would take the documents from AWS.
base::Result<Plan> planRepair(const FoundSetup& found, const std::set<std::string>& codes);

}  // namespace setup
