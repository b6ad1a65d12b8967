// The two documents an issuer publishes, the bucket policy that lets everybody read just these two, and the comparison
// of policies by what they mean.
#pragma once
#include <string>
#include <string_view>

#include "oidc/jwks.h"

namespace setup {

inline constexpr std::string_view kDiscoveryKey = ".well-known/openid-configuration";
inline constexpr std::string_view kJwksKey = "keys.json";
inline constexpr std::string_view kDocumentType = "application/json";
// STS fails on documents that may not be cached at all; five minutes bound how long a new key stays unseen.
inline constexpr std::string_view kDocumentCacheControl = "public, max-age=300";

std::string objectKey(std::string_view prefix, std::string_view key);  // PREFIX/KEY or KEY

// OpenID Connect Discovery 1.0, section 4.3: `issuer` comes out byte for byte as it goes in.
std::string discoveryDocument(std::string_view issuer, const oidc::Jwks& jwks);
std::string jwksDocument(const oidc::Jwks& jwks);

std::string bucketPolicy(std::string_view partition, std::string_view bucket, std::string_view prefix);

// Without regard to white space, the order of members and list items, and lists of one written as a string: AWS keeps
// none of them. False when either is no JSON.
bool samePolicy(std::string_view a, std::string_view b);

}  // namespace setup
