#include <algorithm>

#include "base/time.h"
#include "sim/cloudfront.h"
#include "text/words.h"

namespace sim::cloudfront {
namespace {

using text::XmlElement;

std::string_view statusOf(const Call& call, const Invalidation& invalidation) {
  return base::unixSeconds(call.now) >= invalidation.created + kInvalidation ? "Completed" : "InProgress";
}

void answerInvalidation(Call& call, const Invalidation& invalidation) {
  text::XmlWriter xml;
  xml.open("Invalidation", kNamespace).leaf("Id", invalidation.id).leaf("Status", statusOf(call, invalidation));
  xml.leaf("CreateTime", timeText(invalidation.created)).open("InvalidationBatch").open("Paths");
  xml.leaf("Quantity", std::to_string(invalidation.paths.size())).open("Items");
  for (const std::string& path : invalidation.paths) xml.leaf("Path", path);
  xml.close().close().leaf("CallerReference", invalidation.callerReference);
  answerXml(call, std::move(xml));
}

// '*' may only end a path.
bool isPath(std::string_view path) {
  return path.starts_with('/') && path.size() <= 4000 && path.find('*') >= path.size() - 1;
}

base::Result<Invalidation> requestedInvalidation(Call& call) {
  constexpr std::size_t kMostPaths = 3000;
  XmlElement batch = TRY(requestXml(call, "InvalidationBatch"));
  Invalidation out;
  out.callerReference = batch.textOf("CallerReference");
  const XmlElement* paths = batch.find("Paths");
  if (!batch.find("CallerReference")) return nullMember("invalidationBatch.callerReference");
  if (!paths) return nullMember("invalidationBatch.paths");
  for (const XmlElement* path : itemsOf(batch, "Paths")) {
    if (!isPath(path->text))
      return awsError("InvalidArgument", "Your request contains one or more invalid invalidation paths.");
    out.paths.push_back(path->text);
  }
  if (paths->textOf("Quantity") != std::to_string(out.paths.size()))
    return awsError("InconsistentQuantities", "The value of Quantity and the size of Items don't match.");
  if (out.paths.empty())
    return awsError("InvalidArgument", "Your request contains one or more invalid invalidation paths.");
  if (out.paths.size() > kMostPaths) return awsError("BatchTooLarge", "Invalidation batch specified is too large.");
  return out;
}

// The tags of the resource that the query names.
base::Result<Tags*> tagsOf(Call& call) {
  std::string resource(call.parameters.get("Resource"));
  std::string prefix = distributionArn(call, "");
  if (!resource.starts_with("arn:"))
    return awsError("InvalidArgument", "The parameter Resource must be the ARN of a CloudFront resource.");
  auto found = resource.starts_with(prefix) ? call.state.distributions.find(resource.substr(prefix.size()))
                                            : call.state.distributions.end();
  if (found == call.state.distributions.end())
    return awsError("NoSuchResource", "A resource that was specified is not valid.");
  return &found->second.tags;
}

}  // namespace

base::Result<void> createInvalidation(Call& call) {
  Distribution* distribution = TRY(findDistribution(call));
  Invalidation wanted = TRY(requestedInvalidation(call));
  call.response->status = 201;
  std::string place = "https://cloudfront.amazonaws.com/2020-05-31/distribution/" + distribution->id + "/invalidation/";
  for (const auto& [id, other] : distribution->invalidations) {
    if (other.callerReference != wanted.callerReference) continue;
    if (other.paths != wanted.paths)
      return awsError("InvalidArgument",
                      "Your request contains a caller reference that was used for a previous invalidation batch for "
                      "the same distribution.");
    call.response->headers.set("Location", place + id);
    answerInvalidation(call, other);
    return {};
  }
  wanted.id = makeId(call.random, "I", 13);
  wanted.created = base::unixSeconds(call.now);
  call.response->headers.set("Location", place + wanted.id);
  answerInvalidation(call, distribution->invalidations.emplace(wanted.id, wanted).first->second);
  return {};
}

base::Result<void> getInvalidation(Call& call) {
  const Distribution* distribution = TRY(findDistribution(call));
  auto found = distribution->invalidations.find(call.ids[1]);
  if (found == distribution->invalidations.end())
    return awsError("NoSuchInvalidation", "The specified invalidation does not exist.");
  answerInvalidation(call, found->second);
  return {};
}

base::Result<void> listInvalidations(Call& call) {
  const Distribution* distribution = TRY(findDistribution(call));
  Page page = TRY(pageOf(call));
  text::XmlWriter xml;
  xml.open("InvalidationList", kNamespace);
  writePage(xml, page, distribution->invalidations, [&](const std::string& id, const Invalidation& invalidation) {
    xml.open("InvalidationSummary").leaf("Id", id).leaf("CreateTime", timeText(invalidation.created));
    xml.leaf("Status", statusOf(call, invalidation)).close();
  });
  answerXml(call, std::move(xml));
  return {};
}

base::Result<Tags> readTags(const text::XmlElement& tags) {
  Tags out;
  const XmlElement* items = tags.find("Items");
  if (!items) return out;
  for (const XmlElement* tag : items->all("Tag")) {
    std::string key(tag->textOf("Key")), value(tag->textOf("Value"));
    bool isValid =
        !key.empty() && key.size() <= 128 && value.size() <= 256 && !text::lowerCase(key).starts_with("aws:");
    if (!isValid || !out.emplace(key, value).second)
      return awsError("InvalidTagging", "The tagging specified is not valid.");
  }
  return out;
}

base::Result<void> tagResource(Call& call) {
  constexpr std::size_t kMost = 50;
  Tags* tags = TRY(tagsOf(call));
  XmlElement body = TRY(requestXml(call, "Tags"));
  Tags changed = TRY(readTags(body));
  changed.insert(tags->begin(), tags->end());
  if (changed.size() > kMost) return awsError("InvalidTagging", "The tagging specified is not valid.");
  *tags = std::move(changed);
  call.response->status = 204;
  return {};
}

base::Result<void> untagResource(Call& call) {
  Tags* tags = TRY(tagsOf(call));
  XmlElement body = TRY(requestXml(call, "TagKeys"));
  if (const XmlElement* items = body.find("Items"))
    for (const XmlElement* key : items->all("Key")) tags->erase(key->text);
  call.response->status = 204;
  return {};
}

base::Result<void> listTagsForResource(Call& call) {
  const Tags* tags = TRY(tagsOf(call));
  text::XmlWriter xml;
  xml.open("Tags", kNamespace).open("Items");
  for (const auto& [key, value] : *tags) xml.open("Tag").leaf("Key", key).leaf("Value", value).close();
  answerXml(call, std::move(xml));
  return {};
}

}  // namespace sim::cloudfront
