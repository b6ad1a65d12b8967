#include "migration/api_servers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/time.h"
#include "cluster/api_server_manifest.h"
#include "oidc/discovery.h"
#include "oidc/web_identity_token.h"

namespace migration {
namespace {

using text::Json;

constexpr std::string_view kTokenPath = "/api/v1/namespaces/kube-system/serviceaccounts/default/token";
constexpr std::string_view kKeysPath = "/openid/v1/jwks";
constexpr std::string_view kReviewPath = "/apis/authentication.k8s.io/v1/tokenreviews";
constexpr std::string_view kProgram = "kube-apiserver";
constexpr std::chrono::seconds kReportMargin{5};  // whole seconds, and two ways to know when a process began
constexpr std::chrono::seconds kMakingTime{15};   // from a pod's making to its container's start
constexpr int kTokenSeconds = 600;                // the shortest that kube-apiserver gives

const Json& itemsOf(const Json& list) {
  static const Json kNone = Json::array();
  const Json& items = text::at(list, "items");
  return items.is_array() ? items : kNone;
}

std::string hostOf(std::string_view address) {
  std::string host(address.substr(0, address.rfind(':')));
  std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
  return host;
}

struct Flags {
  std::vector<std::string> issuers, keyFiles;
  std::string signingKey, signingEndpoint, advertised;
};

void takeFlag(const cluster::Flag& flag, Flags& flags) {
  const auto& [name, value] = flag;
  if (name == "service-account-issuer") flags.issuers.push_back(value);
  if (name == "service-account-key-file") flags.keyFiles.push_back(value);
  if (name == "service-account-signing-key-file") flags.signingKey = value;
  if (name == "service-account-signing-endpoint") flags.signingEndpoint = value;
  if (name == "advertise-address") flags.advertised = value;
}

Flags flagsOf(const Json& pod) {
  Flags flags;
  const Json& containers = text::at(text::at(pod, "spec"), "containers");
  for (const Json& container : containers.is_array() ? containers : Json::array()) {
    if (text::stringAt(container, "name") != kProgram) continue;
    for (const char* list : {"command", "args"})
      for (const cluster::FlagWords& one : cluster::flagsIn(text::stringsIn(text::at(container, list))))
        if (one.hasValue) takeFlag(one.flag, flags);
  }
  return flags;
}

struct Report {
  std::optional<base::Time> made;     // the pod
  std::optional<base::Time> started;  // its container
  std::int64_t restarts = 0;
};

std::optional<base::Time> timeAt(const Json& object, const char* name) {
  const base::Result<base::Time> time = base::parseRfc3339(text::stringAt(object, name));
  return time ? std::optional(*time) : std::nullopt;
}

Report reportOf(const Json& pod) {
  Report report{.made = timeAt(text::at(pod, "metadata"), "creationTimestamp"), .started = {}};
  for (const Json& container : text::at(text::at(pod, "status"), "containerStatuses")) {
    if (text::stringAt(container, "name") != kProgram) continue;
    report.started = timeAt(text::at(text::at(container, "state"), "running"), "startedAt");
    report.restarts = text::intAt(container, "restartCount");
  }
  return report;
}

// Whether the pod is that of a process before this one. Before the kubelet makes the new pod, it gives the former one
// the status of the new process; who has run for long can't be told from one whose machine was started again.
bool isOfFormerProcess(const Report& report, base::Time startedAt, base::Time now) {
  const std::optional<base::Time>& latest = report.started ? report.started : report.made;
  if (latest && *latest + kReportMargin < startedAt) return true;
  const bool isMadeBefore = report.made && *report.made + kMakingTime < startedAt;
  return isMadeBefore && report.restarts == 0 && now < startedAt + kReportTime;
}

// The pod of a kubelet's manifest has the node's address; a new one for most of a minute no status that says so.
bool isAt(const std::string& host, const Json& pod, const Flags& flags) {
  const Json& status = text::at(pod, "status");
  const std::string address = text::stringAt(status, "hostIP");
  return address == host || text::stringAt(status, "podIP") == host || (address.empty() && flags.advertised == host);
}

void readFlags(const Json& pods, ApiServer& server, base::Time now) {
  const std::string host = hostOf(server.name);
  for (const Json& pod : itemsOf(pods)) {
    Flags flags = flagsOf(pod);
    if (flags.issuers.empty() || !isAt(host, pod, flags)) continue;
    server.isUnreported = isOfFormerProcess(reportOf(pod), server.startedAt, now);
    if (server.isUnreported) continue;
    server.showsFlags = true;
    server.issuers = std::move(flags.issuers);
    server.keyFiles = std::move(flags.keyFiles);
    server.signingKey = std::move(flags.signingKey);
    server.signingEndpoint = std::move(flags.signingEndpoint);
  }
}

base::Result<std::string> mint(const kube::Client& client) {
  const Json request = {{"apiVersion", "authentication.k8s.io/v1"},
                        {"kind", "TokenRequest"},
                        {"spec", {{"expirationSeconds", kTokenSeconds}}}};
  const Json answer = TRY(client.create(std::string(kTokenPath), request));
  return text::stringAt(text::at(answer, "status"), "token");
}

base::Result<bool> takes(const kube::Client& client, const std::string& token) {
  const Json request = {
      {"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"}, {"spec", {{"token", token}}}};
  const Json answer = TRY(client.create(std::string(kReviewPath), request));
  const Json& isGood = text::at(text::at(answer, "status"), "authenticated");
  return isGood.is_boolean() && isGood.get<bool>();
}

void readMinted(const oidc::UnverifiedToken& token, ApiServer& server) {
  server.mintedIssuer = token.issuer();
  server.mintedKid = token.kid;
  if (server.showsFlags) return;
  server.issuers = {server.signer};
  for (const std::string& audience : token.audiences()) {
    if (audience != server.signer && audience.find("://") != std::string::npos) server.issuers.push_back(audience);
  }
}

base::Result<http::Response> metricsOf(const kube::Client& client) {
  http::Response answer = TRY(client.send({.method = "GET", .target = "/metrics"}));
  if (answer.status != 200) return kube::errorOf(answer, "reading /metrics");
  return answer;
}

base::Result<base::Time> startIn(const std::string& metrics) {
  const std::chrono::milliseconds started(std::llround(metricIn(metrics, "process_start_time_seconds") * 1000));
  if (started.count() == 0) return base::invalid("/metrics has no process_start_time_seconds");
  return base::Time(started);
}

void heedClock(const http::Response& answer, base::Time& now) {
  const base::Result<base::Time> theirs = base::parseHttpDate(answer.headers.get("Date"));
  if (theirs) now = std::min(now, *theirs + std::chrono::seconds(1));  // it has no fractions
}

// /metrics, and the API server's own clock.
base::Result<void> readMetrics(const kube::Client& client, ApiServer& server, base::Time& now) {
  const http::Response answer = TRY(metricsOf(client));
  server.startedAt = TRY(startIn(answer.body));
  server.staleTokens = std::uint64_t(metricIn(answer.body, "serviceaccount_stale_tokens_total"));
  server.legacyTokens = std::uint64_t(metricIn(answer.body, "serviceaccount_legacy_tokens_total"));
  heedClock(answer, now);
  return {};
}

base::Result<oidc::Jwks> readKeys(const kube::Client& client, base::Time& now) {
  http::Request request{.method = "GET", .target = std::string(kKeysPath)};
  request.headers.add("Accept", "*/*");  // it is application/jwk-set+json and insists on that
  const http::Response answer = TRY(client.send(std::move(request)));
  if (answer.status != 200) return kube::errorOf(answer, "reading " + std::string(kKeysPath));
  heedClock(answer, now);
  return oidc::parseJwks(answer.body);
}

base::Result<std::string> look(const kube::Client& client, const Json& pods, ApiServer& server, base::Time& now) {
  const std::string document = TRY(client.getText(std::string(oidc::kDiscoveryPath)));
  oidc::Discovery discovery = TRY(oidc::parseDiscovery(document));
  server.signer = std::move(discovery.issuer);
  server.keys = TRY(readKeys(client, now));
  TRY(readMetrics(client, server, now));
  readFlags(pods, server, now);
  std::string token = TRY(mint(client));
  const oidc::UnverifiedToken decoded = TRY(oidc::decodeToken(token));
  readMinted(decoded, server);
  const base::Result<std::string> ready = client.getText("/readyz");
  server.isReady = ready ? true : false;
  return token;
}

}  // namespace

bool ApiServer::accepts(std::string_view issuer) const { return std::ranges::find(issuers, issuer) != issuers.end(); }

bool ApiServer::serves(std::string_view kid) const {
  return std::ranges::any_of(keys.keys, [kid](const oidc::Jwk& key) { return key.kid == kid; });
}

base::Result<void> proveTokens(const kube::Client& client, std::string_view issuer) {
  const std::string token = TRY(mint(client));
  const oidc::UnverifiedToken decoded = TRY(oidc::decodeToken(token));
  if (decoded.issuer() != issuer) {
    return base::unavailable("a new token is signed as " + decoded.issuer());
  }
  const bool isTaken = TRY(takes(client, token));
  if (!isTaken) return base::unavailable("the API server refuses a token that it has just signed");
  return {};
}

base::Result<base::Time> startOf(const kube::Client& client) {
  const http::Response answer = TRY(metricsOf(client));
  return startIn(answer.body);
}

double metricIn(std::string_view metrics, std::string_view name) {
  for (std::size_t begin = 0; begin < metrics.size();) {
    const std::size_t end = std::min(metrics.find('\n', begin), metrics.size());
    const std::string_view line = metrics.substr(begin, end - begin);
    begin = end + 1;
    if (!line.starts_with(name) || line.size() <= name.size() + 1 || line[name.size()] != ' ') continue;
    double value = 0;
    const std::string_view number = line.substr(name.size() + 1);
    std::from_chars(number.data(), number.data() + number.size(), value);
    return value;
  }
  return 0;
}

base::Result<std::vector<std::string>> addressesOf(const kube::Client& cluster) {
  constexpr const char* kPath =
      "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
      "?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes";
  const Json slices = TRY(cluster.get(kPath));
  std::vector<std::string> found;
  for (const Json& slice : itemsOf(slices)) {
    const Json& ports = text::at(slice, "ports");
    const std::int64_t port = ports.is_array() && !ports.empty() ? text::intAt(ports.front(), "port") : 443;
    for (const Json& endpoint : text::at(slice, "endpoints")) {
      for (const Json& address : text::at(endpoint, "addresses")) {
        if (!address.is_string()) continue;
        const std::string host = address.get<std::string>();
        const bool isV6 = host.find(':') != std::string::npos;
        found.push_back("https://" + (isV6 ? "[" + host + "]" : host) + ":" + std::to_string(port));
      }
    }
  }
  std::ranges::sort(found);
  return found;
}

base::Result<Cluster> lookAtApiServers(const std::vector<Endpoint>& endpoints, const kube::Client& cluster,
                                       base::Time now) {
  const Json pods = TRY(cluster.get("/api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver"));
  Cluster seen{{}, now};
  std::vector<std::string> minted;
  for (const Endpoint& endpoint : endpoints) {
    ApiServer server{.name = endpoint.name};
    base::Result<std::string> token = look(endpoint.client, pods, server, seen.now);
    if (!token) server = {.name = endpoint.name, .trouble = token.error().message};
    minted.push_back(token ? *token : "");
    seen.servers.push_back(std::move(server));
  }
  for (std::size_t i = 0; i < minted.size(); ++i) {
    for (std::size_t j = 0; j < endpoints.size(); ++j) {
      if (minted[i].empty() || minted[j].empty()) continue;
      const base::Result<bool> taken = takes(endpoints[j].client, minted[i]);
      if (!taken || !*taken) seen.servers[i].refusedBy.push_back(endpoints[j].name);
    }
  }
  return seen;
}

Cluster lookAtKeys(const std::vector<Endpoint>& endpoints, base::Time now) {
  Cluster seen{{}, now};
  for (const Endpoint& endpoint : endpoints) {
    ApiServer server{.name = endpoint.name};
    base::Result<oidc::Jwks> keys = readKeys(endpoint.client, seen.now);
    if (!keys)
      server.trouble = keys.error().message;
    else if (keys->keys.empty())
      server.trouble = "it serves no key";
    else
      server.keys = *std::move(keys);
    seen.servers.push_back(std::move(server));
  }
  return seen;
}

}  // namespace migration
