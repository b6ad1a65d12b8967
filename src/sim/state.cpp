#include "sim/state.h"

#include <algorithm>

#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/uri.h"
#include "text/words.h"

namespace sim {
namespace {

using text::Json;

// Clients may send any byte; JSON takes UTF-8 only. Printable ASCII stays readable.
std::string written(std::string_view bytes) {
  static const std::string kept = [] {
    std::string all;
    for (char c = ' '; c < 0x7f; ++c)
      if (c != '%') all += c;
    return all;
  }();
  return text::percentEncode(bytes, kept);
}

std::string readText(const Json& json) {
  if (!json.is_string()) return "";
  auto bytes = text::percentDecode(json.get_ref<const std::string&>());
  return bytes ? *bytes : "";
}

std::string readAt(const Json& json, std::string_view member) { return readText(text::at(json, member)); }

std::int64_t numberAt(const Json& json, std::string_view member) {
  const Json& number = text::at(json, member);
  return number.is_number_integer() ? number.get<std::int64_t>() : 0;
}

bool flagAt(const Json& json, std::string_view member) {
  const Json& flag = text::at(json, member);
  return flag.is_boolean() && flag.get<bool>();
}

Json listJson(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const std::string& item : list) out.push_back(written(item));
  return out;
}

std::vector<std::string> listAt(const Json& json, std::string_view member) {
  std::vector<std::string> out;
  for (const Json& item : text::at(json, member)) out.push_back(readText(item));
  return out;
}

Json mapJson(const std::map<std::string, std::string>& map) {
  Json out = Json::object();
  for (const auto& [name, value] : map) out[written(name)] = written(value);
  return out;
}

std::map<std::string, std::string> mapAt(const Json& json, std::string_view member) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : text::at(json, member).items()) out[readText(name)] = readText(value);
  return out;
}

Json bodyJson(const Body& body) {
  return body.pieces().empty() ? Json(text::base64(body.bytes())) : Json(body.pieces());
}

base::Result<Body> readBody(const Json& json, const ReadPiece& readPiece) {
  if (!json.is_array()) return Body(TRY(text::decodeBase64(json.is_string() ? json.get<std::string>() : "")));
  std::string bytes;
  for (const Json& piece : json) {
    if (!piece.is_string() || !readPiece) return base::invalid("the state names a body that lies elsewhere");
    bytes += TRY(readPiece(piece.get<std::string>()));
  }
  return Body(std::move(bytes));
}

void writeChecksum(Json& out, const Checksum& checksum) {
  if (!checksum.algorithm.empty()) out["checksum"] = {{"algorithm", checksum.algorithm}, {"value", checksum.value}};
}

Checksum readChecksum(const Json& json) {
  const Json& checksum = text::at(json, "checksum");
  return {text::stringAt(checksum, "algorithm"), text::stringAt(checksum, "value")};
}

Json objectJson(const Object& object) {
  Json out = {{"etag", object.etag},
              {"lastModified", object.lastModified},
              {"headers", mapJson(object.headers)},
              {"body", bodyJson(object.body)}};
  if (!object.tags.empty()) out["tags"] = mapJson(object.tags);
  if (!object.partSizes.empty()) out["partSizes"] = object.partSizes;
  writeChecksum(out, object.checksum);
  return out;
}

base::Result<Object> readObject(const Json& json, const ReadPiece& readPiece) {
  Object object;
  object.body = TRY(readBody(text::at(json, "body"), readPiece));
  object.etag = text::stringAt(json, "etag");
  object.lastModified = numberAt(json, "lastModified");
  object.headers = mapAt(json, "headers");
  object.tags = mapAt(json, "tags");
  object.checksum = readChecksum(json);
  for (const Json& size : text::at(json, "partSizes"))
    if (size.is_number_integer()) object.partSizes.push_back(size.get<std::int64_t>());
  return object;
}

Json partJson(std::int64_t number, const Part& part) {
  Json out = {
      {"number", number}, {"etag", part.etag}, {"lastModified", part.lastModified}, {"body", bodyJson(part.body)}};
  writeChecksum(out, part.checksum);
  return out;
}

Json uploadJson(const Upload& upload) {
  Json parts = Json::array();
  for (const auto& [number, part] : upload.parts) parts.push_back(partJson(number, part));
  return {{"key", written(upload.key)},
          {"initiated", upload.initiated},
          {"headers", mapJson(upload.headers)},
          {"tags", mapJson(upload.tags)},
          {"algorithm", upload.algorithm},
          {"isComposite", upload.isComposite},
          {"parts", parts}};
}

base::Result<Upload> readUpload(const Json& json, const ReadPiece& readPiece) {
  Upload upload;
  upload.key = readAt(json, "key");
  upload.initiated = numberAt(json, "initiated");
  upload.headers = mapAt(json, "headers");
  upload.tags = mapAt(json, "tags");
  upload.algorithm = text::stringAt(json, "algorithm");
  upload.isComposite = flagAt(json, "isComposite");
  for (const Json& one : text::at(json, "parts")) {
    Part& part = upload.parts[numberAt(one, "number")];
    part.body = TRY(readBody(text::at(one, "body"), readPiece));
    part.etag = text::stringAt(one, "etag");
    part.lastModified = numberAt(one, "lastModified");
    part.checksum = readChecksum(one);
  }
  return upload;
}

Json bucketJson(const Bucket& bucket) {
  Json out = {{"region", bucket.region}, {"created", bucket.created}, {"policy", written(bucket.policy)}};
  if (const auto& block = bucket.publicAccessBlock)
    out["publicAccessBlock"] = {{"blockPublicAcls", block->blockPublicAcls},
                                {"ignorePublicAcls", block->ignorePublicAcls},
                                {"blockPublicPolicy", block->blockPublicPolicy},
                                {"restrictPublicBuckets", block->restrictPublicBuckets}};
  if (bucket.ownership) out["ownership"] = *bucket.ownership;
  out["tags"] = mapJson(bucket.tags);
  out["objects"] = Json::object();
  for (const auto& [key, object] : bucket.objects) out["objects"][written(key)] = objectJson(object);
  if (!bucket.uploads.empty()) out["uploads"] = Json::object();
  for (const auto& [id, upload] : bucket.uploads) out["uploads"][id] = uploadJson(upload);
  return out;
}

base::Result<Bucket> readBucket(std::string name, const Json& json, const ReadPiece& readPiece) {
  Bucket bucket;
  bucket.name = std::move(name);
  bucket.region = text::stringAt(json, "region");
  bucket.created = numberAt(json, "created");
  bucket.policy = readAt(json, "policy");
  const Json& block = text::at(json, "publicAccessBlock");
  bucket.publicAccessBlock.reset();
  if (block.is_object())
    bucket.publicAccessBlock =
        PublicAccessBlock{flagAt(block, "blockPublicAcls"), flagAt(block, "ignorePublicAcls"),
                          flagAt(block, "blockPublicPolicy"), flagAt(block, "restrictPublicBuckets")};
  bucket.ownership.reset();
  if (text::at(json, "ownership").is_string()) bucket.ownership = text::stringAt(json, "ownership");
  bucket.tags = mapAt(json, "tags");
  for (const auto& [key, object] : text::at(json, "objects").items())
    bucket.objects[readText(key)] = TRY(readObject(object, readPiece));
  for (const auto& [id, upload] : text::at(json, "uploads").items())
    bucket.uploads[id] = TRY(readUpload(upload, readPiece));
  return bucket;
}

Json providerJson(const OidcProvider& provider) {
  return {{"clientIds", listJson(provider.clientIds)},
          {"thumbprints", listJson(provider.thumbprints)},
          {"created", provider.created},
          {"tags", mapJson(provider.tags)}};
}

OidcProvider readProvider(std::string url, const Json& json) {
  return {std::move(url), listAt(json, "clientIds"), listAt(json, "thumbprints"), numberAt(json, "created"),
          mapAt(json, "tags")};
}

Json roleJson(const Role& role) {
  return {{"name", role.name},
          {"path", role.path},
          {"id", role.id},
          {"trustPolicy", written(role.trustPolicy)},
          {"description", written(role.description)},
          {"boundary", written(role.boundary)},
          {"maxSessionDuration", role.maxSessionDuration},
          {"created", role.created},
          {"tags", mapJson(role.tags)},
          {"inlinePolicies", mapJson(role.inlinePolicies)},
          {"attachedPolicies", listJson(role.attachedPolicies)}};
}

Role readRole(const Json& json) {
  Role role;
  role.name = text::stringAt(json, "name");
  role.path = text::stringAt(json, "path");
  role.id = text::stringAt(json, "id");
  role.trustPolicy = readAt(json, "trustPolicy");
  role.description = readAt(json, "description");
  role.boundary = readAt(json, "boundary");
  role.maxSessionDuration = numberAt(json, "maxSessionDuration");
  role.created = numberAt(json, "created");
  role.tags = mapAt(json, "tags");
  role.inlinePolicies = mapAt(json, "inlinePolicies");
  role.attachedPolicies = listAt(json, "attachedPolicies");
  return role;
}

Json policyJson(const CustomerPolicy& policy) {
  Json versions = Json::array();
  for (const auto& [number, version] : policy.versions)
    versions.push_back({{"number", number}, {"document", written(version.document)}, {"created", version.created}});
  return {{"name", policy.name},
          {"path", policy.path},
          {"id", policy.id},
          {"description", written(policy.description)},
          {"created", policy.created},
          {"updated", policy.updated},
          {"tags", mapJson(policy.tags)},
          {"versions", versions},
          {"defaultVersion", policy.defaultVersion},
          {"latestVersion", policy.latestVersion}};
}

CustomerPolicy readPolicy(const Json& json) {
  CustomerPolicy policy;
  policy.name = text::stringAt(json, "name");
  policy.path = text::stringAt(json, "path");
  policy.id = text::stringAt(json, "id");
  policy.description = readAt(json, "description");
  policy.created = numberAt(json, "created");
  policy.updated = numberAt(json, "updated");
  policy.tags = mapAt(json, "tags");
  policy.defaultVersion = int(numberAt(json, "defaultVersion"));
  policy.latestVersion = int(numberAt(json, "latestVersion"));
  for (const Json& version : text::at(json, "versions"))
    policy.versions[int(numberAt(version, "number"))] = {readAt(version, "document"), numberAt(version, "created")};
  return policy;
}

Json sessionJson(const Session& session) {
  Json context = Json::object();
  for (const auto& [key, values] : session.context) context[written(key)] = listJson(values);
  return {{"secretAccessKey", session.secretAccessKey},
          {"sessionToken", session.sessionToken},
          {"roleName", session.roleName},
          {"roleId", session.roleId},
          {"name", session.name},
          {"issued", session.issued},
          {"expiration", session.expiration},
          {"policy", written(session.policy)},
          {"policyArns", listJson(session.policyArns)},
          {"transitiveKeys", listJson(session.transitiveKeys)},
          {"context", context}};
}

Session readSession(std::string accessKeyId, const Json& json) {
  Session session;
  session.accessKeyId = std::move(accessKeyId);
  session.secretAccessKey = text::stringAt(json, "secretAccessKey");
  session.sessionToken = text::stringAt(json, "sessionToken");
  session.roleName = text::stringAt(json, "roleName");
  session.roleId = text::stringAt(json, "roleId");
  session.name = text::stringAt(json, "name");
  session.issued = numberAt(json, "issued");
  session.expiration = numberAt(json, "expiration");
  session.policy = readAt(json, "policy");
  session.policyArns = listAt(json, "policyArns");
  session.transitiveKeys = listAt(json, "transitiveKeys");
  for (const auto& [key, values] : text::at(json, "context").items())
    for (const Json& value : values) session.context[readText(key)].push_back(readText(value));
  return session;
}

Json accessJson(const OriginAccessControl& access) {
  return {{"etag", access.etag},
          {"name", written(access.name)},
          {"description", written(access.description)},
          {"signingProtocol", access.signingProtocol},
          {"signingBehavior", access.signingBehavior},
          {"originType", access.originType}};
}

OriginAccessControl readAccess(std::string id, const Json& json) {
  return {std::move(id),
          text::stringAt(json, "etag"),
          readAt(json, "name"),
          readAt(json, "description"),
          text::stringAt(json, "signingProtocol"),
          text::stringAt(json, "signingBehavior"),
          text::stringAt(json, "originType")};
}

Json distributionJson(const Distribution& distribution) {
  Json invalidations = Json::object();
  for (const auto& [id, one] : distribution.invalidations)
    invalidations[id] = {
        {"callerReference", written(one.callerReference)}, {"paths", listJson(one.paths)}, {"created", one.created}};
  return {{"etag", distribution.etag},
          {"domainName", distribution.domainName},
          {"callerReference", written(distribution.callerReference)},
          {"config", written(distribution.config)},
          {"aliases", listJson(distribution.aliases)},
          {"isEnabled", distribution.isEnabled},
          {"changed", distribution.changed},
          {"tags", mapJson(distribution.tags)},
          {"invalidations", invalidations}};
}

Distribution readDistribution(std::string id, const Json& json) {
  Distribution out;
  out.id = std::move(id);
  out.etag = text::stringAt(json, "etag");
  out.domainName = text::stringAt(json, "domainName");
  out.callerReference = readAt(json, "callerReference");
  out.config = readAt(json, "config");
  out.aliases = listAt(json, "aliases");
  out.isEnabled = flagAt(json, "isEnabled");
  out.changed = numberAt(json, "changed");
  out.tags = mapAt(json, "tags");
  for (const auto& [one, invalidation] : text::at(json, "invalidations").items())
    out.invalidations[one] = {one, readAt(invalidation, "callerReference"), listAt(invalidation, "paths"),
                              numberAt(invalidation, "created")};
  return out;
}

}  // namespace

Body::Body(std::string bytes) {
  auto shared = std::make_shared<Shared>();
  shared->bytes = std::move(bytes);
  std::string_view rest = shared->bytes;
  while (shared->bytes.size() > kSmall && !rest.empty()) {
    shared->pieces.push_back(text::hex(crypto::sha256(rest.substr(0, kPiece))));
    rest.remove_prefix(std::min(kPiece, rest.size()));
  }
  shared_ = std::move(shared);
}

const std::string& Body::bytes() const {
  static const std::string none;
  return shared_ ? shared_->bytes : none;
}

const std::vector<std::string>& Body::pieces() const {
  static const std::vector<std::string> none;
  return shared_ ? shared_->pieces : none;
}

std::size_t storedBytes(const State& state) {
  std::size_t bytes = 0;
  for (const auto& [name, bucket] : state.buckets) {
    for (const auto& [key, object] : bucket.objects) bytes += object.body.size();
    for (const auto& [id, upload] : bucket.uploads)
      for (const auto& [number, part] : upload.parts) bytes += part.body.size();
  }
  return bytes;
}

Json toJson(const State& state) {
  Json buckets = Json::object(), providers = Json::object(), roles = Json::array(), policies = Json::array();
  Json sessions = Json::object();
  for (const auto& [name, bucket] : state.buckets) buckets[name] = bucketJson(bucket);
  for (const auto& [url, provider] : state.providers) providers[written(url)] = providerJson(provider);
  for (const auto& [name, role] : state.roles) roles.push_back(roleJson(role));
  for (const auto& [name, policy] : state.policies) policies.push_back(policyJson(policy));
  for (const auto& [id, session] : state.sessions) sessions[id] = sessionJson(session);
  Json out = {{"version", 1},   {"buckets", buckets},   {"oidcProviders", providers},
              {"roles", roles}, {"policies", policies}, {"sessions", sessions}};
  for (const auto& [id, access] : state.originAccessControls) out["originAccessControls"][id] = accessJson(access);
  for (const auto& [id, one] : state.distributions) out["distributions"][id] = distributionJson(one);
  return out;
}

base::Result<State> stateFromJson(std::string_view document, const ReadPiece& readPiece) {
  Json json = TRY(text::parseJson(document));
  if (numberAt(json, "version") != 1)
    return base::invalid("the state has no \"version\": 1, so another program wrote it");
  State state;
  for (const auto& [name, bucket] : text::at(json, "buckets").items())
    state.buckets[name] = TRY(readBucket(name, bucket, readPiece));
  for (const auto& [url, provider] : text::at(json, "oidcProviders").items()) {
    std::string plain = readText(url);
    state.providers[plain] = readProvider(plain, provider);
  }
  for (const Json& role : text::at(json, "roles"))
    state.roles[text::lowerCase(text::stringAt(role, "name"))] = readRole(role);
  for (const Json& policy : text::at(json, "policies"))
    state.policies[text::lowerCase(text::stringAt(policy, "name"))] = readPolicy(policy);
  for (const auto& [id, session] : text::at(json, "sessions").items()) state.sessions[id] = readSession(id, session);
  for (const auto& [id, access] : text::at(json, "originAccessControls").items())
    state.originAccessControls[id] = readAccess(id, access);
  for (const auto& [id, one] : text::at(json, "distributions").items())
    state.distributions[id] = readDistribution(id, one);
  return state;
}

}  // namespace sim
