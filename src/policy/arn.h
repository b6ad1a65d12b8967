// Amazon Resource Names: arn:partition:service:region:account:resource.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace policy {

struct Arn {
  std::string partition, service, region, account, resource;
  std::string text() const;
  bool operator==(const Arn&) const = default;
};

base::Result<Arn> parseArn(std::string_view text);

}  // namespace policy
