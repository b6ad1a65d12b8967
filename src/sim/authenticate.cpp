#include "sim/authenticate.h"

#include <algorithm>
#include <array>

#include "base/time.h"
#include "crypto/digest.h"
#include "sim/aws_chunked.h"
#include "sim/sentences.h"
#include "text/encoding.h"
#include "text/words.h"

namespace sim {
namespace {

using std::chrono::minutes;

constexpr std::string_view kSixParameters =
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, "
    "X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
constexpr std::string_view kTokenHeader = "x-amz-security-token", kHashHeader = "x-amz-content-sha256";

// What verification needs from a request, wherever it stands: headers or a presigned URL's query.
struct Claim {
  const http::Request& request;
  const aws::Authorization& authorization;
  Service service;
  ErrorDetails& details;
  bool inQuery = false;
  Parameters query;
  std::string amzDate = {};
  base::Time time = {};
};

bool isS3(const Claim& claim) { return claim.service == Service::S3; }

base::Error mismatch(const Claim& claim) {
  return awsError("SignatureDoesNotMatch", std::string(isS3(claim) ? kS3SignatureMismatch : kQuerySignatureMismatch));
}

// "AB" → "41 42".
std::string spacedHex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) out.append(out.empty() ? "" : " ").append(text::hex({&c, 1}));
  return out;
}

// S3 tells what it signed, so that whoever signs can compare.
base::Error mismatch(const Claim& claim, const std::string& hash, aws::PathStyle style) {
  const aws::Authorization& claimed = claim.authorization;
  const std::string canonical = aws::canonicalRequest(claim.request, claimed.signedHeaders, hash, style);
  const std::string toSign = aws::stringToSign(canonical, claim.amzDate, claimed.scope);
  if (isS3(claim))
    claim.details = {{"AWSAccessKeyId", claimed.accessKeyId},  {"StringToSign", toSign},
                     {"SignatureProvided", claimed.signature}, {"StringToSignBytes", spacedHex(toSign)},
                     {"CanonicalRequest", canonical},          {"CanonicalRequestBytes", spacedHex(canonical)}};
  return mismatch(claim);
}

// A fault of the credential's scope, which a presigned URL has in its query.
base::Error badScope(const Claim& claim, const std::string& why) {
  if (claim.inQuery)
    return awsError("AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter; " + why);
  return awsError("AuthorizationHeaderMalformed", "The authorization header is malformed; " + why);
}

base::Result<void> findDate(Claim& claim) {
  std::string_view given = claim.inQuery ? claim.query.get("X-Amz-Date") : claim.request.headers.get("x-amz-date");
  auto time = base::parseIso8601Basic(given);
  if (!time && given.empty() && !claim.inQuery) {
    std::string_view date = claim.request.headers.get("date");
    time = base::parseHttpDate(date);
    if (!time) time = base::parseIso8601Basic(date);
  }
  if (!time) {
    if (isS3(claim) && claim.inQuery)
      return awsError("AuthorizationQueryParametersError",
                      "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
    if (isS3(claim)) return awsError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
    return awsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got '" + std::string(given) +
                                               "'. See http://en.wikipedia.org/wiki/ISO_8601");
  }
  claim.time = *time;
  claim.amzDate = base::iso8601Basic(*time);
  return {};
}

base::Result<void> checkScope(const Claim& claim) {
  const aws::Scope& scope = claim.authorization.scope;
  std::string_view wanted = nameOf(claim.service);
  if (scope.service != wanted) {
    if (isS3(claim))
      return badScope(claim, "incorrect service \"" + scope.service + "\". This endpoint belongs to \"s3\".");
    return awsError("SignatureDoesNotMatch",
                    "Credential should be scoped to correct service: '" + std::string(wanted) + "'. ");
  }
  std::string day = claim.amzDate.substr(0, 8);
  if (scope.date == day) return {};
  const std::string otherDay =
      "Invalid credential date \"" + scope.date + "\". This date is not the same as X-Amz-Date: \"" + day + "\".";
  if (isS3(claim))
    return claim.inQuery ? awsError("AuthorizationQueryParametersError", otherDay) : badScope(claim, otherDay);
  return awsError("SignatureDoesNotMatch",
                  "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
                      scope.date + "' != '" + day + "', from '" + claim.amzDate + "'.");
}

base::Result<void> checkPresignedTime(const Claim& claim, base::Time now) {
  constexpr std::int64_t kWeek = 604'800;
  for (const char* name : {"X-Amz-Date", "X-Amz-Expires"})
    if (!claim.query.has(name)) return awsError("AuthorizationQueryParametersError", std::string(kSixParameters));
  auto expires = claim.query.number("X-Amz-Expires");
  if (!expires || !*expires) return awsError("AuthorizationQueryParametersError", "X-Amz-Expires should be a number");
  if (**expires < 0) return awsError("AuthorizationQueryParametersError", "X-Amz-Expires must be non-negative");
  if (**expires > kWeek)
    return awsError(
        "AuthorizationQueryParametersError",
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less "
        "than 604800 seconds");
  const base::Time end = claim.time + std::chrono::seconds(**expires);
  const std::pair<std::string, std::string> until = {"Expires", timeText(base::unixSeconds(end))},
                                            server = {"ServerTime", timeText(base::unixSeconds(now))};
  if (claim.time > now + minutes(15)) {
    claim.details = {{"X-Amz-Date", std::to_string(base::unixSeconds(claim.time) * 1000)}, until, server};
    return awsError("AccessDenied", "Request is not yet valid");
  }
  if (now <= end) return {};
  claim.details = {{"X-Amz-Expires", std::to_string(**expires)}, until, server};
  return awsError("AccessDenied", "Request has expired");
}

base::Result<void> checkTime(const Claim& claim, base::Time now) {
  if (isS3(claim)) {
    if (claim.inQuery) return checkPresignedTime(claim, now);
    auto skew = claim.time > now ? claim.time - now : now - claim.time;
    if (skew <= minutes(15)) return {};
    claim.details = {{"RequestTime", claim.amzDate},
                     {"ServerTime", timeText(base::unixSeconds(now))},
                     {"MaxAllowedSkewMilliseconds", "900000"}};
    return awsError("RequestTimeTooSkewed",
                    "The difference between the request time and the current time is too large.");
  }
  // The sentence itself says five minutes.
  base::Time earliest = now - minutes(5), latest = now + minutes(5);
  std::string at = base::iso8601Basic(now);
  if (claim.time < earliest)
    return awsError("SignatureDoesNotMatch", "Signature expired: " + claim.amzDate + " is now earlier than " +
                                                 base::iso8601Basic(earliest) + " (" + at + " - 5 min.)");
  if (claim.time > latest)
    return awsError("SignatureDoesNotMatch", "Signature not yet current: " + claim.amzDate + " is still later than " +
                                                 base::iso8601Basic(latest) + " (" + at + " + 5 min.)");
  return {};
}

// Host and every x-amz-* field must be signed, else whoever stands between could change them.
base::Result<void> checkSignedHeaders(const Claim& claim) {
  const auto& names = claim.authorization.signedHeaders;
  auto isSigned = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  if (!std::is_sorted(names.begin(), names.end())) return mismatch(claim);
  std::vector<std::string> missing;
  if (!isSigned("host")) missing.emplace_back("host");
  for (std::size_t i = 0; i < claim.request.headers.size(); ++i) {
    std::string name = text::lowerCase(claim.request.headers.at(i).first);
    if (name.starts_with("x-amz-") && !isSigned(name)) missing.push_back(std::move(name));
  }
  if (missing.empty()) return {};
  if (isS3(claim)) {
    claim.details = {{"HeadersNotSigned", text::joined(missing, ", ")}};
    return awsError("AccessDenied", "There were headers present in the request which were not signed");
  }
  const std::string named = missing[0] == "host" ? "'Host' or ':authority'" : "'" + missing[0] + "'";
  return awsError("SignatureDoesNotMatch", named + " must be a 'SignedHeader' in the AWS Authorization.");
}

base::Result<std::string> claimedHash(const Claim& claim) {
  if (!isS3(claim)) return text::hex(crypto::sha256(claim.request.body));
  auto given = claim.request.headers.find(kHashHeader);
  if (!given && claim.inQuery) given = claim.query.find("X-Amz-Content-Sha256");
  if (given) return std::string(*given);
  if (claim.inQuery) return std::string("UNSIGNED-PAYLOAD");
  return awsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
}

bool isHash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

base::Error malformedTrailer() {
  return awsError("MalformedTrailerError",
                  "The request contained trailing data that was not well-formed or did not conform to our published "
                  "schema.");
}

// The trailers that came are those that X-Amz-Trailer announced.
base::Result<void> checkTrailers(const ChunkedPayload& payload, const http::Headers& headers) {
  std::string announced = "," + text::lowerCase(headers.get("x-amz-trailer")) + ",";
  std::erase(announced, ' ');
  std::size_t count = 0;
  for (const auto& [name, value] : payload.trailers) {
    if (announced.find("," + name + ",") == announced.npos) return malformedTrailer();
    ++count;
  }
  std::size_t wanted = announced == ",," ? 0 : std::size_t(std::count(announced.begin(), announced.end(), ',')) - 1;
  return count == wanted ? base::Result<void>() : malformedTrailer();
}

base::Result<void> unwrap(std::string_view coated, const http::Headers& headers,
                          const std::optional<ChunkSigning>& signing, Authenticated& into) {
  auto wanted = headers.find("x-amz-decoded-content-length");
  if (!wanted) return awsError("MissingContentLength", "You must provide the Content-Length HTTP header.");
  ChunkedPayload payload = TRY(decodeAwsChunked(coated, signing));
  if (std::to_string(payload.body.size()) != *wanted)
    return awsError("IncompleteBody",
                    "You did not provide the number of bytes specified by the Content-Length HTTP header");
  TRY(checkTrailers(payload, headers));
  into.body = std::move(payload.body);
  into.trailers = std::move(payload.trailers);
  into.decoded = true;
  return {};
}

base::Result<void> checkHash(const std::string& hash, std::string_view body, ErrorDetails& details) {
  if (!isHash(hash)) {
    details = {{"ArgumentName", std::string(kHashHeader)}, {"ArgumentValue", hash}};
    return awsError("InvalidArgument",
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
                    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a "
                    "valid sha256 value.");
  }
  const std::string computed = text::hex(crypto::sha256(body));
  if (text::lowerCase(hash) == computed) return {};
  details = {{"ClientComputedContentSHA256", hash}, {"S3ComputedContentSHA256", computed}};
  return awsError("XAmzContentSHA256Mismatch",
                  "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

base::Result<void> readPayload(const Claim& claim, const std::string& hash, const std::string& signingKey,
                               Authenticated& into) {
  if (!isS3(claim) || hash == "UNSIGNED-PAYLOAD") return {};
  if (hash == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    return unwrap(claim.request.body, claim.request.headers, std::nullopt, into);
  if (hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" || hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
    return unwrap(
        claim.request.body, claim.request.headers,
        ChunkSigning{signingKey, claim.amzDate, claim.authorization.scope.text(), claim.authorization.signature}, into);
  return checkHash(hash, claim.request.body, claim.details);
}

base::Error unknownKey(Service service) {
  if (service == Service::S3)
    return awsError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
  return awsError("InvalidClientTokenId", "The security token included in the request is invalid.");
}

base::Result<void> checkSession(const Claim& claim, const Caller& caller, base::Time now) {
  std::string_view token =
      claim.inQuery ? claim.query.get("X-Amz-Security-Token") : claim.request.headers.get(kTokenHeader);
  std::string_view wanted = caller.session ? std::string_view(caller.session->sessionToken) : std::string_view();
  if (!crypto::equalInConstantTime(token, wanted)) {
    if (isS3(claim)) return awsError("InvalidToken", "The provided token is malformed or otherwise invalid.");
    return unknownKey(claim.service);
  }
  if (!caller.session || base::unixSeconds(now) < caller.session->expiration) return {};
  return awsError("ExpiredToken", isS3(claim) ? "The provided token has expired."
                                              : "The security token included in the request is expired");
}

// S3 says what is malformed in its own words where they are known.
base::Error malformed(base::Error error, const http::Request& request, bool query) {
  error.code = query ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed";
  if (!query) return error;
  const Parameters parameters = queryOf(request);
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders"})
    if (parameters.get(name).empty()) error.message = kSixParameters;
  return error;
}

}  // namespace

Parameters queryOf(const http::Request& request) {
  auto fields = text::formDecode(request.query());
  return Parameters(fields ? std::move(fields).value() : text::FormFields());
}

bool claimsSignature(const Parameters& query) {
  return query.has("X-Amz-Algorithm") || query.has("X-Amz-Credential") || query.has("X-Amz-Signature");
}

base::Result<std::optional<aws::Authorization>> claimedAuthorization(const http::Request& request) {
  auto header = request.headers.find("authorization");
  bool query = claimsSignature(queryOf(request));
  if (!header && !query) return std::optional<aws::Authorization>();
  if ((header && query) || request.headers.count("authorization") > 1)
    return awsError("InvalidArgument",
                    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                    "parameter or the Authorization header should be specified");
  auto parsed = header ? aws::parseAuthorization(*header) : aws::parsePresigned(request.query());
  if (!parsed) return malformed(std::move(parsed).error(), request, query);
  return std::optional(std::move(parsed).value());
}

Caller administratorOf(const Settings& settings) {
  Caller caller;
  caller.kind = Caller::Kind::Administrator;
  caller.arn = "arn:" + partitionOf(settings.region) + ":iam::" + settings.account + ":user/administrator";
  caller.userId = "AIDA" + text::hex(crypto::sha256(settings.account)).substr(0, 17);
  for (char& c : caller.userId)
    if (c >= 'a' && c <= 'z') c = char(c - 32);
  caller.accessKeyId = settings.administrator.accessKeyId;
  return caller;
}

std::string assumedRoleArn(const Settings& settings, const Session& session) {
  return "arn:" + partitionOf(settings.region) + ":sts::" + settings.account + ":assumed-role/" + session.roleName +
         "/" + session.name;
}

base::Result<Authenticated> authenticate(const SignedRequest& asked, const State& state, const Settings& settings,
                                         base::Time now, ErrorDetails& details) {
  const auto& [request, claimed, service] = asked;
  Claim claim{request, claimed, service, details, !request.headers.find("authorization"), queryOf(request)};
  Authenticated who;
  std::string secret;
  if (claimed.accessKeyId == settings.administrator.accessKeyId) {
    who.caller = administratorOf(settings);
    secret = settings.administrator.secretAccessKey;
  } else {
    auto found = state.sessions.find(claimed.accessKeyId);
    if (found == state.sessions.end()) {
      details = {{"AWSAccessKeyId", claimed.accessKeyId}};
      return unknownKey(service);
    }
    const Session& session = found->second;
    who.caller = {Caller::Kind::Session, assumedRoleArn(settings, session), session.roleId + ":" + session.name,
                  session.accessKeyId, session};
    secret = session.secretAccessKey;
  }
  TRY(findDate(claim));
  TRY(checkScope(claim));
  TRY(checkTime(claim, now));
  TRY(checkSignedHeaders(claim));
  std::string hash = TRY(claimedHash(claim));
  auto style = isS3(claim) ? aws::PathStyle::S3 : aws::PathStyle::Normalized;
  std::string key = aws::signingKey(secret, claimed.scope);
  if (!aws::verify(request, claimed, claim.amzDate, hash, style, key)) return mismatch(claim, hash, style);
  TRY(checkSession(claim, who.caller, now));
  TRY(readPayload(claim, hash, key, who));
  return who;
}

base::Result<Authenticated> anonymous(const http::Request& request, ErrorDetails& details) {
  Authenticated who;
  std::string hash(request.headers.get(kHashHeader));
  if (hash.empty() || hash == "UNSIGNED-PAYLOAD") return who;
  if (hash == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    TRY(unwrap(request.body, request.headers, std::nullopt, who));
  else
    TRY(checkHash(hash, request.body, details));
  return who;
}

}  // namespace sim
