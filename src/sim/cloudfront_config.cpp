#include <algorithm>
#include <array>
#include <charconv>

#include "sim/cloudfront.h"
#include "sim/issuer_reader.h"
#include "text/words.h"

namespace sim::cloudfront {
namespace {

using text::XmlElement;

XmlElement leaf(std::string name, std::string text = "") { return {std::move(name), std::move(text), {}}; }
XmlElement node(std::string name, std::vector<XmlElement> children) {
  return {std::move(name), "", std::move(children)};
}
XmlElement none(std::string name) { return node(std::move(name), {leaf("Quantity", "0")}); }

XmlElement* findIn(XmlElement& parent, std::string_view name) {
  for (XmlElement& child : parent.children)
    if (child.name == name) return &child;
  return nullptr;
}

void orElse(XmlElement& parent, XmlElement otherwise) {
  if (!parent.find(otherwise.name)) parent.children.push_back(std::move(otherwise));
}

XmlElement trusted(std::string name) {
  return node(std::move(name), {leaf("Enabled", "false"), leaf("Quantity", "0")});
}

XmlElement methods(std::string name) {
  return node(std::move(name), {leaf("Quantity", "2"), node("Items", {leaf("Method", "HEAD"), leaf("Method", "GET")})});
}

void completeBehavior(XmlElement& behavior) {
  orElse(behavior, trusted("TrustedSigners"));
  orElse(behavior, trusted("TrustedKeyGroups"));
  orElse(behavior, methods("AllowedMethods"));
  orElse(*findIn(behavior, "AllowedMethods"), methods("CachedMethods"));
  for (const char* name : {"SmoothStreaming", "Compress"}) orElse(behavior, leaf(name, "false"));
  orElse(behavior, none("LambdaFunctionAssociations"));
  orElse(behavior, none("FunctionAssociations"));
  orElse(behavior, leaf("FieldLevelEncryptionId"));
}

void completeOrigin(XmlElement& origin) {
  orElse(origin, leaf("OriginPath"));
  orElse(origin, none("CustomHeaders"));
  orElse(origin, leaf("ConnectionAttempts", "3"));
  orElse(origin, leaf("ConnectionTimeout", "10"));
  orElse(origin, node("OriginShield", {leaf("Enabled", "false")}));
  orElse(origin, leaf("OriginAccessControlId"));
}

void completeLists(XmlElement& config) {
  for (const char* name : {"Aliases", "OriginGroups", "CacheBehaviors", "CustomErrorResponses"})
    orElse(config, none(name));
  XmlElement* origins = findIn(*findIn(config, "Origins"), "Items");
  for (XmlElement& origin : origins->children) completeOrigin(origin);
  completeBehavior(*findIn(config, "DefaultCacheBehavior"));
  if (XmlElement* behaviors = findIn(*findIn(config, "CacheBehaviors"), "Items"))
    for (XmlElement& behavior : behaviors->children) completeBehavior(behavior);
}

void completeRest(XmlElement& config) {
  orElse(config, leaf("DefaultRootObject"));
  orElse(config,
         node("Logging", {leaf("Enabled", "false"), leaf("IncludeCookies", "false"), leaf("Bucket"), leaf("Prefix")}));
  orElse(config, leaf("PriceClass", "PriceClass_All"));
  orElse(config,
         node("ViewerCertificate", {leaf("CloudFrontDefaultCertificate", "true"), leaf("SSLSupportMethod", "vip"),
                                    leaf("MinimumProtocolVersion", "TLSv1"), leaf("CertificateSource", "cloudfront")}));
  orElse(config,
         node("Restrictions", {node("GeoRestriction", {leaf("RestrictionType", "none"), leaf("Quantity", "0")})}));
  orElse(config, leaf("WebACLId"));
  orElse(config, leaf("HttpVersion", "http2"));
  orElse(config, leaf("IsIPV6Enabled", "false"));
  orElse(config, leaf("ContinuousDeploymentPolicyId"));
  orElse(config, leaf("Staging", "false"));
}

// "DefaultCacheBehavior" -> "defaultCacheBehavior"
std::string memberName(std::string_view element) {
  std::string name(element);
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = char(name[0] + 32);
  return name;
}

base::Result<void> require(const XmlElement& parent, const std::string& path,
                           std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    if (!parent.find(name)) return nullMember(path + "." + memberName(name));
  return {};
}

// Wherever there is a Quantity, it counts the Items beside it.
base::Result<void> checkQuantities(const XmlElement& element) {
  if (const XmlElement* quantity = element.find("Quantity")) {
    const XmlElement* items = element.find("Items");
    std::string counted = std::to_string(items ? items->children.size() : 0);
    if (quantity->text != counted)
      return awsError("InconsistentQuantities", "The value of Quantity and the size of Items don't match.");
  }
  for (const XmlElement& child : element.children) TRY(checkQuantities(child));
  return {};
}

bool isCachePolicy(std::string_view id) {
  // Those that AWS manages and that fit an origin in S3; custom ones can't be made here.
  constexpr std::array<std::string_view, 5> kManaged{
      "658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
      "b2884449-e4de-46a7-ac36-70bc7f1ddd6d", "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
      "4cc15a8a-d715-48a4-82b8-cc0b614638fe"};
  return std::find(kManaged.begin(), kManaged.end(), id) != kManaged.end();
}

base::Result<void> checkBehavior(const XmlElement& behavior, const std::vector<const XmlElement*>& origins) {
  TRY(require(behavior, "distributionConfig." + memberName(behavior.name), {"TargetOriginId", "ViewerProtocolPolicy"}));
  std::string_view target = behavior.textOf("TargetOriginId"), protocol = behavior.textOf("ViewerProtocolPolicy");
  bool known = std::any_of(origins.begin(), origins.end(),
                           [&](const XmlElement* origin) { return origin->textOf("Id") == target; });
  if (!known) return awsError("NoSuchOrigin", "One or more of your origins or origin groups do not exist.");
  if (protocol != "allow-all" && protocol != "https-only" && protocol != "redirect-to-https")
    return awsError("InvalidArgument", "The parameter ViewerProtocolPolicy is invalid.");
  std::string_view policy = behavior.textOf("CachePolicyId");
  if (policy.empty() && !behavior.find("ForwardedValues"))
    return awsError("InvalidArgument", "The parameter ForwardedValues is required.");
  if (!policy.empty() && behavior.find("ForwardedValues"))
    return awsError("InvalidArgument",
                    "The parameter ForwardedValues cannot be used when a cache policy is associated to the cache "
                    "behavior.");
  if (!policy.empty() && !isCachePolicy(policy))
    return awsError("NoSuchCachePolicy", "The specified cache policy does not exist.");
  return {};
}

base::Result<void> checkAccess(const Call& call, const XmlElement& origin) {
  std::string id(origin.textOf("OriginAccessControlId"));
  const XmlElement* s3 = origin.find("S3OriginConfig");
  if (id.empty()) return {};
  if (s3 && !s3->textOf("OriginAccessIdentity").empty())
    return awsError(
        "IllegalOriginAccessConfiguration",
        "An origin cannot contain both an origin access control (OAC) and an origin access identity (OAI).");
  auto found = call.state.originAccessControls.find(id);
  if (found == call.state.originAccessControls.end())
    return awsError("InvalidOriginAccessControl",
                    "The origin access control is not valid: there is no origin access control " + id + ".");
  if (found->second.originType == "s3" && !s3Place("https://" + std::string(origin.textOf("DomainName")) + "/"))
    return awsError("InvalidDomainNameForOriginAccessControl",
                    "An origin access control is associated with an origin whose domain name is not supported.");
  return {};
}

base::Result<void> checkOrigin(const Call& call, const XmlElement& origin) {
  TRY(require(origin, "distributionConfig.origins.items.member", {"Id", "DomainName"}));
  std::string domain(origin.textOf("DomainName"));
  std::string_view path = origin.textOf("OriginPath");
  bool isS3 = origin.find("S3OriginConfig") != nullptr;
  if (!isS3 && !origin.find("CustomOriginConfig") && !origin.find("VpcOriginConfig"))
    return awsError("InvalidOrigin", "The specified origin server does not exist or is not valid.");
  auto place = s3Place("https://" + domain + "/");
  if (domain.empty() || domain.find('/') != domain.npos)
    return awsError("InvalidArgument", "The parameter origin name must be a domain name.");
  if (isS3 && (!place || place->bucket.empty()))
    return awsError("InvalidArgument", "The parameter Origin DomainName does not refer to a valid S3 bucket.");
  if (!path.empty() && (!path.starts_with('/') || path.ends_with('/')))
    return awsError("InvalidArgument",
                    "The parameter Origin Path must begin with a slash (/) and must not end with one.");
  return checkAccess(call, origin);
}

base::Result<void> checkAliases(const Call& call, const XmlElement& config, std::string_view self) {
  auto aliases = itemsOf(config, "Aliases");
  const XmlElement* certificate = config.find("ViewerCertificate");
  bool own = certificate && (certificate->find("ACMCertificateArn") || certificate->find("IAMCertificateId"));
  if (!aliases.empty() && !own)
    return awsError("InvalidViewerCertificate",
                    "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
                    "certificate that validates your authorization to use the domain name. For more details, see: "
                    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
                    "CNAMEs.html#alternate-domain-names-requirements");
  for (const auto& [id, other] : call.state.distributions)
    for (const XmlElement* alias : aliases)
      if (id != self &&
          std::find(other.aliases.begin(), other.aliases.end(), text::lowerCase(alias->text)) != other.aliases.end())
        return awsError("CNAMEAlreadyExists",
                        "One or more of the CNAMEs you provided are already associated with a different resource.");
  return {};
}

}  // namespace

base::Error nullMember(const std::string& path) {
  return awsError("MalformedXML", "1 validation error detected: Value null at '" + path +
                                      "' failed to satisfy constraint: Member must not be null");
}

base::Result<text::XmlElement> completeConfig(const Call& call, text::XmlElement config, std::string_view self) {
  TRY(require(config, "distributionConfig",
              {"CallerReference", "Origins", "DefaultCacheBehavior", "Comment", "Enabled"}));
  TRY(checkQuantities(config));
  auto origins = itemsOf(config, "Origins");
  if (origins.empty()) return nullMember("distributionConfig.origins.items");
  for (const XmlElement* origin : origins) TRY(checkOrigin(call, *origin));
  TRY(checkBehavior(*config.find("DefaultCacheBehavior"), origins));
  for (const XmlElement* behavior : itemsOf(config, "CacheBehaviors")) TRY(checkBehavior(*behavior, origins));
  TRY(checkAliases(call, config, self));
  if (config.textOf("DefaultRootObject").starts_with('/'))
    return awsError("InvalidDefaultRootObject",
                    "The default root object file name is too big or contains an invalid character.");
  completeLists(config);
  completeRest(config);
  return config;
}

}  // namespace sim::cloudfront
