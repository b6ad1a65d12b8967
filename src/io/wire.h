// One connection of a client: a socket, with TLS on it or not, on which every wait has an end. Blocking; belongs to one
// thread at a time.
#pragma once
#include <openssl/ssl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/descriptor.h"
#include "io/tls.h"

namespace io {

using Deadline = std::chrono::steady_clock::time_point;

class Wire {
 public:
  // Tries every address of `host` in turn that `mayConnect` (empty: all) lets it. Unavailable: "connecting to 192.0.2.1
  // port 443: Connection refused".
  static base::Result<std::unique_ptr<Wire>> connect(const std::string& host, std::uint16_t port, Deadline deadline,
                                                     const std::function<bool(std::string_view)>& mayConnect = {});
  static base::Result<std::unique_ptr<Wire>> connectUnix(const std::string& path);

  // TLS as a client. `name` (a host name or an address) must be the certificate's unless `verifies` is off. Denied when
  // the server is not to be trusted, with the reason. `thumbprints` as in http::Request.
  base::Result<void> startTls(const TlsContext& context, const std::string& name, bool verifies, Deadline deadline,
                              const std::vector<std::string>& thumbprints = {});

  base::Result<void> write(std::string_view bytes, Deadline deadline);
  // Views into a buffer of the wire's own, valid until the next read; empty at the end of the stream.
  base::Result<std::string_view> read(Deadline deadline);

  bool isClosed() const { return isClosed_; }  // an operation has met the server's end or reset
  bool isStale() const;                        // an idle connection that the server has closed, or spoken on

 private:
  static int lookAtCertificate(int isGood, X509_STORE_CTX* chain);
  explicit Wire(Descriptor socket) : socket_(std::move(socket)), tls_(nullptr, SSL_free) {}
  base::Result<void> wait(short events, Deadline deadline, std::string_view doing) const;
  base::Error distrust(const std::string& name) const;
  base::Error closed(std::string_view doing, int number = 0);
  base::Result<bool> settled(int result, std::string_view doing, Deadline deadline);

  Descriptor socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
  bool isClosed_ = false;
  std::vector<std::string> thumbprints_;
  std::string refusedNames_;  // of a certificate that did not convince
  std::string buffer_ = std::string(16u << 10, '\0');
};

}  // namespace io
