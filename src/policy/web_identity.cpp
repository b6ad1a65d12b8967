#include "policy/web_identity.h"

#include <algorithm>
#include <set>

#include "policy/pattern.h"
#include "policy/tag_text.h"
#include "policy/trust_policy.h"
#include "text/words.h"

namespace policy {
namespace {

using text::Json;

constexpr std::string_view kTagsClaim = "https://aws.amazon.com/tags";
constexpr std::string_view kSourceIdentityClaim = "https://aws.amazon.com/source_identity";
constexpr std::size_t kMostTags = 50, kLongestKey = 128, kLongestValue = 256;

std::size_t characters(std::string_view text) {
  return std::size_t(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool isTag(const std::string& key, const Json& values) {
  bool isOne = values.is_array() && values.size() == 1 && values[0].is_string();
  if (!isOne || key.empty() || characters(key) > kLongestKey || !isTagText(key) || isReservedTagKey(key)) return false;
  const auto& value = values[0].get_ref<const std::string&>();
  return characters(value) <= kLongestValue && isTagText(value);
}

// [\w+=,.@-]*
bool isSourceIdentity(std::string_view text) {
  return text.size() >= 2 && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("_+=,.@-").find(c) != std::string_view::npos;
         });
}

}  // namespace

base::Result<SessionClaims> sessionClaims(const Json& claims) {
  base::Error bad = base::invalid("principal_tags passed in claim is not in correct format.");
  SessionClaims out;
  out.sourceIdentity = text::stringAt(claims, kSourceIdentityClaim);
  if (claims.contains(kSourceIdentityClaim) && !isSourceIdentity(out.sourceIdentity))
    return base::invalid("source_identity passed in claim is not in correct format.");
  if (!claims.contains(kTagsClaim)) return out;
  const Json& claim = text::at(claims, kTagsClaim);
  const Json& principalTags = text::at(claim, "principal_tags");
  const Json& transitive = text::at(claim, "transitive_tag_keys");
  if (!principalTags.is_object() || principalTags.size() > kMostTags) return bad;
  std::set<std::string> seen;  // keys are the same whatever their case
  for (const auto& [key, values] : principalTags.items()) {
    if (!isTag(key, values) || !seen.insert(text::lowerCase(key)).second) return bad;
    out.tags[key] = values[0].get<std::string>();
  }
  if (transitive.is_null()) return out;
  out.transitiveKeys = text::stringsIn(transitive);
  bool isList = transitive.is_array() && out.transitiveKeys.size() == transitive.size();
  bool areTags = std::ranges::all_of(out.transitiveKeys, [&](const auto& key) { return out.tags.contains(key); });
  if (!isList || !areTags) return bad;
  return out;
}

std::vector<std::string> actionsFor(const SessionClaims& session) {
  std::vector<std::string> actions;
  if (!session.tags.empty()) actions.emplace_back("sts:TagSession");
  if (!session.sourceIdentity.empty()) actions.emplace_back("sts:SetSourceIdentity");
  return actions;
}

void addSessionKeys(Request& request, const SessionClaims& session) {
  if (!session.sourceIdentity.empty()) request.context["sts:sourceidentity"] = {session.sourceIdentity};
  if (!session.transitiveKeys.empty()) request.context["sts:transitivetagkeys"] = session.transitiveKeys;
  for (const auto& [key, value] : session.tags) {
    request.context["aws:requesttag/" + text::lowerCase(key)] = {value};
    request.context["aws:tagkeys"].push_back(key);
  }
}

Request webIdentityRequest(const WebIdentity& identity, const Json& claims, const SessionClaims& session) {
  Request request;
  request.action = kWebIdentityAction;
  request.resource = identity.role.text();
  request.principalKind = "Federated";
  request.principal =
      Arn{identity.role.partition, "iam", "", identity.role.account, "oidc-provider/" + identity.provider}.text();
  request.principalAccount = identity.role.account;
  const std::string prefix = text::lowerCase(identity.provider);
  if (!identity.audience.empty()) request.context[prefix + ":aud"] = {identity.audience};
  request.context[prefix + ":sub"] = {text::stringAt(claims, "sub")};
  if (claims.contains("azp")) request.context[prefix + ":oaud"] = text::stringsIn(text::at(claims, "aud"));
  if (auto methods = text::stringsIn(text::at(claims, "amr")); !methods.empty())
    request.context[prefix + ":amr"] = methods;
  request.context["aws:federatedprovider"] = {request.principal};
  if (!identity.sessionName.empty()) request.context["sts:rolesessionname"] = {identity.sessionName};
  addSessionKeys(request, session);
  return request;
}

}  // namespace policy
