#include "io/wire.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "http/address.h"
#include "http/message.h"

namespace io {
namespace {

base::Error failed(std::string_view doing, const std::string& why) {
  return base::unavailable(std::string(doing) + ": " + why);
}

// Milliseconds that poll() may wait; 0 when the time is up.
int left(Deadline deadline) {
  auto time = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return time.count() < 0 ? 0 : int(std::min<std::int64_t>(time.count(), 24 * 3600 * 1000));
}

// A server that goes away without a word must be noticed: probes after 15 s of silence, and data that nobody
// acknowledges for 30 s ends the connection.
void watchForSilence(int socket) {
  const int on = 1, idle = 15, interval = 5, probes = 3, unacknowledged = 30'000;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof unacknowledged);
}

// 0, or the errno that says why not.
int connectSocket(int socket, const sockaddr* address, socklen_t size, Deadline deadline) {
  if (::connect(socket, address, size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd waiting{socket, POLLOUT, 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, left(deadline));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

std::string numericName(const addrinfo& address) {
  char host[NI_MAXHOST] = "";
  ::getnameinfo(address.ai_addr, address.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return host;
}

// The names a certificate is for, as a person would look them up.
std::string namesOf(X509* certificate) {
  std::string names;
  auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* text = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char* bytes = ASN1_STRING_get0_data(text);
    const auto size = std::size_t(ASN1_STRING_length(text));
    if (!names.empty()) names += ", ";
    char address[INET6_ADDRSTRLEN] = "";
    if (name->type == GEN_DNS)
      names.append(reinterpret_cast<const char*>(bytes), size);
    else if (size == 4 || size == 16)
      names += ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, address, sizeof address);
  }
  GENERAL_NAMES_free(all);
  return names.empty() ? "no name at all" : names;
}

}  // namespace

base::Result<std::unique_ptr<Wire>> Wire::connect(const std::string& host, std::uint16_t port, Deadline deadline,
                                                  const std::function<bool(std::string_view)>& mayConnect) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return failed("looking up " + host, ::gai_strerror(error));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);

  base::Error last = failed("connecting", "there is no address");
  int untried = 0;
  for (const addrinfo* address = found; address; address = address->ai_next) ++untried;
  for (const addrinfo* address = found; address; address = address->ai_next, --untried) {
    if (const std::string name = numericName(*address); mayConnect && !mayConnect(name)) {
      last = failed("connecting to " + name + " port " + std::to_string(port), "this address is not allowed");
      continue;
    }
    Descriptor socket(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return failed("making a socket", errorText());
    watchForSilence(socket.number());
    // One address that swallows everything must leave time for the others.
    const auto now = std::chrono::steady_clock::now();
    int error = connectSocket(socket.number(), address->ai_addr, address->ai_addrlen, now + (deadline - now) / untried);
    if (error == 0) return std::unique_ptr<Wire>(new Wire(std::move(socket)));
    last = failed("connecting to " + numericName(*address) + " port " + std::to_string(port), errorText(error));
  }
  return last;
}

base::Result<std::unique_ptr<Wire>> Wire::connectUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::invalid(path + ": too long for the path of a socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failed("connecting to " + path, errorText());
  return std::unique_ptr<Wire>(new Wire(std::move(socket)));
}

base::Result<void> Wire::wait(short events, Deadline deadline, std::string_view doing) const {
  pollfd waiting{socket_.number(), events, 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, left(deadline));
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) return {};
  return failed(doing, ready == 0 ? "no answer in time" : errorText());
}

base::Error Wire::closed(std::string_view doing, int number) {
  isClosed_ = number != ETIMEDOUT;
  return failed(doing, number == 0 ? "the server closed the connection" : errorText(number));
}

// After a call of OpenSSL: true when it is done, false when it must be called again, or why it failed.
base::Result<bool> Wire::settled(int result, std::string_view doing, Deadline deadline) {
  if (result > 0) return true;
  const int saved = errno;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ: TRY(wait(POLLIN, deadline, doing)); return false;
    case SSL_ERROR_WANT_WRITE: TRY(wait(POLLOUT, deadline, doing)); return false;
    case SSL_ERROR_ZERO_RETURN: isClosed_ = true; return true;
    case SSL_ERROR_SYSCALL: return closed(doing, saved);
    default: break;
  }
  // A peer that just closes, without TLS's own goodbye: what was sent may have been cut short by anybody.
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return closed(doing);
  }
  return failed(doing, takeTlsError());
}

// The chain is whole and signed, only its end is nobody's that is known: whether it is one of `thumbprints`.
bool endsIn(const std::vector<std::string>& thumbprints, X509_STORE_CTX* chain) {
  constexpr std::array kUnknownEnd = {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                                      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                                      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED};
  const STACK_OF(X509)* certificates = X509_STORE_CTX_get0_chain(chain);
  const int count = sk_X509_num(certificates);
  if (count < 1 || !std::ranges::count(kUnknownEnd, X509_STORE_CTX_get_error(chain))) return false;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  X509_digest(sk_X509_value(certificates, count - 1), EVP_sha1(), digest.data(), nullptr);
  std::array<char, 2 * SHA_DIGEST_LENGTH + 1> shown;
  OPENSSL_buf2hexstr_ex(shown.data(), shown.size(), nullptr, digest.data(), digest.size(), '\0');
  return std::ranges::any_of(thumbprints, [&](const std::string& one) { return http::sameName(one, shown.data()); });
}

// OpenSSL forgets a refused certificate, so its names are noted while the chain is being looked at.
int Wire::lookAtCertificate(int isGood, X509_STORE_CTX* chain) {
  if (isGood == 1) return 1;
  auto* tls = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* wire = static_cast<Wire*>(SSL_get_app_data(tls));
  if (endsIn(wire->thumbprints_, chain)) {
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    return 1;
  }
  wire->refusedNames_ = namesOf(X509_STORE_CTX_get0_cert(chain));
  return 0;
}

// The server's certificate did not convince: which of its faults, and what helps.
base::Error Wire::distrust(const std::string& name) const {
  const long verdict = SSL_get_verify_result(tls_.get());
  std::string why = X509_verify_cert_error_string(verdict);
  std::string hint = "give the certificate of the authority that signed it (aws.caFile, AWS_CA_BUNDLE, SSL_CERT_FILE)";
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    why = "it is not for " + name + " but for " + refusedNames_;
    hint = "use a name that the certificate has, or a certificate with this name";
  } else if (verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID) {
    hint = "renew the server's certificate, or set this machine's clock right";
  }
  return base::Error{base::ErrorKind::Denied, "", "the server's certificate is not trusted: " + why, hint};
}

base::Result<void> Wire::startTls(const TlsContext& context, const std::string& name, bool verifies, Deadline deadline,
                                  const std::vector<std::string>& thumbprints) {
  constexpr std::string_view kDoing = "the TLS handshake";
  thumbprints_ = thumbprints;
  tls_.reset(SSL_new(context.get()));
  SSL_set_fd(tls_.get(), socket_.number());
  SSL_set_connect_state(tls_.get());
  // RFC 6066, section 3: literal addresses are not permitted in "HostName".
  const bool isAddress = http::parseAddress(name).has_value();
  if (!isAddress) SSL_set_tlsext_host_name(tls_.get(), name.c_str());
  if (verifies) {
    SSL_set_app_data(tls_.get(), this);
    SSL_set_verify(tls_.get(), SSL_VERIFY_PEER, lookAtCertificate);
    X509_VERIFY_PARAM* parameters = SSL_get0_param(tls_.get());
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = isAddress ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str())
                              : X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size());
    if (set != 1) return base::invalid("\"" + name + "\" is no name that a certificate can have");
  }
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(tls_.get());
    if (result != 1 && verifies && SSL_get_error(tls_.get(), result) == SSL_ERROR_SSL &&
        SSL_get_verify_result(tls_.get()) != X509_V_OK) {
      ERR_clear_error();
      return distrust(name);
    }
    if (!TRY(settled(result, kDoing, deadline))) continue;
    if (result != 1) return closed(kDoing);
    return {};
  }
}

base::Result<void> Wire::write(std::string_view bytes, Deadline deadline) {
  constexpr std::string_view kDoing = "sending the request";
  while (!bytes.empty()) {
    if (tls_) {
      ERR_clear_error();
      const int count = SSL_write(tls_.get(), bytes.data(), int(std::min<std::size_t>(bytes.size(), 1u << 20)));
      if (!TRY(settled(count, kDoing, deadline))) continue;
      if (count <= 0) return closed(kDoing);
      bytes.remove_prefix(std::size_t(count));
      continue;
    }
    const ssize_t count = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0)
      bytes.remove_prefix(std::size_t(count));
    else if (errno == EAGAIN || errno == EINTR)
      TRY(wait(POLLOUT, deadline, kDoing));
    else
      return closed(kDoing, errno);
  }
  return {};
}

base::Result<std::string_view> Wire::read(Deadline deadline) {
  constexpr std::string_view kDoing = "waiting for the answer";
  for (;;) {
    if (tls_) {
      ERR_clear_error();
      const int count = SSL_read(tls_.get(), buffer_.data(), int(buffer_.size()));
      if (TRY(settled(count, kDoing, deadline)))
        return std::string_view(buffer_).substr(0, std::size_t(std::max(count, 0)));
      continue;
    }
    const ssize_t count = ::recv(socket_.number(), buffer_.data(), buffer_.size(), 0);
    if (count == 0) isClosed_ = true;
    if (count >= 0) return std::string_view(buffer_).substr(0, std::size_t(count));
    if (errno != EAGAIN && errno != EINTR) return closed(kDoing, errno);
    TRY(wait(POLLIN, deadline, kDoing));
  }
}

bool Wire::isStale() const {
  char byte = 0;
  const ssize_t count = ::recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace io
