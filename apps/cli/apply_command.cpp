#include "apply_command.h"

#include "plan_command.h"
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

}  // namespace

int runApply(const LifeCycleOptions& options) {
  if (options.common.dryRun) return runPlan(options);
  const Console console(options.common);
  base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  const base::Result<std::shared_ptr<io::FileLock>> lock = lockConfiguration(options.common);
  if (!lock) return console.fail(lock.error(), kLocked);
  const setup::Mode mode{.adopt = options.adopt};
  setup::World view = (*world)->view();
  base::Result<setup::Plan> plan = setup::makePlan((*world)->configuration, view, mode);
  if (!plan) return console.fail(plan.error());

  if (!plan->actions.empty() && !options.common.yes && console.canAsk()) {
    console.progress(setup::describe(*plan));
    if (!console.confirm("Make " + count(plan->actions.size()) + "?")) {
      return console.fail({base::ErrorKind::Conflict, "", "nothing was changed: the answer was not yes"});
    }
  }
  text::Json document = documentOf(*plan);
  const bool good = carryOut(console, *plan, **world, mode, document);
  if (good) {
    const bool works = options.noWait || !(*world)->cluster || awaitWebhook(options, **world, console, document);
    console.result(summary(console, *plan), document);
    return works ? kOk : kRefused;
  }
  console.result(
      console.cross("not all of " + count(plan->actions.size()) + " could be made; run irsa apply again to go on"),
      document);
  return kRefused;
}

}  // namespace cli
