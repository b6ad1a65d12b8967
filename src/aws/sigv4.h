// AWS Signature Version 4: four pure functions with the names of Amazon's document, and what sits on top of them.
// Used by the client to sign and by the simulator to verify; held to Amazon's published vectors.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace aws {

struct Scope {
  std::string date;  // 20150830
  std::string region, service;
  std::string text() const;  // date/region/service/aws4_request
};

// S3 encodes the path once and leaves dots and double slashes alone; every other service normalises and encodes the
// path of the request line once more.
enum class PathStyle { S3, Normalized };

// `signedHeaders` in lower case and sorted; `payloadHash` is hex or one of S3's words ("UNSIGNED-PAYLOAD", ...).
std::string canonicalRequest(const http::Request& request, const std::vector<std::string>& signedHeaders,
                             std::string_view payloadHash, PathStyle style);
std::string stringToSign(std::string_view canonical, std::string_view amzDate, const Scope& scope);
std::string signingKey(std::string_view secretAccessKey, const Scope& scope);  // raw bytes
std::string authorizationHeader(std::string_view accessKeyId, const Scope& scope,
                                const std::vector<std::string>& signedHeaders, std::string_view signatureHex);
std::string signature(std::string_view signingKey, std::string_view stringToSign);  // hex

// Adds Host, X-Amz-Date, X-Amz-Security-Token (when there is one), for S3 X-Amz-Content-Sha256, and Authorization.
// Every header field that is there is signed, but those that may change on the way (Connection, Expect, User-Agent,
// ...). An X-Amz-Content-Sha256 that is there already is taken as it is, e.g. "UNSIGNED-PAYLOAD". REQUIRES:
// request.origin, target, headers and body are final.
void sign(http::Request& request, const Credentials& credentials, std::string_view region, std::string_view service,
          base::Time now);

// The Authorization header taken apart. Denied with code IncompleteSignature when a part is missing.
struct Authorization {
  std::string accessKeyId;
  Scope scope;
  std::vector<std::string> signedHeaders;
  std::string signature;
};
base::Result<Authorization> parseAuthorization(std::string_view header);
// The same from the X-Amz-* query parameters of a presigned URL. canonicalRequest() leaves X-Amz-Signature out.
base::Result<Authorization> parsePresigned(std::string_view query);

// Whether the request as it was received bears the signature that it claims, made with that raw signing key. Compares
// in constant time. Scope, time, payload and what has to be signed are the caller's to check.
bool verify(const http::Request& request, const Authorization& claimed, std::string_view amzDate,
            std::string_view payloadHash, PathStyle style, std::string_view signingKey);

}  // namespace aws
