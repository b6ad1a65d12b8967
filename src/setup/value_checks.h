// The forms that values in irsa.yaml must have: what is wrong with one, as a clause ("is no ..."), or empty.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace setup {

std::string checkName(std::string_view value);  // of the whole: becomes part of bucket names and label values
std::string checkRegion(std::string_view value);
std::string checkAccountId(std::string_view value);       // 12 digits
std::string checkTenant(std::string_view value);          // Ceph's, or the id of one of its accounts
std::string checkEndpoint(std::string_view value);        // an http or https origin, no path
std::string checkBucket(std::string_view value);          // S3's naming rules, without dots
std::string checkDomain(std::string_view value);          // a host name with a dot, lower case
std::string checkCertificateArn(std::string_view value);  // of ACM, in us-east-1, which is where CloudFront looks
std::string checkPrefix(std::string_view value);          // of object keys
std::string checkNamespace(std::string_view value);       // RFC 1123 label
std::string checkServiceAccount(std::string_view value);  // namespace/name; * and ? only in the name
std::string checkRoleName(std::string_view value);
std::string checkRolePath(std::string_view value);
std::string checkPolicyArn(std::string_view value);
std::string checkTagKey(std::string_view value);
std::string checkTagValue(std::string_view value);
std::string checkSecret(std::string_view value);  // namespace/name
std::string checkImage(std::string_view value);
std::string checkDuration(std::string_view value);  // of a role's session: 1h to 12h

// As Go writes them: "1h30m", "3600s". Absent when it is none, or longer than a week.
std::optional<std::chrono::seconds> parseDuration(std::string_view value);

}  // namespace setup
