// Who holds tokens that an API server signed before it changed: the running pods, and when the kubelet has renewed the
// last of theirs.
//
// The kubelet renews a mounted token when 80 % of its life or 24 hours have passed, whichever comes first.
// https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"
#include "migration/api_servers.h"
#include "migration/gate.h"

namespace migration {

// The kubelet's longest wait, and what a token of the webhook lives.
inline constexpr std::chrono::hours kRenewal{24};
// For the kubelet's round of a minute and a half, and clocks that differ as much as AWS allows.
inline constexpr std::chrono::minutes kMargin{5};

struct TokenHolder {
  std::string name;  // namespace/pod
  base::Time createdAt;
  std::chrono::seconds longest;  // life of the longest-lived token that is mounted
};

// The pods that have not ended and mount a token.
base::Result<std::vector<TokenHolder>> lookAtHolders(const kube::Client& cluster);

// The Secrets whose token never expires, without their contents; `longest` is 0.
base::Result<std::vector<TokenHolder>> lookAtTokenSecrets(const kube::Client& cluster);

// Since when every one of `servers` has been as it is.
base::Time since(const std::vector<const ApiServer*>& servers);

// What is known of tokens that no pod mounts.
struct Vouched {
  std::chrono::seconds longestToken{0};  // of those that programs ask the API for; 0: there are none
  bool staleIsFine = false;              // clients that never read their token again may lose it
};

// "tokens": no token from before `since` is left, because every pod is younger, or after max(24 h, the longest life)
// and kMargin. "stale": nobody has used a token that the kubelet had renewed already.
Gates tokenGates(const std::vector<TokenHolder>& holders, const std::vector<ApiServer>& servers, base::Time since,
                 const Vouched& vouched, base::Time now);

// Of an audit log in JSON lines: the accounts that used such a token (annotation authentication.k8s.io/stale-token).
std::vector<std::string> staleAccounts(std::string_view auditLog);

}  // namespace migration
