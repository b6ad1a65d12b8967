// What should be there, down to the last byte: irsa.yaml with account and keys filled in.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "aws/partition.h"
#include "aws/s3.h"
#include "oidc/jwks.h"
#include "setup/configuration.h"
#include "setup/distribution.h"
#include "setup/webhook_objects.h"

namespace setup {

// What irsa.yaml cannot say: found in the world, or made for it.
struct Material {
  std::string account = {};     // 12 digits; Ceph: a tenant, an account, or nothing
  std::string clusterUid = {};  // empty: day 0
  oidc::Jwks jwks = {};
  std::string newPrivateKeyPem = {};  // to be written; empty: there is one, or the cluster has its own
  bool servesGuard = true;            // the API server has ValidatingAdmissionPolicy
  int apiServerPort = 0;              // where the webhook reaches it; 0: unknown
  // Hosting::CloudFront: ids, as far as they are there.
  std::string accessControl = {}, distribution = {}, distributionDomain = {};
  std::vector<std::string> notes = {};
  bool isForPipeline = false;  // the cluster's objects are described although nobody looked at it
};

struct DesiredDocument {
  std::string key;  // with the bucket's prefix; below the folder with Hosting::Directory
  aws::Object object;
};

struct DesiredRole {
  RoleSettings settings = {};
  std::string arn = {};
  std::string trustPolicy = {};  // compact JSON over all bindings that name the role
  std::string description = {};  // empty: the service keeps none
  Tags tags = {};
};

struct DesiredAccount {
  std::string nameSpace, name, roleArn;
};

struct Desired {
  std::string name, region;
  Tags tags;          // of bucket and roles
  Tags providerTags;  // none where providers carry none
  Hosting hosting = Hosting::S3;
  std::string bucket, bucketPolicy;
  bool isAccountRegional = false;
  std::string locationConstraint;                      // empty: the service knows no Regions
  std::optional<aws::PublicAccessBlock> publicAccess;  // absent: left as it is
  bool replacesAsSeen = false;                         // documents, by their ETag: another writer's is not lost
  std::string directory;                               // Hosting::Directory
  DistributionWish front;                              // Hosting::CloudFront
  std::vector<DesiredDocument> documents;  // keys first: the discovery document points at them; none if existing
  std::string issuer, providerArn;
  std::vector<std::string> thumbprints;
  Dialect dialect = Dialect::Aws;
  bool replacesProvider = false;   // to change its thumbprints, as there is no call for it
  std::vector<DesiredRole> roles;  // in the order of the bindings
  std::string privateKeyPath, newPrivateKeyPem;
  bool hasCluster = false;
  std::vector<DesiredAccount> accounts;   // without those given as patterns
  std::vector<KubernetesObject> objects;  // of the webhook, then of the republisher
  std::vector<std::string> notes;
};

// The names in it follow from configuration and account alone.
struct Identifiers {
  std::string partition, bucket, issuer, providerArn;  // the bucket is empty unless hosting is S3 or CloudFront
};
// `distributionDomain`: what CloudFront named the distribution, empty while there is none: then kUnknownDomain stands
// in its place.
Identifiers identifiersOf(const Configuration& configuration, const aws::Partition& partition, std::string_view account,
                          std::string_view distributionDomain = "");

Desired desire(const Configuration& configuration, const aws::Partition& partition, const Material& material);

}  // namespace setup
