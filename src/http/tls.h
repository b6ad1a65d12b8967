// What TLS needs to know, as plain values: rooms fill it in, io acts on it.
#pragma once
#include <string>

namespace http {

// A client's side. All material is PEM text, never a path.
struct TlsClientSettings {
  std::string rootsPem;             // empty: the system's roots
  std::string extraRootsPem;        // added to the above
  std::string certificatePem;       // client certificate chain; empty: none
  std::string keyPem;               // its private key
  std::string serverName;           // overrides the name to verify and to send as SNI; empty: the URL's host
  bool insecureSkipVerify = false;  // kubeconfig's insecure-skip-tls-verify; nothing else may set it
};

}  // namespace http
