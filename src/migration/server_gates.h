// Gates on the API servers that the move of an issuer and the rotation of a key share.
#pragma once
#include <string>
#include <vector>

#include "migration/api_servers.h"
#include "migration/gate.h"
#include "migration/issuer_move.h"

namespace migration {

// Met when nothing is missing; else it says what.
Gate gateOf(std::string name, const std::vector<std::string>& missing, std::string good);

// "ready": each could be looked at, is ready, and runs with the flags that its pod shows.
Gate readyGate(const std::vector<ApiServer>& servers);

// "minted": a token of each is signed as it says, with a key that it serves, and taken by all of them.
Gate mintedGate(const std::vector<ApiServer>& servers);

// Keys that an API server serves and the published documents lack, a sentence each.
std::vector<std::string> unpublished(const PublicIssuer& published, const std::vector<ApiServer>& servers);

}  // namespace migration
