#include "sim/context.h"

#include <array>

#include "base/time.h"
#include "sim/managed_policies.h"
#include "text/uri.h"
#include "text/words.h"
#include "text/xml.h"

namespace sim {
namespace {

// Headers that S3 has a key of the same name for.
constexpr std::array<std::string_view, 17> kHeaderKeys{"if-match",
                                                       "if-none-match",
                                                       "x-amz-acl",
                                                       "x-amz-content-sha256",
                                                       "x-amz-grant-full-control",
                                                       "x-amz-grant-read",
                                                       "x-amz-grant-read-acp",
                                                       "x-amz-grant-write",
                                                       "x-amz-grant-write-acp",
                                                       "x-amz-metadata-directive",
                                                       "x-amz-object-ownership",
                                                       "x-amz-server-side-encryption",
                                                       "x-amz-server-side-encryption-aws-kms-key-id",
                                                       "x-amz-server-side-encryption-customer-algorithm",
                                                       "x-amz-storage-class",
                                                       "x-amz-website-redirect-location",
                                                       "x-amz-bucket-namespace"};

std::string flagText(bool flag) { return flag ? "true" : "false"; }

void addTags(std::string_view prefix, const Tags& tags, ConditionKeys& context) {
  for (const auto& [key, value] : tags) context[std::string(prefix) + text::lowerCase(key)] = {value};
}

void addCaller(const Call& call, ConditionKeys& context) {
  const bool isService = call.caller.kind == Caller::Kind::Service;
  context["aws:principalisawsservice"] = {flagText(isService)};
  context["aws:viaawsservice"] = {"false"};
  if (isService) {
    context["aws:principalservicename"] = {call.caller.arn};
    context["aws:sourcearn"] = {call.caller.sourceArn};
    context["aws:sourceaccount"] = {call.settings.account};
    return;
  }
  if (call.caller.kind == Caller::Kind::Anonymous) return;
  context["aws:principalaccount"] = {call.settings.account};
  context["aws:userid"] = {call.caller.userId};
  context["aws:principaltype"] = {call.caller.session ? "AssumedRole" : "User"};
  if (call.caller.session) context["aws:tokenissuetime"] = {timeText(call.caller.session->issued)};
  const Role* role = call.caller.session ? callersRole(call) : nullptr;
  context["aws:principalarn"] = {role ? roleArn(call, *role) : call.caller.arn};
  if (!role) return;
  for (const auto& [key, value] : role->tags)
    context.try_emplace("aws:principaltag/" + text::lowerCase(key), std::vector<std::string>{value});
}

void addRequest(const Call& call, ConditionKeys& context) {
  context["aws:currenttime"] = {base::rfc3339(call.now)};
  context["aws:epochtime"] = {std::to_string(base::unixSeconds(call.now))};
  context["aws:requestedregion"] = {std::string(call.region)};
  context["aws:sourceip"] = {call.request.peer.empty() ? "127.0.0.1" : call.request.peer};
  context["aws:securetransport"] = {flagText(call.settings.secureTransport)};
  if (auto agent = call.request.headers.find("user-agent")) context["aws:useragent"] = {std::string(*agent)};
  if (auto referer = call.request.headers.find("referer")) context["aws:referer"] = {std::string(*referer)};
  if (auto arn = call.parameters.find("PolicyArn")) context["iam:policyarn"] = {std::string(*arn)};
  if (auto arn = call.parameters.find("PermissionsBoundary")) context["iam:permissionsboundary"] = {std::string(*arn)};
}

void addSignature(const Call& call, ConditionKeys& context) {
  const bool isSigned = call.caller.kind == Caller::Kind::Administrator || call.caller.kind == Caller::Kind::Session;
  if (!isSigned) return;
  const bool isPresigned = call.parameters.has("X-Amz-Signature");
  context["s3:authtype"] = {isPresigned ? "REST-QUERY-STRING" : "REST-HEADER"};
  context["s3:signatureversion"] = {"AWS4-HMAC-SHA256"};
  if (!isPresigned) return;
  auto then = base::parseIso8601Basic(call.parameters.get("X-Amz-Date"));
  if (!then) return;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(call.now - *then);
  context["s3:signatureage"] = {std::to_string(age.count())};
}

// Tags that an object shall have: of the header, or of the body of PutObjectTagging. What is malformed is refused
// later.
Tags objectTagsOf(const Call& call) {
  Tags tags;
  if (auto fields = text::formDecode(call.request.headers.get("x-amz-tagging")))
    for (auto& [key, value] : *fields) tags.insert_or_assign(key, value);
  if (!call.parameters.has("tagging") || call.request.method != "PUT") return tags;
  auto body = text::parseXml(call.body);
  const text::XmlElement* set = body ? body->find("TagSet") : nullptr;
  if (!set) return tags;
  for (const text::XmlElement* tag : set->all("Tag"))
    tags.insert_or_assign(std::string(tag->textOf("Key")), std::string(tag->textOf("Value")));
  return tags;
}

void addObject(const Call& call, ConditionKeys& context) {
  const Tags wished = objectTagsOf(call);
  addTags("s3:requestobjecttag/", wished, context);
  for (const auto& [key, value] : wished) context["s3:requestobjecttagkeys"].push_back(key);
  if (call.request.method == "PUT" || call.request.method == "POST") {
    const bool isPart = call.request.method == "PUT" && call.parameters.has("uploadId");
    context["s3:objectcreationoperation"] = {flagText(!isPart && !call.parameters.has("uploads"))};
  }
  auto bucket = call.state.buckets.find(call.bucket);
  if (bucket == call.state.buckets.end()) return;
  auto object = bucket->second.objects.find(call.key);
  if (object != bucket->second.objects.end()) addTags("s3:existingobjecttag/", object->second.tags, context);
}

void addBucket(const Call& call, ConditionKeys& context) {
  for (std::string_view name : {"prefix", "delimiter", "max-keys"})
    if (auto value = call.parameters.find(name)) context["s3:" + std::string(name)] = {std::string(*value)};
  for (std::string_view name : kHeaderKeys)
    if (auto value = call.request.headers.find(name)) context["s3:" + std::string(name)] = {std::string(*value)};
  if (auto source = call.request.headers.find("x-amz-copy-source")) {
    auto plain = text::percentDecode(source->substr(source->starts_with('/') ? 1 : 0));
    if (plain) context["s3:x-amz-copy-source"] = {std::move(*plain)};
  }
  context["aws:resourceaccount"] = context["s3:resourceaccount"] = {call.settings.account};
  addSignature(call, context);
  if (!call.key.empty()) return addObject(call, context);
  if (call.request.method != "PUT" || call.state.buckets.contains(call.bucket)) return;
  auto body = text::parseXml(call.body);
  if (body && body->name == "CreateBucketConfiguration")
    if (std::string_view region = body->textOf("LocationConstraint"); !region.empty())
      context["s3:locationconstraint"] = {std::string(region)};
}

// The tags of what a form of IAM or STS is about; null when it is nothing that has tags.
const Tags* tagsOfResource(const Call& call) {
  const Parameters& asked = call.parameters;
  const State& state = call.state;
  const std::string_view roleArn = asked.get("RoleArn");
  if (asked.has("RoleName") || !roleArn.empty()) {
    const std::string_view name = asked.find("RoleName").value_or(roleArn.substr(roleArn.rfind('/') + 1));
    auto role = state.roles.find(text::lowerCase(name));
    return role == state.roles.end() ? nullptr : &role->second.tags;
  }
  if (auto arn = asked.find("OpenIDConnectProviderArn")) {
    constexpr std::string_view kMiddle = ":oidc-provider/";
    const std::size_t at = arn->find(kMiddle);
    auto provider =
        at == arn->npos ? state.providers.end() : state.providers.find(std::string(arn->substr(at + kMiddle.size())));
    return provider == state.providers.end() ? nullptr : &provider->second.tags;
  }
  const CustomerPolicy* policy = customerPolicy(call, asked.get("PolicyArn"));
  return policy ? &policy->tags : nullptr;
}

}  // namespace

const Role* callersRole(const Call& call) {
  const Session& session = *call.caller.session;
  auto found = call.state.roles.find(text::lowerCase(session.roleName));
  return found != call.state.roles.end() && found->second.id == session.roleId ? &found->second : nullptr;
}

ConditionKeys contextOf(const Call& call) {
  ConditionKeys context;
  if (call.caller.session) context = call.caller.session->context;
  addCaller(call, context);
  addRequest(call, context);
  if (!call.bucket.empty()) addBucket(call, context);
  return context;
}

void addFormKeys(const Call& call, ConditionKeys& context) {
  std::vector<std::string> keys = call.parameters.list("TagKeys");
  for (auto& [key, value] : call.parameters.tags("Tags")) {
    context["aws:requesttag/" + text::lowerCase(key)] = {value};
    keys.push_back(key);
  }
  if (!keys.empty()) context["aws:tagkeys"] = std::move(keys);
  for (std::string_view name : {"RoleSessionName", "ExternalId", "SourceIdentity"})
    if (auto value = call.parameters.find(name)) context["sts:" + text::lowerCase(name)] = {std::string(*value)};
  if (std::vector<std::string> transitive = call.parameters.list("TransitiveTagKeys"); !transitive.empty())
    context["sts:transitivetagkeys"] = std::move(transitive);
  const Tags* tags = tagsOfResource(call);
  if (!tags) return;
  addTags("aws:resourcetag/", *tags, context);
  addTags("iam:resourcetag/", *tags, context);
}

}  // namespace sim
