// Moving a cluster's issuer without refusing a token: publish, provider, accept, switch, drain, finish. Which of them
// comes next, and what has to hold before it, is decided from the world alone; nothing is remembered between two looks.
//
// kube-apiserver signs with its first --service-account-issuer and accepts them all, so that each step is a list that
// the next and the one before accept as well.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "migration/api_servers.h"
#include "migration/gate.h"
#include "migration/token_holders.h"

namespace migration {

enum class MovePhase {
  Publish,   // the documents of the new issuer, with the cluster's keys
  Provider,  // IAM's OIDC provider, and roles that trust it beside the former
  Accept,    // every API server: former, new
  Switch,    // every API server: new, former
  Drain,     // nothing to do but wait until no token of the former issuer is left
  Finish,    // every API server: new; then what AWS has of the former goes
  Done
};
std::string_view nameOf(MovePhase phase);  // "publish"

// The new issuer as anybody reads it over the network.
struct PublicIssuer {
  bool isAsWished = false;  // irsa would write the same documents
  std::string issuer = {};  // of its discovery document
  std::vector<std::string> kids = {};
  std::string trouble = {};  // why it could not be read
};

struct MoveWish {
  std::string issuer;  // the new one
  std::string former;  // the one that goes; empty: the one that signs, or is accepted beside the new one
  Vouched vouched;
};

struct MoveWorld {
  Cluster cluster;
  std::vector<TokenHolder> holders;
  PublicIssuer published;
  std::vector<std::string> untrusting;  // what IAM lacks for the new issuer, a sentence each
  std::vector<std::string> leftovers;   // what is ours and trusts the former issuer
};

struct MoveState {
  MovePhase phase = MovePhase::Publish;  // what comes next
  std::string former;                    // empty: there is none
  Gates gates;                           // before that step; Drain's are Finish's
  std::vector<std::string> servers;      // that the step is still to change

  bool isOpen() const { return areMet(gates); }
};

// Conflict when there is no API server, or when they sign under several issuers beside the new one.
base::Result<MoveState> stateOf(const MoveWish& wish, const MoveWorld& world);

// The way back: the list of issuers before. Accept from Switch and Drain, Switch from Done (for which `former` must be
// given), and without the new issuer from Accept.
struct WayBack {
  MovePhase to = MovePhase::Accept;  // Publish: the former alone
  std::string former;
  Gates gates;
};
base::Result<WayBack> wayBack(const MoveWish& wish, const MoveWorld& world);

}  // namespace migration
