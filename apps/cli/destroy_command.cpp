#include "destroy_command.h"

namespace cli {
namespace {

std::string summary(const Console& console, const setup::Plan& plan, bool good, bool deletesBucket) {
  const std::size_t count = plan.actions.size();
  std::string text;
  if (!good) {
    text = console.cross("something could not be removed; it is named above, run irsa destroy" +
                         std::string(deletesBucket ? " --delete-bucket" : "") + " again");
  } else {
    text = console.check(count == 0 ? "nothing to remove" : std::to_string(count) + " removed");
  }
  for (const std::string& note : plan.notes) text += "  note: " + note + "\n";
  return text;
}

}  // namespace

int runDestroy(const LifeCycleOptions& options) {
  const Console console(options.common);
  base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  const base::Result<Locks> locks = lock(options.common, **world, console);
  if (!locks) return failUnlocked(locks.error(), console);
  const setup::Mode mode{.kind = setup::Mode::Kind::Destroy, .deleteBucket = options.deleteBucket};
  setup::World view = (*world)->view();
  base::Result<setup::Plan> plan = setup::makePlan((*world)->configuration, view, mode);
  if (!plan) return console.fail(plan.error());
  if (options.common.dryRun) {
    showPlan(console, *plan);
    return kOk;
  }

  if (!plan->actions.empty() && !options.common.yes) {
    if (!console.canAsk()) {
      return console.fail(
          base::invalid("irsa destroy asks before it removes anything, and there is no terminal to ask on")
              .withHint("irsa destroy --dry-run shows what would go; irsa destroy --yes removes it"));
    }
    console.progress(setup::describe(*plan));
    if (!console.confirm("Remove all of this?")) {
      return console.fail({base::ErrorKind::Conflict, "", "nothing was removed: the answer was not yes"});
    }
  }
  text::Json document;
  const bool good = carryOut(console, *plan, **world, mode, *locks, document);
  console.result(summary(console, *plan, good, options.deleteBucket), document);
  return good ? kOk : kRefused;
}

}  // namespace cli
