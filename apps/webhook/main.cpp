// irsa-webhook: introduces the rooms to each other, starts the threads and waits for SIGTERM.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <thread>

#include "admission/webhook.h"
#include "base/time.h"
#include "io/folder_watch.h"
#include "io/server.h"
#include "io/system.h"
#include "io/usage.h"
#include "kube/reflector.h"
#include "text/encoding.h"
#include "webhook/account_feed.h"
#include "webhook/account_lookups.h"
#include "webhook/api_access.h"
#include "webhook/certificate_files.h"
#include "webhook/flags.h"
#include "webhook/instance_identity.h"
#include "webhook/log_writer.h"
#include "webhook/mapping_feed.h"
#include "webhook/pod_identity_file.h"
#include "webhook/self_certificate.h"

namespace webhook {
namespace {

using namespace std::chrono_literals;

constexpr int kUsage = 2, kFatal = 255;  // as AWS's webhook exits
constexpr std::chrono::milliseconds kLongestPoll = 2s, kShortestPoll = 100ms;
// So long after SIGTERM nobody has said a word: the API servers know us no more. A connection that they have kept asks
// for more patience, for they may use it to the last, and what is on its way when it is closed is lost.
constexpr auto kQuiet = 2s, kQuietConnections = 5s;

// What belongs to one server loop. Deque-held, since handlers are not moved.
struct LoopParts {
  LoopParts(int index, const Flags& flags, AccountLookups& lookups, const admission::Log& log, const base::Clock& clock)
      : lookup([index, &lookups](const std::string& key,
                                 std::chrono::milliseconds budget) { lookups.ask(index, key, budget); },
               clock),
        handler(flags.settings,
                {.lookupBudget = flags.lookupBudget,
                 .logsDecisions = flags.logsDecisions,
                 .hasMapping = flags.watchesConfigMap},
                sources, lookup, log, clock, io::kernelRandom()) {}
  admission::IdentitySources sources;
  admission::AccountLookup lookup;
  admission::Webhook handler;
};

// Shortly before its end a certificate is as good as none: endpoints take a moment to change. Empty when all is well.
std::string whyNotServing(const CertificateSource& certificates, std::int64_t now) {
  constexpr std::int64_t kLongestMargin = 300;  // seconds
  const std::int64_t end = certificates.expiry();
  if (end == 0) {
    const std::string why = certificates.complaint();
    return "nothing is served yet: " + (why.empty() ? "there is no certificate" : why);
  }
  const std::int64_t margin = std::min(kLongestMargin, (end - certificates.since()) / 12);
  return now + margin < end ? "" : "the serving certificate ends " + base::rfc3339(base::fromUnixSeconds(end));
}

admission::ProcessGauges processGauges() {
  const io::Usage usage = io::ownUsage();
  return {usage.processorSeconds, usage.startTime,    usage.openDescriptors, usage.maxDescriptors,
          usage.residentBytes,    usage.virtualBytes, usage.maxVirtualBytes};
}

int fatal(const base::Error& error, int code) {
  io::writeError("error: " + error.message + "\n" + (error.hint.empty() ? "" : "hint: " + error.hint + "\n"));
  return code;
}

class Program {
 public:
  explicit Program(Flags flags)
      : flags_(std::move(flags)),
        files_(io::newDiskFiles()),
        log_(flags_.logFormat, clock_, [this](std::string_view line) { logWriter_.write(line); }) {}

  base::Result<void> start();
  void serve();  // until SIGTERM and the end of the drain
  void flushLog() { logWriter_.flush(); }

 private:
  void chooseCertificateSource();
  base::Result<void> startServers();
  void startThreads();
  void startReflector(kube::Selection selection, kube::ObjectObserver observer);
  void watchFiles();
  std::vector<const WatchHealth*> watches() const;
  std::string whyNotReady() const;
  std::string metrics() const;
  void drain();

  Flags flags_;
  io::SystemClock clock_;
  std::unique_ptr<base::Files> files_;
  LogWriter logWriter_{clock_};
  admission::Log log_;
  ApiAccess api_;
  std::unique_ptr<AccountLookups> lookups_;
  std::deque<LoopParts> parts_;
  std::unique_ptr<admission::MetricsHandler> metricsHandler_;
  std::unique_ptr<io::Server> server_, metricsServer_;
  std::unique_ptr<CertificateSource> certificates_;
  SelfCertificate* ownAuthority_ = nullptr;  // certificates_, when they are of our own making
  std::unique_ptr<Loops> loops_;
  std::unique_ptr<AccountFeed> accounts_;
  std::unique_ptr<MappingFeed> mapping_;            // null: no ConfigMap is watched
  std::unique_ptr<PodIdentityFile> podIdentities_;  // null: there is no such file
  std::atomic<bool> isStopping_{false};
};

base::Result<void> Program::start() {
  logWriter_.start([this](std::uint64_t lines) {
    log_.write(admission::Level::Warning, "lines were left out, as nobody read them in time",
               {{"lines", std::to_string(lines)}});
  });
  for (const std::string& note : flags_.notes) log_.write(admission::Level::Warning, note);
  if (flags_.composesRoleArns && !flags_.settings.composeRoleArn)
    flags_.settings.composeRoleArn = TRY(instanceRoleArnParts());
  api_ = TRY(openApi(flags_, *files_));
  lookups_ = std::make_unique<AccountLookups>(*api_.lookup, flags_.settings, clock_);
  chooseCertificateSource();
  for (int i = 0; i < flags_.loops; ++i) parts_.emplace_back(i, flags_, *lookups_, log_, clock_);
  TRY(startServers());
  startThreads();
  log_.write(admission::Level::Info, "listening",
             {{"version", IRSA_VERSION},
              {"port", std::to_string(server_->port())},
              {"metricsPort", std::to_string(metricsServer_->port())},
              {"apiServer", api_.server}});
  return {};
}

void Program::chooseCertificateSource() {
  if (!flags_.makesCertificate) {
    certificates_ = std::make_unique<CertificateFiles>(*files_, flags_.tlsCert, flags_.tlsKey, clock_, log_);
    return;
  }
  auto seconds = [](std::chrono::milliseconds time) { return std::chrono::ceil<std::chrono::seconds>(time); };
  SelfCertificateSettings settings{
      flags_.nameSpace,
      flags_.serviceName,
      flags_.tlsSecret,
      flags_.webhookConfiguration.empty() ? flags_.serviceName : flags_.webhookConfiguration,
      {admission::serviceNames(flags_.serviceName, flags_.nameSpace), seconds(flags_.authorityLife),
       seconds(flags_.certificateLife), seconds(flags_.settleTime)}};
  const std::string holder =
      io::environment("HOSTNAME").value_or("irsa-webhook") + "_" + text::hex(io::kernelRandom()(4));
  auto own =
      std::make_unique<SelfCertificate>(*api_.lookup, clock_, io::kernelRandom(), std::move(settings), holder, log_);
  ownAuthority_ = own.get();
  certificates_ = std::move(own);
}

base::Result<void> Program::startServers() {
  io::ServerOptions options;
  options.address = "::";
  options.port = flags_.port;
  options.loops = flags_.loops;
  options.awaitsCertificate = true;
  options.maxConnections = std::size_t(flags_.maxConnections);
  options.reusePort = flags_.reusePort;
  options.minTlsVersion = flags_.tlsMinVersion;
  options.cipherSuites = flags_.tlsCipherSuites;
  server_ =
      TRY(io::Server::start(options, [this](int loop) -> http::Handler& { return parts_[std::size_t(loop)].handler; }));

  std::vector<admission::IdentitySources*> sources;
  for (LoopParts& part : parts_) sources.push_back(&part.sources);
  loops_ = std::make_unique<Loops>(*server_, std::move(sources));
  accounts_ = std::make_unique<AccountFeed>(flags_.settings, *loops_, log_);
  if (flags_.watchesConfigMap) mapping_ = std::make_unique<MappingFeed>(flags_.settings, *loops_, log_);
  if (!flags_.containerCredentialsFile.empty())
    podIdentities_ = std::make_unique<PodIdentityFile>(*files_, flags_.containerCredentialsFile, *loops_, log_);
  metricsHandler_ =
      std::make_unique<admission::MetricsHandler>([this] { return metrics(); }, [this] { return whyNotReady(); });
  io::ServerOptions plain;
  plain.address = "::";
  plain.port = flags_.metricsPort;
  plain.maxBody = 64u << 10;
  plain.maxConnections = 64;
  plain.reusePort = flags_.reusePort;
  metricsServer_ = TRY(io::Server::start(plain, [this](int) -> http::Handler& { return *metricsHandler_; }));
  return {};
}

// These threads have nothing to save, so they run until the process ends.
void Program::startThreads() {
  std::vector<admission::AccountLookup*> lookups;
  for (LoopParts& part : parts_) lookups.push_back(&part.lookup);
  lookups_->start(*server_, std::move(lookups));
  if (podIdentities_) podIdentities_->poll();
  startReflector(admission::accountSelection(flags_.settings), accounts_->observer());
  if (mapping_) startReflector(MappingFeed::selection(flags_.nameSpace), mapping_->observer());
  std::thread([this] { watchFiles(); }).detach();
}

void Program::startReflector(kube::Selection selection, kube::ObjectObserver observer) {
  std::thread([this, selection = std::move(selection), observer = std::move(observer)] {
    kube::Reflector(*api_.watch, clock_, io::kernelRandom(), selection, observer).run(isStopping_);
  }).detach();
}

void Program::watchFiles() {
  std::vector<std::string> folders = certificates_->folders();
  if (podIdentities_) folders.push_back(base::folderOf(flags_.containerCredentialsFile));
  io::FolderWatch changes(std::move(folders));
  // Two seconds are too long where a certificate of our own lives for as many.
  const auto shortest = std::min(flags_.certificateLife, flags_.authorityLife) / 20;
  const auto poll = flags_.makesCertificate ? std::clamp(shortest, kShortestPoll, kLongestPoll) : kLongestPoll;
  while (!isStopping_) {
    certificates_->poll(*server_);
    if (podIdentities_) podIdentities_->poll();
    changes.wait(poll);
  }
}

std::string Program::whyNotReady() const {
  if (isStopping_) return "shutting down";
  for (const WatchHealth* watch : watches())
    if (watch->refused()) return "the API server refuses our credentials: " + watch->trouble();
  auto notYet = [](const char* what, const WatchHealth& watch) {
    const std::string trouble = watch.trouble();
    return std::string(what) + (trouble.empty() ? "" : ": " + trouble);
  };
  for (const LoopParts& part : parts_)
    if (!part.sources.accounts.synced()) return notYet("the service accounts are not listed yet", accounts_->health());
  if (mapping_ && !mapping_->synced()) return notYet("the ConfigMap is not read yet", mapping_->health());
  return whyNotServing(*certificates_, base::unixSeconds(clock_.now()));
}

std::vector<const WatchHealth*> Program::watches() const {
  std::vector<const WatchHealth*> out{&accounts_->health()};
  if (mapping_) out.push_back(&mapping_->health());
  return out;
}

std::string Program::metrics() const {
  std::vector<const admission::LoopMetrics*> counters;
  for (const LoopParts& part : parts_) counters.push_back(&part.handler.metrics());
  bool refused = false;
  std::uint64_t watchFailures = 0;
  for (const WatchHealth* watch : watches()) {
    refused |= watch->refused();
    watchFailures += watch->failures();
  }
  const admission::AccountTable& accounts = parts_.front().sources.accounts;
  return renderMetrics(counters, {.ready = whyNotReady().empty(),
                                  .synced = accounts.synced(),
                                  .refused = refused,
                                  .accounts = accounts.size(),
                                  .accountsWithRole = accounts.roles(),
                                  .connections = server_->connections(),
                                  .leads = ownAuthority_ && ownAuthority_->leads(),
                                  .bundleMismatches = ownAuthority_ && ownAuthority_->mismatches(),
                                  .certificateExpiry = certificates_->expiry(),
                                  .certificateReloads = certificates_->reloads(),
                                  .certificateFailures = certificates_->failures(),
                                  .lookups = lookups_->asked(),
                                  .lookupFailures = lookups_->failed(),
                                  .watchFailures = watchFailures,
                                  .version = IRSA_VERSION,
                                  .process = processGauges()});
}

void Program::serve() {
  io::waitForTermination();
  log_.write(admission::Level::Info, "shutting down: not ready, still answering");
  drain();
  certificates_->stop();
  log_.write(admission::Level::Info, "done");
  logWriter_.flush();
}

// The API server's endpoints go on naming us for a moment, and a connection it holds may carry a review at any time.
void Program::drain() {
  server_->drain();
  isStopping_ = true;  // after that, so that who sees it can count on answers that say close
  std::chrono::milliseconds waited{0}, quiet{0};
  constexpr auto kStep = 50ms;
  while (waited < flags_.drainTime && quiet < (server_->connections() == 0 ? kQuiet : kQuietConnections)) {
    const std::uint64_t heard = server_->heard();
    clock_.sleepFor(kStep);
    waited += kStep;
    quiet = server_->heard() == heard ? quiet + kStep : 0ms;
  }
  server_->stop();
  metricsServer_->stop();
}

int run(int count, char** words) {
  base::Result<CommandLine> line = parseCommandLine(std::vector<std::string>(words + 1, words + count));
  if (!line) {
    io::writeError(usage());
    return fatal(line.error(), kUsage);
  }
  if (line->wish == CommandLine::Wish::Help) {
    io::writeError(usage());
    return 0;
  }
  if (line->wish == CommandLine::Wish::Version) {
    io::writeOut(std::string(IRSA_VERSION) + "\n");
    return 0;
  }
  io::runUnattended();
  io::blockTerminationSignals();
  static Program program(std::move(line->flags));  // outlives the threads that are never joined
  base::Result<void> started = program.start();
  if (!started) {
    program.flushLog();
    fatal(started.error(), kFatal);
    std::_Exit(kFatal);
  }
  program.serve();
  std::_Exit(0);  // the watch may be waiting for the API server's next word
}

}  // namespace
}  // namespace webhook

int main(int count, char** words) { return webhook::run(count, words); }
