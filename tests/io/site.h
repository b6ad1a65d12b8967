// A server on a port of the kernel's choosing, for tests that speak to it over the loopback interface.
#pragma once
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "http/tls.h"
#include "io/certificates.h"
#include "io/server.h"
#include "support/served.h"

namespace io {

inline ServerOptions withTls(ServerOptions options = {}) {
  options.certificatePem = TestCertificates::get().leaf.certificatePem;
  options.keyPem = TestCertificates::get().leaf.keyPem;
  return options;
}

// What a client needs to trust the leaves of `authority`.
inline http::TlsClientSettings trusting(const crypto::CertifiedKey& authority = TestCertificates::get().authority) {
  http::TlsClientSettings settings;
  settings.rootsPem = authority.certificatePem;
  return settings;
}

// Answers with what it was asked.
inline void echo(const http::Request& request, http::Response& response) {
  response.headers.add("X-Asked", request.method + " " + request.target);
  response.body = request.body;
}

class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}, support::FunctionHandler::Function function = echo)
      : handler_(std::move(function)), handlers_([this](int) -> http::Handler& { return handler_; }) {
    server_ = Server::start(std::move(options), handlers_).value();
  }
  TestServer(ServerOptions options, http::Handler& handler)
      : handler_(echo), handlers_([&handler](int) -> http::Handler& { return handler; }) {
    server_ = Server::start(std::move(options), handlers_).value();
  }

  Server* operator->() const { return server_.get(); }
  std::uint16_t port() const { return server_->port(); }
  std::string origin(const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port());
  }

  // Returns when the loop has accepted and read all that was sent before.
  void settle() const {
    for (int i = 0; i < 3; ++i) {
      std::promise<void> done;
      server_->post(0, [&done] { done.set_value(); });
      done.get_future().wait();
    }
  }

  // Waits until the loop has brought it about; false when it takes longer than anything here may.
  bool eventually(const std::function<bool()>& isSo) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!isSo()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool becomesEmpty() const {
    return eventually([this] { return server_->connections() == 0; });
  }

 private:
  support::FunctionHandler handler_;
  std::function<http::Handler&(int)> handlers_;
  std::unique_ptr<Server> server_;
};

}  // namespace io
