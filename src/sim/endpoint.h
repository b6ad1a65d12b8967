// The local AWS: S3, IAM, STS and CloudFront behind one http::Handler, told apart by signing scope, Action, path and
// Host.
#pragma once
#include <memory>
#include <string>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "http/client.h"
#include "http/handler.h"

namespace sim {

enum class Dialect { Classic, Opaque };

struct Settings {
  std::string account = "111122223333";
  std::string region = "us-west-2";
  aws::Credentials administrator = {};  // long-term keys that may do everything
  Dialect dialect = Dialect::Classic;
  bool allowLoopbackIssuers = false;
  std::string stateFile = {};           // empty: memory only
  std::size_t mostStored = 256u << 20;  // bytes of objects and parts in all, since they lie in memory
  bool secureTransport = false;         // it is served over TLS: the condition key aws:SecureTransport
};

// Answers AWS's protocols in AWS's words; every request is proven by Signature Version 4 but AssumeRoleWithWebIdentity,
// anonymous reads that a bucket policy allows, and what viewers ask of a distribution.
//
// Two paths beside AWS's own serve tests. Both ask for a loopback peer and the administrator's signature (service s3,
// iam or sts) and speak JSON:
//   GET  /_irsa/calls   [{"n","time","service","operation","principal","status","code","reason"}, …], oldest first, the
//                       last 10,000. `reason` holds what AWS never says: the trace of a refusal. Texts are cut
//                       at 2,000 bytes.
//   POST /_irsa/expect  {"operation":"CreateRole","nth":1,"fault":"throttle"} or an array of such: the nth call from
//   now
//                       on (1 is the next; the default) meets the fault. throttle: Throttling or SlowDown · error500 ·
//                       timeoutAfterSuccess: it is done, but the answer is a bare 504 · accessDenied.
//
// Thread-safe; one mutex over the state. `issuers` fetches issuers that are not its own buckets (null: none can be
// reached; its own limits on time and size hold). All references must outlive the endpoint. With a state file every
// answered write is in it, whole; a missing file is made.
class Endpoint : public http::Handler {
 public:
  static base::Result<std::unique_ptr<Endpoint>> open(Settings settings, const base::Clock& clock,
                                                      base::RandomBytes random, base::Files* files,
                                                      http::Client* issuers);
  // Everything that is there but sessions, as JSON in a stable order: tests compare worlds with it.
  virtual std::string dump() const = 0;
};

}  // namespace sim
