// OpenSSL's contexts, made from PEM text. One context is shared by all connections of a server or a client.
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "http/tls.h"

namespace io {

using TlsContext = std::shared_ptr<SSL_CTX>;

struct ServerTls {
  std::string certificatePem, keyPem;  // the leaf first, intermediates after it
  std::string minVersion = "1.2";      // or "1.3"
  std::string cipherSuites = {};
};

// No renegotiation, no session tickets, no compression, ALPN http/1.1.
base::Result<TlsContext> newServerContext(const ServerTls& settings);

// Verifies servers against the settings' roots, or the system's: the file named by `rootsFile` if not empty, else the
// first bundle found where the distributions keep it.
base::Result<TlsContext> newClientContext(const http::TlsClientSettings& settings, const std::string& rootsFile);

// The oldest entry of OpenSSL's error queue of this thread as text; empties the queue.
std::string takeTlsError();

}  // namespace io
