#include "aws/sigv4.h"

#include <algorithm>
#include <array>

#include "base/time.h"
#include "crypto/digest.h"
#include "http/url.h"
#include "text/encoding.h"
#include "text/uri.h"
#include "text/words.h"

namespace aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// "Trimall": no white space at the ends, one blank for every inner run (also of a folded header).
std::string trimmed(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (!isBlank(c))
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string decodedOrAsIs(std::string_view encoded) {
  auto decoded = text::percentDecode(encoded);
  return decoded ? std::move(decoded).value() : std::string(encoded);
}

// RFC 3986, section 5.2.4, and no empty segments.
std::string normalizedPath(std::string_view path) {
  std::vector<std::string_view> segments;
  bool folder = true;
  while (!path.empty()) {
    std::size_t slash = path.find('/');
    std::string_view segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    folder = slash != std::string_view::npos || segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (std::string_view segment : segments) out.append("/").append(segment);
  return folder || out.empty() ? out + "/" : out;
}

std::string canonicalPath(std::string_view path, PathStyle style) {
  if (style == PathStyle::S3) return text::percentEncode(decodedOrAsIs(path), "/");
  return text::percentEncode(normalizedPath(path), "/");
}

std::string canonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!query.empty()) {
    std::size_t end = query.find('&');
    std::string_view field = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (field.empty()) continue;
    std::size_t equals = field.find('=');
    std::string name = decodedOrAsIs(field.substr(0, equals));
    if (name == "X-Amz-Signature") continue;  // a presigned URL is signed without it
    std::string value = equals == std::string_view::npos ? "" : decodedOrAsIs(field.substr(equals + 1));
    fields.emplace_back(text::percentEncode(name), text::percentEncode(value));
  }
  std::sort(fields.begin(), fields.end());
  std::string out;
  for (const auto& [name, value] : fields) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::string valuesOf(const http::Headers& headers, std::string_view name) {
  std::string out;
  bool first = true;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    auto [field, value] = headers.at(i);
    if (!http::sameName(field, name)) continue;
    if (!first) out += ',';
    out += trimmed(value);
    first = false;
  }
  return out;
}

// Fields that something between us and the service may add or change.
bool mayChangeOnTheWay(std::string_view name) {
  constexpr std::array<std::string_view, 6> kUnsigned{"authorization", "connection",        "expect",
                                                      "user-agent",    "transfer-encoding", "x-amzn-trace-id"};
  return std::find(kUnsigned.begin(), kUnsigned.end(), name) != kUnsigned.end();
}

std::vector<std::string> headersToSign(const http::Headers& headers) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < headers.size(); ++i)
    if (std::string name = text::lowerCase(headers.at(i).first); !mayChangeOnTheWay(name))
      names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string_view cut(std::string_view& rest, char separator) {
  std::size_t end = rest.find(separator);
  std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return piece;
}

base::Error malformed(std::string_view why) {
  return {base::ErrorKind::Denied, "IncompleteSignature", "the Authorization header " + std::string(why)};
}

// Access key ids may hold slashes, so the scope is cut off from the right.
base::Result<void> readCredential(std::string_view credential, Authorization& into) {
  std::array<std::string_view, 4> parts;
  for (std::size_t i = parts.size(); i-- > 0;) {
    std::size_t slash = credential.rfind('/');
    if (slash == std::string_view::npos)
      return malformed("has a Credential that is not ID/date/region/service/aws4_request");
    parts[i] = credential.substr(slash + 1);
    credential = credential.substr(0, slash);
  }
  if (parts[3] != "aws4_request") return malformed("has a Credential that does not end in aws4_request");
  if (credential.empty()) return malformed("has no access key id");
  into.accessKeyId = credential;
  into.scope = {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
  return {};
}

std::vector<std::string> splitNames(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) names.emplace_back(cut(list, ';'));
  return names;
}

base::Result<Authorization> complete(Authorization authorization) {
  if (authorization.accessKeyId.empty()) return malformed("has no Credential");
  if (authorization.signedHeaders.empty()) return malformed("has no SignedHeaders");
  if (authorization.signature.empty()) return malformed("has no Signature");
  return authorization;
}

}  // namespace

std::string Scope::text() const { return date + "/" + region + "/" + service + "/aws4_request"; }

std::string canonicalRequest(const http::Request& request, const std::vector<std::string>& signedHeaders,
                             std::string_view payloadHash, PathStyle style) {
  std::string out = request.method + "\n";
  out += canonicalPath(request.path(), style) + "\n";
  out += canonicalQuery(request.query()) + "\n";
  for (const std::string& name : signedHeaders) out += name + ":" + valuesOf(request.headers, name) + "\n";
  out += "\n" + text::joined(signedHeaders, ";") + "\n";
  return out.append(payloadHash);
}

std::string stringToSign(std::string_view canonical, std::string_view amzDate, const Scope& scope) {
  std::string out(kAlgorithm);
  out.append("\n").append(amzDate).append("\n").append(scope.text()).append("\n");
  return out + text::hex(crypto::sha256(canonical));
}

std::string signingKey(std::string_view secretAccessKey, const Scope& scope) {
  std::string key = crypto::hmacSha256("AWS4" + std::string(secretAccessKey), scope.date);
  key = crypto::hmacSha256(key, scope.region);
  key = crypto::hmacSha256(key, scope.service);
  return crypto::hmacSha256(key, "aws4_request");
}

std::string signature(std::string_view signingKey, std::string_view stringToSign) {
  return text::hex(crypto::hmacSha256(signingKey, stringToSign));
}

std::string authorizationHeader(std::string_view accessKeyId, const Scope& scope,
                                const std::vector<std::string>& signedHeaders, std::string_view signatureHex) {
  std::string out(kAlgorithm);
  out.append(" Credential=").append(accessKeyId).append("/").append(scope.text());
  out.append(", SignedHeaders=").append(text::joined(signedHeaders, ";"));
  return out.append(", Signature=").append(signatureHex);
}

void sign(http::Request& request, const Credentials& credentials, std::string_view region, std::string_view service,
          base::Time now) {
  std::string date = base::iso8601Basic(now);
  bool isS3 = service == "s3";
  if (auto url = http::parseUrl(request.origin)) request.headers.set("Host", url->authority());
  request.headers.set("X-Amz-Date", date);
  if (!credentials.sessionToken.empty()) request.headers.set("X-Amz-Security-Token", credentials.sessionToken);
  std::string payloadHash(request.headers.get("X-Amz-Content-Sha256"));
  if (payloadHash.empty()) payloadHash = text::hex(crypto::sha256(request.body));
  if (isS3) request.headers.set("X-Amz-Content-Sha256", payloadHash);
  request.headers.remove("Authorization");

  Scope scope{date.substr(0, 8), std::string(region), std::string(service)};
  std::vector<std::string> names = headersToSign(request.headers);
  std::string canonical = canonicalRequest(request, names, payloadHash, isS3 ? PathStyle::S3 : PathStyle::Normalized);
  std::string signatureHex =
      signature(signingKey(credentials.secretAccessKey, scope), stringToSign(canonical, date, scope));
  request.headers.set("Authorization", authorizationHeader(credentials.accessKeyId, scope, names, signatureHex));
}

bool verify(const http::Request& request, const Authorization& claimed, std::string_view amzDate,
            std::string_view payloadHash, PathStyle style, std::string_view signingKey) {
  std::string canonical = canonicalRequest(request, claimed.signedHeaders, payloadHash, style);
  std::string expected = signature(signingKey, stringToSign(canonical, amzDate, claimed.scope));
  return crypto::equalInConstantTime(expected, claimed.signature);
}

base::Result<Authorization> parseAuthorization(std::string_view header) {
  if (!header.starts_with(kAlgorithm)) return malformed("does not start with AWS4-HMAC-SHA256");
  header.remove_prefix(kAlgorithm.size());
  if (header.empty() || !isBlank(header.front())) return malformed("does not start with AWS4-HMAC-SHA256");
  Authorization authorization;
  while (!header.empty()) {
    std::string field = trimmed(cut(header, ','));
    std::string_view value = field;
    std::string_view name = cut(value, '=');
    if (name == "Credential") TRY(readCredential(value, authorization));
    if (name == "SignedHeaders") authorization.signedHeaders = splitNames(value);
    if (name == "Signature") authorization.signature = value;
  }
  return complete(std::move(authorization));
}

base::Result<Authorization> parsePresigned(std::string_view query) {
  text::FormFields fields = TRY(text::formDecode(query));
  Authorization authorization;
  bool hasAlgorithm = false;
  for (const auto& [name, value] : fields) {
    if (name == "X-Amz-Algorithm") hasAlgorithm = value == kAlgorithm;
    if (name == "X-Amz-Credential") TRY(readCredential(value, authorization));
    if (name == "X-Amz-SignedHeaders") authorization.signedHeaders = splitNames(value);
    if (name == "X-Amz-Signature") authorization.signature = value;
  }
  if (!hasAlgorithm) return malformed("parameters lack X-Amz-Algorithm=AWS4-HMAC-SHA256");
  return complete(std::move(authorization));
}

}  // namespace aws
