#include "setup/trust_lint.h"

#include "aws/iam.h"
#include "policy/arn.h"
#include "policy/policy_document.h"
#include "trust_command.h"
#include "world.h"

namespace cli {
namespace {

std::string nameOfRole(const std::string& role) { return role.substr(role.find_last_of('/') + 1); }

std::vector<std::string> providersIn(const std::string& document) {
  std::vector<std::string> out;
  const base::Result<policy::PolicyDocument> parsed = policy::parsePolicy(document, policy::PolicyKind::Trust);
  if (!parsed) return out;
  for (const policy::Statement& statement : parsed->statements)
    for (const policy::Principal& principal : statement.principals)
      for (const std::string& value : principal.values)
        if (value.find(":oidc-provider/") != std::string::npos) out.push_back(value);
  return out;
}

base::Result<FoundPolicy> readRole(const std::string& wanted, const CommonOptions& options, bool wantsProviders,
                                   const Console& console) {
  Ground ground;
  const AwsConnection connection = TRY(connectChosenAws(options, ground));
  const aws::Role role = TRY(connection.client->call(aws::GetRole{nameOfRole(wanted)}));
  const bool isArn = wanted.starts_with("arn:");
  if (isArn && wanted != role.arn)
    return base::notFound("there is no role " + wanted + ": the role of that name is " + role.arn);
  FoundPolicy found{.document = role.assumeRolePolicyDocument,
                    .name = "role " + role.name,
                    .roleArn = role.arn,
                    .maxSessionDuration = role.maxSessionDuration,
                    .clientIds = {}};
  if (!wantsProviders) return found;
  for (const std::string& arn : providersIn(found.document)) {
    const base::Result<aws::OpenIDConnectProvider> provider =
        connection.client->call(aws::GetOpenIDConnectProvider{arn});
    if (provider) found.clientIds[arn] = provider->clientIds;
    if (!provider) console.warn("not looked at: the provider " + arn + ": " + provider.error().message);
  }
  return found;
}

}  // namespace

base::Result<FoundPolicy> findPolicy(const PolicyChoice& choice, const CommonOptions& options, bool wantsProviders,
                                     const Console& console) {
  if (choice.file.empty() == choice.role.empty())
    return base::invalid("one policy is wanted: a file (- is standard input), or --role NAME of the account");
  if (!choice.role.empty()) return readRole(choice.role, options, wantsProviders, console);
  FoundPolicy found;
  found.name = choice.file == "-" ? "the policy" : choice.file;
  if (choice.file == "-") {
    found.document = io::readIn();
  } else {
    found.document = TRY(io::newDiskFiles()->read(choice.file));
  }
  return found;
}

int runTrustLint(const TrustLintOptions& options) {
  const Console console(options.common);
  base::Result<FoundPolicy> found = findPolicy(options.policy, options.common, true, console);
  if (!found) return console.fail(found.error(), exitCodeOfLook(found.error()));
  if (!options.roleArn.empty()) found->roleArn = options.roleArn;
  if (const base::Result<policy::Arn> arn = policy::parseArn(found->roleArn); !arn && !found->roleArn.empty())
    return console.fail(arn.error(), kUsage);
  setup::TrustSurroundings trust{.document = std::move(found->document),
                                 .name = std::move(found->name),
                                 .roleArn = std::move(found->roleArn),
                                 .issuers = options.issuers,
                                 .maxSessionDuration = found->maxSessionDuration,
                                 .tokenExpiration = {},
                                 .clientIds = std::move(found->clientIds)};
  if (options.tokenExpiration.count() > 0) trust.tokenExpiration = options.tokenExpiration;
  return console.findings(setup::lintTrust(trust));
}

}  // namespace cli
