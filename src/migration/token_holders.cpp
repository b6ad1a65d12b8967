#include "migration/token_holders.h"

#include <algorithm>
#include <set>

#include "base/time.h"
#include "text/words.h"

namespace migration {
namespace {

using text::Json;

constexpr std::int64_t kDefaultLife = 3600;  // of a projected token that does not say
constexpr std::size_t kNamed = 5;

// 0 when the pod mounts none.
std::chrono::seconds longestToken(const Json& pod) {
  std::int64_t longest = 0;
  const Json& volumes = text::at(text::at(pod, "spec"), "volumes");
  for (const Json& volume : volumes.is_array() ? volumes : Json::array()) {
    for (const Json& source : text::at(text::at(volume, "projected"), "sources")) {
      const Json& token = text::at(source, "serviceAccountToken");
      if (token.is_object()) longest = std::max(longest, text::intAt(token, "expirationSeconds", kDefaultLife));
    }
  }
  return std::chrono::seconds(longest);
}

std::string named(const std::vector<const TokenHolder*>& holders) {
  std::vector<std::string> names;
  for (const TokenHolder* holder : holders) {
    if (names.size() < kNamed) names.push_back(holder->name);
  }
  const std::size_t more = holders.size() - names.size();
  return text::joined(names) + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

Gate heldGate(const std::vector<TokenHolder>& holders, base::Time since, const Vouched& vouched, base::Time now) {
  std::vector<const TokenHolder*> old;
  std::chrono::seconds longest = std::max<std::chrono::seconds>(kRenewal, vouched.longestToken);
  for (const TokenHolder& holder : holders) {
    if (holder.createdAt > since) continue;
    old.push_back(&holder);
    longest = std::max(longest, holder.longest);
  }
  const base::Time until = since + longest + kMargin;
  const std::string when = base::rfc3339(since);
  if (now >= until) return {"tokens", true, "every token from before " + when + " was renewed or has expired"};
  if (old.empty() && vouched.longestToken.count() == 0)
    return {"tokens", true, "every pod that mounts a token is younger than " + when};
  std::string says = old.empty() ? "tokens that programs asked for before " + when + " may live"
                                 : std::to_string(old.size()) + (old.size() == 1 ? " pod is" : " pods are") +
                                       " older than " + when + " and may hold a token from before (" + named(old) + ")";
  says += "; the last is renewed by " + base::rfc3339(until);
  if (!old.empty() && vouched.longestToken.count() == 0) says += ", or re-create the pods";
  return {"tokens", false, std::move(says), until};
}

Gate staleGate(const std::vector<ApiServer>& servers, const Vouched& vouched) {
  std::uint64_t stale = 0;
  for (const ApiServer& server : servers) stale += server.staleTokens;
  if (stale == 0) return {"stale", true, "nobody has used a token that the kubelet had renewed"};
  const std::string count = std::to_string(stale) + (stale == 1 ? " request" : " requests");
  if (vouched.staleIsFine)
    return {"stale", true, count + " came with a token that the kubelet had renewed; vouched for"};
  return {"stale", false,
          count +
              " came with a token that the kubelet had renewed (serviceaccount_stale_tokens_total): a client that "
              "never reads its file again keeps it for up to a year; the audit annotation "
              "authentication.k8s.io/stale-token names it; restart it, or vouch with --stale-is-fine"};
}

}  // namespace

base::Result<std::vector<TokenHolder>> lookAtHolders(const kube::Client& cluster) {
  std::vector<TokenHolder> holders;
  for (const Json& pod : TRY(cluster.list("/api/v1/pods?limit=500"))) {
    const std::string phase = text::stringAt(text::at(pod, "status"), "phase");
    const std::chrono::seconds longest = longestToken(pod);
    if (phase == "Succeeded" || phase == "Failed" || longest.count() == 0) continue;
    const Json& metadata = text::at(pod, "metadata");
    const base::Time created = TRY(base::parseRfc3339(text::stringAt(metadata, "creationTimestamp")));
    holders.push_back(
        {text::stringAt(metadata, "namespace") + "/" + text::stringAt(metadata, "name"), created, longest});
  }
  return holders;
}

base::Result<std::vector<TokenHolder>> lookAtTokenSecrets(const kube::Client& cluster) {
  http::Request request{.target = "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Fservice-account-token"};
  request.headers.add("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  const http::Response answer = TRY(cluster.send(std::move(request)));
  if (answer.status != 200) return kube::errorOf(answer, "listing the Secrets that hold tokens");
  const Json list = TRY(text::parseJson(answer.body));
  std::vector<TokenHolder> secrets;
  const Json& items = text::at(list, "items");
  for (const Json& item : items.is_array() ? items : Json::array()) {
    const Json& metadata = text::at(item, "metadata");
    const base::Time created = TRY(base::parseRfc3339(text::stringAt(metadata, "creationTimestamp")));
    secrets.push_back({text::stringAt(metadata, "namespace") + "/" + text::stringAt(metadata, "name"), created,
                       std::chrono::seconds(0)});
  }
  return secrets;
}

base::Time since(const std::vector<const ApiServer*>& servers) {
  base::Time latest{};
  for (const ApiServer* server : servers) latest = std::max(latest, server->startedAt);
  return latest;
}

Gates tokenGates(const std::vector<TokenHolder>& holders, const std::vector<ApiServer>& servers, base::Time since,
                 const Vouched& vouched, base::Time now) {
  return {heldGate(holders, since, vouched, now), staleGate(servers, vouched)};
}

std::vector<std::string> staleAccounts(std::string_view auditLog) {
  std::set<std::string> accounts;
  for (std::size_t begin = 0; begin < auditLog.size();) {
    const std::size_t end = std::min(auditLog.find('\n', begin), auditLog.size());
    const std::string_view line = auditLog.substr(begin, end - begin);
    begin = end + 1;
    if (line.find("authentication.k8s.io/stale-token") == std::string_view::npos) continue;
    const base::Result<Json> event = text::parseJson(line);
    if (!event) continue;
    const std::string said = text::stringAt(text::at(*event, "annotations"), "authentication.k8s.io/stale-token");
    constexpr std::string_view kSubject = "subject: ";
    const std::size_t at = said.find(kSubject);
    if (at == std::string::npos) continue;
    accounts.insert(said.substr(at + kSubject.size(), said.find(',', at) - at - kSubject.size()));
  }
  return {accounts.begin(), accounts.end()};
}

}  // namespace migration
