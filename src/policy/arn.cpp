#include "policy/arn.h"

#include <array>

namespace policy {

std::string Arn::text() const {
  return "arn:" + partition + ":" + service + ":" + region + ":" + account + ":" + resource;
}

base::Result<Arn> parseArn(std::string_view text) {
  std::array<std::string, 5> parts;  // "arn", partition, service, region, account
  std::string_view rest = text;
  for (std::string& part : parts) {
    auto colon = rest.find(':');
    if (colon == rest.npos)
      return base::invalid("\"" + std::string(text) +
                           "\" is no ARN: it needs arn:partition:service:region:account:resource");
    part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[1].empty() || parts[2].empty() || rest.empty())
    return base::invalid("\"" + std::string(text) +
                         "\" is no ARN: it begins with \"arn:\" and names a partition, a service and a resource");
  return Arn{parts[1], parts[2], parts[3], parts[4], std::string(rest)};
}

}  // namespace policy
