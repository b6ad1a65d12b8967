// CloudFront as a private issuer bucket needs it: distributions, origin access controls, invalidations and tags of the
// REST API of 2020-05-31; and what a viewer gets under a distribution's name.
//
// Not simulated: edge caches (every answer is fresh, an invalidation only has its record and its time), custom origins,
// functions, signed URLs. The viewer's protocol policy is not enforced: this endpoint stands for both ports.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/Welcome.html
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/operation.h"

namespace sim::cloudfront {

inline constexpr std::string_view kNamespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
inline constexpr std::string_view kVersion = "/2020-05-31/";

// Seconds until a change of a distribution, or an invalidation, has reached every edge. AWS takes minutes.
inline constexpr std::int64_t kDeployment = 2, kInvalidation = 1;

struct Route {
  std::string_view method;
  std::string_view path;   // below /2020-05-31/; "*" is an id
  std::string_view query;  // a name that must be there, or "name=value"; empty: none
  Operation operation;
};
std::span<const Route> routes();
// Whether an unsigned request is meant for this service: its path is one of the routes'.
bool isRequest(const http::Request& request);
// Splits the path below the version and keeps its ids in call.ids.
const Operation* operation(Call& call);

// cloudfront_distributions.cpp
base::Result<void> createDistribution(Call& call);
base::Result<void> createDistributionWithTags(Call& call);
base::Result<void> getDistribution(Call& call);
base::Result<void> getDistributionConfig(Call& call);
base::Result<void> updateDistribution(Call& call);
base::Result<void> deleteDistribution(Call& call);
base::Result<void> listDistributions(Call& call);
base::Result<Distribution*> findDistribution(Call& call);
std::string distributionArn(const Call& call, std::string_view id);

// cloudfront_access.cpp
base::Result<void> createOriginAccessControl(Call& call);
base::Result<void> getOriginAccessControl(Call& call);
base::Result<void> getOriginAccessControlConfig(Call& call);
base::Result<void> updateOriginAccessControl(Call& call);
base::Result<void> deleteOriginAccessControl(Call& call);
base::Result<void> listOriginAccessControls(Call& call);

// cloudfront_invalidations.cpp
base::Result<void> createInvalidation(Call& call);
base::Result<void> getInvalidation(Call& call);
base::Result<void> listInvalidations(Call& call);
base::Result<void> tagResource(Call& call);
base::Result<void> untagResource(Call& call);
base::Result<void> listTagsForResource(Call& call);
base::Result<Tags> readTags(const text::XmlElement& tags);

// A member that the request needs and has not, as AWS names it: "distributionConfig.origins.items".
base::Error nullMember(const std::string& path);

// cloudfront_config.cpp: a DistributionConfig that can be deployed, with every default said; `self` is the
// distribution's own id, or empty.
base::Result<text::XmlElement> completeConfig(const Call& call, text::XmlElement config, std::string_view self);
base::Result<text::XmlElement> requestXml(const Call& call, std::string_view root);  // MissingBody, MalformedXML
std::vector<const text::XmlElement*> itemsOf(const text::XmlElement& parent, std::string_view list);

void answerXml(Call& call, text::XmlWriter&& xml);
void answerXml(Call& call, const text::XmlElement& root);
std::string newId(Call& call);  // "E" and 13 letters and digits: ids and entity tags
base::Result<void> checkIfMatch(const Call& call, std::string_view etag);  // InvalidIfMatchVersion, PreconditionFailed

// A page of a list in the way of CloudFront: items after Marker, MaxItems of them.
struct Page {
  std::string marker;
  std::size_t most = 100;
};
base::Result<Page> pageOf(const Call& call);
// Writes the page's head, then <Items> with whatever `write(id, item)` writes of each; `all` is a map by id.
template <typename Map, typename Write>
void writePage(text::XmlWriter& xml, const Page& page, const Map& all, Write write) {
  auto first = all.upper_bound(page.marker), end = first;
  std::size_t count = 0;
  std::string last;
  for (; end != all.end() && count < page.most; ++end, ++count) last = end->first;
  bool isTruncated = end != all.end();
  xml.leaf("Marker", page.marker);
  if (isTruncated) xml.leaf("NextMarker", last);
  xml.leaf("MaxItems", std::to_string(page.most)).leaf("IsTruncated", isTruncated ? "true" : "false");
  xml.leaf("Quantity", std::to_string(count));
  if (count == 0) return;
  xml.open("Items");
  for (; first != end; ++first) write(first->first, first->second);
  xml.close();
}

// cloudfront_viewer.cpp: whether a Host field names a distribution, by its own name or an alias.
bool isViewerHost(const State& state, std::string_view hostField);
// Answers a viewer: the object of the origin, as CloudFront may read it. call.response is filled, errors included.
base::Result<void> answerViewer(Call& call);
// The body of a GET of that URL by a viewer, if it names a distribution.
std::optional<base::Result<std::string>> read(const Call& call, std::string_view url);

}  // namespace sim::cloudfront
