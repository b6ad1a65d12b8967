#include "oidc/discovery.h"

#include <algorithm>
#include <set>
#include <utility>

#include "text/words.h"

namespace oidc {
namespace {

using text::Json;

constexpr std::string_view kScheme = "https://";
constexpr std::size_t kLongestIssuer = 255;

base::Error refused(std::string_view issuer, const std::string& rule, const std::string& right = "") {
  base::Error error = base::invalid("the issuer \"" + std::string(issuer) + "\" " + rule);
  if (!right.empty()) error.hint = "use " + right;
  return error;
}

bool isHostCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; }

// RFC 3986, section 3.3: pchar and '/'.
bool isPathCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/-._~!$&'()*+,;=:@%").find(c) != std::string_view::npos;
}

base::Result<std::string> text(const Json& json, std::string_view member) {
  std::string value = text::stringAt(json, member);
  if (!value.empty()) return value;
  return base::invalid("the discovery document has no \"" + std::string(member) + "\"");
}

base::Result<void> checkHost(std::string_view issuer, std::string_view host, std::string_view path, Port port) {
  std::string rest(path);
  if (auto at = host.rfind('@'); at != host.npos)
    return refused(issuer, "has user information", std::string(kScheme) + std::string(host.substr(at + 1)) + rest);
  if (auto colon = host.find(':'); colon != host.npos) {
    std::string_view digits = host.substr(colon + 1);
    host = host.substr(0, colon);
    if (port == Port::Refused)
      return refused(issuer, "has a port, and IAM accepts none", std::string(kScheme) + std::string(host) + rest);
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)
      return refused(issuer, "has a port that is no number");
  }
  if (host.empty()) return refused(issuer, "has no host");
  if (text::lowerCase(host) != host)
    return refused(issuer, "has capital letters in its host", std::string(kScheme) + text::lowerCase(host) + rest);
  if (!std::ranges::all_of(host, isHostCharacter) || host.front() == '.' || host.back() == '.' ||
      host.find("..") != host.npos)
    return refused(issuer, "has a host that is no DNS name");
  return {};
}

}  // namespace

Json render(const Discovery& discovery) {
  std::vector<std::string> algorithms = discovery.signingAlgorithms;
  std::ranges::sort(algorithms);
  Json json = Json::object();
  json["issuer"] = discovery.issuer;
  json["jwks_uri"] = discovery.jwksUri;
  json["response_types_supported"] = Json::array({"id_token"});
  json["subject_types_supported"] = Json::array({"public"});
  json["id_token_signing_alg_values_supported"] = algorithms;
  json["claims_supported"] = Json::array({"sub", "iss"});
  return json;
}

base::Result<Discovery> parseDiscovery(std::string_view document) {
  auto json = text::parseJson(document);
  if (!json) return std::move(json).error().during("reading the discovery document");
  if (!json->is_object()) return base::invalid("the discovery document is no JSON object");
  Discovery discovery;
  discovery.issuer = TRY(text(*json, "issuer"));
  discovery.jwksUri = TRY(text(*json, "jwks_uri"));
  for (const Json& name : text::at(*json, "id_token_signing_alg_values_supported"))
    if (name.is_string()) discovery.signingAlgorithms.push_back(name.get<std::string>());
  return discovery;
}

std::vector<std::string> signingAlgorithms(const Jwks& jwks) {
  std::set<std::string> names;
  for (const Jwk& jwk : jwks.keys) names.emplace(crypto::nameOf(jwk.key.algorithm()));
  return {names.begin(), names.end()};
}

base::Result<void> checkIssuer(std::string_view issuer, Port port) {
  if (issuer.empty()) return base::invalid("the issuer is empty").withHint("use https://HOST or https://HOST/PATH");
  auto mark = issuer.find("://");
  std::string scheme = mark == issuer.npos ? "" : text::lowerCase(issuer.substr(0, mark));
  if (scheme.empty())
    return refused(issuer, "does not begin with https://", std::string(kScheme) + std::string(issuer));
  if (!issuer.starts_with(kScheme)) {
    std::string right =
        scheme == "http" || scheme == "https" ? std::string(kScheme) + std::string(issuer.substr(mark + 3)) : "";
    return refused(issuer, "does not begin with https://", right);
  }
  if (auto at = issuer.find_first_of("?#"); at != issuer.npos)
    return refused(issuer, issuer[at] == '?' ? "has a query" : "has a fragment", std::string(issuer.substr(0, at)));
  std::string_view rest = issuer.substr(kScheme.size());
  std::string_view host = rest.substr(0, rest.find('/'));
  std::string_view path = rest.substr(host.size());
  TRY(checkHost(issuer, host, path, port));
  if (issuer.ends_with('/')) {
    auto last = issuer.find_last_not_of('/');
    return refused(issuer, "ends with a slash, and IAM and STS compare issuers letter by letter",
                   std::string(issuer.substr(0, last + 1)));
  }
  if (!std::ranges::all_of(path, isPathCharacter))
    return refused(issuer, "has a character in its path that no URL may have");
  if (issuer.size() > kLongestIssuer)
    return refused(issuer, "has " + std::to_string(issuer.size()) + " characters, and IAM accepts at most 255");
  return {};
}

std::string providerName(std::string_view issuer) {
  if (issuer.starts_with(kScheme)) issuer.remove_prefix(kScheme.size());
  return std::string(issuer);
}

}  // namespace oidc
