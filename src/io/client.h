// http::Client over TCP and TLS: blocking, keep-alive, proxies, a time-out on every phase and a cap on every answer.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/tls.h"

namespace io {

struct ClientOptions {
  http::TlsClientSettings tls = {};
  std::chrono::milliseconds connectTimeout{10'000};
  std::chrono::milliseconds answerTimeout{30'000};  // until the head of the answer is there
  std::chrono::milliseconds idleTimeout{60'000};    // between two pieces of a body
  std::chrono::milliseconds wholeTimeout{0};        // from the connection to the end of an answer; 0: no such limit
  std::size_t maxBody = 64u << 20;                  // bytes of an answer that send() returns whole
  // "http://host:port" for everything; "env": HTTPS_PROXY, HTTP_PROXY and NO_PROXY as newClient() finds them; empty:
  // none.
  std::string proxy = {};
  std::string unixSocket = {};  // for tests
  // Asked with the address in numbers before each connection, after names were looked up: a name whose address changes
  // meanwhile gets nobody anywhere. False: it is not made. Empty: all may. Not asked about a proxy, which looks up
  // names itself.
  std::function<bool(std::string_view address)> mayConnect = {};
};

// Thread-safe: connections are pooled per origin. Retries once on a kept-alive connection that the server had closed
// before a byte of the answer came. Ignores SIGPIPE from then on.
std::unique_ptr<http::Client> newClient(ClientOptions options);

}  // namespace io
