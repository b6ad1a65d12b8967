// AWS's own words that more than one place says.
#pragma once
#include <string_view>

namespace sim {

inline constexpr std::string_view kS3SignatureMismatch =
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
inline constexpr std::string_view kQuerySignatureMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and "
    "signing method. Consult the service documentation for details.";
inline constexpr std::string_view kNoToken = "Request is missing Authentication Token";
inline constexpr std::string_view kVerificationKey =
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements";

}  // namespace sim
