#include "sim/principals.h"

#include "policy/arn.h"
#include "sim/authenticate.h"
#include "text/words.h"

namespace sim {
namespace {

bool isThere(const Call& call, const std::string& principal) {
  auto arn = policy::parseArn(principal);
  if (!arn || arn->account != call.settings.account || arn->partition != partitionOf(call.settings.region)) return true;
  std::string_view resource = arn->resource;
  if (arn->service == "iam" && resource.starts_with("user/")) return principal == administratorOf(call.settings).arn;
  const bool isRole = arn->service == "iam" && resource.starts_with("role/");
  const bool isSession = arn->service == "sts" && resource.starts_with("assumed-role/");
  if (!isRole && !isSession) return arn->service == "sts" || resource == "root";
  std::string_view name = resource.substr(resource.find('/') + 1);
  name = isRole ? name.substr(name.rfind('/') + 1) : name.substr(0, name.find('/'));
  auto role = call.state.roles.find(text::lowerCase(name));
  return role != call.state.roles.end() && (isSession || roleArn(call, role->second) == principal);
}

}  // namespace

std::optional<std::string> missingPrincipal(const Call& call, const policy::PolicyDocument& document) {
  for (const policy::Statement& statement : document.statements)
    for (const auto* principals : {&statement.principals, &statement.notPrincipals})
      for (const policy::Principal& principal : *principals)
        for (const std::string& value : principal.values)
          if (principal.kind == "AWS" && !isThere(call, value)) return value;
  return std::nullopt;
}

}  // namespace sim
