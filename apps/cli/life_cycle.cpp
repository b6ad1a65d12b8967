#include "life_cycle.h"

#include "io/host.h"
#include "text/nearest.h"

namespace cli {
namespace {

std::string lineOf(const setup::Action& action) { return setup::nameOf(action.call) + " " + action.target; }

setup::Progress progressOn(const Console& console, const Locks& locks) {
  return [&console, &locks](const setup::Event& event) {
    if (locks.lease) locks.lease->renew();
    using Kind = setup::Event::Kind;
    switch (event.kind) {
      case Kind::Started: return;
      case Kind::Waiting: return console.progress("  waiting: " + event.detail);
      case Kind::Done: return console.done(lineOf(event.action));
      case Kind::Failed: return console.failed(lineOf(event.action));
    }
  };
}

base::Result<setup::Phases> phasesNamed(const std::string& option, const std::vector<std::string>& names) {
  setup::Phases phases;
  std::vector<std::string_view> known;
  for (const setup::Phase phase : setup::allPhases()) known.push_back(setup::nameOf(phase));
  for (const std::string& name : names) {
    const std::optional<setup::Phase> phase = setup::phaseNamed(name);
    if (phase) {
      phases.insert(*phase);
      continue;
    }
    std::string list;
    for (const std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
    base::Error error = base::invalid(option + " " + name + ": the phases are " + list);
    const std::string_view near = text::nearest(name, known);
    if (!near.empty()) error.hint = "did you mean " + std::string(near) + "?";
    return error;
  }
  return phases;
}

}  // namespace

base::Result<setup::Phases> phasesOf(const LifeCycleOptions& options) {
  setup::Phases phases = setup::allPhases();
  if (!options.only.empty()) phases = TRY(phasesNamed("--only", options.only));
  for (const setup::Phase phase : TRY(phasesNamed("--skip", options.skip))) phases.erase(phase);
  if (phases.empty()) return base::invalid("--only and --skip leave nothing to do");
  return phases;
}

int failUnlocked(const base::Error& error, const Console& console) {
  return console.fail(error, error.kind == base::ErrorKind::Conflict ? kLocked : exitCodeOf(error));
}

base::Result<Locks> lock(const CommonOptions& options, const World& world, const Console& console) {
  Locks locks;
  locks.file = TRY(io::lockFile(options.file));
  if (!world.cluster) return locks;
  const setup::Runner runner{io::hostName(), io::processId(), io::isRunning};
  auto lease = setup::RunLease::take(*world.cluster->client, world.ground.clock, world.configuration.name, runner);
  if (lease) {
    locks.lease = *std::move(lease);
    return locks;
  }
  if (lease.error().kind != base::ErrorKind::Denied) return std::move(lease).error();
  console.warn("no Lease keeps runs on other hosts away: " + lease.error().message);
  return locks;
}

text::Json planDocument(const setup::Plan& plan) {
  text::Json document = setup::toJson(plan);
  const auto give = [&document](const char* name, const std::string& value) {
    if (!document.contains(name) && !value.empty()) document[name] = value;
  };
  give("account", plan.account);
  give("region", plan.region);
  give("caller", plan.callerArn);
  give("issuer", plan.issuer);
  give("bucket", plan.bucket);
  give("provider", plan.providerArn);
  if (!document.contains("roles") && !plan.roleArns.empty()) document["roles"] = plan.roleArns;
  return document;
}

void showPlan(const Console& console, const setup::Plan& plan) {
  console.result(setup::describe(plan, console.isColored()), planDocument(plan));
}

bool carryOut(const Console& console, setup::Plan& plan, World& world, const setup::Mode& mode, const Locks& locks,
              text::Json& document) {
  setup::World view = world.view();
  const setup::Outcome outcome =
      setup::applyWholePlan(world.configuration, plan, view, mode, progressOn(console, locks));
  document = planDocument(plan);
  document["done"] = outcome.done;
  document["failures"] = text::Json::array();
  document["left"] = outcome.left;
  for (const setup::Failure& failure : outcome.failures) {
    document["failures"].push_back(
        {{"target", failure.target}, {"code", failure.error.code}, {"message", failure.error.message}});
    base::Error error = failure.error;
    console.fail(std::move(error).during(failure.target));
  }
  for (const std::string& target : outcome.left) console.warn("not reached: " + target);
  return outcome.failures.empty();
}

}  // namespace cli
