#include "issuer_wait.h"

#include "oidc/discovery.h"

namespace cli {
namespace {

constexpr auto kPause = std::chrono::milliseconds(200);

// Empty when all is well, else what is still missing.
std::string missing(const kube::Client& cluster, const std::string& issuer) {
  const base::Result<std::string> served = servedIssuer(cluster);
  if (!served) {
    const base::Error& error = served.error();
    if (error.kind == base::ErrorKind::Unavailable && error.code.empty()) return "the API server does not answer";
    const bool noDocument = error.kind == base::ErrorKind::NotFound && !issuer.starts_with("https://");
    if (!noDocument) return "the API server answers, but not yet with its issuer (" + error.message + ")";
  } else if (*served != issuer) {
    return "the API server still serves the issuer " + *served;
  }
  const base::Result<std::string> ready = cluster.getText("/readyz");
  return ready ? "" : "the API server serves the issuer and is not ready yet";
}

}  // namespace

base::Result<std::string> servedIssuer(const kube::Client& cluster) {
  const std::string document = TRY(cluster.getText(std::string(oidc::kDiscoveryPath)));
  oidc::Discovery discovery = TRY(oidc::parseDiscovery(document));
  return std::move(discovery.issuer);
}

base::Result<void> waitForIssuer(const kube::Client& cluster, const std::string& issuer, std::chrono::seconds timeout,
                                 base::Clock& clock, const Console& console) {
  const base::Time deadline = clock.now() + timeout;
  std::string said;
  while (true) {
    const std::string state = missing(cluster, issuer);
    if (state.empty()) return {};
    if (state != said) console.progress("  waiting: " + state);
    said = state;
    if (clock.now() >= deadline) {
      return base::unavailable("after " + std::to_string(timeout.count()) + " s " + state);
    }
    clock.sleepFor(kPause);
  }
}

}  // namespace cli
