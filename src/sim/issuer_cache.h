// The keys of issuers elsewhere, kept as long as their documents allow (RFC 9111): STS does not ask for each token.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"
#include "oidc/jwks.h"

namespace sim {

// How long a shared cache may use an answer: s-maxage or max-age of Cache-Control less Age, a day at most. Zero without
// them, with no-store, no-cache or private, and with Pragma: no-cache where there is no Cache-Control.
std::chrono::seconds freshness(const http::Headers& headers);

class IssuerCache {
 public:
  // Shared, since who verifies with them may be at it while they are replaced.
  using Keys = std::shared_ptr<const oidc::Jwks>;

  // Null when there is nothing, or nothing fresh.
  Keys find(const std::string& issuer, base::Time now) const;
  void keep(const std::string& issuer, Keys keys, base::Time now, std::chrono::seconds time);

  // For an issuer in the simulator's own buckets: until the second is over, since a policy may look at the time, or
  // until forgetOwn(), which every write to a bucket or a distribution calls.
  void keepOwn(const std::string& issuer, Keys keys, base::Time now);
  void forgetOwn();

  // The keys of a key set's document. What was read from the same text before is given again: making keys of numbers
  // costs several times what a signature costs to verify.
  base::Result<Keys> parse(const std::string& document);

 private:
  struct Entry {
    Keys keys;
    base::Time until;
    bool isOwn = false;
  };
  void insert(const std::string& issuer, Entry entry, base::Time now);

  std::map<std::string, Entry> entries_;
  std::map<std::string, Keys> parsed_;  // by document
};

}  // namespace sim
