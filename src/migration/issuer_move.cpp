#include "migration/issuer_move.h"

#include <algorithm>
#include <array>

#include "migration/server_gates.h"
#include "text/words.h"

namespace migration {
namespace {

constexpr std::array<std::string_view, 7> kPhases{"publish", "provider", "accept", "switch", "drain", "finish", "done"};

// The issuers of an API server that is looked at but `wish.issuer`. Told by audiences, only `former` counts, when it is
// known: other audiences may be anything.
std::vector<std::string> othersOf(const ApiServer& server, const MoveWish& wish) {
  std::vector<std::string> others = server.issuers;
  std::erase_if(others, [&](const std::string& one) {
    return one == wish.issuer || (!server.showsFlags && !wish.former.empty() && one != wish.former);
  });
  return others;
}

base::Result<std::string> formerOf(const MoveWish& wish, const std::vector<ApiServer>& servers) {
  std::string former = wish.former, signer;
  for (const ApiServer& server : servers) {
    if (!server.trouble.empty()) continue;
    if (server.signer != wish.issuer) {
      if (!signer.empty() && signer != server.signer)
        return base::conflict("one API server signs as " + signer + " and another as " + server.signer,
                              "bring them to one issuer first: irsa apiserver lint shows their flags");
      signer = server.signer;
    }
    const std::vector<std::string> others = othersOf(server, wish);
    if (former.empty() && server.signer == wish.issuer && !others.empty()) former = others.front();
  }
  if (!signer.empty() && !wish.former.empty() && signer != wish.former)
    return base::conflict("the API servers sign as " + signer + ", not as " + wish.former,
                          "leave --former out: it is read from the API servers");
  return signer.empty() ? former : signer;
}

// What is true of how many API servers.
struct Counts {
  std::size_t all = 0, seen = 0, accepting = 0, signing = 0, alone = 0;
};

Counts countsOf(const MoveWish& wish, const std::vector<ApiServer>& servers) {
  Counts counts{.all = servers.size()};
  for (const ApiServer& server : servers) {
    if (!server.trouble.empty()) continue;
    ++counts.seen;
    const bool signs = server.signer == wish.issuer;
    counts.accepting += server.accepts(wish.issuer) ? 1U : 0U;
    counts.signing += signs ? 1U : 0U;
    counts.alone += signs && othersOf(server, wish).empty() ? 1U : 0U;
  }
  return counts;
}

Gate publishedGate(const MoveWish& wish, const MoveWorld& world) {
  const PublicIssuer& there = world.published;
  std::vector<std::string> missing;
  if (!there.trouble.empty()) {
    missing.push_back("the documents of " + wish.issuer + " can't be read: " + there.trouble);
  } else if (there.issuer != wish.issuer) {
    missing.push_back("the discovery document at " + wish.issuer + " says the issuer is " + there.issuer);
  }
  if (!there.isAsWished) missing.emplace_back("irsa would write other documents");
  for (std::string& lack : unpublished(there, world.cluster.servers)) missing.push_back(std::move(lack));
  return gateOf("published", missing, "the documents are public and hold every key that the API servers serve");
}

Gate acceptedGate(const MoveWish& wish, const std::string& former, const std::vector<ApiServer>& servers) {
  std::vector<std::string> missing;
  for (const ApiServer& server : servers) {
    for (const std::string& issuer : {wish.issuer, former}) {
      if (!server.trouble.empty() || server.accepts(issuer)) continue;
      missing.push_back(server.name + " does not accept " + issuer +
                        (server.showsFlags ? "" : " as far as the audiences of its tokens tell"));
    }
  }
  return gateOf("accepted", missing, "every API server accepts both issuers");
}

// Of the switch: those that have finished already have switched before.
base::Time switchedAt(const MoveWish& wish, const std::vector<ApiServer>& servers) {
  std::vector<const ApiServer*> both, all;
  for (const ApiServer& server : servers) {
    all.push_back(&server);
    if (!othersOf(server, wish).empty()) both.push_back(&server);
  }
  return since(both.empty() ? all : both);
}

Gates tokenGatesOf(const MoveWish& wish, const MoveWorld& world) {
  return tokenGates(world.holders, world.cluster.servers, switchedAt(wish, world.cluster.servers), wish.vouched,
                    world.cluster.now);
}

MovePhase phaseOf(const MoveWish& wish, const MoveWorld& world, const Counts& counts, bool isPublished) {
  if (counts.alone == counts.all) return world.leftovers.empty() ? MovePhase::Done : MovePhase::Finish;
  if (counts.signing == counts.all)
    return counts.alone > 0 || areMet(tokenGatesOf(wish, world)) ? MovePhase::Finish : MovePhase::Drain;
  if (counts.signing > 0 || counts.accepting == counts.all) return MovePhase::Switch;
  if (counts.accepting > 0) return MovePhase::Accept;
  if (!isPublished) return MovePhase::Publish;
  return world.untrusting.empty() ? MovePhase::Accept : MovePhase::Provider;
}

std::vector<std::string> toChange(const MoveWish& wish, MovePhase phase, const std::vector<ApiServer>& servers) {
  std::vector<std::string> names;
  for (const ApiServer& server : servers) {
    const bool signs = server.signer == wish.issuer;
    const bool isThere = phase == MovePhase::Accept   ? server.accepts(wish.issuer)
                         : phase == MovePhase::Switch ? signs
                         : phase == MovePhase::Finish ? signs && othersOf(server, wish).empty()
                                                      : true;
    if (!isThere) names.push_back(server.name);
  }
  return names;
}

Gates gatesFor(const MoveWish& wish, const MoveWorld& world, const MoveState& state, Gate published) {
  const std::vector<ApiServer>& servers = world.cluster.servers;
  Gates gates{readyGate(servers)};
  if (state.phase == MovePhase::Publish || state.phase == MovePhase::Done) return gates;
  gates.push_back(std::move(published));
  if (state.phase == MovePhase::Provider) return gates;
  gates.push_back(gateOf("trusted", world.untrusting, "IAM's provider and roles trust the new issuer"));
  gates.push_back(mintedGate(servers));
  if (state.phase == MovePhase::Switch) gates.push_back(acceptedGate(wish, state.former, servers));
  const bool ends = state.phase == MovePhase::Drain || state.phase == MovePhase::Finish;
  if (!ends) return gates;
  for (Gate& gate : tokenGatesOf(wish, world)) gates.push_back(std::move(gate));
  return gates;
}

}  // namespace

std::string_view nameOf(MovePhase phase) { return kPhases[std::size_t(phase)]; }

base::Result<MoveState> stateOf(const MoveWish& wish, const MoveWorld& world) {
  const Counts counts = countsOf(wish, world.cluster.servers);
  if (counts.seen == 0) {
    const std::string why = counts.all == 0 ? "" : ": " + world.cluster.servers.front().trouble;
    return base::unavailable("no API server could be looked at" + why);
  }
  MoveState state;
  state.former = TRY(formerOf(wish, world.cluster.servers));
  Gate published = publishedGate(wish, world);
  state.phase = phaseOf(wish, world, counts, published.isMet);
  state.servers = toChange(wish, state.phase, world.cluster.servers);
  // Each API server finishes only after all had switched, so that what is left of the former issuer's tokens is
  // nothing.
  const bool isOnlyTidying = state.phase == MovePhase::Finish && counts.alone == counts.all;
  if (isOnlyTidying) {
    state.gates = {readyGate(world.cluster.servers), std::move(published),
                   gateOf("trusted", world.untrusting, "IAM's provider and roles trust the new issuer")};
    return state;
  }
  state.gates = gatesFor(wish, world, state, std::move(published));
  return state;
}

base::Result<WayBack> wayBack(const MoveWish& wish, const MoveWorld& world) {
  const std::vector<ApiServer>& servers = world.cluster.servers;
  const Counts counts = countsOf(wish, servers);
  WayBack way;
  way.former = TRY(formerOf(wish, servers));
  way.gates = {readyGate(servers)};
  if (counts.accepting == 0)
    return base::conflict("no API server knows " + wish.issuer + " yet: there is nothing to undo", "");
  if (way.former.empty())
    return base::conflict("every API server knows " + wish.issuer + " alone, so it is not seen which issuer was before",
                          "name it with --former");
  if (counts.alone > 0) {
    way.to = MovePhase::Switch;
    return way;
  }
  if (counts.signing > 0) {
    way.gates.push_back(acceptedGate(wish, way.former, servers));
    return way;
  }
  // Whether the new issuer ever signed is not seen; tokens of it would be refused.
  std::vector<const ApiServer*> all;
  for (const ApiServer& server : servers) all.push_back(&server);
  way.to = MovePhase::Publish;
  for (Gate& gate : tokenGates(world.holders, servers, since(all), wish.vouched, world.cluster.now))
    way.gates.push_back(std::move(gate));
  return way;
}

}  // namespace migration
