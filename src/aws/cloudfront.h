// CloudFront's operations on the distribution before a private issuer bucket (REST, API version 2020-05-31).
//
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations.html
#pragma once
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/iam.h"
#include "text/xml.h"

namespace aws {

// `etag`, sent as If-Match: the version that is changed or deleted. PreconditionFailed (Conflict) when there is a
// newer.

struct OriginAccessControl {
  std::string id = {}, name = {}, description = {};
  std::string signingBehavior = {}, originType = {};  // "always", "s3"
  std::string etag = {};                              // empty in lists
};
// For an origin in S3 that every request is signed to. Names are unique in an account.
struct CreateOriginAccessControl {
  std::string name, description;
  using Answer = OriginAccessControl;
};
// Puts these back to what CreateOriginAccessControl makes of them.
struct UpdateOriginAccessControl {
  std::string accessControl, etag, name, description;
  using Answer = OriginAccessControl;
};
struct GetOriginAccessControl {
  std::string accessControl;  // id
  using Answer = OriginAccessControl;
};
struct ListOriginAccessControls {
  std::string marker = {};
  using Answer = Page<OriginAccessControl>;
};
struct DeleteOriginAccessControl {
  std::string accessControl, etag;
  using Answer = void;
};

struct Distribution {
  std::string id = {}, arn = {}, domainName = {};
  std::string status = {};       // "Deployed" or "InProgress"
  std::string etag = {};         // empty in lists
  text::XmlElement config = {};  // <DistributionConfig>; in lists what the summary has of it

  bool isDeployed() const { return status == "Deployed"; }
};
// A CallerReference counts once, whatever the config: again it is DistributionAlreadyExists.
struct CreateDistributionWithTags {
  text::XmlElement config;
  Tags tags;
  using Answer = Distribution;
};
struct GetDistribution {
  std::string distribution;  // id
  using Answer = Distribution;
};
struct ListDistributions {
  std::string marker = {};
  using Answer = Page<Distribution>;
};
// Replaces the whole config.
struct UpdateDistribution {
  std::string distribution, etag;
  text::XmlElement config;
  using Answer = Distribution;
};
// Only one that is disabled and deployed.
struct DeleteDistribution {
  std::string distribution, etag;
  using Answer = void;
};
struct CreateInvalidation {
  std::string distribution, callerReference;
  std::vector<std::string> paths;  // "/keys.json"
  using Answer = void;
};
struct ListTagsForResource {
  std::string arn;
  using Answer = Tags;
};
// Adds to the set, or replaces values.
struct TagResource {
  std::string arn;
  Tags tags;
  using Answer = void;
};

Operation encode(const CreateOriginAccessControl& call);
Operation encode(const UpdateOriginAccessControl& call);
Operation encode(const GetOriginAccessControl& call);
Operation encode(const ListOriginAccessControls& call);
Operation encode(const DeleteOriginAccessControl& call);
Operation encode(const CreateDistributionWithTags& call);
Operation encode(const GetDistribution& call);
Operation encode(const ListDistributions& call);
Operation encode(const UpdateDistribution& call);
Operation encode(const DeleteDistribution& call);
Operation encode(const CreateInvalidation& call);
Operation encode(const ListTagsForResource& call);
Operation encode(const TagResource& call);

base::Result<OriginAccessControl> decode(const CreateOriginAccessControl&, const http::Response& response);
base::Result<OriginAccessControl> decode(const UpdateOriginAccessControl&, const http::Response& response);
base::Result<OriginAccessControl> decode(const GetOriginAccessControl&, const http::Response& response);
base::Result<Page<OriginAccessControl>> decode(const ListOriginAccessControls&, const http::Response& response);
base::Result<Distribution> decode(const CreateDistributionWithTags&, const http::Response& response);
base::Result<Distribution> decode(const GetDistribution&, const http::Response& response);
base::Result<Page<Distribution>> decode(const ListDistributions&, const http::Response& response);
base::Result<Distribution> decode(const UpdateDistribution&, const http::Response& response);
base::Result<Tags> decode(const ListTagsForResource&, const http::Response& response);

}  // namespace aws
