#include "migrate_look.h"

#include <algorithm>
#include <set>

#include "base/time.h"
#include "issuer_look.h"
#include "oidc/discovery.h"
#include "seen_servers.h"
#include "setup/key_files.h"
#include "text/words.h"

namespace cli {
namespace {

std::string failureOf(const setup::FetchedDocument& document) {
  if (!document.failure.empty()) return document.failure;
  return document.status == 200 ? "" : "HTTP " + std::to_string(document.status) + " of " + document.url;
}

// Empty when one API server did not tell.
std::set<std::string> signingKids(const migration::Cluster& cluster) {
  std::set<std::string> kids;
  for (const migration::ApiServer& server : cluster.servers) {
    if (!server.trouble.empty()) return {};
    kids.insert(server.mintedKid);
  }
  return kids;
}

std::vector<std::string> sentencesOf(const setup::Plan& plan) {
  std::vector<std::string> sentences;
  for (const setup::Action& action : plan.actions) sentences.push_back(action.target + " " + action.reason);
  return sentences;
}

}  // namespace

oidc::Jwks servedKeys(const migration::Cluster& cluster) {
  oidc::Jwks all;
  for (const migration::ApiServer& server : cluster.servers) {
    for (const oidc::Jwk& key : server.keys.keys) {
      if (std::ranges::none_of(all.keys, [&](const oidc::Jwk& there) { return there.kid == key.kid; }))
        all.keys.push_back(key);
    }
  }
  return all;
}

migration::PublicIssuer readIssuer(const std::string& issuer, const World& world, const CommonOptions& options,
                                   std::optional<base::Time>* since) {
  migration::PublicIssuer seen;
  const bool isCeph = world.configuration.aws.isCeph();  // it reads itself, wherever it lies
  const IssuerLook look(options, world.configuration.aws.caFile, isCeph ? nullptr : issuerAddresses(false), &world.aws,
                        world.ground);
  const setup::FetchedDocument document = look.fetch(issuer + std::string(oidc::kDiscoveryPath));
  seen.trouble = failureOf(document);
  if (!seen.trouble.empty()) return seen;
  const base::Result<oidc::Discovery> discovery = oidc::parseDiscovery(document.body);
  if (!discovery) {
    seen.trouble = discovery.error().message;
    return seen;
  }
  seen.issuer = discovery->issuer;
  const setup::FetchedDocument keys = look.fetch(discovery->jwksUri);
  seen.trouble = failureOf(keys);
  const base::Result<oidc::Jwks> jwks = oidc::parseJwks(keys.body);
  if (seen.trouble.empty() && !jwks) seen.trouble = jwks.error().message;
  if (!jwks || !seen.trouble.empty()) return seen;
  for (const oidc::Jwk& key : jwks->keys) seen.kids.push_back(key.kid);
  const base::Result<base::Time> written = base::parseHttpDate(keys.lastModified);
  if (since && written) *since = *written;
  return seen;
}

base::Result<setup::Plan> planWithServedKeys(const migration::Cluster& cluster, const setup::Phases& phases,
                                             World& world) {
  setup::World view = world.view();
  setup::Mode mode{.phases = phases, .isMoving = true};
  const oidc::Jwks keys = servedKeys(cluster);
  if (!keys.keys.empty()) mode.keys = keys;
  mode.signing = signingKids(cluster);
  return setup::makePlan(world.configuration, view, mode);
}

base::Result<MoveLook> lookAtMove(const LookOptions& options, const CommonOptions& common, World& world,
                                  const Console& console) {
  if (!world.cluster)
    return base::invalid("irsa.yaml has no section cluster: there is no API server to move").withHint("add cluster:");
  MoveLook look;
  look.world.cluster = TRY(lookAtServers(*world.cluster, options.servers, world.ground.clock, console));
  look.world.holders = TRY(migration::lookAtHolders(*world.cluster->client));
  look.publish = TRY(planWithServedKeys(look.world.cluster, {setup::Phase::Issuer}, world));
  look.trust = TRY(planWithServedKeys(look.world.cluster, {setup::Phase::Provider, setup::Phase::Roles}, world));
  look.wish = {look.publish.issuer, options.former, {options.longestToken, options.staleIsFine}};
  look.world.published = readIssuer(look.wish.issuer, world, common);
  look.world.published.isAsWished = look.publish.actions.empty();
  look.world.untrusting = sentencesOf(look.trust);
  return look;
}

base::Result<void> mustBeMet(const migration::Gates& gates, std::string_view step, const std::string& command) {
  std::string closed;
  for (const migration::Gate& gate : gates) {
    if (!gate.isMet) closed += "\n  " + gate.name + ": " + gate.says;
  }
  if (closed.empty()) return {};
  const std::optional<base::Time> opens = migration::opensAt(gates);
  return base::Error{
      base::ErrorKind::Conflict, "GATE_CLOSED", "not yet: " + std::string(step) + " waits for" + closed,
      opens ? "run " + command + " again after " + base::rfc3339(*opens) : "run " + command + " again when that is so"};
}

text::Json documentOf(const migration::Gates& gates) {
  text::Json list = text::Json::array();
  for (const migration::Gate& gate : gates) {
    text::Json one = {{"name", gate.name}, {"met", gate.isMet}, {"says", gate.says}};
    if (gate.until) one["until"] = base::rfc3339(*gate.until);
    list.push_back(std::move(one));
  }
  return list;
}

text::Json documentOf(const migration::Cluster& cluster) {
  text::Json list = text::Json::array();
  for (const migration::ApiServer& server : cluster.servers) {
    text::Json one = {{"name", server.name}};
    if (!server.trouble.empty()) {
      one["trouble"] = server.trouble;
      list.push_back(std::move(one));
      continue;
    }
    one.update({{"ready", server.isReady},
                {"signer", server.signer},
                {"issuers", server.issuers},
                {"key", server.mintedKid},
                {"startedAt", base::rfc3339(server.startedAt)},
                {"staleTokens", server.staleTokens},
                {"legacyTokens", server.legacyTokens}});
    one["keys"] = text::Json::array();
    for (const oidc::Jwk& key : server.keys.keys) one["keys"].push_back(key.kid);
    list.push_back(std::move(one));
  }
  return list;
}

std::string tableOf(const migration::Gates& gates, const Console& console) {
  std::string table;
  for (const migration::Gate& gate : gates) {
    const std::string line = gate.name + ": " + gate.says;
    table += "  " + (gate.isMet ? console.check(line) : console.cross(line));
  }
  return table;
}

std::string tableOf(const migration::Cluster& cluster) {
  std::string table;
  for (const migration::ApiServer& server : cluster.servers) {
    table += "  " + server.name + "  ";
    table += server.trouble.empty() ? "signs as " + server.signer + " with " + server.mintedKid + " since " +
                                          base::rfc3339(server.startedAt) + ", accepts " + text::joined(server.issuers)
                                    : server.trouble;
    table += "\n";
  }
  return table;
}

}  // namespace cli
