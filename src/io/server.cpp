#include "io/server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "io/connection.h"
#include "io/tls.h"

namespace io {
namespace {

using namespace std::chrono_literals;

constexpr auto kLinger = 1000ms;  // how long the sender of a refused request may take to read the answer
constexpr auto kAcceptPause = 50ms;
constexpr int kAcceptBatch = 16;

std::string addressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  }
  return text;
}

// The contexts new handshakes use; null: plain HTTP.
class CurrentTls {
 public:
  TlsContext get() const {
    std::lock_guard lock(mutex_);
    return context_;
  }
  void set(TlsContext context) {
    std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  TlsContext context_;
};

// Accepts for one loop; all loops share the descriptor. Out of connections or descriptors it looks away for a while, as
// a level-triggered event that nobody can serve would spin.
class Listener final : public Watched {
 public:
  Listener(Worker& worker, int socket, const CurrentTls& tls, const ServerOptions& options)
      : worker_(worker), socket_(socket), tls_(tls), options_(options) {
    worker_.connectionClosed = [this] { resume(); };
  }
  ~Listener() override {
    worker_.connectionClosed = [] {};
  }

  void resume() {
    if (!isPaused_ || isFinished_) return;
    isPaused_ = !worker_.loop.watch(EPOLL_CTL_ADD, socket_, EPOLLIN | EPOLLEXCLUSIVE, this);
    if (isPaused_) worker_.loop.callIn(kAcceptPause, [this] { resume(); });
    if (!isPaused_ && atDoor_) ready(0);
  }

  void ready(std::uint32_t) override {
    for (int i = 0; i < kAcceptBatch; ++i) {
      if (!atDoor_ && !accept()) {
        if (errno == EAGAIN) return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return pause();
        continue;
      }
      if (worker_.connections >= options_.maxConnections && !shed()) return pause();
      take(std::move(atDoor_), std::move(peerAtDoor_));
    }
  }
  void expired() override {}

  // Looks at the door no more. The last one to do so closes it: what has come is let in, and between the last look and
  // the closing nothing is done, for who comes then is turned away, though others may listen on the port.
  void finish(bool isLast) {
    worker_.loop.watch(EPOLL_CTL_DEL, socket_, 0, this);
    isFinished_ = true;
    if (!isLast) return;
    std::vector<std::pair<Descriptor, std::string>> came;
    if (atDoor_) came.emplace_back(std::move(atDoor_), std::move(peerAtDoor_));
    while (accept() || errno == ECONNABORTED || errno == EINTR)
      if (atDoor_) came.emplace_back(std::move(atDoor_), std::move(peerAtDoor_));
    ::shutdown(socket_, SHUT_RDWR);
    for (auto& [descriptor, peer] : came) take(std::move(descriptor), std::move(peer));
  }

 private:
  bool accept() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    atDoor_ = Descriptor(accept4(socket_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (atDoor_) peerAtDoor_ = addressText(address);
    return bool(atDoor_);
  }

  void take(Descriptor accepted, std::string peer) {
    const TlsContext context = tls_.get();
    auto connection = std::make_unique<Connection>(worker_, std::move(accepted), context.get(), std::move(peer));
    static_cast<Connection&>(worker_.loop.adopt(std::move(connection))).start();
  }

  // Closes the connection that has waited longest of the peer that has the most. Only one whose request is being
  // answered can't be closed; false when all are.
  bool shed() {
    auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
    auto greediest = std::max_element(worker_.byPeer.begin(), worker_.byPeer.end(), fewer);
    if (greediest == worker_.byPeer.end()) return false;  // the connections are those of other loops
    for (Patience patience : {Patience::Idle, Patience::Handshake, Patience::Linger, Patience::Request})
      for (Watched* waiting = worker_.loop.longestWaiting(patience); waiting; waiting = Loop::after(*waiting))
        if (static_cast<Connection&>(*waiting).peer() == greediest->first) {
          worker_.loop.expireNow(*waiting);
          return true;
        }
    return false;
  }

  void pause() {
    if (isFinished_) return;
    worker_.loop.watch(EPOLL_CTL_DEL, socket_, 0, this);
    isPaused_ = true;
    worker_.loop.callIn(kAcceptPause, [this] { resume(); });
  }

  Worker& worker_;
  int socket_;
  const CurrentTls& tls_;
  const ServerOptions& options_;
  bool isPaused_ = true;  // until the first resume()
  bool isFinished_ = false;
  Descriptor atDoor_;  // accepted, and there is no room yet
  std::string peerAtDoor_;
};

base::Result<Descriptor> bindTo(const addrinfo& address, std::string_view where, bool reusePort) {
  Descriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return base::unavailable("listening on " + std::string(where) + ": " + errorText());
  int on = 1, off = 0;
  setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reusePort) setsockopt(socket.number(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  // Accepted sockets inherit these two.
  setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket.number(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (address.ai_family == AF_INET6) setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(socket.number(), address.ai_addr, address.ai_addrlen) != 0)
    return base::unavailable("listening on " + std::string(where) + ": " + errorText());
  return socket;
}

base::Result<Descriptor> bindListener(const std::string& address, std::uint16_t port, bool reusePort) {
  std::string where =
      (address.find(':') == std::string::npos ? address : "[" + address + "]") + ":" + std::to_string(port);
  addrinfo hints{}, *found = nullptr;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  int trouble = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (trouble != 0) return base::invalid("listening on " + where + ": " + gai_strerror(trouble));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  auto listener = bindTo(*addresses, where, reusePort);
  // A kernel without IPv6 still has the other family that "::" stands for.
  if (!listener && address == "::") return bindListener("0.0.0.0", port, reusePort);
  return listener;
}

std::uint16_t portOf(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

class EpollServer final : public Server {
 public:
  EpollServer(ServerOptions options, Descriptor socket)
      : options_(std::move(options)), socket_(std::move(socket)), port_(portOf(socket_.number())) {
    http::Limits limits;
    limits.head = options_.maxHead;
    limits.body = options_.maxBody;
    for (int i = 0; i < options_.loops; ++i) {
      workers_.push_back(std::make_unique<Worker>(limits, options_.maxBodies, options_.maxAnswers, counts_));
    }
  }
  ~EpollServer() override { EpollServer::stop(); }

  base::Result<void> useCertificate(const std::string& certificatePem, const std::string& keyPem) {
    current_.set(TRY(newServerContext({certificatePem, keyPem, options_.minTlsVersion, options_.cipherSuites})));
    return {};
  }

  // Until now connections are refused, or go to others who listen on the port.
  base::Result<void> listen() {
    if (isListening_) return {};
    if (::listen(socket_.number(), 1024) != 0)
      return base::unavailable("listening on port " + std::to_string(port_) + ": " + errorText());
    isListening_ = true;
    for (std::size_t i = 0; i < workers_.size(); ++i)
      workers_[i]->loop.post([listener = listeners_[i]] { listener->resume(); });
    return {};
  }

  void run(const std::function<http::Handler&(int loop)>& handlerFor) {
    for (int i = 0; i < options_.loops; ++i) prepare(*workers_[std::size_t(i)], handlerFor(i));
    // Signals are for main()'s thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (auto& worker : workers_) threads_.emplace_back([&loop = worker->loop] { loop.run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  const ServerOptions& options() const { return options_; }
  std::uint16_t port() const override { return port_; }
  int loops() const override { return options_.loops; }
  std::size_t connections() const override { return counts_.connections; }
  std::uint64_t heard() const override {
    std::uint64_t sum = 0;
    for (const auto& worker : workers_) sum += worker->heard;
    return sum;
  }
  void post(int loop, std::function<void()> task) override {
    workers_.at(std::size_t(loop))->loop.post(std::move(task));
  }

  base::Result<void> replaceCertificate(const std::string& certificatePem, const std::string& keyPem) override {
    if (!current_.get() && !options_.awaitsCertificate)
      return base::invalid("this server speaks plain HTTP and has no certificate to replace");
    TRY(useCertificate(certificatePem, keyPem));
    return listen();
  }

  void drain() override {
    for (auto& worker : workers_) worker->isDraining = true;
    if (options_.reusePort) stopListening();
  }

  void stop() override {
    for (auto& worker : workers_) worker->loop.stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    socket_.close();
  }

 private:
  void prepare(Worker& worker, http::Handler& handler) {
    worker.handler = &handler;
    worker.loop.setDuration(Patience::Handshake, options_.handshakeTimeout);
    worker.loop.setDuration(Patience::Request, options_.requestTimeout);
    worker.loop.setDuration(Patience::Write, options_.writeTimeout);
    worker.loop.setDuration(Patience::Idle, options_.idleTimeout);
    worker.loop.setDuration(Patience::Linger, kLinger);
    auto listener = std::make_unique<Listener>(worker, socket_.number(), current_, options_);
    listeners_.push_back(static_cast<Listener*>(&worker.loop.adopt(std::move(listener))));
  }

  void stopListening() {
    auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
    for (std::size_t i = 0; i < workers_.size(); ++i)
      workers_[i]->loop.post([left, listener = listeners_[i]] { listener->finish(--*left == 0); });
  }

  ServerOptions options_;
  Descriptor socket_;
  bool isListening_ = false;
  const std::uint16_t port_;
  CurrentTls current_;
  Counts counts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Listener*> listeners_;  // of each worker, owned by its loop
  std::vector<std::thread> threads_;
};

}  // namespace

base::Result<std::unique_ptr<Server>> Server::start(ServerOptions options,
                                                    const std::function<http::Handler&(int loop)>& handlerFor) {
  // OpenSSL writes to sockets without MSG_NOSIGNAL.
  ::signal(SIGPIPE, SIG_IGN);
  if (options.loops < 1) return base::invalid("a server needs at least one loop");
  Descriptor socket = TRY(bindListener(options.address, options.port, options.reusePort));
  std::string certificatePem = options.certificatePem, keyPem = std::exchange(options.keyPem, {});
  auto server = std::make_unique<EpollServer>(std::move(options), std::move(socket));
  if (!certificatePem.empty() || !keyPem.empty()) TRY(server->useCertificate(certificatePem, keyPem));
  server->run(handlerFor);
  if (!server->options().awaitsCertificate || !certificatePem.empty()) TRY(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace io
