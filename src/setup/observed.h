// What is there. Absent is a value; "could not look" is an Error and stops everything.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/cloudfront.h"
#include "aws/iam.h"
#include "aws/partition.h"
#include "aws/s3.h"
#include "aws/sts.h"
#include "base/result.h"
#include "base/time.h"
#include "setup/configuration.h"
#include "setup/desired.h"
#include "setup/phase.h"
#include "setup/world.h"
#include "text/json.h"

namespace setup {

struct ObservedBucket {
  bool exists = false;
  Tags tags = {};
  std::optional<aws::PublicAccessBlock> publicAccess = {};
  std::string policy = {};                            // empty: none
  std::map<std::string, aws::Object> documents = {};  // ours, by key
};

// The folder of Hosting::Directory: our documents in it, by key.
using ObservedFolder = std::map<std::string, std::string>;

struct ObservedDistribution {
  aws::Distribution distribution = {};
  Tags tags = {};
};

// Hosting::CloudFront: ours, or what stands in its place.
struct ObservedFront {
  std::optional<aws::OriginAccessControl> accessControl = {};
  std::optional<ObservedDistribution> distribution = {};
};

struct ObservedProvider {
  std::string arn = {};
  aws::OpenIDConnectProvider provider = {};
};

struct ObservedRole {
  aws::Role role = {};
  std::vector<std::string> attachedPolicies = {};          // ARNs
  std::map<std::string, std::string> inlinePolicies = {};  // name to JSON
};

struct ObservedCluster {
  std::string uid;
  std::string jwks;                            // as served; read only where irsa.yaml asks for it
  bool servesGuard = false;                    // has the kind ValidatingAdmissionPolicy
  int apiServerPort = 0;                       // of the Service kubernetes' endpoints; 0: they are not told
  std::map<std::string, text::Json> objects;   // of webhook and republisher, by path; absent ones are left out
  std::map<std::string, text::Json> accounts;  // by path: those bound, and those that carry our label
};

struct Observed {
  std::string name;  // Configuration::name: whose tags count as ours
  Dialect dialect = Dialect::Aws;
  aws::CallerIdentity caller;
  Identifiers identifiers;
  bool isBucketNameOurs = true;           // derived by us, not given in irsa.yaml
  std::vector<std::string> documentKeys;  // of our documents, with the prefix
  ObservedBucket bucket;
  ObservedFolder folder;
  ObservedFront front;
  base::Time now = {};                      // when it was looked at
  std::vector<ObservedProvider> providers;  // ours by tag, and whatever stands at our issuer's URL
  std::vector<ObservedRole> roles;          // ours by tag, and whatever has a wanted name
  std::optional<ObservedCluster> cluster;
};

bool hasOurTag(const Tags& tags, std::string_view name);
bool hasOurLabel(const text::Json& object, std::string_view name);  // irsa-anywhere/name
bool wasMadeByUs(const text::Json& object, std::string_view name);  // ... and managed-by: irsa

std::string accountPath(std::string_view nameSpace, std::string_view name);

// Whose the credentials are. Ceph 16 does not tell: there the account is what irsa.yaml says.
base::Result<aws::CallerIdentity> observeCaller(aws::Client& aws, const AwsSettings& settings);

// Looks at what `phases` are about. Invalid when the credentials belong to another account than aws.accountId.
base::Result<Observed> observe(const Configuration& configuration, const World& world, const Phases& phases);

// The parts, each a look at one neighbourhood.
base::Result<ObservedBucket> observeBucket(const World& world, const Observed& so);
// By comment, by our domain and by our bucket as origin; one with our tag before others.
base::Result<ObservedFront> observeFront(const World& world, const Configuration& configuration,
                                         const aws::Partition& partition, const Observed& so);
base::Result<ObservedFolder> observeFolder(const World& world, const std::string& folder);
base::Result<std::vector<ObservedProvider>> observeProviders(const World& world, const Observed& so);
base::Result<std::vector<ObservedRole>> observeRoles(const World& world, const Observed& so,
                                                     const Configuration& configuration);
base::Result<ObservedCluster> observeCluster(const World& world, const Configuration& configuration,
                                             const Phases& phases);

}  // namespace setup
