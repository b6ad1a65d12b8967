// irsa-webhook: introduces the rooms to each other, starts the threads and waits for SIGTERM.
#include <cstdlib>
#include <deque>
#include <thread>

#include "admission/webhook.h"
#include "base/time.h"
#include "io/server.h"
#include "io/system.h"
#include "kube/reflector.h"
#include "webhook/account_feed.h"
#include "webhook/account_lookups.h"
#include "webhook/api_access.h"
#include "webhook/certificate_files.h"
#include "webhook/flags.h"
#include "webhook/log_writer.h"

namespace webhook {
namespace {

using namespace std::chrono_literals;

constexpr int kUsage = 2, kFatal = 255;  // as AWS's webhook exits
constexpr auto kCertificatePoll = 2s;
constexpr auto kQuiet = 2s;  // without a connection for so long after SIGTERM, nobody knows us any more

// What belongs to one server loop. Deque-held, since handlers are not moved.
struct Loop {
  Loop(int index, const Flags& flags, AccountLookups& lookups, const admission::Log& log, const base::Clock& clock)
      : lookup([index, &lookups](const std::string& key,
                                 std::chrono::milliseconds budget) { lookups.ask(index, key, budget); },
               clock),
        handler(flags.settings, {.lookupBudget = flags.lookupBudget, .logsDecisions = flags.logsDecisions}, accounts,
                lookup, log, clock) {}
  admission::AccountTable accounts;
  admission::AccountLookup lookup;
  admission::Webhook handler;
};

int fatal(const base::Error& error, int code) {
  io::writeError("error: " + error.message + "\n" + (error.hint.empty() ? "" : "hint: " + error.hint + "\n"));
  return code;
}

class Program {
 public:
  explicit Program(Flags flags)
      : flags_(std::move(flags)),
        files_(io::newDiskFiles()),
        log_(flags_.logFormat, clock_, [this](std::string_view line) { logWriter_.write(line); }),
        certificates_(*files_, flags_.tlsCert, flags_.tlsKey, log_) {}

  base::Result<void> start();
  void serve();  // until SIGTERM and the end of the drain
  void flushLog() { logWriter_.flush(); }

 private:
  base::Result<void> startServers();
  void startThreads();
  std::string whyNotReady() const;
  std::string metrics() const;
  void drain();

  Flags flags_;
  io::SystemClock clock_;
  std::unique_ptr<base::Files> files_;
  LogWriter logWriter_{clock_};
  admission::Log log_;
  CertificateFiles certificates_;
  ApiAccess api_;
  std::unique_ptr<AccountLookups> lookups_;
  std::deque<Loop> loops_;
  std::unique_ptr<admission::MetricsHandler> metricsHandler_;
  std::unique_ptr<io::Server> server_, metricsServer_;
  std::unique_ptr<AccountFeed> feed_;
  std::atomic<bool> isStopping_{false};
};

base::Result<void> Program::start() {
  logWriter_.start();
  for (const std::string& note : flags_.notes) log_.write(admission::Level::Warning, note);
  api_ = TRY(openApi(flags_, *files_, clock_));
  lookups_ = std::make_unique<AccountLookups>(*api_.lookup, flags_.settings, clock_);
  for (int i = 0; i < flags_.loops; ++i) loops_.emplace_back(i, flags_, *lookups_, log_, clock_);
  TRY(startServers());
  startThreads();
  log_.write(admission::Level::Info, "listening",
             {{"version", IRSA_VERSION},
              {"port", std::to_string(server_->port())},
              {"metricsPort", std::to_string(metricsServer_->port())},
              {"apiServer", api_.server},
              {"certificateValidUntil", base::rfc3339(base::fromUnixSeconds(certificates_.expiry()))}});
  return {};
}

base::Result<void> Program::startServers() {
  CertificateFiles::Pair pair = TRY(certificates_.read());
  io::ServerOptions options;
  options.address = "::";
  options.port = flags_.port;
  options.loops = flags_.loops;
  options.certificatePem = pair.certificatePem;
  options.keyPem = pair.keyPem;
  options.minTlsVersion = flags_.tlsMinVersion;
  options.cipherSuites = flags_.tlsCipherSuites;
  TRY(certificates_.use(std::move(pair)));
  server_ =
      TRY(io::Server::start(options, [this](int loop) -> http::Handler& { return loops_[std::size_t(loop)].handler; }));

  std::vector<admission::AccountTable*> tables;
  for (Loop& loop : loops_) tables.push_back(&loop.accounts);
  feed_ = std::make_unique<AccountFeed>(flags_.settings, *server_, std::move(tables), log_);
  metricsHandler_ =
      std::make_unique<admission::MetricsHandler>([this] { return metrics(); }, [this] { return whyNotReady(); });
  io::ServerOptions plain;
  plain.address = "::";
  plain.port = flags_.metricsPort;
  plain.maxBody = 64u << 10;
  plain.maxConnections = 64;
  metricsServer_ = TRY(io::Server::start(plain, [this](int) -> http::Handler& { return *metricsHandler_; }));
  return {};
}

// These threads have nothing to save, so they run until the process ends.
void Program::startThreads() {
  std::vector<admission::AccountLookup*> lookups;
  for (Loop& loop : loops_) lookups.push_back(&loop.lookup);
  lookups_->start(*server_, std::move(lookups));
  std::thread([this] {
    kube::Reflector reflector(*api_.watch, clock_, io::kernelRandom(), flags_.settings.annotationPrefix + "/",
                              feed_->observer());
    reflector.run(isStopping_);
  }).detach();
  std::thread([this] {
    while (!isStopping_) {
      clock_.sleepFor(kCertificatePoll);
      certificates_.poll(*server_);
    }
  }).detach();
}

std::string Program::whyNotReady() const {
  if (isStopping_) return "shutting down";
  if (feed_->refused()) return "the API server refuses our credentials: " + feed_->trouble();
  for (const Loop& loop : loops_) {
    if (loop.accounts.synced()) continue;
    const std::string trouble = feed_->trouble();
    return "the service accounts are not listed yet" + (trouble.empty() ? "" : ": " + trouble);
  }
  if (base::unixSeconds(clock_.now()) >= certificates_.expiry()) return "the serving certificate has expired";
  return "";
}

std::string Program::metrics() const {
  std::vector<const admission::LoopMetrics*> counters;
  for (const Loop& loop : loops_) counters.push_back(&loop.handler.metrics());
  const admission::AccountTable& accounts = loops_.front().accounts;
  return renderMetrics(counters, {.ready = whyNotReady().empty(),
                                  .synced = accounts.synced(),
                                  .refused = feed_->refused(),
                                  .accounts = accounts.size(),
                                  .accountsWithRole = accounts.roles(),
                                  .connections = server_->connections(),
                                  .certificateExpiry = certificates_.expiry(),
                                  .certificateReloads = certificates_.reloads(),
                                  .certificateFailures = certificates_.failures(),
                                  .lookups = lookups_->asked(),
                                  .lookupFailures = lookups_->failed(),
                                  .watchFailures = feed_->failures(),
                                  .version = IRSA_VERSION});
}

void Program::serve() {
  io::waitForTermination();
  log_.write(admission::Level::Info, "shutting down: not ready, still answering");
  isStopping_ = true;
  drain();
  log_.write(admission::Level::Info, "done");
  logWriter_.flush();
}

// The API server's endpoints go on naming us for a moment, and a connection it holds may carry a review at any time.
void Program::drain() {
  server_->drain();
  std::chrono::milliseconds waited{0}, quiet{0};
  constexpr auto kStep = 50ms;
  while (waited < flags_.drainTime && quiet < kQuiet) {
    clock_.sleepFor(kStep);
    waited += kStep;
    quiet = server_->connections() == 0 ? quiet + kStep : 0ms;
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
