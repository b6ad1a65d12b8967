#include "plan_command.h"

namespace cli {

int runPlan(const LifeCycleOptions& options) {
  const Console console(options.common);
  base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  const base::Result<setup::Phases> phases = phasesOf(options);
  if (!phases) return console.fail(phases.error());
  setup::World view = (*world)->view();
  base::Result<setup::Plan> plan =
      setup::makePlan((*world)->configuration, view, {.adopt = options.adopt, .phases = *phases});
  if (!plan) return console.fail(plan.error());
  showPlan(console, *plan);
  return options.detailedExitCode && !plan->actions.empty() ? kChangesPending : kOk;
}

}  // namespace cli
