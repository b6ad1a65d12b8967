#include <algorithm>

#include "setup/names.h"
#include "setup/observed.h"

namespace setup {
namespace {

using text::XmlElement;

// Whether the list `name` of a config has an entry whose `member` (or whose own text) is `value`.
bool lists(const XmlElement& config, std::string_view name, std::string_view member, const std::string& value) {
  const XmlElement* list = config.find(name);
  const XmlElement* items = list ? list->find("Items") : nullptr;
  if (!items || value.empty()) return false;
  return std::any_of(items->children.begin(), items->children.end(), [&](const XmlElement& item) {
    return (member.empty() ? std::string_view(item.text) : item.textOf(member)) == value;
  });
}

base::Result<ObservedDistribution> lookAt(aws::Client& aws, const aws::Distribution& listed) {
  ObservedDistribution found;
  found.tags = TRY(aws.call(aws::ListTagsForResource{listed.arn}));
  found.distribution = TRY(aws.call(aws::GetDistribution{listed.id}));
  return found;
}

}  // namespace

base::Result<ObservedFront> observeFront(const World& world, const Configuration& configuration,
                                         const aws::Partition& partition, const Observed& so) {
  const std::string& bucket = so.identifiers.bucket;
  const std::string origin = bucket + "." + aws::s3Host(partition, configuration.aws.region);
  ObservedFront front;
  auto distributions = TRY(aws::listAll(world.aws, aws::ListDistributions{}));
  for (const aws::Distribution& listed : distributions) {
    bool matters = listed.config.textOf("Comment") == roleDescription(so.name) ||
                   lists(listed.config, "Aliases", "", configuration.issuer.domain) ||
                   lists(listed.config, "Origins", "DomainName", origin);
    if (!matters) continue;
    auto found = lookAt(world.aws, listed);
    if (!found && found.error().kind == base::ErrorKind::NotFound) continue;  // gone since it was listed
    if (!found) return std::move(found).error();
    bool isOurs = hasOurTag(found->tags, so.name);
    if (isOurs || !front.distribution) front.distribution = *std::move(found);
    if (isOurs) break;
  }
  auto controls = TRY(aws::listAll(world.aws, aws::ListOriginAccessControls{}));
  for (aws::OriginAccessControl& control : controls)
    if (control.name == bucket) front.accessControl = std::move(control);
  return front;
}

}  // namespace setup
