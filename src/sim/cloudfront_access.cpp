#include <algorithm>

#include "sim/cloudfront.h"

namespace sim::cloudfront {
namespace {

void writeMembers(text::XmlWriter& xml, const OriginAccessControl& access) {
  xml.leaf("Name", access.name).leaf("Description", access.description);
  xml.leaf("SigningProtocol", access.signingProtocol).leaf("SigningBehavior", access.signingBehavior);
  xml.leaf("OriginAccessControlOriginType", access.originType);
}

void answerAccess(Call& call, const OriginAccessControl& access) {
  text::XmlWriter xml;
  xml.open("OriginAccessControl", kNamespace).leaf("Id", access.id).open("OriginAccessControlConfig");
  writeMembers(xml, access);
  call.response->headers.set("ETag", access.etag);
  answerXml(call, std::move(xml));
}

bool isOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Reads the request's config into `access`; names are unique.
base::Result<void> readConfig(Call& call, OriginAccessControl& access) {
  text::XmlElement config = TRY(requestXml(call, "OriginAccessControlConfig"));
  access.name = config.textOf("Name");
  access.description = config.textOf("Description");
  access.signingProtocol = config.textOf("SigningProtocol");
  access.signingBehavior = config.textOf("SigningBehavior");
  access.originType = config.textOf("OriginAccessControlOriginType");
  auto invalid = [](std::string_view member) {
    return awsError("InvalidArgument", "The parameter " + std::string(member) + " is invalid.");
  };
  if (access.name.empty() || access.name.size() > 64) return invalid("Name");
  if (access.description.size() > 256) return invalid("Description");
  if (access.signingProtocol != "sigv4") return invalid("SigningProtocol");
  if (!isOneOf(access.signingBehavior, {"never", "always", "no-override"})) return invalid("SigningBehavior");
  if (!isOneOf(access.originType, {"s3", "mediastore", "mediapackagev2", "lambda"}))
    return invalid("OriginAccessControlOriginType");
  for (const auto& [id, other] : call.state.originAccessControls)
    if (id != access.id && other.name == access.name)
      return awsError("OriginAccessControlAlreadyExists",
                      "An origin access control with the same name already exists.");
  return {};
}

base::Result<OriginAccessControl*> findAccess(Call& call) {
  auto found = call.state.originAccessControls.find(call.ids[0]);
  if (found == call.state.originAccessControls.end())
    return awsError("NoSuchOriginAccessControl", "The specified origin access control does not exist.");
  return &found->second;
}

bool isInUse(const State& state, const std::string& id) {
  return std::any_of(state.distributions.begin(), state.distributions.end(), [&](const auto& entry) {
    auto config = text::parseXml(entry.second.config);
    if (!config) return false;
    auto origins = itemsOf(*config, "Origins");
    return std::any_of(origins.begin(), origins.end(),
                       [&](const text::XmlElement* origin) { return origin->textOf("OriginAccessControlId") == id; });
  });
}

}  // namespace

base::Result<void> createOriginAccessControl(Call& call) {
  OriginAccessControl access;
  TRY(readConfig(call, access));
  access.id = newId(call);
  access.etag = newId(call);
  call.response->status = 201;
  call.response->headers.set("Location",
                             "https://cloudfront.amazonaws.com/2020-05-31/origin-access-control/" + access.id);
  answerAccess(call, call.state.originAccessControls.emplace(access.id, access).first->second);
  return {};
}

base::Result<void> getOriginAccessControl(Call& call) {
  const OriginAccessControl* access = TRY(findAccess(call));
  answerAccess(call, *access);
  return {};
}

base::Result<void> getOriginAccessControlConfig(Call& call) {
  const OriginAccessControl* access = TRY(findAccess(call));
  text::XmlWriter xml;
  xml.open("OriginAccessControlConfig", kNamespace);
  writeMembers(xml, *access);
  call.response->headers.set("ETag", access->etag);
  answerXml(call, std::move(xml));
  return {};
}

base::Result<void> updateOriginAccessControl(Call& call) {
  OriginAccessControl* access = TRY(findAccess(call));
  TRY(checkIfMatch(call, access->etag));
  OriginAccessControl changed = *access;
  TRY(readConfig(call, changed));
  changed.etag = newId(call);
  *access = std::move(changed);
  answerAccess(call, *access);
  return {};
}

base::Result<void> deleteOriginAccessControl(Call& call) {
  const OriginAccessControl* access = TRY(findAccess(call));
  TRY(checkIfMatch(call, access->etag));
  if (isInUse(call.state, access->id))
    return awsError("OriginAccessControlInUse",
                    "Cannot delete the origin access control because it's in use by one or more distributions.");
  call.state.originAccessControls.erase(call.ids[0]);
  call.response->status = 204;
  return {};
}

base::Result<void> listOriginAccessControls(Call& call) {
  Page page = TRY(pageOf(call));
  text::XmlWriter xml;
  xml.open("OriginAccessControlList", kNamespace);
  writePage(xml, page, call.state.originAccessControls, [&](const std::string& id, const OriginAccessControl& access) {
    xml.open("OriginAccessControlSummary").leaf("Id", id);
    writeMembers(xml, access);
    xml.close();
  });
  answerXml(call, std::move(xml));
  return {};
}

}  // namespace sim::cloudfront
