#include <algorithm>
#include <set>

#include "base/time.h"
#include "http/url.h"
#include "sim/iam.h"
#include "sim/issuer_reader.h"

namespace sim::iam {
namespace {

constexpr std::size_t kMostClientIds = 100, kMostThumbprints = 5, kMostProviders = 100;
// IAM stores the top intermediate's fingerprint when none is given; an issuer in our own buckets has no chain at all.
constexpr std::string_view kStandInThumbprint = "a9d53002e97e00e043244f3d170d6f4c414104fd";

std::string arnOf(const Call& call, const std::string& url) { return arn(call, "iam", "oidc-provider/" + url); }

// The provider of the parameter OpenIDConnectProviderArn, or null.
base::Result<OidcProvider*> lookUp(Call& call) {
  auto wanted = call.parameters.find("OpenIDConnectProviderArn");
  TRY(Constraints(Values::Hidden)
          .required("openIDConnectProviderArn", wanted)
          .length("openIDConnectProviderArn", wanted, 20, 2048)
          .verdict());
  std::string prefix = arnOf(call, "");
  if (!wanted->starts_with(prefix)) return static_cast<OidcProvider*>(nullptr);
  auto found = call.state.providers.find(std::string(wanted->substr(prefix.size())));
  return found == call.state.providers.end() ? nullptr : &found->second;
}

base::Result<OidcProvider*> find(Call& call) {
  OidcProvider* provider = TRY(lookUp(call));
  if (provider) return provider;
  return awsError("NoSuchEntity", "OpenIDConnect Provider not found for arn " +
                                      std::string(call.parameters.get("OpenIDConnectProviderArn")));
}

// The URL as IAM stores it: without its scheme, and without :443.
base::Result<std::string> storedUrl(const Call& call, std::string_view url) {
  base::Error bad = awsError("ValidationError", "Invalid Open ID Connect Provider URL");
  auto parsed = http::parseUrl(url);
  if (url.find('?') != url.npos || url.find('#') != url.npos)
    return awsError("InvalidInput", "Invalid Open ID Connect Provider URL");
  if (!parsed || parsed->scheme != "https") return bad;
  bool loopback = call.settings.allowLoopbackIssuers && isLoopback(parsed->host);
  if (parsed->port != 443 && !loopback) return bad;
  std::string rest(url.substr(url.find("://") + 3));
  std::size_t slash = rest.find('/');
  std::string authority = rest.substr(0, slash);
  // The port is kept as it was written, so it must be written in the one way that tokens write it.
  const std::size_t colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
  if (colon != authority.npos && authority.substr(colon + 1) != std::to_string(parsed->port)) return bad;
  if (authority.ends_with(":443")) authority.resize(authority.size() - 4);
  return authority + (slash == rest.npos ? "" : rest.substr(slash));
}

// One constraint for each list, whichever of its items breaks it.
void checkLengths(Constraints& constraints, std::string_view member, const std::vector<std::string>& items,
                  std::size_t least, std::size_t most) {
  const bool hold =
      std::ranges::all_of(items, [&](const std::string& item) { return item.size() >= least && item.size() <= most; });
  constraints.items(member, hold,
                    "Member must have length less than or equal to " + std::to_string(most) +
                        ", Member must have length greater than or equal to " + std::to_string(least));
}

base::Result<void> checkThumbprints(const std::vector<std::string>& thumbprints) {
  if (thumbprints.size() > kMostThumbprints)
    return awsError("InvalidInput", "Thumbprint list must contain fewer than 5 entries.");
  for (const std::string& thumbprint : thumbprints)
    if (thumbprint.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
      return awsError("InvalidInput", "Thumbprint must contain only hexadecimal characters.");
  return {};
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void writeList(text::XmlWriter& xml, std::string_view name, const std::vector<std::string>& items) {
  xml.open(name);
  for (const std::string& item : items) xml.leaf("member", item);
  xml.close();
}

}  // namespace

std::string providerResource(const Call& call) {
  if (auto given = call.parameters.find("OpenIDConnectProviderArn")) return std::string(*given);
  std::string url(call.parameters.get("Url"));
  std::size_t scheme = url.find("://");
  return arnOf(call, scheme == url.npos ? url : url.substr(scheme + 3));
}

base::Result<void> createOpenIdConnectProvider(Call& call) {
  auto url = call.parameters.find("Url");
  OidcProvider provider;
  std::set<std::string> seen;
  for (std::string& id : call.parameters.list("ClientIDList"))
    if (seen.insert(id).second) provider.clientIds.push_back(std::move(id));
  provider.thumbprints = call.parameters.list("ThumbprintList");
  Constraints constraints(Values::Hidden);
  checkLengths(constraints, "clientIDList", provider.clientIds, 1, 255);
  checkLengths(constraints, "thumbprintList", provider.thumbprints, 40, 40);
  TRY(constraints.required("url", url).length("url", url, 1, 255).verdict());
  provider.url = TRY(storedUrl(call, *url));
  if (provider.clientIds.size() > kMostClientIds)
    return awsError("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100");
  TRY(checkThumbprints(provider.thumbprints));
  provider.tags = TRY(requestTags(call, KeyCase::Kept));
  if (provider.thumbprints.empty()) {
    if (!call.issuers.isReachable(call, "https://" + provider.url))
      return awsError("OpenIdIdpCommunicationError", "The IdP host at " + provider.url + " could not be reached.");
    provider.thumbprints.emplace_back(kStandInThumbprint);
  }
  if (call.state.providers.count(provider.url))
    return awsError("EntityAlreadyExists", "Provider with url https://" + provider.url + " already exists.");
  if (call.state.providers.size() >= kMostProviders)
    return awsError("LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100");
  provider.created = base::unixSeconds(call.now);
  call.xml.leaf("OpenIDConnectProviderArn", arnOf(call, provider.url));
  if (!provider.tags.empty()) writeTags(call.xml, provider.tags);
  std::string key = provider.url;
  call.state.providers.emplace(std::move(key), std::move(provider));
  return {};
}

base::Result<void> getOpenIdConnectProvider(Call& call) {
  const OidcProvider* provider = TRY(find(call));
  call.xml.leaf("Url", provider->url);
  writeList(call.xml, "ClientIDList", provider->clientIds);
  writeList(call.xml, "ThumbprintList", provider->thumbprints);
  call.xml.leaf("CreateDate", timeText(provider->created));
  writeTags(call.xml, provider->tags);
  return {};
}

base::Result<void> listOpenIdConnectProviders(Call& call) {
  call.xml.open("OpenIDConnectProviderList");
  for (const auto& [url, provider] : call.state.providers)
    call.xml.open("member").leaf("Arn", arnOf(call, url)).close();
  call.xml.close();
  return {};
}

base::Result<void> deleteOpenIdConnectProvider(Call& call) {
  OidcProvider* provider = TRY(lookUp(call));
  if (!provider)
    return awsError("NoSuchEntity", "OpenId connect Provider " +
                                        std::string(call.parameters.get("OpenIDConnectProviderArn")) +
                                        " cannot be found.");
  call.state.providers.erase(std::string(provider->url));
  return {};
}

base::Result<void> addClientId(Call& call) {
  auto id = call.parameters.find("ClientID");
  TRY(Constraints(Values::Hidden).required("clientID", id).length("clientID", id, 1, 255).verdict());
  OidcProvider* provider = TRY(find(call));
  if (contains(provider->clientIds, *id)) return {};
  if (provider->clientIds.size() >= kMostClientIds)
    return awsError("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100");
  provider->clientIds.emplace_back(*id);
  return {};
}

base::Result<void> removeClientId(Call& call) {
  auto id = call.parameters.find("ClientID");
  TRY(Constraints(Values::Hidden).required("clientID", id).length("clientID", id, 1, 255).verdict());
  OidcProvider* provider = TRY(find(call));
  std::erase(provider->clientIds, *id);
  return {};
}

base::Result<void> updateThumbprint(Call& call) {
  OidcProvider* provider = TRY(find(call));
  std::vector<std::string> thumbprints = call.parameters.list("ThumbprintList");
  if (thumbprints.empty()) return awsError("InvalidInput", "Thumbprint list must contain at least one entry.");
  Constraints constraints(Values::Hidden);
  checkLengths(constraints, "thumbprintList", thumbprints, 40, 40);
  TRY(constraints.verdict());
  TRY(checkThumbprints(thumbprints));
  provider->thumbprints = std::move(thumbprints);
  return {};
}

base::Result<void> tagOpenIdConnectProvider(Call& call) {
  OidcProvider* provider = TRY(find(call));
  Tags tags = TRY(requestTags(call, KeyCase::Kept));
  return addTags(provider->tags, tags, KeyCase::Kept);
}

base::Result<void> untagOpenIdConnectProvider(Call& call) {
  const std::vector<std::string> keys = TRY(requestTagKeys(call));
  OidcProvider* provider = TRY(find(call));
  for (const std::string& key : keys) provider->tags.erase(key);
  return {};
}

base::Result<void> listOpenIdConnectProviderTags(Call& call) {
  const OidcProvider* provider = TRY(find(call));
  return writeTagPage(call, provider->tags);
}

}  // namespace sim::iam
