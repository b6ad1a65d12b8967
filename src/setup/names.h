// What things are called that do not have a name yet, and the ARNs that follow from names.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace setup {

// Tags of AWS objects and labels of Kubernetes objects.
inline constexpr std::string_view kNameTag = "irsa-anywhere/name";        // Configuration::name
inline constexpr std::string_view kClusterTag = "irsa-anywhere/cluster";  // uid of the namespace kube-system
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedBy = "irsa";
inline constexpr std::string_view kRoleLabel = "irsa-anywhere/role";  // "true" on service accounts that have a role
inline constexpr std::string_view kRoleAnnotation = "eks.amazonaws.com/role-arn";
inline constexpr std::string_view kInlinePolicyName = "irsa-anywhere";

// NAME-<12 hex of sha256(ACCOUNT "\n" REGION "\n" NAME)>: the same in every run, and nobody else's by chance.
std::string bucketName(std::string_view account, std::string_view region, std::string_view name);

// NAME-ACCOUNT-REGION-an: a name in the account's own namespace of the Region, which nobody else can take.
std::string accountRegionalBucketName(std::string_view account, std::string_view region, std::string_view name);

// What CloudFront will name, in plans that come before it: as long as the real ones, and no valid host name or id.
inline constexpr std::string_view kUnknownDomain = "d?????????????.cloudfront.net";
inline constexpr std::string_view kUnknownDistribution = "E?????????????";
bool isUnnamed(std::string_view text);  // has kUnknownDomain in it

// https://BUCKET.s3.REGION.SUFFIX[/PREFIX]
std::string issuerUrl(std::string_view bucket, std::string_view region, std::string_view dnsSuffix,
                      std::string_view prefix);

// Where in S3 an issuer's documents lie.
struct IssuerPlace {
  std::string bucket, region, prefix;  // the region is empty at S3's global endpoint
  bool isPathStyle = false;            // https://s3.REGION.SUFFIX/BUCKET
  bool hasDash = false;                // s3-REGION instead of s3.REGION
  bool operator==(const IssuerPlace&) const = default;
};
// Absent when the issuer lies elsewhere.
std::optional<IssuerPlace> issuerPlaceOf(std::string_view issuer);

std::string providerArn(std::string_view partition, std::string_view account, std::string_view issuer);
// `path` with its slashes: "/" or "/team/".
std::string roleArn(std::string_view partition, std::string_view account, std::string_view path, std::string_view name);
std::string roleDescription(std::string_view name);  // by which ListRoles, which leaves tags out, shows our roles

std::string distributionArn(std::string_view partition, std::string_view account, std::string_view id);

std::string privateKeyPath(std::string_view directory, std::string_view name);

}  // namespace setup
