#include "setup/adopt_rules.h"

#include <algorithm>

#include "oidc/discovery.h"
#include "oidc/jwks.h"
#include "setup/documents.h"

namespace setup {
namespace {

using text::Json;
using text::Severity;

bool isForEverybody(const Json& statement) {
  if (text::stringAt(statement, "Effect") != "Allow" || statement.contains("Condition")) return false;
  const Json& principal = text::at(statement, "Principal");
  const std::vector<std::string> named =
      text::stringsIn(principal.is_object() ? text::at(principal, "AWS") : principal);
  return std::find(named.begin(), named.end(), "*") != named.end();
}

std::vector<std::string> documentArns(const FoundSetup& found) {
  std::vector<std::string> arns;
  for (std::string_view key : kDocumentKeys)
    arns.push_back("arn:" + found.partition + ":s3:::" + found.place->bucket + "/" +
                   objectKey(found.place->prefix, key));
  return arns;
}

bool reaches(const std::string& resource, const std::string& arn) {
  return resource == "*" || resource == arn ||
         (resource.ends_with('*') && arn.starts_with(resource.substr(0, resource.size() - 1)));
}

Json statementsIn(const FoundSetup& found) {
  auto policy = text::parseJson(found.bucket.policy);
  if (!policy) return Json::array();
  const Json& statements = text::at(*policy, "Statement");
  return statements.is_object() ? Json::array({statements}) : statements;
}

}  // namespace

const aws::Object* documentIn(const FoundSetup& found, std::string_view key) {
  if (!found.place) return nullptr;
  auto object = found.bucket.documents.find(objectKey(found.place->prefix, key));
  return object == found.bucket.documents.end() ? nullptr : &object->second;
}

std::string placeOf(const FoundSetup& found, std::string_view key) {
  return "s3://" + found.place->bucket + "/" + objectKey(found.place->prefix, key);
}

std::optional<std::string> withoutEmptyKids(std::string_view jwks) {
  auto document = text::parseJson(jwks);
  if (!document || !text::at(*document, "keys").is_array()) return std::nullopt;
  Json kept = Json::array();
  for (const Json& key : text::at(*document, "keys"))
    if (!text::stringAt(key, "kid").empty()) kept.push_back(key);
  if (kept.size() == text::at(*document, "keys").size() || kept.empty()) return std::nullopt;
  (*document)["keys"] = std::move(kept);
  return text::pretty(*document);
}

std::optional<std::string> withoutSlash(std::string_view discovery, const std::string& issuer) {
  auto document = text::parseJson(discovery);
  if (!document || text::stringAt(*document, "issuer") != issuer + "/") return std::nullopt;
  (*document)["issuer"] = issuer;
  return text::pretty(*document);
}

std::optional<std::string> withAudience(std::string_view trust, const FoundSetup& found) {
  auto document = text::parseJson(trust);
  if (!document || !document->is_object()) return std::nullopt;
  const std::string key = found.provider.provider.url + ":aud";
  bool isChanged = false;
  auto pin = [&](Json& statement) {
    const std::vector<std::string> named = text::stringsIn(text::at(text::at(statement, "Principal"), "Federated"));
    if (std::find(named.begin(), named.end(), found.provider.arn) == named.end()) return;
    if (text::stringAt(statement, "Effect") != "Allow") return;
    if (text::compact(text::at(statement, "Condition")).find("\"" + key + "\"") != std::string::npos) return;
    statement["Condition"]["StringEquals"][key] = kAudience;
    isChanged = true;
  };
  Json& statements = (*document)["Statement"];
  if (statements.is_object()) pin(statements);
  if (statements.is_array())
    for (Json& statement : statements) pin(statement);
  return isChanged ? std::optional(text::compact(*document)) : std::nullopt;
}

bool hasUsualHeaders(const aws::Object& object) {
  return object.contentType.starts_with(kDocumentType) && !object.cacheControl.empty();
}

bool letsEverybodyReadTheDocuments(const FoundSetup& found) {
  for (const std::string& arn : documentArns(found)) {
    if (!found.bucket.documents.contains(arn.substr(arn.find('/') + 1))) continue;
    bool isCovered = false;
    for (const Json& statement : statementsIn(found)) {
      const auto actions = text::stringsIn(text::at(statement, "Action")),
                 resources = text::stringsIn(text::at(statement, "Resource"));
      const bool reads = std::any_of(actions.begin(), actions.end(), [](const std::string& action) {
        return action == "s3:GetObject" || action == "s3:*" || action == "s3:Get*" || action == "*";
      });
      isCovered = isCovered || (isForEverybody(statement) && reads &&
                                std::any_of(resources.begin(), resources.end(),
                                            [&](const std::string& resource) { return reaches(resource, arn); }));
    }
    if (!isCovered) return false;
  }
  return true;
}

bool isWide(const Json& statement, const FoundSetup& found) {
  if (!isForEverybody(statement)) return false;
  const auto arns = documentArns(found);
  const auto actions = text::stringsIn(text::at(statement, "Action")),
             resources = text::stringsIn(text::at(statement, "Resource"));
  return actions != std::vector<std::string>{"s3:GetObject"} ||
         std::any_of(resources.begin(), resources.end(), [&](const std::string& resource) {
           return std::find(arns.begin(), arns.end(), resource) == arns.end();
         });
}

void lintIssuer(AdoptLint& lint) {
  const FoundSetup& found = lint.found;
  const std::string place = "issuer " + found.issuer();
  if (!found.place) return;
  if (found.place->hasDash)
    lint.add("ISSUER_DASH_ENDPOINT", Severity::Warning, place,
             "S3 has names with a dash in its older Regions only, and advises against them",
             "a new set-up gets https://BUCKET.s3.REGION; this one stays as it is: another issuer would refuse every "
             "token that is in use");
  if (found.place->isPathStyle)
    lint.add("ISSUER_PATH_STYLE", Severity::Note, place,
             "the bucket stands in the path, not in the host's name; S3 serves both",
             "keep it: issuer: {hosting: s3, bucket: " + found.place->bucket + ", url: \"" + found.issuer() + "\"}");
  if (!found.unread.empty())
    return lint.add("LOOK_DENIED", Severity::Note, "bucket " + found.place->bucket, "not looked at: " + found.unread,
                    found.place->region.empty() ? "" : "AWS_REGION=" + found.place->region + " irsa adopt");
  if (!found.bucket.exists)
    lint.add("BUCKET_MISSING", Severity::Error, "bucket " + found.place->bucket,
             "the issuer's bucket is gone: whoever makes one of that name can mint tokens for every role that trusts " +
                 found.issuer(),
             "make the bucket in your account at once, or aws iam delete-open-id-connect-provider "
             "--open-id-connect-provider-arn " +
                 found.provider.arn);
}

void lintDocuments(AdoptLint& lint) {
  const FoundSetup& found = lint.found;
  if (!found.place || !found.bucket.exists) return;
  for (std::string_view key : {kDiscoveryKey, kJwksKey}) {
    const aws::Object* object = documentIn(found, key);
    if (!object && key == kDiscoveryKey)
      lint.add("DOCUMENT_MISSING", Severity::Error, placeOf(found, key),
               "AWS reads the issuer there, and it is not there", "irsa apply --adopt --only issuer writes it");
    if (object && !hasUsualHeaders(*object))
      lint.add("DOCUMENT_HEADERS", Severity::Warning, placeOf(found, key),
               "it is served as " + (object->contentType.empty() ? "nothing" : object->contentType) +
                   (object->cacheControl.empty() ? " and does not say how long it may be kept" : ""),
               lint.repair("DOCUMENT_HEADERS"));
  }
  if (const aws::Object* discovery = documentIn(found, kDiscoveryKey)) {
    auto parsed = oidc::parseDiscovery(discovery->body);
    const std::string where = placeOf(found, kDiscoveryKey);
    if (withoutSlash(discovery->body, found.issuer()))
      lint.add(
          "ISSUER_SLASH", Severity::Error, where,
          "the document says the issuer ends with a slash, provider and tokens say it does not: AWS lets that pass, "
          "others refuse every token",
          lint.repair("ISSUER_SLASH"));
    else if (!parsed)
      lint.add("DOCUMENT_MALFORMED", Severity::Error, where, parsed.error().message, "");
    else if (parsed->issuer != found.issuer())
      lint.add("ISSUER_MISMATCH", Severity::Error, where,
               "the document says the issuer is " + parsed->issuer + ", the provider is for " + found.issuer(),
               "write the issuer there as kube-apiserver has it in --service-account-issuer");
  }
  const aws::Object* jwks = documentIn(found, kJwksKey);
  if (jwks && withoutEmptyKids(jwks->body))
    lint.add("KID_EMPTY", Severity::Warning, placeOf(found, kJwksKey),
             "a key has no kid: no token since Kubernetes 1.16 asks for it, and others refuse such a document",
             lint.repair("KID_EMPTY"));
  if (jwks && !oidc::parseJwks(jwks->body) && !withoutEmptyKids(jwks->body))
    lint.add("DOCUMENT_MALFORMED", Severity::Error, placeOf(found, kJwksKey),
             oidc::parseJwks(jwks->body).error().message, "");
}

void lintAccess(AdoptLint& lint) {
  const FoundSetup& found = lint.found;
  if (!found.place || !found.bucket.exists) return;
  const std::string place = "bucket " + found.place->bucket;
  if (!letsEverybodyReadTheDocuments(found))
    lint.add("DOCUMENTS_BY_ACL", Severity::Error, place,
             "no bucket policy lets everybody read the documents: only an ACL (public-read) could, which buckets since "
             "April 2023 refuse",
             lint.repair("DOCUMENTS_BY_ACL"));
  const Json statements = statementsIn(found);
  if (std::any_of(statements.begin(), statements.end(), [&](const Json& one) { return isWide(one, found); }))
    lint.add("BUCKET_POLICY_WIDE", Severity::Warning, place, "everybody may do more than read the issuer's documents",
             lint.repair("BUCKET_POLICY_WIDE"));
  const aws::PublicAccessBlock block = found.bucket.publicAccess.value_or(aws::PublicAccessBlock{});
  if (!block.blockPublicAcls || !block.ignorePublicAcls)
    lint.add("PUBLIC_ACLS", Severity::Warning, place, "any object of it can be made public by its ACL",
             lint.repair("PUBLIC_ACLS"));
}

void lintProvider(AdoptLint& lint) {
  const FoundSetup& found = lint.found;
  const std::string place = "OIDC provider " + found.issuer();
  const auto& clientIds = found.provider.provider.clientIds;
  if (std::find(clientIds.begin(), clientIds.end(), kAudience) == clientIds.end())
    lint.add("PROVIDER_NO_AUDIENCE", Severity::Error, place,
             "it does not accept the audience " + std::string(kAudience) + ", which pods' tokens have",
             lint.repair("PROVIDER_NO_AUDIENCE"));
  const auto& thumbprints = found.provider.provider.thumbprints;
  const bool isKnown = std::any_of(thumbprints.begin(), thumbprints.end(), [&](const std::string& one) {
    return std::find(found.authorities.begin(), found.authorities.end(), one) != found.authorities.end();
  });
  if (thumbprints.empty() || isKnown) return;
  const bool isTold = !found.authorities.empty();
  // IAM fetches one by itself when none is given, so that there is one says nothing.
  lint.add("THUMBPRINT_LEAF", isTold ? Severity::Error : Severity::Note, place,
           isTold ? "none of its thumbprints is that of an authority in --ca-file: the server's own certificate, which "
                    "guides take, is another within the year"
                  : "whether the thumbprint " + thumbprints.front() +
                        " is an authority's, or the server's own certificate as guides have it, is not known. AWS does "
                        "not look at it for hosts whose authority it knows",
           isTold ? lint.repair("THUMBPRINT_LEAF") + " --ca-file FILE"
                  : "irsa adopt " + found.issuer() + " --ca-file FILE, with the certificates of the host's authority");
}

}  // namespace setup
