// The distribution before a private issuer bucket: its config as it should be, and what of a live one differs.
#pragma once
#include <string>
#include <string_view>

#include "text/xml.h"

namespace setup {

// AWS's own cache policy: what an origin's Cache-Control says.
inline constexpr std::string_view kCachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6";

struct DistributionWish {
  std::string comment = {};                   // roleDescription(): by which lists, which leave tags out, show ours
  std::string origin = {};                    // BUCKET.s3.REGION.SUFFIX
  std::string accessControl = {};             // id of the origin access control
  std::string callerReference = {};           // new for a new distribution, the same when it is asked for again
  std::string domain = {}, certificate = {};  // empty: CloudFront's own name and certificate
};

// GET and HEAD over HTTPS of one origin, signed; cached as long as the documents say (AWS's policy CachingOptimized).
text::XmlElement distributionConfig(const DistributionWish& wish);

// Whether `live` has everything that `wanted` says. What CloudFront or somebody else added is no difference.
bool covers(const text::XmlElement& live, const text::XmlElement& wanted);

// `live` with everything that `wanted` says put in; the rest, and the caller reference, stay.
text::XmlElement overlaid(const text::XmlElement& live, const text::XmlElement& wanted);

// As people read it, for diffs: one "path: value" a line.
std::string readableConfig(const text::XmlElement& config);

}  // namespace setup
