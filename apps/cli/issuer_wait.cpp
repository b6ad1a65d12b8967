#include "issuer_wait.h"

#include "migration/api_servers.h"
#include "oidc/discovery.h"

namespace cli {
namespace {

constexpr auto kPause = std::chrono::milliseconds(200);

// Empty when all is well, else what is still missing.
std::string missing(const IssuerWait& wait) {
  const base::Result<std::string> served = servedIssuer(wait.cluster);
  if (!served) {
    const base::Error& error = served.error();
    if (error.kind == base::ErrorKind::Unavailable && error.code.empty()) return "the API server does not answer";
    const bool noDocument = error.kind == base::ErrorKind::NotFound && !wait.issuer.starts_with("https://");
    if (!noDocument) return "the API server answers, but not yet with its issuer (" + error.message + ")";
  } else if (*served != wait.issuer) {
    return "the API server still serves the issuer " + *served;
  }
  if (wait.restartedAfter) {
    const base::Result<base::Time> started = migration::startOf(wait.cluster);
    if (!started) return "the API server serves the issuer and is not ready yet";
    if (*started <= *wait.restartedAfter) return "the API server has not restarted yet";
  }
  const base::Result<std::string> ready = wait.cluster.getText("/readyz");
  if (!ready) return "the API server serves the issuer and is not ready yet";
  const base::Result<void> proved = migration::proveTokens(wait.cluster, wait.issuer);
  return proved ? "" : "the API server is ready, but " + proved.error().message;
}

}  // namespace

base::Result<std::string> servedIssuer(const kube::Client& cluster) {
  const std::string document = TRY(cluster.getText(std::string(oidc::kDiscoveryPath)));
  oidc::Discovery discovery = TRY(oidc::parseDiscovery(document));
  return std::move(discovery.issuer);
}

base::Result<void> waitForIssuer(const IssuerWait& wait, base::Clock& clock, const Console& console) {
  const base::Time deadline = clock.now() + wait.timeout;
  std::string said;
  while (true) {
    const std::optional<std::string> ended = wait.ended ? wait.ended() : std::nullopt;
    if (ended) return base::Error{base::ErrorKind::Conflict, "", *ended};
    const std::string state = missing(wait);
    if (state.empty()) return {};
    if (state != said) console.progress("  waiting: " + state);
    said = state;
    if (clock.now() >= deadline) {
      return base::unavailable("after " + std::to_string(wait.timeout.count()) + " s " + state);
    }
    clock.sleepFor(kPause);
  }
}

}  // namespace cli
