// What a move to another issuer and a rotation of keys look at: API servers, pods, the published documents, IAM.
#pragma once
#include <string>
#include <vector>

#include "migration/issuer_move.h"
#include "setup/run.h"
#include "world.h"

namespace cli {

struct LookOptions {
  std::vector<std::string> servers = {};  // origins of the API servers; empty: as the cluster tells
  std::string former = {};                // the issuer that goes; empty: as the API servers tell
  std::chrono::seconds longestToken{0};
  bool staleIsFine = false;
  std::string auditLog = {};  // a file; empty: none
};

struct MoveLook {
  migration::MoveWish wish;
  migration::MoveWorld world;
  setup::Plan publish, trust, tidy;  // what is left to do at AWS for each of the phases
};

// The keys that the published documents must hold: those of all API servers.
oidc::Jwks servedKeys(const migration::Cluster& cluster);

// What is left to do at AWS in these phases while an issuer or a key moves, every served key being published.
base::Result<setup::Plan> planWithServedKeys(const migration::Cluster& cluster, const setup::Phases& phases,
                                             World& world);

// As anybody reads it. `since`: when the JWKS was last written, if the host tells.
migration::PublicIssuer readIssuer(const std::string& issuer, const World& world, const CommonOptions& options,
                                   std::optional<base::Time>* since = nullptr);

base::Result<MoveLook> lookAtMove(const LookOptions& options, const CommonOptions& common, World& world,
                                  const Console& console);

// Conflict, with what is waited for, when a gate is closed.
base::Result<void> mustBeMet(const migration::Gates& gates, std::string_view step, const std::string& command);

text::Json documentOf(const migration::Gates& gates);
text::Json documentOf(const migration::Cluster& cluster);
// Lines for people.
std::string tableOf(const migration::Gates& gates, const Console& console);
std::string tableOf(const migration::Cluster& cluster);

}  // namespace cli
