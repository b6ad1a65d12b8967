#include "keys_command.h"

#include <algorithm>

#include "api_server_command.h"
#include "base/time.h"
#include "crypto/key.h"
#include "life_cycle.h"
#include "migration/key_rotation.h"
#include "republish_lease.h"
#include "seen_servers.h"
#include "text/words.h"

namespace cli {
namespace {

using migration::RotationStep;

struct Seen {
  std::unique_ptr<World> world;
  std::string issuer;
  migration::RotationWorld rotation;
  migration::RotationState state;
  setup::Plan publish;  // so that every key of the API servers is published
};

// Ceph's provider has the thumbprints of the published keys, so it changes with them.
setup::Phases phasesOfPublishing(const World& world) {
  const bool isCeph = world.configuration.aws.isCeph();
  return isCeph ? setup::Phases{setup::Phase::Issuer, setup::Phase::Provider} : setup::Phases{setup::Phase::Issuer};
}

base::Result<void> observe(const KeysOptions& options, const Console& console, Seen& seen) {
  World& world = *seen.world;
  seen.rotation.cluster = TRY(lookAtServers(*world.cluster, options.look.servers, world.ground.clock, console));
  seen.rotation.holders = TRY(migration::lookAtHolders(*world.cluster->client));
  seen.rotation.secrets = TRY(migration::lookAtTokenSecrets(*world.cluster->client));
  seen.publish = TRY(planWithServedKeys(seen.rotation.cluster, phasesOfPublishing(world), world));
  seen.issuer = seen.publish.issuer;
  seen.rotation.readsFirstOnly = world.configuration.aws.isCeph();
  seen.rotation.publishedAt.reset();
  seen.rotation.published = readIssuer(seen.issuer, world, options.common, &seen.rotation.publishedAt);
  return {};
}

base::Result<void> decide(const KeysOptions& options, Seen& seen) {
  const migration::RotationWish wish{
      {options.look.longestToken, options.look.staleIsFine}, options.legacyIsFine, options.cached, options.common.yes};
  seen.state = TRY(migration::stateOf(wish, seen.rotation));
  return {};
}

base::Result<void> lookAgain(const KeysOptions& options, const Console& console, Seen& seen) {
  TRY(observe(options, console, seen));
  return decide(options, seen);
}

// What can be seen, whether irsa can rotate or not.
base::Result<Seen> look(const KeysOptions& options, const Console& console) {
  Seen seen;
  seen.world = TRY(openWorld(options.common));
  if (!seen.world->cluster) return base::invalid("irsa.yaml has no section cluster").withHint("add cluster:");
  if (seen.world->configuration.keys.source != setup::KeySource::Cluster) {
    return base::invalid("keys.source is not cluster: the keys that are published are not read from the API servers")
        .withHint("rotate them where they are made, then irsa apply");
  }
  TRY(observe(options, console, seen));
  return seen;
}

text::Json resultOf(const Seen& seen) {
  const migration::RotationState& state = seen.state;
  text::Json document = {{"issuer", seen.issuer},      {"step", migration::nameOf(state.step)},
                         {"underWay", !state.isIdle},  {"open", state.isOpen()},
                         {"signing", state.signing},   {"next", state.next},
                         {"retiring", state.retiring}, {"published", seen.rotation.published.kids}};
  if (const std::optional<base::Time> opens = migration::opensAt(state.gates))
    document["opensAt"] = base::rfc3339(*opens);
  document["gates"] = documentOf(state.gates);
  document["toChange"] = state.servers;
  document["servers"] = documentOf(seen.rotation.cluster);
  return document;
}

// A new key, or the one that an earlier run kept and did not bring everywhere.
struct NewKey {
  std::string name, kid, pem, path;
};

base::Result<NewKey> readKept(const std::string& folder, const std::string& name, const base::Files& files) {
  NewKey key{name, "", "", folder + "/" + name + ".key"};
  key.pem = TRY(files.read(key.path));
  const crypto::SigningKey read = TRY(crypto::SigningKey::fromPem(key.pem));
  key.kid = read.publicKey().keyId();
  return key;
}

// Of the key that is under way, or, with none, of the newest that no API server knows yet and none has outrun.
base::Result<std::optional<NewKey>> keptKey(const Seen& seen, const std::string& folder, const base::Files& files) {
  base::Time newest{};
  for (const migration::ApiServer& server : seen.rotation.cluster.servers) {
    const std::optional<migration::NamedKey> signing = migration::namedKey(server.signingKey);
    if (signing) newest = std::max(newest, signing->madeAt);
  }
  const std::optional<base::FileInfo> there = TRY(files.info(folder));
  if (!there) return std::optional<NewKey>();
  std::optional<std::string> found;
  for (const std::string& file : TRY(files.list(folder))) {  // sorted, so by time
    const std::optional<migration::NamedKey> named = migration::namedKey(file);
    if (!named || !file.ends_with(".key") || named->madeAt <= newest) continue;
    if (seen.state.next.empty() || named->kid == seen.state.next) found = file.substr(0, file.size() - 4);
  }
  if (!found) return std::optional<NewKey>();
  return std::optional(TRY(readKept(folder, *found, files)));
}

base::Result<NewKey> newKey(const KeysOptions& options, Seen& seen, const Console& console) {
  base::Files& files = *seen.world->ground.files;
  const std::string& folder = seen.world->configuration.keys.directory;
  std::optional<NewKey> kept = TRY(keptKey(seen, folder, files));
  if (kept) return *kept;
  if (!seen.state.next.empty()) {
    return base::Error{base::ErrorKind::Conflict, "KEY_LOST",
                       "some API servers know the key " + seen.state.next + ", but " + folder + " does not hold it",
                       "copy its .key file from such a node into that folder"};
  }
  const crypto::Algorithm algorithm = TRY(crypto::algorithmNamed(options.algorithm));
  const crypto::SigningKey made = algorithm == crypto::Algorithm::Es256 ? TRY(crypto::SigningKey::generateEc("P-256"))
                                                                        : TRY(crypto::SigningKey::generateRsa(2048));
  NewKey key{"", made.publicKey().keyId(), made.pem(), ""};
  key.name = migration::keyName(seen.world->ground.clock.now(), key.kid);
  key.path = folder + "/" + key.name + ".key";
  TRY(files.makeFolder(folder, 0700));
  TRY(files.create(key.path, key.pem, 0600));
  console.done("made the key " + key.kid + " (" + options.algorithm + "); a copy stays in " + key.path);
  return key;
}

int onNodes(const KeysOptions& options, const KeyOptions& key, const Console& console) {
  ApiServerOptions patch;
  patch.common = options.common;
  patch.nodes = options.nodes;
  patch.root = options.root;
  patch.key = key;
  if (!options.manifest.empty()) patch.manifest = options.manifest;
  if (!options.nodes.names.empty() || !options.manifest.empty()) return runApiServerPatch(patch);
  console.result("this step is on the control-plane nodes\n  next  irsa keys rotate --node HOST --node HOST ...\n",
                 {{"next", "irsa keys rotate --node HOST ..."}});
  return kChangesPending;
}

bool publish(Seen& seen, setup::Plan plan, const Locks& locks, const Console& console) {
  text::Json document;
  return plan.actions.empty() ||
         carryOut(console, plan, *seen.world, setup::Mode{.phases = phasesOfPublishing(*seen.world), .isMoving = true},
                  locks, document);
}

int introduce(const KeysOptions& options, Seen& seen, const Locks& locks, const Console& console) {
  const bool hasWay = !options.nodes.names.empty() || !options.manifest.empty();
  if (!hasWay) return onNodes(options, {}, console);
  const base::Result<NewKey> key = newKey(options, seen, console);
  if (!key) return console.fail(key.error());
  const int code = onNodes(options, {"introduce", key->kid, key->name, key->path, key->pem}, console);
  if (code != kOk) return code;
  const base::Result<void> again = lookAgain(options, console, seen);
  if (!again) return console.fail(again.error());
  if (!publish(seen, seen.publish, locks, console)) return kRefused;
  console.done("the key " + key->kid + " is introduced and published; next: irsa keys rotate promote, in an hour");
  return kOk;
}

// What Ceph takes no longer, and new tokens need.
int putFirst(Seen& seen, const Locks& locks, const Console& console) {
  if (!publish(seen, seen.publish, locks, console)) return kRefused;
  console.done("the key that signs comes first in the published JWKS, where Ceph looks");
  console.warn(
      "Ceph refuses tokens of the old key now: re-create the pods that have a role (kubectl delete pod); those that "
      "hold credentials go on until these expire");
  return kOk;
}

int promote(const KeysOptions& options, Seen& seen, const Locks& locks, const Console& console) {
  if (!seen.publish.actions.empty()) {  // an earlier run did not come so far
    if (!publish(seen, seen.publish, locks, console)) return kRefused;
    const base::Result<void> again = lookAgain(options, console, seen);
    if (!again) return console.fail(again.error());
  }
  const base::Result<void> met = mustBeMet(seen.state.gates, "promote", "irsa keys rotate");
  if (!met) return console.fail(met.error());
  const int code = onNodes(options, {"promote", seen.state.next, "", "", ""}, console);
  if (code != kOk || !seen.rotation.readsFirstOnly) return code;
  const base::Result<void> again = lookAgain(options, console, seen);
  if (!again) return console.fail(again.error());
  return putFirst(seen, locks, console);
}

int retire(const KeysOptions& options, const Seen& seen, const Console& console) {
  for (const std::string& kid : seen.state.retiring) {
    const int code = onNodes(options, {"retire", kid, "", "", ""}, console);
    if (code != kOk) return code;
  }
  console.done("retired; the published JWKS keeps the old key until irsa apply, or the republisher, takes it out");
  return kOk;
}

// Else it would publish the old keys for as long as an API server serves them, and for its time of grace.
void tellRepublisher(const Seen& seen, const std::string& newKid, const Console& console) {
  std::set<std::string> kids(seen.rotation.published.kids.begin(), seen.rotation.published.kids.end());
  for (const oidc::Jwk& key : servedKeys(seen.rotation.cluster).keys) kids.insert(key.kid);
  kids.erase(newKid);
  const base::Result<void> told = revoke(*seen.world, kids);
  if (!told) console.warn("a republisher could not be told, stop it if there is one: " + told.error().message);
}

// The other way round: what the leaked key signs must be worth nothing at once, whoever is refused by it.
int emergency(const KeysOptions& options, Seen& seen, const Locks& locks, const Console& console) {
  const bool hasWay = !options.nodes.names.empty() || !options.manifest.empty();
  if (!hasWay) return onNodes(options, {}, console);
  if (!options.common.yes) {
    return console.fail({base::ErrorKind::Conflict, "",
                         "an emergency refuses every token in use, of pods and of kube-system too; nothing was changed",
                         "add --yes"});
  }
  const base::Result<NewKey> key = newKey(options, seen, console);
  if (!key) return console.fail(key.error());
  const base::Result<crypto::PublicKey> half = crypto::PublicKey::fromPem(key->pem);
  if (!half) return console.fail(half.error());
  setup::World view = seen.world->view();
  const setup::Mode mode{.phases = phasesOfPublishing(*seen.world),
                         .documentsOnly = true,
                         .isMoving = true,
                         .keys = oidc::jwksOf({*half})};
  const base::Result<setup::Plan> alone = setup::makePlan(seen.world->configuration, view, mode);
  if (!alone) return console.fail(alone.error());
  tellRepublisher(seen, key->kid, console);
  if (!publish(seen, *alone, locks, console)) return kRefused;
  console.done("AWS is told of the new key alone; its caches forget the old one within five minutes");
  int code = onNodes(options, {"introduce", key->kid, key->name, key->path, key->pem}, console);
  KeyOptions promotion{"promote", key->kid, "", "", ""};
  promotion.isAlone = true;
  if (code == kOk) code = onNodes(options, promotion, console);
  if (code != kOk) return code;
  console.warn(
      "now re-create every pod (kubectl delete pods -A --all), and deny older sessions in the roles: "
      "DateLessThan aws:TokenIssueTime " +
      base::rfc3339(seen.world->ground.clock.now()));
  return kOk;
}

// An earlier run brought the key to the nodes and no further, or they were changed by hand.
bool isHalfPromoted(const migration::RotationState& state) {
  const auto first = std::ranges::find(state.gates, "first", &migration::Gate::name);
  return first != state.gates.end() && !first->isMet;
}

int takeStep(const KeysOptions& options, Seen& seen, const Locks& locks, const Console& console) {
  const migration::RotationState& state = seen.state;
  const std::string step(migration::nameOf(state.step));
  const bool isUnpublished = state.step == RotationStep::Promote && !seen.publish.actions.empty();
  if (isUnpublished && options.step == "introduce")  // an earlier run brought the key to the nodes and no further
    return publish(seen, seen.publish, locks, console) ? kOk : kRefused;
  const bool isPromotion = options.step.empty() || options.step == "promote";
  if (isPromotion && isHalfPromoted(state) && !seen.publish.actions.empty()) return putFirst(seen, locks, console);
  if (!options.step.empty() && options.step != step) {
    return console.fail(
        {base::ErrorKind::Conflict, "",
         "the next step is " + step + ", not " + options.step + (state.isIdle ? ": no rotation is under way" : ""),
         "irsa keys status shows where the rotation is"});
  }
  if (state.step == RotationStep::Promote) return promote(options, seen, locks, console);
  const base::Result<void> met = mustBeMet(state.gates, step, "irsa keys rotate");
  if (!met) return console.fail(met.error());
  return state.step == RotationStep::Introduce ? introduce(options, seen, locks, console)
                                               : retire(options, seen, console);
}

// Keys that irsa does not rotate: an external signer's, or a distribution's that keeps them itself.
int showKeysOfOthers(const Seen& seen, const base::Error& why, const std::string& table, const Console& console) {
  const migration::Gates gates{migration::supersetGate(seen.rotation.published, seen.rotation.cluster.servers)};
  const text::Json document = {{"issuer", seen.issuer},      {"rotatable", false},
                               {"why", why.message},         {"published", seen.rotation.published.kids},
                               {"gates", documentOf(gates)}, {"servers", documentOf(seen.rotation.cluster)}};
  console.result(table + "irsa does not rotate them: " + why.message + "\n" + tableOf(gates, console), document);
  return kOk;
}

}  // namespace

int runKeysStatus(const KeysOptions& options) {
  const Console console(options.common);
  base::Result<Seen> seen = look(options, console);
  if (!seen) return console.fail(seen.error());
  std::string table = "API servers\n" + tableOf(seen->rotation.cluster) + "published  " +
                      text::joined(seen->rotation.published.kids) + "\n";
  const base::Result<void> decided = decide(options, *seen);
  if (!decided && decided.error().kind == base::ErrorKind::Conflict)
    return showKeysOfOthers(*seen, decided.error(), table, console);
  if (!decided) return console.fail(decided.error());
  const migration::RotationState& state = seen->state;
  table += state.isIdle ? "no rotation is under way\n"
                        : "next: " + std::string(migration::nameOf(state.step)) +
                              (state.isOpen() ? ", now" : ", not yet") + "\n";
  console.result(table + tableOf(state.gates, console), resultOf(*seen));
  return kOk;
}

int runKeysRotate(const KeysOptions& options) {
  const Console console(options.common);
  if (options.common.dryRun) return runKeysStatus(options);
  const base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  const base::Result<Locks> locks = lock(options.common, **world, console);
  if (!locks) return failUnlocked(locks.error(), console);
  base::Result<Seen> looked = look(options, console);
  if (!looked) return console.fail(looked.error());
  const base::Result<void> decided = decide(options, *looked);
  if (!decided) return console.fail(decided.error());
  if (options.emergency) return emergency(options, *looked, *locks, console);
  return takeStep(options, *looked, *locks, console);
}

}  // namespace cli
