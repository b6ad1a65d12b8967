#include "issuer_publish.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "base/time.h"
#include "io/host.h"
#include "io/server.h"
#include "kube/lease_election.h"
#include "migration/republish.h"
#include "oidc/discovery.h"
#include "seen_servers.h"
#include "setup/documents.h"

namespace cli {
namespace {

constexpr std::string_view kLeases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
constexpr std::string_view kRetired = "irsa-anywhere/retired-keys";
constexpr std::chrono::seconds kLease{30}, kTick{2}, kLongestPause{600};

// What a scrape reads; the loop writes it.
class Metrics final : public http::Handler {
 public:
  void succeed(const migration::Republication& next, bool wrote, base::Time now) {
    const std::lock_guard lock(mutex_);
    lastSuccess_ = base::unixSeconds(now);
    writes_ += wrote ? 1U : 0U;
    retired_ = next.retired.size();
    keys_ = next.keys.keys.size();
  }
  void fail() {
    const std::lock_guard lock(mutex_);
    ++failures_;
  }
  void lead(bool leads) {
    const std::lock_guard lock(mutex_);
    leads_ = leads;
  }

  http::Answer handle(const http::Request& request, http::Response& response) override {
    if (request.path() != "/metrics" && request.path() != "/livez") {
      response.status = 404;
      co_return;
    }
    response.headers.add("Content-Type", "text/plain; version=0.0.4");
    response.body = request.path() == "/livez" ? "ok" : text();
  }

 private:
  std::string text() {
    const std::lock_guard lock(mutex_);
    const auto line = [](const char* name, const char* type, std::int64_t value) {
      return "# TYPE " + std::string(name) + " " + type + "\n" + name + " " + std::to_string(value) + "\n";
    };
    return line("irsa_republish_leader", "gauge", leads_ ? 1 : 0) +
           line("irsa_republish_last_success_timestamp_seconds", "gauge", lastSuccess_) +
           line("irsa_republish_failures_total", "counter", std::int64_t(failures_)) +
           line("irsa_republish_writes_total", "counter", std::int64_t(writes_)) +
           line("irsa_republish_keys", "gauge", std::int64_t(keys_)) +
           line("irsa_republish_retired_keys", "gauge", std::int64_t(retired_));
  }

  std::mutex mutex_;
  std::int64_t lastSuccess_ = 0;
  std::size_t failures_ = 0, writes_ = 0, keys_ = 0, retired_ = 0;
  bool leads_ = false;
};

std::string leaseName(const World& world) { return "irsa-republish-" + world.configuration.name; }
std::string leasePath(const World& world) { return std::string(kLeases) + "/" + leaseName(world); }

// The Lease, made when it is not there; its annotation remembers since when a key is retired.
base::Result<text::Json> openLease(const World& world) {
  const kube::Client& cluster = *world.cluster->client;
  base::Result<text::Json> found = cluster.get(leasePath(world));
  if (found || found.error().kind != base::ErrorKind::NotFound) return found;
  text::Json metadata = {{"name", leaseName(world)}, {"namespace", "kube-system"}};
  metadata["labels"] = {{"app.kubernetes.io/managed-by", "irsa"}, {"irsa-anywhere/name", world.configuration.name}};
  base::Result<text::Json> made = cluster.create(std::string(kLeases), {{"apiVersion", "coordination.k8s.io/v1"},
                                                                        {"kind", "Lease"},
                                                                        {"metadata", std::move(metadata)},
                                                                        {"spec", text::Json::object()}});
  const bool wasQuicker = !made && made.error().kind == base::ErrorKind::AlreadyExists;
  return wasQuicker ? cluster.get(leasePath(world)) : made;
}

// As AWS reads them.
base::Result<oidc::Jwks> publishedKeys(const std::string& issuer, const World& world, const CommonOptions& common) {
  migration::PublicIssuer seen;
  oidc::Jwks keys;
  seen = readIssuer(issuer, world, common, nullptr, &keys);
  if (seen.trouble.empty() || seen.trouble.starts_with("HTTP 404") || seen.trouble.starts_with("HTTP 403")) return keys;
  return base::unavailable("reading the published JWKS: " + seen.trouble);
}

struct Round {
  migration::Republication next;
  std::vector<std::string> changed;  // targets
};

base::Result<void> remember(const World& world, const migration::Retired& retired, const std::string& before) {
  const std::string now = migration::writeRetired(retired);
  if (now == before || (retired.empty() && before.empty())) return {};
  text::Json annotations;
  annotations[std::string(kRetired)] = now;
  TRY(world.cluster->client->patch(leasePath(world), {{"metadata", {{"annotations", std::move(annotations)}}}},
                                   "application/merge-patch+json"));
  return {};
}

base::Result<Round> publishOnce(const IssuerPublishOptions& options, World& world, const Console& console) {
  const text::Json lease = TRY(openLease(world));
  const std::string before = text::stringAt(text::at(text::at(lease, "metadata"), "annotations"), kRetired);
  const migration::Cluster cluster =
      TRY(lookAtServers(*world.cluster, options.look.servers, world.ground.clock, console));
  const auto isAway = [](const migration::ApiServer& server) { return !server.trouble.empty(); };
  if (std::ranges::all_of(cluster.servers, isAway))
    return base::unavailable("no API server could be looked at" +
                             (cluster.servers.empty() ? "" : ": " + cluster.servers.front().trouble));
  setup::World view = world.view();
  setup::Mode mode{.phases = {}, .isMoving = true};
  const setup::Plan names = TRY(setup::makePlan(world.configuration, view, mode));
  const oidc::Jwks published = TRY(publishedKeys(names.issuer, world, options.common));
  Round round;
  round.next = migration::republication(cluster, published, migration::readRetired(before), options.grace);
  if (round.next.keys.keys.empty()) return base::unavailable("no API server serves a key");
  TRY(remember(world, round.next.retired, before));
  mode.phases = {setup::Phase::Issuer};
  mode.keys = round.next.keys;
  const setup::Plan plan = TRY(setup::makePlan(world.configuration, view, mode));
  const setup::Outcome outcome = setup::applyPlan(plan, view, mode, [&](const setup::Event& event) {
    if (event.kind == setup::Event::Kind::Done) round.changed.push_back(event.action.target);
  });
  if (!outcome.failures.empty()) return base::Error(outcome.failures.front().error);
  return round;
}

text::Json resultOf(const Round& round) {
  text::Json keys = text::Json::array(), retired = text::Json::array();
  for (const oidc::Jwk& key : round.next.keys.keys) keys.push_back(key.kid);
  for (const auto& [kid, since] : round.next.retired)
    retired.push_back({{"kid", kid}, {"since", base::rfc3339(since)}});
  return {{"keys", keys}, {"retired", retired}, {"changed", round.changed}};
}

base::Result<std::unique_ptr<io::Server>> serveMetrics(const std::string& address, Metrics& metrics) {
  const std::size_t colon = address.rfind(':');
  io::ServerOptions server;
  int port = -1;
  if (colon != std::string::npos) std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (port < 0 || port > 65535) return base::invalid("--metrics " + address + ": it is ADDRESS:PORT");
  server.address = address.substr(0, colon);
  server.port = std::uint16_t(port);
  return io::Server::start(server, [&metrics](int) -> http::Handler& { return metrics; });
}

int watch(const IssuerPublishOptions& options, World& world, Metrics& metrics, const Console& console) {
  const std::string holder = io::hostName() + "/" + std::to_string(io::processId());
  kube::LeaseElection election(*world.cluster->client, world.ground.clock,
                               {"kube-system", leaseName(world), holder, kLease});
  base::Time due{};
  std::chrono::seconds pause = options.interval;
  while (true) {
    base::Result<bool> leads = election.renew();
    if (!leads && leads.error().kind == base::ErrorKind::NotFound && openLease(world)) leads = election.renew();
    metrics.lead(leads && *leads);
    if (leads && *leads && world.ground.clock.now() >= due) {
      const base::Result<Round> round = publishOnce(options, world, console);
      pause = round ? options.interval : std::min<std::chrono::seconds>(pause * 2, kLongestPause);
      due = world.ground.clock.now() + pause;
      if (round) metrics.succeed(round->next, !round->changed.empty(), world.ground.clock.now());
      if (!round) metrics.fail();
      if (!round) console.warn(round.error().message);
      for (const std::string& target : round ? round->changed : std::vector<std::string>()) console.done(target);
    }
    world.ground.clock.sleepFor(kTick);
  }
}

}  // namespace

int runIssuerPublish(const IssuerPublishOptions& options) {
  const Console console(options.common);
  const base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  if (!(*world)->cluster || (*world)->configuration.keys.source != setup::KeySource::Cluster)
    return console.fail(base::invalid("there is nothing to follow: keys.source is not cluster")
                            .withHint("irsa apply publishes keys from files"));
  if (!options.watch) {
    const base::Result<Round> round = publishOnce(options, **world, console);
    if (!round) return console.fail(round.error());
    std::string table = console.check(std::to_string(round->next.keys.keys.size()) + " keys are published, " +
                                      std::to_string(round->next.retired.size()) + " of them retired");
    for (const std::string& target : round->changed) table += "  wrote  " + target + "\n";
    console.result(table, resultOf(*round));
    return kOk;
  }
  Metrics metrics;
  std::unique_ptr<io::Server> server;
  if (!options.metrics.empty()) {
    base::Result<std::unique_ptr<io::Server>> started = serveMetrics(options.metrics, metrics);
    if (!started) return console.fail(started.error());
    server = *std::move(started);
    console.progress("metrics at port " + std::to_string(server->port()));
  }
  return watch(options, **world, metrics, console);
}

}  // namespace cli
