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

// A policy may have one statement without a list around it.
Json statementsOf(const Json& policy) {
  const Json& statements = text::at(policy, "Statement");
  return statements.is_array() ? statements : statements.is_object() ? Json::array({statements}) : Json::array();
}

bool isFor(const Json& statement, std::string_view providerArn) {
  const Json& principal = text::at(statement, "Principal");
  if (text::stringAt(statement, "Effect") != "Allow" || !principal.is_object() || principal.size() != 1) return false;
  const Json& federated = text::at(principal, "Federated");
  if (federated.is_string()) return federated.get<std::string>() == providerArn;
  return federated.is_array() && federated.size() == 1 && federated.front() == Json(providerArn);
}

Json documentsStatement(std::string_view partition, std::string_view bucket, std::string_view prefix, Json principal) {
  std::string arn = "arn:" + std::string(partition) + ":s3:::" + std::string(bucket) + "/";
  Json statement = Json::object();
  statement["Sid"] = "IssuerDocuments";
  statement["Effect"] = "Allow";
  statement["Principal"] = std::move(principal);
  statement["Action"] = "s3:GetObject";
  for (std::string_view key : kDocumentKeys) statement["Resource"].push_back(arn + objectKey(prefix, key));
  return statement;
}

std::string policyOf(Json statement) {
  Json document = Json::object();
  document["Version"] = "2012-10-17";
  document["Statement"] = Json::array({std::move(statement)});
  return text::compact(document);
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
  return policyOf(documentsStatement(partition, bucket, prefix, "*"));
}

std::string distributionBucketPolicy(std::string_view partition, std::string_view bucket, std::string_view prefix,
                                     std::string_view distributionArn) {
  Json statement = documentsStatement(partition, bucket, prefix, {{"Service", "cloudfront.amazonaws.com"}});
  statement["Condition"] = {{"StringEquals", {{"aws:SourceArn", distributionArn}}}};
  return policyOf(std::move(statement));
}

bool samePolicy(std::string_view a, std::string_view b) {
  auto first = text::parseJson(a), second = text::parseJson(b);
  return first && second && canonical(*first) == canonical(*second);
}

std::string readablePolicy(std::string_view document) {
  auto json = text::parseJson(document);
  return json ? text::pretty(*json) : std::string(document) + "\n";
}

MergedTrust mergedTrust(std::string_view live, std::string_view wanted, std::string_view providerArn) {
  auto there = text::parseJson(live), ours = text::parseJson(wanted);
  if (!there || !there->is_object() || !ours) return {std::string(wanted), 0};
  Json statements = Json::array();
  MergedTrust merged;
  bool isPlaced = false;
  auto place = [&] {
    for (const Json& statement : isPlaced ? Json::array() : statementsOf(*ours)) statements.push_back(statement);
    isPlaced = true;
  };
  for (const Json& statement : statementsOf(*there)) {
    if (isFor(statement, providerArn)) {
      place();
      continue;
    }
    statements.push_back(statement);
    ++merged.foreign;
  }
  place();
  Json document = *there;
  document["Version"] = text::at(*ours, "Version");
  document["Statement"] = std::move(statements);
  merged.document = text::compact(document);
  return merged;
}

std::string withoutTrust(std::string_view live, const std::vector<std::string>& providerArns) {
  auto document = text::parseJson(live);
  if (!document || !document->is_object()) return std::string(live);
  Json kept = Json::array();
  for (const Json& statement : statementsOf(*document))
    if (std::ranges::none_of(providerArns, [&](const std::string& arn) { return isFor(statement, arn); }))
      kept.push_back(statement);
  if (kept.empty()) return "";
  (*document)["Statement"] = std::move(kept);
  return text::compact(*document);
}

std::vector<std::string> keysLost(std::string_view before, std::string_view after) {
  std::vector<std::string> lost;
  const base::Result<oidc::Jwks> there = oidc::parseJwks(before), then = oidc::parseJwks(after);
  if (!there || !then) return lost;
  for (const oidc::Jwk& jwk : there->keys)
    if (std::ranges::find(then->keys, jwk.kid, &oidc::Jwk::kid) == then->keys.end()) lost.push_back(jwk.kid);
  return lost;
}

}  // namespace setup
