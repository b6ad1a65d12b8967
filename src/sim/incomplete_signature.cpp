#include "sim/incomplete_signature.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "sim/authenticate.h"
#include "sim/sentences.h"
#include "text/encoding.h"

namespace sim {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256", kTerminator = "aws4_request";

base::Error incomplete(std::string message) { return awsError("IncompleteSignature", std::move(message)); }

std::string hashOf(std::string_view header) { return text::base64(crypto::sha256(header)); }

std::vector<std::string_view> wordsOf(std::string_view header) {
  constexpr std::string_view kBetween = ", \t";
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = header.find_first_not_of(kBetween, at)) != header.npos;) {
    const std::size_t end = std::min(header.find_first_of(kBetween, at), header.size());
    words.push_back(header.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<base::Error> credentialFault(std::string_view credential) {
  if (std::ranges::count(credential, '/') != 4)
    return incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" +
        std::string(credential) + "'");
  if (credential.substr(credential.rfind('/') + 1) == kTerminator) return std::nullopt;
  return awsError("SignatureDoesNotMatch",
                  "Credential should be scoped with a valid terminator: '" + std::string(kTerminator) + "'. ");
}

std::optional<base::Error> headerFault(std::string_view header, bool hasDate) {
  const std::vector<std::string_view> words = wordsOf(header);
  if (words.empty() || words[0] != kAlgorithm) return awsError("MissingAuthenticationToken", std::string(kNoToken));
  constexpr std::array<std::string_view, 3> kWanted{"Credential", "Signature", "SignedHeaders"};
  std::array<std::string_view, kWanted.size()> values;
  for (const std::string_view word : std::span(words).subspan(1)) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos)
      return incomplete(
          "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with "
          "Base64): '" +
          hashOf(header) + "'.");
    for (std::size_t i = 0; i < kWanted.size(); ++i)
      if (word.substr(0, equals) == kWanted[i]) values[i] = word.substr(equals + 1);
  }
  std::string missing;
  for (std::size_t i = 0; i < kWanted.size(); ++i)
    if (values[i].empty()) missing.append("Authorization header requires '").append(kWanted[i]).append("' parameter. ");
  if (!hasDate) missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty())
    return incomplete(missing + "(Hashed with SHA-256 and encoded with Base64) Authorization=" + hashOf(header));
  return credentialFault(values[0]);
}

std::optional<base::Error> queryFault(const Parameters& query) {
  if (query.has("X-Amz-Algorithm") && query.get("X-Amz-Algorithm") != kAlgorithm)
    return awsError("MissingAuthenticationToken", "Missing Authentication Token");
  std::string missing;
  for (std::string_view name :
       {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"})
    if (query.get(name).empty())
      missing.append("AWS query-string parameters must include '").append(name).append("'. ");
  if (!missing.empty()) return incomplete(missing + "Re-examine the query-string parameters.");
  return credentialFault(query.get("X-Amz-Credential"));
}

}  // namespace

std::optional<base::Error> incompleteSignature(const http::Request& request) {
  const http::Headers& headers = request.headers;
  if (auto header = headers.find("authorization"))
    return headerFault(*header, headers.find("x-amz-date") || headers.find("date"));
  const Parameters query = queryOf(request);
  return claimsSignature(query) ? queryFault(query) : std::nullopt;
}

}  // namespace sim
