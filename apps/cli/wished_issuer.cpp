#include "wished_issuer.h"

#include "oidc/discovery.h"
#include "world.h"

namespace cli {

base::Result<std::string> wishedIssuer(const std::string& given, const CommonOptions& common) {
  if (!given.empty()) {
    TRY(oidc::checkIssuer(given));
    return given;
  }
  const std::unique_ptr<World> world = TRY(openWorld(common));
  if (!world->configuration.issuer.url.empty()) return world->configuration.issuer.url;
  setup::World view = world->view();
  base::Result<setup::Plan> plan = setup::makePlan(world->configuration, view, {.phases = {}});
  if (!plan) {
    return std::move(plan)
        .error()
        .during("looking for the issuer")
        .withHint("irsa plan -o json prints it where AWS can be reached; give it with --issuer");
  }
  return plan->issuer;
}

}  // namespace cli
