#include "issuer_publish.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "base/time.h"
#include "io/host.h"
#include "io/server.h"
#include "kube/lease_election.h"
#include "migration/republish.h"
#include "republish_lease.h"
#include "seen_servers.h"

namespace cli {
namespace {

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

struct Round {
  migration::Republication next;
  std::vector<std::string> changed;  // targets
};

base::Result<Round> publishOnce(const IssuerPublishOptions& options, World& world, const Console& console) {
  const bool isDry = options.common.dryRun;
  const RepublishMemory memory = TRY(isDry ? readRepublishLease(world) : openRepublishLease(world));
  const std::unique_ptr<ServerPlaces> places = TRY(findServers(*world.cluster, options.look.servers, console));
  const migration::Cluster cluster = migration::lookAtKeys(places->endpoints, world.ground.clock.now());
  const auto isAway = [](const migration::ApiServer& server) { return !server.trouble.empty(); };
  if (std::ranges::all_of(cluster.servers, isAway))
    return base::unavailable("no API server could be looked at" +
                             (cluster.servers.empty() ? "" : ": " + cluster.servers.front().trouble));
  setup::World view = world.view();
  setup::Mode mode{.phases = {setup::Phase::Issuer}, .documentsOnly = true, .isMoving = true};
  const setup::Plan now = TRY(setup::makePlan(world.configuration, view, mode));
  Round round;
  round.next = migration::republication(cluster, now.published, {memory.retired, memory.revoked}, options.grace);
  if (round.next.keys.keys.empty()) return base::unavailable("every key that an API server serves is revoked");
  if (!isDry) TRY(rememberRetired(world, round.next.retired, memory.retiredAsWritten));
  mode.keys = round.next.keys;
  const setup::Plan plan = TRY(setup::makePlan(world.configuration, view, mode));
  if (isDry) {
    for (const setup::Action& action : plan.actions) round.changed.push_back(action.target);
    return round;
  }
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
  if (server.address.starts_with('[') && server.address.ends_with(']'))
    server.address = server.address.substr(1, server.address.size() - 2);
  server.port = std::uint16_t(port);
  return io::Server::start(server, [&metrics](int) -> http::Handler& { return metrics; });
}

int watch(const IssuerPublishOptions& options, World& world, Metrics& metrics, const Console& console) {
  const std::string holder = io::hostName() + "/" + std::to_string(io::processId());
  const LeasePlace place = republishLease(world.configuration);
  kube::LeaseElection election(*world.cluster->client, world.ground.clock,
                               {place.nameSpace, place.name, holder, kLease});
  base::Time due{};
  std::chrono::seconds pause = options.interval;
  std::string said;  // of the Lease, which is asked for every two seconds
  while (true) {
    base::Result<bool> leads = election.renew();
    if (!leads && leads.error().kind == base::ErrorKind::NotFound && openRepublishLease(world))
      leads = election.renew();
    metrics.lead(leads && *leads);
    const std::string trouble = leads ? "" : leads.error().message;
    if (!trouble.empty() && trouble != said) console.warn("the Lease " + place.name + ": " + trouble);
    said = trouble;
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
  if ((*world)->configuration.aws.isCeph())
    return console.fail(
        base::invalid("issuer publish is not for Ceph, whose provider must be told each new key's certificate")
            .withHint("irsa keys rotate does both, and irsa apply"));
  if (!options.watch) {
    const base::Result<Round> round = publishOnce(options, **world, console);
    if (!round) return console.fail(round.error());
    const bool isDry = options.common.dryRun;
    std::string table =
        console.check(std::to_string(round->next.keys.keys.size()) + " keys " + (isDry ? "would be" : "are") +
                      " published, " + std::to_string(round->next.retired.size()) + " of them retired");
    for (const std::string& target : round->changed) table += (isDry ? "  would write  " : "  wrote  ") + target + "\n";
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
