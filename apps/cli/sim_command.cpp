#include "sim_command.h"

#include <charconv>

#include "base/time.h"
#include "console.h"
#include "ground.h"
#include "http/url.h"
#include "io/server.h"
#include "io/system.h"
#include "life_cycle.h"
#include "sim/endpoint.h"
#include "text/encoding.h"

namespace cli {
namespace {

constexpr std::size_t kLargestRequest = 64u << 20, kLargestIssuerDocument = 1u << 20;  // bytes
// Of all together: clients send the parts of an upload ten at a time.
constexpr std::size_t kLargestRequests = 512u << 20;
constexpr std::chrono::milliseconds kIssuerPatience{5'000};

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

base::Result<Address> addressOf(const SimOptions& options) {
  const std::size_t colon = options.listen.rfind(':');
  const std::string wrong = "--listen " + options.listen + ": ";
  if (colon == std::string::npos) return base::invalid(wrong + "it must be ADDRESS:PORT, e.g. 127.0.0.1:0");
  Address address;
  address.host = options.listen.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  const std::string port = options.listen.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return base::invalid(wrong + "\"" + port + "\" is no port");
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  const bool isLoopback = address.host.starts_with("127.") || address.host == "::1";
  if (isLoopback || address.host == options.iKnow) return address;
  return base::invalid(wrong + "others could reach the simulator there, and it is made for tests")
      .withHint("irsa sim --listen " + options.listen + " --i-know " + address.host);
}

// The real clock, moved so that it starts at --time.
class MovedClock final : public base::Clock {
 public:
  MovedClock(base::Clock& real, base::Time start) : real_(real), offset_(start - real.now()) {}
  base::Time now() const override { return real_.now() + offset_; }
  void sleepFor(std::chrono::milliseconds time) override { real_.sleepFor(time); }

 private:
  base::Clock& real_;
  base::Time::duration offset_;
};

std::string randomAccessKeyId(const base::RandomBytes& random) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id = "AKIA";
  for (const char c : random(16)) id += kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return id;
}

// letters-letters[-letters]-digits
bool isRegion(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  std::size_t words = 0;
  for (std::size_t dash = name.find('-'); dash != name.npos; dash = name.find('-'), ++words) {
    if (dash == 0 || name.find_first_not_of(kLetters) != dash) return false;
    name.remove_prefix(dash + 1);
  }
  return words >= 2 && !name.empty() && name.find_first_not_of("0123456789") == name.npos;
}

base::Result<sim::Settings> settingsOf(const SimOptions& options, const base::RandomBytes& random) {
  if (options.accessKeyId.empty() != options.secretAccessKey.empty()) {
    return base::invalid("--access-key-id and --secret-access-key belong together: give both or neither");
  }
  if (options.account.size() != 12 || options.account.find_first_not_of("0123456789") != std::string::npos) {
    return base::invalid("--account " + options.account + ": an account has 12 digits");
  }
  if (!isRegion(options.region)) {
    return base::invalid("--region \"" + options.region + "\": it is no name of a Region, such as us-west-2");
  }
  sim::Settings settings;
  settings.account = options.account;
  settings.region = options.region;
  settings.administrator.accessKeyId = options.accessKeyId;
  settings.administrator.secretAccessKey = options.secretAccessKey;
  if (options.accessKeyId.empty()) {
    settings.administrator.accessKeyId = randomAccessKeyId(random);
    settings.administrator.secretAccessKey = text::base64(random(30));
  }
  settings.dialect = options.dialect == "opaque" ? sim::Dialect::Opaque : sim::Dialect::Classic;
  settings.allowLoopbackIssuers = options.allowLoopbackIssuers;
  settings.stateFile = options.stateFile;
  settings.secureTransport = !options.tlsCertificate.empty();
  return settings;
}

base::Result<io::ServerOptions> serverOptionsOf(const SimOptions& options, const Address& address,
                                                const base::Files& files) {
  if (options.tlsCertificate.empty() != options.tlsKey.empty()) {
    return base::invalid("--tls-cert and --tls-key belong together: give both or neither");
  }
  io::ServerOptions server;
  server.address = address.host;
  server.port = address.port;
  server.loops = 4;  // one that waits for somebody's issuer shall not stop the others
  server.maxBody = kLargestRequest;
  server.maxBodies = kLargestRequests;
  server.maxAnswers = SIZE_MAX;  // objects, of whoever put them there
  if (options.tlsKey.empty()) return server;
  server.certificatePem = TRY(files.read(options.tlsCertificate));
  server.keyPem = TRY(files.read(options.tlsKey));
  return server;
}

base::Result<std::unique_ptr<http::Client>> issuerClient(const SimOptions& options, const base::Files& files) {
  io::ClientOptions client;
  client.connectTimeout = kIssuerPatience;
  client.answerTimeout = kIssuerPatience;
  client.idleTimeout = kIssuerPatience;
  client.wholeTimeout = kIssuerPatience;
  client.mayConnect = issuerAddresses(options.allowLoopbackIssuers);
  client.maxBody = kLargestIssuerDocument;
  if (!options.caFile.empty()) client.tls.extraRootsPem = TRY(files.read(options.caFile));
  return io::newClient(std::move(client));
}

std::string readyLine(const sim::Settings& settings, const Address& address, std::uint16_t port) {
  http::Url url;
  url.scheme = settings.secureTransport ? "https" : "http";
  url.host = address.host;
  url.port = port;
  return text::compact({{"endpoint", url.origin()},
                        {"region", settings.region},
                        {"account", settings.account},
                        {"accessKeyId", settings.administrator.accessKeyId},
                        {"secretAccessKey", settings.administrator.secretAccessKey}}) +
         "\n";
}

// Null without a state file. Every write puts a new file in the state's place, so the lock lies beside it.
base::Result<std::shared_ptr<io::FileLock>> lockState(const std::string& stateFile, base::Files& files) {
  if (stateFile.empty()) return std::shared_ptr<io::FileLock>();
  const std::string path = stateFile + ".lock";
  if (auto made = files.create(path, "", 0600); !made && made.error().kind != base::ErrorKind::AlreadyExists) {
    return std::move(made).error();
  }
  auto lock = io::lockFile(path);
  if (!lock && lock.error().kind == base::ErrorKind::Conflict) {
    return std::move(lock).error().withHint("end that process, or name another --state");
  }
  return lock;
}

base::Result<void> serve(const SimOptions& options) {
  Ground ground;
  const Address address = TRY(addressOf(options));
  const sim::Settings settings = TRY(settingsOf(options, ground.random));
  const io::ServerOptions serverOptions = TRY(serverOptionsOf(options, address, *ground.files));
  io::shareOneHeap();
  const std::unique_ptr<http::Client> issuers = TRY(issuerClient(options, *ground.files));
  base::Time start = ground.clock.now();
  if (!options.time.empty()) start = TRY(base::parseRfc3339(options.time));
  const MovedClock clock(ground.clock, start);
  const std::shared_ptr<io::FileLock> lock = TRY(lockState(options.stateFile, *ground.files));
  const std::unique_ptr<sim::Endpoint> endpoint =
      TRY(sim::Endpoint::open(settings, clock, ground.random, ground.files.get(), issuers.get()));
  io::blockTerminationSignals();
  const std::unique_ptr<io::Server> server =
      TRY(io::Server::start(serverOptions, [&](int) -> http::Handler& { return *endpoint; }));
  io::writeOut(readyLine(settings, address, server->port()));
  io::waitForTermination();
  server->stop();
  return {};
}

}  // namespace

int runSim(const SimOptions& options) {
  const Console console{CommonOptions()};
  if (auto served = serve(options); !served) return failUnlocked(served.error(), console);
  return kOk;
}

}  // namespace cli
