#include "migration/key_rotation.h"

#include <algorithm>
#include <array>

#include "base/time.h"
#include "migration/server_gates.h"
#include "text/words.h"

namespace migration {
namespace {

constexpr std::string_view kPrefix = "sa-";
constexpr std::size_t kStampLength = 16;  // 20261127T072000Z
constexpr std::array<std::string_view, 3> kSteps{"introduce", "promote", "retire"};

base::Result<void> checkVisible(const std::vector<ApiServer>& servers) {
  if (servers.empty()) return base::unavailable("no API server could be looked at");
  for (const ApiServer& server : servers) {
    if (!server.trouble.empty()) continue;
    if (!server.signingEndpoint.empty())
      return base::conflict("an external signer (" + server.signingEndpoint + ") has the keys of " + server.name +
                                ": it rotates them itself",
                            "irsa issuer publish --watch keeps the published keys equal to what it offers");
    if (server.isUnreported) return base::unavailable("the kubelet has not yet reported the new pod of " + server.name);
    if (!server.showsFlags)
      return base::conflict("the flags of " + server.name + " are not seen: its API server is no pod of the kubelet",
                            "rotate with the distribution's own command (k3s certificate rotate-ca, talosctl ...)");
  }
  if (std::ranges::all_of(servers, [](const ApiServer& server) { return !server.trouble.empty(); }))
    return base::unavailable("no API server could be looked at: " + servers.front().trouble);
  return {};
}

std::optional<NamedKey> newestOf(const std::vector<ApiServer>& servers) {
  std::optional<NamedKey> newest;
  for (const ApiServer& server : servers) {
    for (const std::string& file : server.keyFiles) {
      const std::optional<NamedKey> key = namedKey(file);
      if (key && (!newest || key->madeAt > newest->madeAt)) newest = key;
    }
  }
  return newest;
}

// One that was made later than the key that this API server signs with.
bool isAhead(const NamedKey& key, const ApiServer& server) {
  const std::optional<NamedKey> signing = namedKey(server.signingKey);
  return server.trouble.empty() && (!signing || signing->madeAt < key.madeAt);
}

bool names(const ApiServer& server, std::string_view kid) {
  return std::ranges::any_of(server.keyFiles, [kid](const std::string& file) {
    const std::optional<NamedKey> key = namedKey(file);
    return key && key->kid == kid;
  });
}

std::vector<std::string> othersOf(const ApiServer& server) {
  std::vector<std::string> kids;
  for (const oidc::Jwk& key : server.keys.keys) {
    if (key.kid != server.mintedKid) kids.push_back(key.kid);
  }
  return kids;
}

void chooseStep(const std::vector<ApiServer>& servers, RotationState& state) {
  const std::optional<NamedKey> newest = newestOf(servers);
  std::vector<std::string> lacking, behind;
  for (const ApiServer& server : servers) {
    if (newest && !(names(server, newest->kid) && server.serves(newest->kid))) lacking.push_back(server.name);
    if (newest && isAhead(*newest, server)) behind.push_back(server.name);
  }
  if (newest && !behind.empty()) {
    state.next = newest->kid;
    state.step = lacking.empty() ? RotationStep::Promote : RotationStep::Introduce;
    state.servers = lacking.empty() ? behind : lacking;
    return;
  }
  for (const ApiServer& server : servers) {
    const std::vector<std::string> others = othersOf(server);
    if (!others.empty()) state.servers.push_back(server.name);
    for (const std::string& kid : others) {
      if (std::ranges::find(state.retiring, kid) == state.retiring.end()) state.retiring.push_back(kid);
    }
  }
  state.step = state.retiring.empty() ? RotationStep::Introduce : RotationStep::Retire;
  state.isIdle = state.retiring.empty();
  if (!state.isIdle) return;
  for (const ApiServer& server : servers) state.servers.push_back(server.name);
}

Gate cachedGate(const RotationWish& wish, const RotationWorld& world) {
  if (wish.cached.count() == 0) return {"cached", true, "caches of the JWKS are not waited for"};
  if (!world.publishedAt)
    return {"cached", false,
            "the host does not say when the JWKS was written (Last-Modified); when caches have it, vouch with "
            "--cached 0s"};
  const base::Time until = *world.publishedAt + wish.cached;
  const std::string when = base::rfc3339(*world.publishedAt);
  if (world.cluster.now >= until) return {"cached", true, "the JWKS is as it is since " + when};
  return {"cached", false, "the JWKS was written at " + when + " and may be cached in its old form", until};
}

// Of the promotion: those that have retired already have promoted before.
base::Time promotedAt(const std::vector<ApiServer>& servers) {
  std::vector<const ApiServer*> both, all;
  for (const ApiServer& server : servers) {
    all.push_back(&server);
    if (!othersOf(server).empty()) both.push_back(&server);
  }
  return since(both.empty() ? all : both);
}

Gate legacyGate(const RotationWish& wish, const RotationWorld& world, base::Time promoted) {
  std::vector<std::string> old;
  for (const TokenHolder& secret : world.secrets) {
    if (secret.createdAt <= promoted) old.push_back(secret.name);
  }
  const std::string count = std::to_string(old.size());
  if (old.empty()) return {"legacy", true, "no Secret holds a token that the old key signed"};
  if (wish.legacyIsFine) return {"legacy", true, count + " Secrets hold tokens of the old key; vouched for"};
  return {"legacy", false,
          "Secrets hold tokens of the old key, which never expire: " + text::joined(old) +
              "; make them anew (kubectl delete, then create), or vouch with --legacy-is-fine"};
}

// It can't take tokens of two keys at once.
Gate overlapGate(const RotationWish& wish) {
  if (wish.refusalsAreFine) return {"overlap", true, "Ceph may refuse tokens of the old key from here on; vouched for"};
  return {"overlap", false,
          "Ceph looks at the first key of the JWKS alone, so from here on it refuses tokens of the old key, which pods "
          "have for up to a day; when their pods may be re-created, go on with --yes"};
}

// "first": what it looks at is what the API servers sign with.
Gate firstGate(const PublicIssuer& published, const std::vector<ApiServer>& servers) {
  std::vector<std::string> missing;
  if (!published.trouble.empty()) missing.push_back("the published JWKS can't be read");
  const std::string first = published.kids.empty() ? "none" : published.kids.front();
  for (const ApiServer& server : servers) {
    if (!missing.empty() || !server.trouble.empty() || server.mintedKid == first) continue;
    missing.push_back("Ceph looks at the first published key alone, " + first + ", and " + server.name +
                      " signs with " + server.mintedKid + "; irsa keys rotate promote puts that first");
  }
  return gateOf("first", missing, "the first published key, the one that Ceph looks at, is the one that signs");
}

Gates gatesFor(const RotationWish& wish, const RotationWorld& world, const RotationState& state) {
  const std::vector<ApiServer>& servers = world.cluster.servers;
  Gates gates{readyGate(servers), mintedGate(servers)};
  if (state.step == RotationStep::Introduce) return gates;
  gates.push_back(supersetGate(world.published, servers));
  if (state.step == RotationStep::Promote) {
    gates.push_back(world.readsFirstOnly ? overlapGate(wish) : cachedGate(wish, world));
    return gates;
  }
  if (world.readsFirstOnly) gates.push_back(firstGate(world.published, servers));
  const base::Time promoted = promotedAt(servers);
  for (Gate& gate : tokenGates(world.holders, servers, promoted, wish.vouched, world.cluster.now))
    gates.push_back(std::move(gate));
  gates.push_back(legacyGate(wish, world, promoted));
  return gates;
}

}  // namespace

std::string keyName(base::Time madeAt, std::string_view kid) {
  return std::string(kPrefix) + base::iso8601Basic(madeAt) + "-" + std::string(kid);
}

std::optional<NamedKey> namedKey(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with(kPrefix) || !(name.ends_with(".pub") || name.ends_with(".key"))) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(4);
  if (name.size() < kStampLength + 2 || name[kStampLength] != '-') return std::nullopt;
  const base::Result<base::Time> madeAt = base::parseIso8601Basic(name.substr(0, kStampLength));
  if (!madeAt) return std::nullopt;
  return NamedKey{*madeAt, std::string(name.substr(kStampLength + 1))};
}

std::string_view nameOf(RotationStep step) { return kSteps[std::size_t(step)]; }

std::optional<RotationStep> stepNamed(std::string_view name) {
  const auto found = std::ranges::find(kSteps, name);
  if (found == kSteps.end()) return std::nullopt;
  return RotationStep(found - kSteps.begin());
}

Gate supersetGate(const PublicIssuer& published, const std::vector<ApiServer>& servers) {
  std::vector<std::string> missing = unpublished(published, servers);
  if (!published.trouble.empty()) missing.push_back("the published JWKS can't be read: " + published.trouble);
  return gateOf("published", missing, "the published JWKS holds every key that the API servers serve");
}

base::Result<RotationState> stateOf(const RotationWish& wish, const RotationWorld& world) {
  const std::vector<ApiServer>& servers = world.cluster.servers;
  TRY(checkVisible(servers));
  RotationState state;
  chooseStep(servers, state);
  for (const ApiServer& server : servers) {
    if (server.trouble.empty() && server.mintedKid != state.next && state.signing.empty())
      state.signing = server.mintedKid;
  }
  state.gates = gatesFor(wish, world, state);
  return state;
}

}  // namespace migration
