#include "migration/server_gates.h"

#include <algorithm>

#include "text/words.h"

namespace migration {

Gate gateOf(std::string name, const std::vector<std::string>& missing, std::string good) {
  if (missing.empty()) return {std::move(name), true, std::move(good)};
  return {std::move(name), false, text::joined(missing, "; ")};
}

Gate readyGate(const std::vector<ApiServer>& servers) {
  std::vector<std::string> missing;
  for (const ApiServer& server : servers) {
    if (!server.trouble.empty()) {
      missing.push_back(server.name + " could not be looked at: " + server.trouble);
    } else if (!server.isReady) {
      missing.push_back(server.name + " is not ready");
    } else if (server.isUnreported) {
      missing.push_back("the kubelet has not yet reported the new pod of " + server.name);
    } else if (server.issuers.front() != server.signer) {
      missing.push_back(server.name + " still signs as " + server.signer + ", its flags say " + server.issuers.front());
    }
  }
  return gateOf("ready", missing, "every API server is ready (" + std::to_string(servers.size()) + ")");
}

Gate mintedGate(const std::vector<ApiServer>& servers) {
  std::vector<std::string> missing;
  for (const ApiServer& server : servers) {
    if (!server.trouble.empty()) continue;
    if (server.mintedIssuer != server.signer)
      missing.push_back(server.name + " signed a token as " + server.mintedIssuer + ", its discovery document says " +
                        server.signer);
    if (!server.serves(server.mintedKid))
      missing.push_back(server.name + " signs with key " + server.mintedKid + ", which it does not serve");
    if (!server.refusedBy.empty())
      missing.push_back("a new token of " + server.name + " is refused by " + text::joined(server.refusedBy));
  }
  return gateOf("minted", missing, "a new token of each API server is taken by all of them");
}

std::vector<std::string> unpublished(const PublicIssuer& published, const std::vector<ApiServer>& servers) {
  std::vector<std::string> missing;
  if (!published.trouble.empty()) return missing;
  for (const ApiServer& server : servers) {
    for (const oidc::Jwk& key : server.keys.keys) {
      const bool isThere = std::ranges::find(published.kids, key.kid) != published.kids.end();
      const std::string lack = "key " + key.kid + " of the API servers is not published";
      if (!isThere && std::ranges::find(missing, lack) == missing.end()) missing.push_back(lack);
    }
  }
  return missing;
}

}  // namespace migration
