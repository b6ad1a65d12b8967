#include "migration/republish.h"

#include <algorithm>

#include "base/time.h"

namespace migration {
namespace {

bool holds(const std::vector<oidc::Jwk>& keys, std::string_view kid) {
  return std::ranges::any_of(keys, [kid](const oidc::Jwk& key) { return key.kid == kid; });
}

}  // namespace

Retired readRetired(std::string_view json) {
  Retired retired;
  const base::Result<text::Json> document = text::parseJson(json);
  if (!document || !document->is_object()) return retired;
  for (const auto& [kid, since] : document->items()) {
    if (!since.is_string()) continue;
    const base::Result<base::Time> time = base::parseRfc3339(since.get_ref<const std::string&>());
    if (time) retired[kid] = *time;
  }
  return retired;
}

std::string writeRetired(const Retired& retired) {
  text::Json document = text::Json::object();
  for (const auto& [kid, since] : retired) document[kid] = base::rfc3339(since);
  return text::compact(document);
}

Republication republication(const Cluster& cluster, const oidc::Jwks& published, const KnownKeys& known,
                            std::chrono::seconds grace) {
  Republication next;
  for (const ApiServer& server : cluster.servers) {
    next.isSure = next.isSure && server.trouble.empty();
    for (const oidc::Jwk& key : server.keys.keys) {
      if (!known.revoked.contains(key.kid) && !holds(next.keys.keys, key.kid)) next.keys.keys.push_back(key);
    }
  }
  std::vector<oidc::Jwk> gone;
  for (const oidc::Jwk& key : published.keys) {
    const bool isNoKey = key.kid.empty() || holds(gone, key.kid);
    if (isNoKey || known.revoked.contains(key.kid) || holds(next.keys.keys, key.kid)) continue;
    const auto found = known.retired.find(key.kid);
    const bool isKnown = found != known.retired.end();
    const base::Time since = isKnown ? found->second : cluster.now;
    if (next.isSure && cluster.now >= since + grace) continue;
    if (next.isSure || isKnown) next.retired[key.kid] = since;
    gone.push_back(key);
  }
  std::ranges::sort(gone, {}, &oidc::Jwk::kid);
  for (oidc::Jwk& key : gone) next.keys.keys.push_back(std::move(key));
  return next;
}

}  // namespace migration
