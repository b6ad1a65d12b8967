#include "sim/cloudfront.h"

#include <algorithm>
#include <iterator>

#include "text/uri.h"

namespace sim::cloudfront {
namespace {

constexpr bool kWrites = true;

std::string anyDistribution(const Call& call) { return arn(call, "cloudfront", "distribution/*"); }
std::string ofDistribution(const Call& call) { return distributionArn(call, call.ids.empty() ? "*" : call.ids[0]); }
std::string anyAccessControl(const Call& call) { return arn(call, "cloudfront", "origin-access-control/*"); }
std::string ofAccessControl(const Call& call) {
  return arn(call, "cloudfront", "origin-access-control/" + call.ids[0]);
}
std::string ofResource(const Call& call) { return std::string(call.parameters.get("Resource")); }

constexpr std::string_view kDistributions = "distribution", kDistribution = "distribution/*",
                           kConfig = "distribution/*/config", kAccessControls = "origin-access-control",
                           kAccessControl = "origin-access-control/*",
                           kAccessControlConfig = "origin-access-control/*/config",
                           kInvalidations = "distribution/*/invalidation",
                           kOneInvalidation = "distribution/*/invalidation/*", kTagging = "tagging";

constexpr Route kRoutes[] = {
    {"POST",
     kDistributions,
     "WithTags",
     {"CreateDistributionWithTags", "cloudfront:CreateDistribution", anyDistribution, createDistributionWithTags,
      kWrites}},
    {"POST",
     kDistributions,
     "",
     {"CreateDistribution", "cloudfront:CreateDistribution", anyDistribution, createDistribution, kWrites}},
    {"GET", kDistributions, "", {"ListDistributions", "cloudfront:ListDistributions", nullptr, listDistributions}},
    {"GET", kDistribution, "", {"GetDistribution", "cloudfront:GetDistribution", ofDistribution, getDistribution}},
    {"DELETE",
     kDistribution,
     "",
     {"DeleteDistribution", "cloudfront:DeleteDistribution", ofDistribution, deleteDistribution, kWrites}},
    {"GET",
     kConfig,
     "",
     {"GetDistributionConfig", "cloudfront:GetDistributionConfig", ofDistribution, getDistributionConfig}},
    {"PUT",
     kConfig,
     "",
     {"UpdateDistribution", "cloudfront:UpdateDistribution", ofDistribution, updateDistribution, kWrites}},
    {"POST",
     kAccessControls,
     "",
     {"CreateOriginAccessControl", "cloudfront:CreateOriginAccessControl", anyAccessControl, createOriginAccessControl,
      kWrites}},
    {"GET",
     kAccessControls,
     "",
     {"ListOriginAccessControls", "cloudfront:ListOriginAccessControls", nullptr, listOriginAccessControls}},
    {"GET",
     kAccessControl,
     "",
     {"GetOriginAccessControl", "cloudfront:GetOriginAccessControl", ofAccessControl, getOriginAccessControl}},
    {"DELETE",
     kAccessControl,
     "",
     {"DeleteOriginAccessControl", "cloudfront:DeleteOriginAccessControl", ofAccessControl, deleteOriginAccessControl,
      kWrites}},
    {"GET",
     kAccessControlConfig,
     "",
     {"GetOriginAccessControlConfig", "cloudfront:GetOriginAccessControlConfig", ofAccessControl,
      getOriginAccessControlConfig}},
    {"PUT",
     kAccessControlConfig,
     "",
     {"UpdateOriginAccessControl", "cloudfront:UpdateOriginAccessControl", ofAccessControl, updateOriginAccessControl,
      kWrites}},
    {"POST",
     kInvalidations,
     "",
     {"CreateInvalidation", "cloudfront:CreateInvalidation", ofDistribution, createInvalidation, kWrites}},
    {"GET",
     kInvalidations,
     "",
     {"ListInvalidations", "cloudfront:ListInvalidations", ofDistribution, listInvalidations}},
    {"GET", kOneInvalidation, "", {"GetInvalidation", "cloudfront:GetInvalidation", ofDistribution, getInvalidation}},
    {"POST", kTagging, "Operation=Tag", {"TagResource", "cloudfront:TagResource", ofResource, tagResource, kWrites}},
    {"POST",
     kTagging,
     "Operation=Untag",
     {"UntagResource", "cloudfront:UntagResource", ofResource, untagResource, kWrites}},
    {"GET", kTagging, "", {"ListTagsForResource", "cloudfront:ListTagsForResource", ofResource, listTagsForResource}},
};

constexpr auto kOperations = [] {
  std::array<const Operation*, std::size(kRoutes)> operations{};
  for (std::size_t i = 0; i < operations.size(); ++i) operations[i] = &kRoutes[i].operation;
  return operations;
}();

std::string_view takeSegment(std::string_view& path) {
  std::size_t slash = path.find('/');
  std::string_view segment = path.substr(0, slash);
  path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

// The ids at the stars of `pattern`, or absent when the path is another.
std::optional<std::vector<std::string>> idsOf(std::string_view pattern, std::string_view path) {
  std::vector<std::string> ids;
  while (!pattern.empty() && !path.empty()) {
    std::string_view wanted = takeSegment(pattern), segment = takeSegment(path);
    if (wanted == "*" && !segment.empty())
      ids.emplace_back(segment);
    else if (wanted != segment)
      return std::nullopt;
  }
  return pattern.empty() && path.empty() ? std::optional(std::move(ids)) : std::nullopt;
}

std::string_view pathBelowVersion(const http::Request& request) {
  std::string_view path = request.path();
  if (!path.starts_with(kVersion)) return "";
  path.remove_prefix(kVersion.size());
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool fits(std::string_view query, const Parameters& parameters) {
  std::size_t equals = query.find('=');
  if (equals == query.npos) return query.empty() || parameters.has(query);
  return parameters.get(query.substr(0, equals)) == query.substr(equals + 1);
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

bool isRequest(const http::Request& request) {
  std::string_view path = pathBelowVersion(request);
  return !path.empty() &&
         std::any_of(std::begin(kRoutes), std::end(kRoutes), [&](const Route& row) { return idsOf(row.path, path); });
}

const Operation* operation(Call& call) {
  std::string_view path = pathBelowVersion(call.request);
  for (const Route& route : kRoutes) {
    if (route.method != call.request.method || !fits(route.query, call.parameters)) continue;
    auto ids = idsOf(route.path, path);
    if (!ids) continue;
    call.ids = std::move(*ids);
    return &route.operation;
  }
  return nullptr;
}

void answerXml(Call& call, text::XmlWriter&& xml) {
  call.response->headers.set("Content-Type", "text/xml");
  call.response->body = std::move(xml).take();
}

void answerXml(Call& call, const text::XmlElement& root) {
  text::XmlWriter xml;
  xml.open(root.name, kNamespace);
  for (const text::XmlElement& child : root.children) xml.element(child);
  answerXml(call, std::move(xml));
}

std::string newId(Call& call) { return makeId(call.random, "E", 13); }

base::Result<void> checkIfMatch(const Call& call, std::string_view etag) {
  auto given = call.request.headers.find("if-match");
  if (!given || given->empty())
    return awsError("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.");
  std::string_view tag = *given;
  if (tag.size() > 1 && tag.starts_with('"') && tag.ends_with('"')) tag = tag.substr(1, tag.size() - 2);
  if (tag == etag || tag == "*") return {};
  return awsError("PreconditionFailed",
                  "The request failed because it didn't meet the preconditions in one or more request-header fields.");
}

base::Result<text::XmlElement> requestXml(const Call& call, std::string_view root) {
  if (call.body.empty())
    return awsError(
        "MissingBody",
        "This operation requires a body. Ensure that the body is present and the Content-Type header is set.");
  auto parsed = text::parseXml(call.body);
  if (parsed && parsed->name == root) return std::move(parsed).value();
  return awsError("MalformedXML", "The XML document you provided is not well-formed or is not a " + std::string(root));
}

std::vector<const text::XmlElement*> itemsOf(const text::XmlElement& parent, std::string_view list) {
  std::vector<const text::XmlElement*> out;
  const text::XmlElement* found = parent.find(list);
  const text::XmlElement* items = found ? found->find("Items") : nullptr;
  if (items)
    for (const text::XmlElement& item : items->children) out.push_back(&item);
  return out;
}

base::Result<Page> pageOf(const Call& call) {
  Page page;
  page.marker = call.parameters.get("Marker");
  if (call.parameters.get("MaxItems").empty()) return page;
  auto most = call.parameters.number("MaxItems");
  if (!most || **most < 1) return awsError("InvalidArgument", "The value of MaxItems must be a number from 1 to 100.");
  page.most = std::size_t(std::min<std::int64_t>(**most, 100));
  return page;
}

}  // namespace sim::cloudfront

namespace sim {

std::span<const Operation* const> cloudFrontOperations() { return cloudfront::kOperations; }

}  // namespace sim
