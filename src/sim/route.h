// Which service a request is for, and its parameters: told apart by signing scope, by Action and by path.
#pragma once
#include <optional>
#include <string>

#include "aws/sigv4.h"
#include "sim/operation.h"

namespace sim {

struct Routed {
  Service service = Service::S3;
  Parameters parameters;
  std::string region;                         // of the scope, or the simulator's own
  std::string bucket, key;                    // S3 only; decoded
  std::optional<aws::Authorization> claimed;  // not yet proven
  std::optional<base::Error> refusal;         // the request can't be read; in AWS's words
};

Routed route(const http::Request& request, const Settings& settings);

// The query operation that Action and Version name; InvalidAction or MissingAction.
base::Result<const Operation*> queryOperation(Service service, const Parameters& parameters);

}  // namespace sim
