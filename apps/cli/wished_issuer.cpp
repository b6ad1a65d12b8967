#include "wished_issuer.h"

#include "oidc/discovery.h"
#include "world.h"

namespace cli {

namespace {

base::Result<void> check(const std::string& issuer, IssuerForm form) {
  if (form == IssuerForm::AsItIs) return {};
  const base::Result<void> withPort = oidc::checkIssuer(issuer, oidc::Port::Allowed);
  if (!withPort || form == IssuerForm::WithPort) return withPort;
  base::Result<void> checked = oidc::checkIssuer(issuer);
  if (!checked) return base::Error(checked.error()).withHint(checked.error().hint + "; with Ceph: --allow-port");
  return checked;
}

}  // namespace

base::Result<std::string> wishedIssuer(const std::string& given, const CommonOptions& common, IssuerForm form) {
  if (!given.empty()) {
    TRY(check(given, form));
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
