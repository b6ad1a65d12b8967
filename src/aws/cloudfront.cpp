#include "aws/cloudfront.h"

#include "text/uri.h"

namespace aws {
namespace {

using text::XmlElement;
using text::XmlWriter;

constexpr std::string_view kCloudFrontNamespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
const std::string kDistribution = "distribution", kAccessControl = "origin-access-control";

Operation operation(std::string_view method, std::string_view name, std::string subject, const std::string& path,
                    std::string body = "") {
  Operation made{"cloudfront", std::string(name), std::move(subject), std::string(method)};
  made.path = "/2020-05-31/" + path;
  if (!body.empty()) made.headers.set("Content-Type", "text/xml");
  made.body = std::move(body);
  return made;
}

Operation page(std::string_view name, const std::string& path, const std::string& marker) {
  Operation made = operation("GET", name, "", path);
  if (!marker.empty()) made.query = "Marker=" + text::percentEncode(marker);
  return made;
}

Operation versioned(Operation made, const std::string& etag) {
  made.headers.set("If-Match", etag);
  return made;
}

// `root` with the service's namespace, which its children then have as well.
std::string documentOf(const XmlElement& root) {
  XmlWriter writer;
  writer.open(root.name, kCloudFrontNamespace);
  for (const XmlElement& child : root.children) writer.element(child);
  return std::move(writer).take();
}

std::string accessControlConfig(const std::string& name, const std::string& description) {
  XmlWriter writer;
  writer.open("OriginAccessControlConfig", kCloudFrontNamespace).leaf("Name", name).leaf("Description", description);
  writer.leaf("SigningProtocol", "sigv4").leaf("SigningBehavior", "always");
  writer.leaf("OriginAccessControlOriginType", "s3");
  return std::move(writer).take();
}

void writeTags(XmlWriter& writer, const Tags& tags) {
  writer.open("Items");
  for (const auto& [key, value] : tags) writer.open("Tag").leaf("Key", key).leaf("Value", value).close();
  writer.close();
}

base::Result<XmlElement> readAnswer(std::string_view name, const http::Response& response) {
  auto document = text::parseXml(response.body);
  if (!document) return std::move(document).error().during(std::string(name) + ": reading the answer");
  return document;
}

OriginAccessControl accessControlOf(const XmlElement& element, const XmlElement& config) {
  OriginAccessControl found;
  found.id = element.textOf("Id");
  found.name = config.textOf("Name");
  found.description = config.textOf("Description");
  found.signingBehavior = config.textOf("SigningBehavior");
  found.originType = config.textOf("OriginAccessControlOriginType");
  return found;
}

base::Result<OriginAccessControl> oneAccessControl(std::string_view name, const http::Response& response) {
  XmlElement document = TRY(readAnswer(name, response));
  const XmlElement* config = document.find("OriginAccessControlConfig");
  if (!config) return base::internal(std::string(name) + ": the answer has no OriginAccessControlConfig");
  OriginAccessControl found = accessControlOf(document, *config);
  found.etag = response.headers.get("ETag");
  return found;
}

Distribution distributionOf(const XmlElement& element) {
  Distribution found;
  found.id = element.textOf("Id");
  found.arn = element.textOf("ARN");
  found.domainName = element.textOf("DomainName");
  found.status = element.textOf("Status");
  return found;
}

base::Result<Distribution> oneDistribution(std::string_view name, const http::Response& response) {
  XmlElement document = TRY(readAnswer(name, response));
  const XmlElement* config = document.find("DistributionConfig");
  if (!config) return base::internal(std::string(name) + ": the answer has no DistributionConfig");
  Distribution found = distributionOf(document);
  found.config = *config;
  found.etag = response.headers.get("ETag");
  return found;
}

template <typename Item, typename Read>
base::Result<Page<Item>> readPage(std::string_view name, const http::Response& response, std::string_view entry,
                                  const Read& read) {
  XmlElement document = TRY(readAnswer(name, response));
  Page<Item> page;
  if (document.textOf("IsTruncated") == "true") page.marker = document.textOf("NextMarker");
  if (const XmlElement* items = document.find("Items"))
    for (const XmlElement* item : items->all(entry)) page.items.push_back(read(*item));
  return page;
}

}  // namespace

Operation encode(const CreateOriginAccessControl& call) {
  return operation("POST", "CreateOriginAccessControl", call.name, kAccessControl,
                   accessControlConfig(call.name, call.description));
}

Operation encode(const UpdateOriginAccessControl& call) {
  return versioned(operation("PUT", "UpdateOriginAccessControl", call.accessControl,
                             kAccessControl + "/" + call.accessControl + "/config",
                             accessControlConfig(call.name, call.description)),
                   call.etag);
}

Operation encode(const GetOriginAccessControl& call) {
  return operation("GET", "GetOriginAccessControl", call.accessControl, kAccessControl + "/" + call.accessControl);
}

Operation encode(const ListOriginAccessControls& call) {
  return page("ListOriginAccessControls", kAccessControl, call.marker);
}

Operation encode(const DeleteOriginAccessControl& call) {
  return versioned(
      operation("DELETE", "DeleteOriginAccessControl", call.accessControl, kAccessControl + "/" + call.accessControl),
      call.etag);
}

Operation encode(const CreateDistributionWithTags& call) {
  XmlWriter writer;
  writer.open("DistributionConfigWithTags", kCloudFrontNamespace).element(call.config).open("Tags");
  writeTags(writer, call.tags);
  Operation made = operation("POST", "CreateDistributionWithTags", "", kDistribution, std::move(writer.close()).take());
  made.query = "WithTags=";
  return made;
}

Operation encode(const GetDistribution& call) {
  return operation("GET", "GetDistribution", call.distribution, kDistribution + "/" + call.distribution);
}

Operation encode(const ListDistributions& call) { return page("ListDistributions", kDistribution, call.marker); }

Operation encode(const UpdateDistribution& call) {
  return versioned(operation("PUT", "UpdateDistribution", call.distribution,
                             kDistribution + "/" + call.distribution + "/config", documentOf(call.config)),
                   call.etag);
}

Operation encode(const DeleteDistribution& call) {
  return versioned(
      operation("DELETE", "DeleteDistribution", call.distribution, kDistribution + "/" + call.distribution), call.etag);
}

Operation encode(const CreateInvalidation& call) {
  XmlWriter writer;
  writer.open("InvalidationBatch", kCloudFrontNamespace)
      .open("Paths")
      .leaf("Quantity", std::to_string(call.paths.size()));
  writer.open("Items");
  for (const std::string& path : call.paths) writer.leaf("Path", path);
  writer.close().close().leaf("CallerReference", call.callerReference);
  return operation("POST", "CreateInvalidation", call.distribution,
                   kDistribution + "/" + call.distribution + "/invalidation", std::move(writer).take());
}

Operation encode(const ListTagsForResource& call) {
  Operation made = operation("GET", "ListTagsForResource", call.arn, "tagging");
  made.query = "Resource=" + text::percentEncode(call.arn);
  return made;
}

Operation encode(const TagResource& call) {
  XmlWriter writer;
  writer.open("Tags", kCloudFrontNamespace);
  writeTags(writer, call.tags);
  Operation made = operation("POST", "TagResource", call.arn, "tagging", std::move(writer).take());
  made.query = "Operation=Tag&Resource=" + text::percentEncode(call.arn);
  return made;
}

base::Result<OriginAccessControl> decode(const CreateOriginAccessControl&, const http::Response& response) {
  return oneAccessControl("CreateOriginAccessControl", response);
}

base::Result<OriginAccessControl> decode(const UpdateOriginAccessControl&, const http::Response& response) {
  return oneAccessControl("UpdateOriginAccessControl", response);
}

base::Result<OriginAccessControl> decode(const GetOriginAccessControl&, const http::Response& response) {
  return oneAccessControl("GetOriginAccessControl", response);
}

base::Result<Page<OriginAccessControl>> decode(const ListOriginAccessControls&, const http::Response& response) {
  return readPage<OriginAccessControl>("ListOriginAccessControls", response, "OriginAccessControlSummary",
                                       [](const XmlElement& item) { return accessControlOf(item, item); });
}

base::Result<Distribution> decode(const CreateDistributionWithTags&, const http::Response& response) {
  return oneDistribution("CreateDistributionWithTags", response);
}

base::Result<Distribution> decode(const GetDistribution&, const http::Response& response) {
  return oneDistribution("GetDistribution", response);
}

base::Result<Page<Distribution>> decode(const ListDistributions&, const http::Response& response) {
  return readPage<Distribution>("ListDistributions", response, "DistributionSummary", [](const XmlElement& item) {
    Distribution found = distributionOf(item);
    found.config = item;
    return found;
  });
}

base::Result<Distribution> decode(const UpdateDistribution&, const http::Response& response) {
  return oneDistribution("UpdateDistribution", response);
}

base::Result<Tags> decode(const ListTagsForResource&, const http::Response& response) {
  XmlElement document = TRY(readAnswer("ListTagsForResource", response));
  Tags tags;
  if (const XmlElement* items = document.find("Items"))
    for (const XmlElement* tag : items->all("Tag")) tags.emplace(tag->textOf("Key"), tag->textOf("Value"));
  return tags;
}

}  // namespace aws
