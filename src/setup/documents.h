// The documents an issuer publishes, the bucket policy that lets everybody read just these, and the comparison of
// policies by what they mean.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "oidc/jwks.h"

namespace setup {

inline constexpr std::string_view kDiscoveryKey = ".well-known/openid-configuration";
inline constexpr std::string_view kJwksKey = "keys.json";
// Where kube-apiserver has the same keys: a jwks_uri that says so (OpenShift's, kOps') resolves as well.
inline constexpr std::string_view kKubernetesJwksKey = "openid/v1/jwks";
// In the order in which they are written: the discovery document points at the keys.
inline constexpr std::array<std::string_view, 3> kDocumentKeys{kJwksKey, kKubernetesJwksKey, kDiscoveryKey};
inline constexpr std::string_view kDocumentType = "application/json";
// STS fails on documents that may not be cached at all; five minutes bound how long a new key stays unseen.
inline constexpr std::string_view kDocumentCacheControl = "public, max-age=300";

std::string objectKey(std::string_view prefix, std::string_view key);  // PREFIX/KEY or KEY

// OpenID Connect Discovery 1.0, section 4.3: `issuer` comes out byte for byte as it goes in.
std::string discoveryDocument(std::string_view issuer, const oidc::Jwks& jwks);
std::string jwksDocument(const oidc::Jwks& jwks);

std::string bucketPolicy(std::string_view partition, std::string_view bucket, std::string_view prefix);

// The same for one distribution of CloudFront, and for nobody else.
std::string distributionBucketPolicy(std::string_view partition, std::string_view bucket, std::string_view prefix,
                                     std::string_view distributionArn);

// Without regard to white space, the order of members and list items, and lists of one written as a string: AWS keeps
// none of them. False when either is no JSON.
bool samePolicy(std::string_view a, std::string_view b);

// A policy as people read it, for diffs; as it is when it is no JSON.
std::string readablePolicy(std::string_view document);

struct MergedTrust {
  std::string document;     // compact JSON
  std::size_t foreign = 0;  // statements that were kept
};

// `wanted`, a trust policy for the provider, put into the one that a role has: each Allow statement for this provider
// and no other principal is ours and gives way, every other statement stays as and where it is.
MergedTrust mergedTrust(std::string_view live, std::string_view wanted, std::string_view providerArn);

// `live` without its Allow statements for these providers and no other principal. Empty when none is left, which IAM
// refuses.
std::string withoutTrust(std::string_view live, const std::vector<std::string>& providerArns);

// By kid, the keys of the JWKS `before` that `after` has no more; none when either is no JWKS.
std::vector<std::string> keysLost(std::string_view before, std::string_view after);

}  // namespace setup
