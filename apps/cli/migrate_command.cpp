#include "migrate_command.h"

#include <algorithm>
#include <array>

#include "api_server_command.h"
#include "base/time.h"
#include "cluster_signs.h"
#include "life_cycle.h"
#include "oidc/discovery.h"
#include "text/words.h"

namespace cli {
namespace {

using migration::MovePhase;

struct PhaseText {
  MovePhase phase;
  std::string_view does;
};
constexpr std::array<PhaseText, 6> kPhases{
    {{MovePhase::Publish, "publish discovery document and JWKS under the new issuer"},
     {MovePhase::Provider, "give IAM the new OIDC provider, and let the roles trust it beside the former"},
     {MovePhase::Accept, "every API server accepts both issuers; the former signs"},
     {MovePhase::Switch, "every API server signs as the new issuer; both are accepted"},
     {MovePhase::Drain, "wait until no token of the former issuer is left"},
     {MovePhase::Finish, "every API server accepts the new issuer alone; AWS forgets the former"}}};

struct Decided {
  std::unique_ptr<World> world;
  MoveLook look;
  migration::MoveState state;
};

base::Result<void> decide(const MigrateOptions& options, const Console& console, Decided& decided) {
  decided.look = TRY(lookAtMove(options.look, options.common, *decided.world, console));
  migration::MoveState state = TRY(migration::stateOf(decided.look.wish, decided.look.world));
  const std::string& bucket = decided.look.publish.bucket;
  const bool isSame = state.former == decided.look.wish.issuer;
  if (!isSame && !bucket.empty() && state.former.starts_with("https://" + bucket + ".s3.")) {
    return base::Error{base::ErrorKind::Conflict, "",
                       "the former issuer " + state.former +
                           " lies in the same bucket: its documents would no longer "
                           "be public while its tokens are in use",
                       "name another one in irsa.yaml: issuer.bucket"};
  }
  if (!state.former.empty()) {
    setup::World view = decided.world->view();
    decided.look.tidy = TRY(setup::makeFormerPlan(decided.world->configuration, view, state.former));
    for (const setup::Action& action : decided.look.tidy.actions) decided.look.world.leftovers.push_back(action.target);
    state = TRY(migration::stateOf(decided.look.wish, decided.look.world));
  }
  if (!options.look.auditLog.empty()) {
    const std::string log = TRY(decided.world->ground.files->read(options.look.auditLog));
    const std::vector<std::string> accounts = migration::staleAccounts(log);
    for (migration::Gate& gate : state.gates) {
      if (gate.name == "stale" && !gate.isMet && !accounts.empty()) gate.says += "; used by " + text::joined(accounts);
    }
  }
  decided.state = std::move(state);
  return {};
}

base::Result<Decided> look(const MigrateOptions& options, const Console& console) {
  Decided decided;
  decided.world = TRY(openWorld(options.common));
  TRY(decide(options, console, decided));
  return decided;
}

// How the user's distribution takes the phase.
std::vector<std::string> commandsFor(const Decided& decided, std::string_view phase, const std::string& issuer) {
  const base::Result<cluster::ClusterSigns> signs = readSigns(*decided.world->cluster->client);
  const cluster::Detected seen = signs ? cluster::detect(*signs) : cluster::Detected();
  const bool hasPort = phase != "finish" && !oidc::checkIssuer(issuer);
  const std::string wish = " --issuer " + issuer + " --phase " + std::string(phase) + (hasPort ? " --allow-port" : "");
  std::vector<std::string> commands;
  const std::string name = seen.flavour ? std::string(seen.flavour->name) : "NAME";
  const bool hasManifests =
      name == "kubeadm" || name == "cluster-api" || name == "static-pod" || name == "eks-anywhere" || !seen.flavour;
  if (hasManifests)
    commands.push_back(
        "irsa migrate next --node HOST --node HOST ... (each control-plane node, by ssh; with --job by Jobs)");
  if (hasManifests) commands.push_back("irsa apiserver patch" + wish + " (on each of them in turn, as root)");
  if (name != "static-pod" && name != "eks-anywhere")
    commands.push_back("irsa apiserver patch --for " + name + wish +
                       (hasManifests ? " (so that the next upgrade keeps it)" : ""));
  if (name == "eks-anywhere" && phase == "finish")
    commands.push_back("irsa apiserver patch --for eks-anywhere --file cluster.yaml" + wish);
  return commands;
}

text::Json resultOf(const Decided& decided) {
  const migration::MoveState& state = decided.state;
  text::Json document = {{"issuer", decided.look.wish.issuer},
                         {"former", state.former},
                         {"phase", migration::nameOf(state.phase)},
                         {"open", state.isOpen()}};
  if (const std::optional<base::Time> opens = migration::opensAt(state.gates))
    document["opensAt"] = base::rfc3339(*opens);
  document["gates"] = documentOf(state.gates);
  document["toChange"] = state.servers;
  document["servers"] = documentOf(decided.look.world.cluster);
  document["now"] = base::rfc3339(decided.look.world.cluster.now);
  return document;
}

std::string headOf(const Decided& decided) {
  return "from " + (decided.state.former.empty() ? "(none)" : decided.state.former) + "\n  to " +
         decided.look.wish.issuer + "\n";
}

// Brings the API servers to a phase of `issuer`: on the nodes, here, or by the user.
int changeServers(const MigrateOptions& options, const Decided& decided, std::string_view phase,
                  const std::string& issuer, const std::string& former, const Console& console) {
  ApiServerOptions patch;
  patch.common = options.common;
  patch.issuer = issuer;
  patch.issuerIsChecked = true;
  patch.former = former;
  patch.phase = phase;
  patch.nodes = options.nodes;
  patch.root = options.root;
  if (!options.manifest.empty()) patch.manifest = options.manifest;
  if (!options.nodes.names.empty() || !options.manifest.empty()) return runApiServerPatch(patch);
  const std::vector<std::string> commands = commandsFor(decided, phase, issuer);
  std::string table = "this step is on the control-plane nodes: " + std::string(phase) + ", one node after the other\n";
  for (const std::string& command : commands) table += "  next  " + command + "\n";
  text::Json document = resultOf(decided);
  document["next"] = commands;
  console.result(table, document);
  return kChangesPending;
}

int changeAws(const MigrateOptions& options, Decided& decided, setup::Plan& plan, const Locks& locks,
              const Console& console) {
  if (options.common.dryRun) {
    showPlan(console, plan);
    return kOk;
  }
  text::Json document = resultOf(decided);
  const bool publishes = decided.state.phase == MovePhase::Publish;
  const setup::Phases phases =
      publishes ? setup::Phases{setup::Phase::Issuer} : setup::Phases{setup::Phase::Provider, setup::Phase::Roles};
  const setup::Mode mode{.phases = phases, .isMoving = true};
  const bool isDone = carryOut(console, plan, *decided.world, mode, locks, document);
  console.result(isDone ? console.check(std::string(migration::nameOf(decided.state.phase)) + " is done")
                        : console.cross("not all could be done; run irsa migrate next again"),
                 document);
  return isDone ? kOk : kRefused;
}

int goBack(const MigrateOptions& options, const Decided& decided, const Console& console) {
  const base::Result<migration::WayBack> way = migration::wayBack(decided.look.wish, decided.look.world);
  if (!way) return console.fail(way.error());
  const base::Result<void> met = mustBeMet(way->gates, "the way back", "irsa migrate next --back");
  if (!met) return console.fail(met.error());
  if (way->to == MovePhase::Publish) return changeServers(options, decided, "finish", way->former, "", console);
  return changeServers(options, decided, migration::nameOf(way->to), decided.look.wish.issuer, way->former, console);
}

int finish(const MigrateOptions& options, Decided& decided, const Locks& locks, const Console& console) {
  if (!decided.state.servers.empty()) {
    const int code = changeServers(options, decided, "finish", decided.look.wish.issuer, "", console);
    const bool isHere = !options.manifest.empty() || !options.nodes.names.empty();
    if (code != kOk || !isHere || options.common.dryRun) return code;
  }
  return decided.look.tidy.actions.empty() ? kOk : changeAws(options, decided, decided.look.tidy, locks, console);
}

int takeStep(const MigrateOptions& options, Decided& decided, const Locks& locks, const Console& console) {
  const std::string& issuer = decided.look.wish.issuer;
  switch (decided.state.phase) {
    case MovePhase::Publish: return changeAws(options, decided, decided.look.publish, locks, console);
    case MovePhase::Provider: return changeAws(options, decided, decided.look.trust, locks, console);
    case MovePhase::Accept:
    case MovePhase::Switch:
      return changeServers(options, decided, migration::nameOf(decided.state.phase), issuer, "", console);
    case MovePhase::Finish: return finish(options, decided, locks, console);
    case MovePhase::Drain: return kRefused;  // its gates are those of finish, and one is closed
    case MovePhase::Done:
      console.result(console.check("the move to " + issuer + " is done"), resultOf(decided));
      return kOk;
  }
  return kRefused;
}

}  // namespace

int runMigrateStatus(const MigrateOptions& options) {
  const Console console(options.common);
  const base::Result<Decided> decided = look(options, console);
  if (!decided) return console.fail(decided.error());
  const migration::MoveState& state = decided->state;
  std::string table = headOf(*decided) + "API servers\n" + tableOf(decided->look.world.cluster);
  table += "next: " + std::string(migration::nameOf(state.phase)) +
           (state.phase == MovePhase::Done ? ""
            : state.isOpen()               ? ", now"
                                           : ", not yet") +
           "\n";
  console.result(table + tableOf(state.gates, console), resultOf(*decided));
  return kOk;
}

int runMigratePlan(const MigrateOptions& options) {
  const Console console(options.common);
  const base::Result<Decided> decided = look(options, console);
  if (!decided) return console.fail(decided.error());
  std::string table = headOf(*decided);
  text::Json document = resultOf(*decided);
  document["phases"] = text::Json::array();
  for (const PhaseText& one : kPhases) {
    const bool isDone = one.phase < decided->state.phase, isNext = one.phase == decided->state.phase;
    const char* when = isDone ? "done" : isNext ? "next" : "later";
    std::string name(migration::nameOf(one.phase));
    document["phases"].push_back({{"name", name}, {"when", when}, {"does", one.does}});
    const std::string line = name.append(10 - name.size(), ' ') + std::string(one.does);
    table += isDone ? console.check(line) : (isNext ? "> " : "  ") + line + "\n";
    if (isNext) table += tableOf(decided->state.gates, console);
  }
  console.result(table, document);
  return kOk;
}

int runMigrateNext(const MigrateOptions& options) {
  const Console console(options.common);
  Decided decided;
  base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  decided.world = *std::move(world);
  Locks locks;
  if (!options.common.dryRun) {
    base::Result<Locks> taken = lock(options.common, *decided.world, console);
    if (!taken) return failUnlocked(taken.error(), console);
    locks = *std::move(taken);
  }
  const base::Result<void> seen = decide(options, console, decided);
  if (!seen) return console.fail(seen.error());
  if (options.back) return goBack(options, decided, console);
  const MovePhase phase = decided.state.phase == MovePhase::Drain ? MovePhase::Finish : decided.state.phase;
  const base::Result<void> met = mustBeMet(decided.state.gates, migration::nameOf(phase), "irsa migrate next");
  if (!met) return console.fail(met.error());
  return takeStep(options, decided, locks, console);
}

}  // namespace cli
