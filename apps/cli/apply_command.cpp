#include "apply_command.h"

#include "emit_command.h"
#include "plan_command.h"
#include "setup/preconditions.h"
#include "setup/restart.h"
#include "setup/webhook_wait.h"

namespace cli {
namespace {

std::string count(std::size_t changes) { return std::to_string(changes) + (changes == 1 ? " change" : " changes"); }

// What the next step needs to know.
std::string summary(const Console& console, const setup::Plan& plan) {
  std::string text = console.check(count(plan.actions.size()));
  text += "  account   " + plan.account + "\n";
  if (!plan.issuer.empty()) text += "  issuer    " + plan.issuer + "\n";
  if (!plan.providerArn.empty()) text += "  provider  " + plan.providerArn + "\n";
  for (const std::string& role : plan.roleArns) text += "  role      " + role + "\n";
  for (const std::string& note : plan.notes) text += "  note: " + note + "\n";
  return text;
}

constexpr std::chrono::seconds kDefaultWait{180};

// Until pods get what this run set up. False after an error was printed.
bool awaitWebhook(const LifeCycleOptions& options, World& world, const Console& console, text::Json& document) {
  const std::chrono::seconds timeout = options.common.timeout.count() > 0 ? options.common.timeout : kDefaultWait;
  const base::Result<setup::WebhookState> state =
      setup::awaitWebhook(*world.cluster->client, world.configuration.webhook, timeout, world.ground.clock,
                          [&console](const std::string& missing) { console.progress("  waiting: " + missing); });
  if (!state) {
    document["webhook"] = {{"works", false}, {"missing", state.error().message}};
    console.fail(base::Error(state.error()).withHint("irsa webhook lint says more; irsa apply waits again"));
    return false;
  }
  document["webhook"] = {{"works", state->works}, {"missing", state->missing}};
  if (state->isComplete)
    console.done("the webhook works");
  else
    console.warn("the webhook works, but " + state->missing);
  return true;
}

// Pods that are older than their account's annotation. Nothing is wrong if they can't be listed: this is advice.
void addRestarts(const World& world, std::string& text, text::Json& document) {
  if (!world.cluster) return;
  const base::Result<std::vector<setup::Workload>> workloads =
      setup::workloadsToRestart(*world.cluster->client, world.configuration);
  if (!workloads) return;
  document["restart"] = text::Json::array();
  for (const setup::Workload& workload : *workloads) {
    const std::string command = workload.restartCommand();
    document["restart"].push_back({{"namespace", workload.nameSpace},
                                   {"kind", workload.kind},
                                   {"name", workload.name},
                                   {"pods", workload.pods},
                                   {"command", command}});
    text += "  runs without its role: " + workload.kind + " " + workload.nameSpace + "/" + workload.name + ", " +
            std::to_string(workload.pods) + (workload.pods == 1 ? " pod" : " pods") +
            (command.empty() ? "" : "; next: " + command) + "\n";
  }
}

// On a terminal every change is asked for; without one only what would take something away, and then --yes is the
// answer.
base::Result<void> agree(const Console& console, const setup::Plan& plan, const LifeCycleOptions& options) {
  if (plan.actions.empty() || options.common.yes) return {};
  const base::Error refusal{base::ErrorKind::Conflict, "", "nothing was changed: the answer was not yes"};
  if (console.canAsk()) {
    console.progress(setup::describe(plan));
    if (console.confirm("Make " + count(plan.actions.size()) + "?")) return {};
    return refusal;
  }
  std::string list;
  for (const setup::Action& action : plan.actions) {
    if (setup::isDestructive(action)) list += "\n  " + action.target + ": " + action.reason;
  }
  if (list.empty()) return {};
  return base::Error{base::ErrorKind::Conflict, "",
                     "nothing was changed: this would take something away, and there is no terminal to ask on:" + list,
                     "irsa plan shows all of it; irsa apply --yes does it"};
}

}  // namespace

int runApply(const LifeCycleOptions& options) {
  if (!options.emit.empty()) return runEmit(options);
  if (options.common.dryRun) return runPlan(options);
  const Console console(options.common);
  base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  const base::Result<Locks> locks = lock(options.common, **world, console);
  if (!locks) return failUnlocked(locks.error(), console);
  const base::Result<setup::Phases> phases = phasesOf(options);
  if (!phases) return console.fail(phases.error());
  const setup::Mode mode{.adopt = options.adopt, .phases = *phases};
  setup::World view = (*world)->view();
  base::Result<setup::Plan> plan = setup::makePlan((*world)->configuration, view, mode);
  if (!plan) return console.fail(plan.error());

  if (const base::Result<void> allowed = setup::checkPermissions(view, *plan); !allowed) {
    return console.fail(allowed.error());
  }
  if (const base::Result<void> agreed = agree(console, *plan, options); !agreed) return console.fail(agreed.error());
  text::Json document;
  const bool good = carryOut(console, *plan, **world, mode, *locks, document);
  if (good) {
    const bool works = options.noWait || !(*world)->cluster || !phases->contains(setup::Phase::Webhook) ||
                       awaitWebhook(options, **world, console, document);
    std::string text = summary(console, *plan);
    addRestarts(**world, text, document);
    console.result(text, document);
    return works ? kOk : kRefused;
  }
  std::string left =
      console.cross("not all of " + count(plan->actions.size()) + " could be made; run irsa apply again to go on");
  for (const std::string& note : plan->notes) left += "  note: " + note + "\n";
  console.result(left, document);
  return kRefused;
}

}  // namespace cli
