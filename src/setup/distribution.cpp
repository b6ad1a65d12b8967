#include "setup/distribution.h"

#include <algorithm>

namespace setup {
namespace {

using text::XmlElement;

constexpr std::string_view kOriginId = "bucket";

XmlElement leaf(std::string_view name, std::string_view text) { return {std::string(name), std::string(text), {}}; }

XmlElement node(std::string_view name, std::vector<XmlElement> children) {
  return {std::string(name), "", std::move(children)};
}

// CloudFront's lists say how many they are.
XmlElement list(std::string_view name, std::vector<XmlElement> items) {
  XmlElement quantity = leaf("Quantity", std::to_string(items.size()));
  if (items.empty()) return node(name, {std::move(quantity)});
  return node(name, {std::move(quantity), node("Items", std::move(items))});
}

XmlElement originOf(const DistributionWish& wish) {
  return node("Origin", {leaf("Id", kOriginId), leaf("DomainName", wish.origin), leaf("OriginPath", ""),
                         node("S3OriginConfig", {leaf("OriginAccessIdentity", "")}),
                         leaf("OriginAccessControlId", wish.accessControl)});
}

// Only what matters to us: methods are GET and HEAD unless somebody says otherwise.
XmlElement behavior() {
  return node("DefaultCacheBehavior", {leaf("TargetOriginId", kOriginId), leaf("ViewerProtocolPolicy", "https-only"),
                                       leaf("CachePolicyId", kCachingOptimized)});
}

XmlElement certificateOf(const DistributionWish& wish) {
  if (wish.certificate.empty()) return node("ViewerCertificate", {leaf("CloudFrontDefaultCertificate", "true")});
  return node("ViewerCertificate", {leaf("ACMCertificateArn", wish.certificate), leaf("SSLSupportMethod", "sni-only"),
                                    leaf("MinimumProtocolVersion", "TLSv1.2_2021")});
}

bool isList(const XmlElement& element) { return element.find("Quantity") != nullptr; }

// Items of a list have no names of their own: they are compared one after the other.
bool isItems(const XmlElement& element) { return element.name == "Items"; }

bool coversInOrder(const XmlElement& live, const XmlElement& wanted) {
  return std::equal(live.children.begin(), live.children.end(), wanted.children.begin(), wanted.children.end(), covers);
}

void describe(const XmlElement& element, const std::string& path, std::string& out) {
  if (element.children.empty()) out += path + ": " + element.text + "\n";
  for (const XmlElement& child : element.children)
    describe(child, path.empty() ? child.name : path + "." + child.name, out);
}

}  // namespace

XmlElement distributionConfig(const DistributionWish& wish) {
  std::vector<XmlElement> aliases;
  if (!wish.domain.empty()) aliases.push_back(leaf("CNAME", wish.domain));
  return node("DistributionConfig", {leaf("CallerReference", wish.callerReference), list("Aliases", std::move(aliases)),
                                     list("Origins", {originOf(wish)}), behavior(), leaf("Comment", wish.comment),
                                     leaf("Enabled", "true"), certificateOf(wish), leaf("IsIPV6Enabled", "true")});
}

bool covers(const XmlElement& live, const XmlElement& wanted) {
  if (wanted.children.empty()) return live.text == wanted.text;
  if (isItems(wanted)) return coversInOrder(live, wanted);
  return std::all_of(wanted.children.begin(), wanted.children.end(), [&](const XmlElement& child) {
    if (child.name == "CallerReference") return true;
    const XmlElement* found = live.find(child.name);
    return found ? covers(*found, child) : child.children.empty() && child.text.empty();
  });
}

XmlElement overlaid(const XmlElement& live, const XmlElement& wanted) {
  if (covers(live, wanted)) return live;
  if (wanted.children.empty() || isList(wanted) || wanted.name == "ViewerCertificate") return wanted;
  XmlElement made = live;
  for (const XmlElement& child : wanted.children) {
    if (child.name == "CallerReference") continue;
    auto found = std::find_if(made.children.begin(), made.children.end(),
                              [&](const XmlElement& other) { return other.name == child.name; });
    if (found == made.children.end())
      made.children.push_back(child);
    else
      *found = overlaid(*found, child);
  }
  return made;
}

std::string readableConfig(const XmlElement& config) {
  std::string out;
  describe(config, "", out);
  return out;
}

}  // namespace setup
