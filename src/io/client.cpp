#include "io/client.h"

#include <signal.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "http/codec.h"
#include "http/proxy.h"
#include "http/url.h"
#include "io/system.h"
#include "io/wire.h"

namespace io {
namespace {

using Clock = std::chrono::steady_clock;

std::string variable(const char* upper, const char* lower) {
  std::string value = environment(lower).value_or("");
  return value.empty() ? environment(upper).value_or("") : value;
}

http::ProxySettings proxiesOfEnvironment() {
  http::ProxySettings settings{variable("HTTPS_PROXY", "https_proxy"), variable("HTTP_PROXY", "http_proxy"),
                               variable("NO_PROXY", "no_proxy")};
  // A CGI server sets HTTP_PROXY from a request's Proxy field (CVE-2016-5385).
  if (environment("REQUEST_METHOD")) settings.http = environment("http_proxy").value_or("");
  return settings;
}

class TcpClient final : public http::Client {
 public:
  explicit TcpClient(ClientOptions options) : options_(std::move(options)), proxies_(proxiesOfEnvironment()) {
    // OpenSSL writes to sockets without MSG_NOSIGNAL.
    ::signal(SIGPIPE, SIG_IGN);
  }

  base::Result<http::Response> send(const http::Request& request) override { return exchange(request, nullptr); }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink& sink) override {
    return exchange(request, &sink);
  }

 private:
  // Where a request goes, and how.
  struct Route {
    http::Url url;
    std::optional<http::Proxy> proxy;
  };
  struct Attempt {
    Deadline end = Deadline::max();  // of everything
    bool mayReuse = true;            // a connection that has been kept
    bool mayRepeat = false;          // it was such a one, and the server had closed it before a byte of the answer came
  };

  base::Result<http::Response> exchange(const http::Request& request, const http::Sink* sink);
  base::Result<http::Response> tryOnce(const Route& route, const http::Request& request, const http::Sink* sink,
                                       Attempt& attempt);
  base::Result<http::Response> readAnswer(Wire& wire, const http::Request& request, const http::Sink* sink,
                                          Deadline end, bool& isAnswered, bool& keepAlive) const;
  base::Result<std::optional<http::Proxy>> proxyOf(const http::Url& url) const;
  base::Result<std::string> headOf(const Route& route, const http::Request& request) const;
  base::Result<std::unique_ptr<Wire>> newWire(const Route& route, const std::vector<std::string>& thumbprints,
                                              Deadline end);
  base::Result<void> tunnel(Wire& wire, const Route& route) const;
  base::Result<TlsContext> context();
  std::unique_ptr<Wire> takeKept(const std::string& origin);
  void keep(const std::string& origin, std::unique_ptr<Wire> wire);

  const ClientOptions options_;
  const http::ProxySettings proxies_;
  std::mutex mutex_;  // guards what follows
  TlsContext context_;
  std::map<std::string, std::vector<std::unique_ptr<Wire>>> kept_;
};

constexpr std::size_t kMostKept = 8;  // connections per origin

base::Result<http::Response> TcpClient::exchange(const http::Request& request, const http::Sink* sink) {
  Route route;
  route.url = TRY(http::parseUrl(request.origin));
  route.proxy = TRY(proxyOf(route.url));
  Attempt attempt;
  if (options_.wholeTimeout.count() > 0) attempt.end = Clock::now() + options_.wholeTimeout;
  auto response = tryOnce(route, request, sink, attempt);
  // RFC 9112, section 9.3.1: a connection may be closed at any time; what nobody answered may be sent again.
  if (!response && attempt.mayRepeat) {
    attempt.mayReuse = attempt.mayRepeat = false;
    response = tryOnce(route, request, sink, attempt);
  }
  if (!response) return std::move(response).error().during(route.url.origin());
  return response;
}

base::Result<std::optional<http::Proxy>> TcpClient::proxyOf(const http::Url& url) const {
  if (options_.proxy.empty() || !options_.unixSocket.empty()) return std::optional<http::Proxy>();
  if (options_.proxy == "env") return http::proxyFor(url, proxies_);
  return std::optional(TRY(http::parseProxy(options_.proxy)));
}

base::Result<http::Response> TcpClient::tryOnce(const Route& route, const http::Request& request,
                                                const http::Sink* sink, Attempt& attempt) {
  const std::string origin = route.url.origin();
  const std::string head = TRY(headOf(route, request));
  const bool isShared = request.thumbprints.empty();
  std::unique_ptr<Wire> wire = attempt.mayReuse && isShared ? takeKept(origin) : nullptr;
  const bool isReused = wire != nullptr;
  if (!wire) wire = TRY(newWire(route, request.thumbprints, attempt.end));

  const Deadline deadline = std::min(attempt.end, Deadline(Clock::now() + options_.answerTimeout));
  auto written = wire->write(head, deadline);
  if (written) written = wire->write(request.body, deadline);
  bool keepAlive = false, isAnswered = false;
  // A server that refuses a body answers before it has read it and closes: the answer says more than the broken pipe.
  if (!written && !wire->isClosed()) return std::move(written).error();
  auto response = readAnswer(*wire, request, sink, attempt.end, isAnswered, keepAlive);
  attempt.mayRepeat = !response && isReused && !isAnswered && wire->isClosed();
  if (!response) return isAnswered || written ? std::move(response).error() : std::move(written).error();
  if (keepAlive && written && isShared) keep(origin, std::move(wire));
  return response;
}

base::Result<std::string> TcpClient::headOf(const Route& route, const http::Request& request) const {
  std::string head;
  const std::string authority = route.url.authority();
  // RFC 9112, section 3.2.2: a proxy is told the whole URL; behind a tunnel there is nothing to tell.
  if (!route.proxy || route.url.scheme == "https") {
    TRY(http::appendRequestHead(head, request, request.target, authority));
    return head;
  }
  TRY(http::appendRequestHead(head, request, route.url.origin() + request.target, authority));
  const std::string& authorization = route.proxy->authorization;
  if (!authorization.empty()) head.insert(head.size() - 2, "Proxy-Authorization: " + authorization + "\r\n");
  return head;
}

base::Result<http::Response> TcpClient::readAnswer(Wire& wire, const http::Request& request, const http::Sink* sink,
                                                   Deadline end, bool& isAnswered, bool& keepAlive) const {
  http::Limits limits;
  limits.head = 64u << 10;
  limits.body = options_.maxBody;
  http::ResponseReader reader(limits, request.method == "HEAD");
  http::Response response;
  bool hasHead = false, streams = false;
  Deadline deadline = std::min(end, Deadline(Clock::now() + options_.answerTimeout));
  std::string_view input;
  for (;;) {
    http::Progress progress = reader.read(input, response);
    if (progress == http::Progress::Head) {
      hasHead = true;
      streams = sink && response.status / 100 == 2;
      if (!streams) continue;
      reader.setBodyLimit(std::string::npos);
      if (!(*sink)("")) return response;
      continue;
    }
    if (streams && !response.body.empty()) {
      const bool goesOn = (*sink)(response.body);
      response.body.clear();
      if (!goesOn) return response;  // the connection goes with the unread rest
    }
    if (progress == http::Progress::NeedMore) {
      if (hasHead) deadline = std::min(end, Deadline(Clock::now() + options_.idleTimeout));
      input = TRY(wire.read(deadline));
      isAnswered |= !input.empty();
      if (!input.empty()) continue;
      progress = reader.end();
    }
    if (progress == http::Progress::Refused) return base::unavailable(std::string(reader.refusal().why));
    keepAlive = reader.keepAlive() && input.empty();
    return response;
  }
}

base::Result<std::unique_ptr<Wire>> TcpClient::newWire(const Route& route, const std::vector<std::string>& thumbprints,
                                                       Deadline end) {
  const Deadline deadline = std::min(end, Deadline(Clock::now() + options_.connectTimeout));
  if (!options_.unixSocket.empty()) return Wire::connectUnix(options_.unixSocket);
  const http::Url& url = route.url;
  std::unique_ptr<Wire> wire;
  if (route.proxy) {
    auto connected = Wire::connect(route.proxy->host, route.proxy->port, deadline, {});
    if (!connected) return std::move(connected).error().during("the proxy");
    wire = std::move(connected).value();
  } else {
    wire = TRY(Wire::connect(url.host, url.port, deadline, options_.mayConnect));
  }
  if (url.scheme != "https") return wire;
  if (route.proxy) TRY(tunnel(*wire, route));
  const TlsContext tls = TRY(context());
  const std::string& name = options_.tls.serverName.empty() ? url.host : options_.tls.serverName;
  TRY(wire->startTls(tls, name, !options_.tls.insecureSkipVerify, deadline, thumbprints));
  return wire;
}

// RFC 9110, section 9.3.6.
base::Result<void> TcpClient::tunnel(Wire& wire, const Route& route) const {
  http::Request request;
  request.method = "CONNECT";
  const http::Url& url = route.url;
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string authority = host + ":" + std::to_string(url.port);
  if (!route.proxy->authorization.empty()) request.headers.add("Proxy-Authorization", route.proxy->authorization);
  std::string head;
  TRY(http::appendRequestHead(head, request, authority, authority));
  const Deadline deadline = Clock::now() + options_.connectTimeout;
  TRY(wire.write(head, deadline));

  http::ResponseReader reader({}, true);  // whatever follows a 2xx belongs to the tunnel
  http::Response response;
  for (http::Progress progress = http::Progress::NeedMore; progress == http::Progress::NeedMore;) {
    std::string_view input = TRY(wire.read(deadline));
    if (input.empty()) return base::unavailable("the proxy closed the connection");
    progress = reader.read(input, response);
    if (progress == http::Progress::Refused)
      return base::unavailable("the proxy does not answer as it should: " + std::string(reader.refusal().why));
  }
  if (response.status / 100 == 2) return {};
  base::Error refused = base::unavailable("the proxy answered " + std::to_string(response.status) + " " +
                                          std::string(http::reasonPhrase(response.status)));
  if (response.status == 407) refused.hint = "put user:password@ into HTTPS_PROXY";
  return refused;
}

base::Result<TlsContext> TcpClient::context() {
  std::lock_guard lock(mutex_);
  if (!context_) context_ = TRY(newClientContext(options_.tls, environment("SSL_CERT_FILE").value_or("")));
  return context_;
}

std::unique_ptr<Wire> TcpClient::takeKept(const std::string& origin) {
  std::lock_guard lock(mutex_);
  std::vector<std::unique_ptr<Wire>>& wires = kept_[origin];
  while (!wires.empty()) {
    std::unique_ptr<Wire> wire = std::move(wires.back());
    wires.pop_back();
    if (!wire->isStale()) return wire;
  }
  return nullptr;
}

void TcpClient::keep(const std::string& origin, std::unique_ptr<Wire> wire) {
  std::lock_guard lock(mutex_);
  std::vector<std::unique_ptr<Wire>>& wires = kept_[origin];
  if (wires.size() < kMostKept) wires.push_back(std::move(wire));
}

}  // namespace

std::unique_ptr<http::Client> newClient(ClientOptions options) {
  return std::make_unique<TcpClient>(std::move(options));
}

}  // namespace io
