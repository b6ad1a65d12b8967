// Reading what an issuer publishes as STS does: without credentials, following nothing.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ground.h"
#include "http/client.h"
#include "setup/explain.h"
#include "world.h"

namespace cli {

class IssuerLook {
 public:
  // `mayConnect` as in io::ClientOptions. `aws`, where it has an endpoint that stands for S3, is asked for buckets.
  // Everything must outlive the look.
  IssuerLook(const CommonOptions& options, const std::string& caFile,
             std::function<bool(std::string_view address)> mayConnect, const AwsConnection* aws, const Ground& ground);

  setup::FetchedDocument fetch(const std::string& url) const;

 private:
  const AwsConnection* aws_;
  const base::Clock& clock_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace cli
