#include <algorithm>

#include "base/time.h"
#include "sim/cloudfront.h"
#include "text/words.h"

namespace sim::cloudfront {
namespace {

using text::XmlElement;

base::Result<XmlElement> configOf(const Distribution& distribution) { return text::parseXml(distribution.config); }

std::string_view statusOf(const Call& call, const Distribution& distribution) {
  return base::unixSeconds(call.now) >= distribution.changed + kDeployment ? "Deployed" : "InProgress";
}

std::size_t inProgress(const Call& call, const Distribution& distribution) {
  return std::size_t(std::count_if(
      distribution.invalidations.begin(), distribution.invalidations.end(),
      [&](const auto& entry) { return base::unixSeconds(call.now) < entry.second.created + kInvalidation; }));
}

void writeTrusted(text::XmlWriter& xml, std::string_view name) {
  xml.open(name).leaf("Enabled", "false").leaf("Quantity", "0").close();
}

base::Result<void> answerDistribution(Call& call, const Distribution& distribution) {
  XmlElement config = TRY(configOf(distribution));
  text::XmlWriter xml;
  xml.open("Distribution", kNamespace).leaf("Id", distribution.id).leaf("ARN", distributionArn(call, distribution.id));
  xml.leaf("Status", statusOf(call, distribution)).leaf("LastModifiedTime", timeText(distribution.changed));
  xml.leaf("InProgressInvalidationBatches", std::to_string(inProgress(call, distribution)));
  xml.leaf("DomainName", distribution.domainName);
  writeTrusted(xml, "ActiveTrustedSigners");
  writeTrusted(xml, "ActiveTrustedKeyGroups");
  xml.element(config);
  call.response->headers.set("ETag", distribution.etag);
  answerXml(call, std::move(xml));
  return {};
}

// What a change brings: a new entity tag, a new deployment, and the names it answers to.
void put(Call& call, Distribution& distribution, const XmlElement& config) {
  text::XmlWriter xml;
  xml.element(config);
  distribution.config = std::move(xml).take();
  distribution.etag = newId(call);
  distribution.changed = base::unixSeconds(call.now);
  distribution.isEnabled = config.textOf("Enabled") == "true";
  distribution.aliases.clear();
  for (const XmlElement* alias : itemsOf(config, "Aliases"))
    distribution.aliases.push_back(text::lowerCase(alias->text));
}

base::Result<void> create(Call& call, XmlElement wanted, Tags tags) {
  XmlElement config = TRY(completeConfig(call, std::move(wanted), ""));
  std::string reference(config.textOf("CallerReference"));
  for (const auto& [id, other] : call.state.distributions)
    if (other.callerReference == reference)
      return awsError("DistributionAlreadyExists",
                      "The caller reference that you are using to create a distribution is associated with another "
                      "distribution. Already exists: " +
                          id);
  Distribution made;
  made.id = newId(call);
  made.callerReference = std::move(reference);
  made.domainName = "d" + text::lowerCase(makeId(call.random, "", 13)) + ".cloudfront.net";
  made.tags = std::move(tags);
  put(call, made, config);
  const Distribution& stored = call.state.distributions.emplace(made.id, std::move(made)).first->second;
  call.response->status = 201;
  call.response->headers.set("Location", "https://cloudfront.amazonaws.com/2020-05-31/distribution/" + stored.id);
  return answerDistribution(call, stored);
}

void writeSummary(text::XmlWriter& xml, const Call& call, const Distribution& distribution) {
  constexpr std::string_view kLeftOut[] = {"CallerReference", "DefaultRootObject", "Logging",
                                           "ContinuousDeploymentPolicyId"};
  xml.open("DistributionSummary").leaf("Id", distribution.id).leaf("ARN", distributionArn(call, distribution.id));
  xml.leaf("ETag", distribution.etag).leaf("Status", statusOf(call, distribution));
  xml.leaf("LastModifiedTime", timeText(distribution.changed)).leaf("DomainName", distribution.domainName);
  auto config = configOf(distribution);
  if (config)
    for (const XmlElement& member : config->children)
      if (std::find(std::begin(kLeftOut), std::end(kLeftOut), member.name) == std::end(kLeftOut)) xml.element(member);
  xml.close();
}

}  // namespace

std::string distributionArn(const Call& call, std::string_view id) {
  return arn(call, "cloudfront", "distribution/" + std::string(id));
}

base::Result<Distribution*> findDistribution(Call& call) {
  auto found = call.state.distributions.find(call.ids[0]);
  if (found == call.state.distributions.end())
    return awsError("NoSuchDistribution", "The specified distribution does not exist.");
  return &found->second;
}

base::Result<void> createDistribution(Call& call) {
  XmlElement config = TRY(requestXml(call, "DistributionConfig"));
  return create(call, std::move(config), {});
}

base::Result<void> createDistributionWithTags(Call& call) {
  XmlElement body = TRY(requestXml(call, "DistributionConfigWithTags"));
  const XmlElement* config = body.find("DistributionConfig");
  const XmlElement* tags = body.find("Tags");
  if (!config || !tags) return awsError("MalformedXML", "A DistributionConfig and Tags are needed.");
  Tags read = TRY(readTags(*tags));
  return create(call, *config, std::move(read));
}

base::Result<void> getDistribution(Call& call) {
  const Distribution* distribution = TRY(findDistribution(call));
  return answerDistribution(call, *distribution);
}

base::Result<void> getDistributionConfig(Call& call) {
  const Distribution* distribution = TRY(findDistribution(call));
  XmlElement config = TRY(configOf(*distribution));
  call.response->headers.set("ETag", distribution->etag);
  answerXml(call, config);
  return {};
}

base::Result<void> updateDistribution(Call& call) {
  Distribution* distribution = TRY(findDistribution(call));
  TRY(checkIfMatch(call, distribution->etag));
  XmlElement wanted = TRY(requestXml(call, "DistributionConfig"));
  XmlElement config = TRY(completeConfig(call, std::move(wanted), distribution->id));
  if (config.textOf("CallerReference") != distribution->callerReference)
    return awsError("IllegalUpdate", "The caller reference of a distribution can't be changed.");
  put(call, *distribution, config);
  return answerDistribution(call, *distribution);
}

base::Result<void> deleteDistribution(Call& call) {
  const Distribution* distribution = TRY(findDistribution(call));
  TRY(checkIfMatch(call, distribution->etag));
  if (distribution->isEnabled || statusOf(call, *distribution) != "Deployed")
    return awsError("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.");
  call.state.distributions.erase(call.ids[0]);
  call.response->status = 204;
  return {};
}

base::Result<void> listDistributions(Call& call) {
  Page page = TRY(pageOf(call));
  text::XmlWriter xml;
  xml.open("DistributionList", kNamespace);
  writePage(xml, page, call.state.distributions,
            [&](const std::string&, const Distribution& distribution) { writeSummary(xml, call, distribution); });
  answerXml(call, std::move(xml));
  return {};
}

}  // namespace sim::cloudfront
