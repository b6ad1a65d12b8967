// Reads an issuer's discovery document and keys as STS does: over HTTPS with nobody's credentials. An issuer in the
// simulator's own buckets is read inside, as an anonymous reader, so a bucket that is not public fails as on AWS.
#pragma once
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "oidc/jwks.h"
#include "sim/issuer_cache.h"
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

bool isLoopback(std::string_view host);  // 127.0.0.0/8, ::1, localhost and below, and IPv4 inside IPv6

class IssuerReader {
 public:
  // `lock` guards state and cache, and is let go of while a document is fetched from elsewhere. Addresses in URLs are
  // judged here; what a name leads to must be judged by the client when it connects.
  IssuerReader(http::Client* client, IssuerCache& cache, std::unique_lock<std::mutex>& lock)
      : client_(client), cache_(cache), lock_(lock) {}

  // The keys of `issuer` ("https://…"). Errors carry AWS's code and sentence; the real cause is left in call.reason.
  // What Cache-Control let it keep is used unless it has no key `kid`. A certificate is trusted for its authority, or
  // for the provider's `thumbprints`. The state may change while this runs: hold no reference into it across the call.
  base::Result<IssuerCache::Keys> keys(Call& call, const std::string& issuer, const std::string& kid,
                                       const std::vector<std::string>& thumbprints);

  // Whether anything answers at the issuer's host.
  bool isReachable(Call& call, const std::string& issuer);

 private:
  struct Document {
    std::string body;
    std::chrono::seconds fresh{0};
    bool isOwn = false;  // of the simulator's own buckets and distributions
  };
  base::Result<Document> document(Call& call, const std::string& url);
  base::Result<Document> fetch(Call& call, const std::string& url);
  base::Result<IssuerCache::Keys> read(Call& call, const std::string& issuer);

  http::Client* client_;
  IssuerCache& cache_;
  std::vector<std::string> thumbprints_;
  std::unique_lock<std::mutex>& lock_;
};

}  // namespace sim
