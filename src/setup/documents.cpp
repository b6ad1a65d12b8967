#include "setup/documents.h"

#include <algorithm>

#include "oidc/discovery.h"
#include "text/json.h"

namespace setup {
namespace {

using text::Json;

Json canonical(const Json& json) {
  if (json.is_array()) {
    std::vector<Json> items;
    for (const Json& item : json) items.push_back(canonical(item));
    if (items.size() == 1) return items.front();
    std::sort(items.begin(), items.end(), [](const Json& a, const Json& b) { return a.dump() < b.dump(); });
    return Json(items);
  }
  if (!json.is_object()) return json;
  std::vector<std::string> names;
  for (const auto& [name, value] : json.items()) names.push_back(name);
  std::sort(names.begin(), names.end());
  Json sorted = Json::object();
  for (const std::string& name : names) sorted[name] = canonical(json[name]);
  return sorted;
}

}  // namespace

std::string objectKey(std::string_view prefix, std::string_view key) {
  return prefix.empty() ? std::string(key) : std::string(prefix) + "/" + std::string(key);
}

std::string discoveryDocument(std::string_view issuer, const oidc::Jwks& jwks) {
  std::string url(issuer);
  return text::pretty(
      oidc::render(oidc::Discovery{url, url + "/" + std::string(kJwksKey), oidc::signingAlgorithms(jwks)}));
}

std::string jwksDocument(const oidc::Jwks& jwks) { return text::pretty(oidc::render(jwks)); }

std::string bucketPolicy(std::string_view partition, std::string_view bucket, std::string_view prefix) {
  std::string arn = "arn:" + std::string(partition) + ":s3:::" + std::string(bucket) + "/";
  Json statement = Json::object();
  statement["Sid"] = "IssuerDocuments";
  statement["Effect"] = "Allow";
  statement["Principal"] = "*";
  statement["Action"] = "s3:GetObject";
  statement["Resource"] = Json::array({arn + objectKey(prefix, kDiscoveryKey), arn + objectKey(prefix, kJwksKey)});
  Json document = Json::object();
  document["Version"] = "2012-10-17";
  document["Statement"] = Json::array({std::move(statement)});
  return text::compact(document);
}

bool samePolicy(std::string_view a, std::string_view b) {
  auto first = text::parseJson(a), second = text::parseJson(b);
  return first && second && canonical(*first) == canonical(*second);
}

}  // namespace setup
