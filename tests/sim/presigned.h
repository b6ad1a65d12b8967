// Presigned URLs of S3, signed by hand.
#pragma once
#include "base/time.h"
#include "local_account.h"

namespace sim {

// A GET of `path` with the account's current credentials, good for `expires` seconds.
inline http::Request presigned(LocalAccount& account, std::string_view expires,
                               const std::string& path = "/bucket/key") {
  std::string date = base::iso8601Basic(account.clock.now());
  aws::Scope scope{date.substr(0, 8), "us-west-2", "s3"};
  http::Request request = account.s3Request("GET", "", "", {});
  request.target = path + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" +
                   text::percentEncode(account.credentials.accessKeyId + "/" + scope.text()) + "&X-Amz-Date=" + date +
                   "&X-Amz-Expires=" + std::string(expires) + "&X-Amz-SignedHeaders=host";
  if (!account.credentials.sessionToken.empty())
    request.target += "&X-Amz-Security-Token=" + text::percentEncode(account.credentials.sessionToken);
  request.headers.add("Host", "127.0.0.1:4566");
  std::string canonical = aws::canonicalRequest(request, {"host"}, "UNSIGNED-PAYLOAD", aws::PathStyle::S3);
  std::string key = aws::signingKey(account.credentials.secretAccessKey, scope);
  request.target += "&X-Amz-Signature=" + aws::signature(key, aws::stringToSign(canonical, date, scope));
  return request;
}

}  // namespace sim
