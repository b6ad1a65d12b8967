#include "setup/adopt.h"

#include <algorithm>
#include <array>

#include "oidc/discovery.h"
#include "policy/arn.h"
#include "setup/adopt_rules.h"
#include "setup/documents.h"
#include "setup/trust_lint.h"

namespace setup {
namespace {

using text::Json;
using text::Severity;

base::Result<FoundSetup> lookAt(const World& world, const Observed& so, ObservedProvider provider,
                                const std::vector<aws::Role>& roles) {
  FoundSetup found{.account = so.caller.account,
                   .partition = so.identifiers.partition,
                   .provider = std::move(provider),
                   .place = std::nullopt,
                   .bucket = {},
                   .roles = {}};
  for (const aws::Role& role : roles)
    if (role.assumeRolePolicyDocument.find("\"" + found.provider.arn + "\"") != std::string::npos)
      found.roles.push_back(role);
  found.place = issuerPlaceOf(found.issuer());
  if (!found.place) return found;
  Observed there = so;
  there.identifiers.bucket = found.place->bucket;
  for (std::string_view key : kDocumentKeys) there.documentKeys.push_back(objectKey(found.place->prefix, key));
  auto bucket = observeBucket(world, there);
  if (bucket)
    found.bucket = *std::move(bucket);
  else if (bucket.error().kind == base::ErrorKind::Unavailable)
    return std::move(bucket).error();
  else
    found.unread = bucket.error().message;
  return found;
}

}  // namespace

base::Result<std::vector<FoundSetup>> lookForSetups(const World& world, std::string_view issuer) {
  Observed so;
  so.caller = TRY(world.aws.call(aws::GetCallerIdentity{}));
  policy::Arn caller = TRY(policy::parseArn(so.caller.arn));
  so.identifiers.partition = caller.partition;
  const auto arns = TRY(world.aws.call(aws::ListOpenIDConnectProviders{}));
  const auto roles = TRY(aws::listAll(world.aws, aws::ListRoles{}));
  std::vector<FoundSetup> found;
  for (const std::string& arn : arns) {
    if (!issuer.empty() && arn.substr(arn.find('/') + 1) != oidc::providerName(issuer)) continue;
    ObservedProvider provider{arn, TRY(world.aws.call(aws::GetOpenIDConnectProvider{arn}))};
    found.push_back(TRY(lookAt(world, so, std::move(provider), roles)));
  }
  if (!found.empty()) return found;
  return base::Error{
      base::ErrorKind::NotFound, "",
      "account " + so.caller.account + " has no OIDC provider" + (issuer.empty() ? "" : " for " + std::string(issuer)),
      issuer.empty() ? "irsa apply makes one" : "irsa adopt without an issuer looks at all there are"};
}

text::Findings lintSetup(const FoundSetup& found) {
  AdoptLint lint{found, {}};
  lintIssuer(lint);
  lintDocuments(lint);
  lintAccess(lint);
  lintProvider(lint);
  for (const aws::Role& role : found.roles)
    for (text::Finding& one : lintTrust({.document = role.assumeRolePolicyDocument,
                                         .name = "role " + role.name,
                                         .roleArn = role.arn,
                                         .issuers = {found.issuer()},
                                         .maxSessionDuration = std::nullopt,
                                         .tokenExpiration = std::nullopt,
                                         .clientIds = {{found.provider.arn, found.provider.provider.clientIds}}})) {
      if (one.code == kAudienceCode) one.fix = lint.repair(one.code);
      lint.findings.push_back(std::move(one));
    }
  text::sortFindings(lint.findings);
  return std::move(lint.findings);
}

}  // namespace setup
