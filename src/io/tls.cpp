#include "io/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cstring>

namespace io {
namespace {

struct Release {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Release>;

constexpr unsigned char kHttp11[] = "\x08http/1.1";

Owned<BIO> memoryOf(const std::string& pem) { return Owned<BIO>(BIO_new_mem_buf(pem.data(), int(pem.size()))); }

// A key that needs a passphrase must fail, not ask at the terminal.
int noPassphrase(char*, int, int, void*) { return 0; }

base::Result<void> useCertificate(SSL_CTX* context, const std::string& certificatePem, const std::string& keyPem) {
  auto bio = memoryOf(certificatePem);
  Owned<X509> leaf(PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr));
  if (!leaf) return base::invalid("the certificate is not PEM: " + takeTlsError());
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return base::invalid("the certificate can't be used: " + takeTlsError());
  SSL_CTX_clear_chain_certs(context);
  while (Owned<X509> link{PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr)})
    SSL_CTX_add1_chain_cert(context, link.get());
  ERR_clear_error();

  bio = memoryOf(keyPem);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr));
  if (!key) return base::invalid("the private key is not an unencrypted PEM key: " + takeTlsError());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return base::invalid("the private key does not belong to the certificate: " + takeTlsError());
  return {};
}

int chooseHttp11(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                 unsigned offeredSize, void*) {
  for (unsigned at = 0; at < offeredSize; at += offered[at] + 1u) {
    if (offeredSize - at < sizeof kHttp11 - 1 || std::memcmp(offered + at, kHttp11, sizeof kHttp11 - 1) != 0) continue;
    *chosen = offered + at + 1;
    *size = 8;
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301, section 3.2: no_application_protocol
}

base::Result<void> addRoots(SSL_CTX* context, const std::string& pem, std::string_view which) {
  auto bio = memoryOf(pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int found = 0;
  while (Owned<X509> root{PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr)}) {
    X509_check_purpose(root.get(), -1, 0);  // reads the extensions once, before threads share the certificate
    X509_STORE_add_cert(store, root.get());
    ++found;
  }
  ERR_clear_error();
  if (found == 0) return base::invalid("the " + std::string(which) + " hold no PEM certificate");
  return {};
}

// The order of Go's crypto/tls, and so of every API server. OpenSSL's own begins with AES-256, which costs more.
constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

// Where the distributions keep their bundle, as Go's crypto/x509 probes them.
constexpr std::array kBundles = {"/etc/ssl/certs/ca-certificates.crt",
                                 "/etc/pki/tls/certs/ca-bundle.crt",
                                 "/etc/ssl/ca-bundle.pem",
                                 "/etc/pki/tls/cacert.pem",
                                 "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                 "/etc/ssl/cert.pem"};

base::Result<void> addSystemRoots(SSL_CTX* context, const std::string& rootsFile) {
  if (!rootsFile.empty()) {
    if (SSL_CTX_load_verify_file(context, rootsFile.c_str()) == 1) return {};
    return base::invalid("the roots in SSL_CERT_FILE (" + rootsFile + ") can't be read: " + takeTlsError());
  }
  for (const char* bundle : kBundles) {
    struct stat info{};
    if (::stat(bundle, &info) == 0 && SSL_CTX_load_verify_file(context, bundle) == 1) return {};
  }
  ERR_clear_error();
  return base::Error{base::ErrorKind::Denied, "",
                     "this machine has no bundle of root certificates where any distribution keeps it",
                     "install ca-certificates, or name a bundle in SSL_CERT_FILE"};
}

}  // namespace

std::string takeTlsError() {
  unsigned long code = ERR_get_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason ? reason : "unknown error";
}

base::Result<TlsContext> newServerContext(const ServerTls& settings) {
  ERR_clear_error();
  if (settings.minVersion != "1.2" && settings.minVersion != "1.3")
    return base::invalid("TLS " + settings.minVersion + " is no minimum version to serve with; use 1.2 or 1.3");
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), settings.minVersion == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_alpn_select_cb(context.get(), chooseHttp11, nullptr);
  SSL_CTX_set_ciphersuites(context.get(), kSuites);
  if (!settings.cipherSuites.empty() && SSL_CTX_set_cipher_list(context.get(), settings.cipherSuites.c_str()) != 1)
    return base::invalid("the cipher suites \"" + settings.cipherSuites + "\" are not known: " + takeTlsError());
  TRY(useCertificate(context.get(), settings.certificatePem, settings.keyPem));
  return context;
}

base::Result<TlsContext> newClientContext(const http::TlsClientSettings& settings, const std::string& rootsFile) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_protos(context.get(), kHttp11, sizeof kHttp11 - 1);
  if (!settings.certificatePem.empty()) TRY(useCertificate(context.get(), settings.certificatePem, settings.keyPem));
  if (settings.insecureSkipVerify) return context;
  if (settings.rootsPem.empty()) {
    // With roots of the caller's own a machine without a bundle is fine.
    auto added = addSystemRoots(context.get(), rootsFile);
    if (!added && settings.extraRootsPem.empty()) return std::move(added).error();
  } else {
    TRY(addRoots(context.get(), settings.rootsPem, "given root certificates"));
  }
  if (!settings.extraRootsPem.empty())
    TRY(addRoots(context.get(), settings.extraRootsPem, "additional root certificates"));
  return context;
}

}  // namespace io
