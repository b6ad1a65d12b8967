// AWS credentials and the errors AWS answers with.
#pragma once
#include <optional>
#include <string>

#include "base/clock.h"

namespace aws {

struct Credentials {
  std::string accessKeyId, secretAccessKey, sessionToken;  // the token is empty for long-term keys
  std::optional<base::Time> expiration;
};

}  // namespace aws
