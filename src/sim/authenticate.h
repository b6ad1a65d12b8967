// Who is calling: Signature Version 4 in the Authorization header or in the query of a presigned URL, recomputed from
// the request as it was received. Whatever is not proven is refused.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/sigv4.h"
#include "base/result.h"
#include "sim/operation.h"
#include "sim/parameters.h"

namespace sim {

// The parameters of the query; none when it can't be read.
Parameters queryOf(const http::Request& request);
bool claimsSignature(const Parameters& query);

// The claimed signature, header or query; absent when the request has none. A malformed one is an Error in the words
// of S3; those of the other services are incompleteSignature()'s.
base::Result<std::optional<aws::Authorization>> claimedAuthorization(const http::Request& request);

struct Authenticated {
  Caller caller;
  std::string body;  // out of its aws-chunked coat; only then filled
  bool decoded = false;
  std::vector<std::pair<std::string, std::string>> trailers = {};
};

// A request, the signature it claims and the service that it asks.
struct SignedRequest {
  const http::Request& request;
  const aws::Authorization& claimed;
  Service service;
};

// Verifies scope, time, signed headers, signature, payload hash, session token and expiry, in this order after the key
// id was found. `details` gets what S3 tells of a refusal beside its sentence.
base::Result<Authenticated> authenticate(const SignedRequest& asked, const State& state, const Settings& settings,
                                         base::Time now, ErrorDetails& details);

// The caller of a request without a signature; only its payload can be wrong.
base::Result<Authenticated> anonymous(const http::Request& request, ErrorDetails& details);

Caller administratorOf(const Settings& settings);

// arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
std::string assumedRoleArn(const Settings& settings, const Session& session);

}  // namespace sim
