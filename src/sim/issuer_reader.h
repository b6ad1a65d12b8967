// Reads an issuer's discovery document and keys as STS does: over HTTPS with nobody's credentials. An issuer in the
// simulator's own buckets is read inside, as an anonymous reader, so a bucket that is not public fails as on AWS.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "oidc/jwks.h"
#include "sim/operation.h"

namespace sim {

// A place in S3 that an https URL names: https://BUCKET.s3.REGION.SUFFIX/KEY or https://s3.REGION.SUFFIX/BUCKET/KEY,
// SUFFIX being any partition's. The region is empty for the global name.
struct S3Place {
  std::string bucket, region, key;
};
std::optional<S3Place> s3Place(std::string_view url);

// The bucket of a virtual-hosted request's Host field; empty for path style.
std::string virtualHostBucket(std::string_view hostField);

bool isLoopback(std::string_view host);  // 127.0.0.0/8, ::1, localhost, and IPv4 inside IPv6

class IssuerReader {
 public:
  // `lock` guards the state and is let go of while a document is fetched from elsewhere.
  IssuerReader(http::Client* client, std::unique_lock<std::mutex>& lock) : client_(client), lock_(lock) {}

  // The keys of `issuer` ("https://…"). Errors carry AWS's code and sentence; the real cause is left in call.reason.
  // The state may change while this runs: hold no reference into it across the call.
  base::Result<oidc::Jwks> keys(Call& call, const std::string& issuer);

  // Whether anything answers at the issuer's host.
  bool isReachable(Call& call, const std::string& issuer);

 private:
  base::Result<std::string> document(Call& call, const std::string& url);
  base::Result<std::string> fetch(Call& call, const std::string& url);

  http::Client* client_;
  std::unique_lock<std::mutex>& lock_;
};

}  // namespace sim
