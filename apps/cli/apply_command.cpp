#include "apply_command.h"

#include "plan_command.h"

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
    console.result(summary(console, *plan), document);
    return kOk;
  }
  console.result(
      console.cross("not all of " + count(plan->actions.size()) + " could be made; run irsa apply again to go on"),
      document);
  return kRefused;
}

}  // namespace cli
