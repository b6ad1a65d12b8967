// An HTTP/1.1 server over TCP, with or without TLS: N epoll loops, one coroutine a connection
// (docs/decisions/0004-own-server.md). Serves `irsa-webhook` and `irsa sim` alike.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/handler.h"

namespace io {

struct ServerOptions {
  std::string address = "127.0.0.1";  // "::" listens on both families; port 0 lets the kernel choose
  std::uint16_t port = 0;
  int loops = 1;
  std::string certificatePem = {}, keyPem = {};  // both empty: plain HTTP, unless
  bool awaitsCertificate = false;                // TLS: until replaceCertificate() the port is bound, not listened on
  std::string minTlsVersion = "1.2";
  std::string cipherSuites = {};                        // OpenSSL names for TLS 1.2; empty: OpenSSL's own choice
  std::size_t maxHead = 16u << 10, maxBody = 8u << 20;  // bytes; 431 and 413
  // Bytes of all bodies that are still coming in. One more refuses (503) the largest of them.
  std::size_t maxBodies = 16u << 20;
  // Bytes of all answers above 64 KiB that their readers have not taken. One more becomes a 503.
  std::size_t maxAnswers = 16u << 20;
  // One more closes the connection that has waited longest of the peer address that has the most; so whoever floods the
  // server pays for it himself, and nobody is counted who doesn't.
  std::size_t maxConnections = 4096;
  bool reusePort = false;  // SO_REUSEPORT: another process may listen beside this one and take over
  std::chrono::milliseconds handshakeTimeout{10'000};
  std::chrono::milliseconds requestTimeout{15'000};  // from a request's first byte to its last; then 408
  std::chrono::milliseconds writeTimeout{15'000};    // between two pieces that the peer takes
  std::chrono::milliseconds idleTimeout{180'000};    // well above the 90 s that kube-apiserver keeps a connection
};

// Owns its threads. start() binds and returns; the destructor stops at once. A handler that is waiting then is
// destroyed where it waits, so what it awaits must bear that.
class Server {
 public:
  // `handlerFor(loop)` is called once per loop, before start() returns; handlers must outlive the server.
  static base::Result<std::unique_ptr<Server>> start(ServerOptions options,
                                                     const std::function<http::Handler&(int loop)>& handlerFor);
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;
  virtual int loops() const = 0;

  // Runs `task` on that loop's thread soon. Thread-safe.
  virtual void post(int loop, std::function<void()> task) = 0;

  // New handshakes use the new pair; open connections keep theirs. On error the old pair stays.
  virtual base::Result<void> replaceCertificate(const std::string& certificatePem, const std::string& keyPem) = 0;

  // From now on answers carry `Connection: close`. Idle connections stay until stop(), for a request may be on its way
  // on each, and Go, which kube-apiserver is written in, does not send a POST again. With reusePort nothing new is
  // accepted; without, new connections are served till the end.
  virtual void drain() = 0;
  virtual std::size_t connections() const = 0;
  virtual std::uint64_t heard() const = 0;  // grows with whatever comes in
  virtual void stop() = 0;                  // closes everything and joins; idempotent
};

}  // namespace io
