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
  if (isRole) return roleOfArn(call, principal) != nullptr;
  const std::string_view session = resource.substr(resource.find('/') + 1);
  return call.state.roles.contains(text::lowerCase(session.substr(0, session.find('/'))));
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
