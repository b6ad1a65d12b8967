// The local AWS: S3, IAM and STS behind one http::Handler, told apart by signing scope, Action and path.
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
  aws::Credentials administrator;  // long-term keys that may do everything
  Dialect dialect = Dialect::Classic;
  bool allowLoopbackIssuers = false;
  std::string stateFile;  // empty: memory only
};

// Thread-safe; one mutex over the state. `issuers` fetches issuers that are not its own buckets (null: none can be
// reached). All references must outlive the endpoint.
class Endpoint : public http::Handler {
 public:
  static base::Result<std::unique_ptr<Endpoint>> open(Settings settings, const base::Clock& clock, base::RandomBytes random,
                                                      base::Files* files, http::Client* issuers);
  // Everything that is there, in a stable order: tests compare worlds with it.
  virtual std::string dump() const = 0;
};

}  // namespace sim
