// Rotating the key that signs service account tokens without refusing one: introduce (every API server verifies with
// the new key, and it is published), promote (they sign with it), retire (the old one goes). Which comes next, and what
// has to hold before it, is decided from the world alone: the files of keys that irsa made are named by time and kid,
// and the API servers' flags name the files.
//
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ (--service-account-key-file,
// --service-account-signing-key-file)
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migration/api_servers.h"
#include "migration/gate.h"
#include "migration/issuer_move.h"
#include "migration/token_holders.h"

namespace migration {

// "sa-20261127T072000Z-KID": the name of a key that irsa made, without its folder and ending.
std::string keyName(base::Time madeAt, std::string_view kid);
struct NamedKey {
  base::Time madeAt;
  std::string kid;
};
std::optional<NamedKey> namedKey(std::string_view path);  // absent: not a name of ours

enum class RotationStep {
  Introduce,  // a new key, or the rest of the API servers learn the one that some know
  Promote,
  Retire
};
std::string_view nameOf(RotationStep step);  // "introduce"
std::optional<RotationStep> stepNamed(std::string_view name);

// Caches of the published JWKS: STS keeps it as long as its Cache-Control allows, and kube-apiserver's says an hour.
inline constexpr std::chrono::hours kCached{1};

struct RotationWorld {
  Cluster cluster;
  std::vector<TokenHolder> holders;
  PublicIssuer published;
  std::optional<base::Time> publishedAt = {};  // of the JWKS
  std::vector<TokenHolder> secrets = {};       // with tokens that never expire; `longest` has no meaning
  bool readsFirstOnly = false;                 // the relying party is Ceph, which looks at no other key of the JWKS
};

struct RotationWish {
  Vouched vouched;
  bool legacyIsFine = false;  // tokens of Secrets may be refused
  std::chrono::seconds cached = kCached;
  bool refusalsAreFine = false;  // Ceph may refuse the old key's tokens from the promotion on
};

struct RotationState {
  RotationStep step = RotationStep::Introduce;  // what comes next
  bool isIdle = false;                          // nothing is under way: Introduce would begin a rotation
  std::string signing;                          // kid; of several, the one that goes
  std::string next;                             // kid; empty: to be made
  std::vector<std::string> retiring;            // kids that Retire takes away
  Gates gates;
  std::vector<std::string> servers;  // that the step is still to change

  bool isOpen() const { return areMet(gates); }
};

// Conflict when an external signer has the keys (KEP-740: it rotates them itself), and when the flags of an API server
// are not seen.
base::Result<RotationState> stateOf(const RotationWish& wish, const RotationWorld& world);

// Whether every key that is presented or may be, of every API server, is among `kids`.
Gate supersetGate(const PublicIssuer& published, const std::vector<ApiServer>& servers);

}  // namespace migration
