#include "setup/trust_lint.h"

#include <algorithm>
#include <set>

#include "oidc/discovery.h"
#include "policy/trust_policy.h"
#include "setup/trust_lint_rules.h"

namespace setup {
namespace {

using policy::Statement;
using text::Severity;

bool isExpected(const TrustSurroundings& trust, const std::string& provider) {
  return std::ranges::any_of(trust.issuers, [&](const auto& issuer) { return oidc::providerName(issuer) == provider; });
}

void lintLength(const TrustSurroundings& trust, text::Findings& findings) {
  std::size_t size = policy::quotaSize(trust.document);
  if (size <= policy::kTrustQuota) return;
  findings.push_back({"TRUST_TOO_LONG", Severity::Warning, trust.name,
                      "it has " + std::to_string(size) + " characters without white space, and IAM takes " +
                          std::to_string(policy::kTrustQuota) +
                          " (LimitExceeded, ACLSizePerRole) unless the account's quota was raised",
                      "write it anew with irsa trust render, split it over two roles, or have the quota raised"});
}

void lintIssuers(const TrustSurroundings& trust, const std::vector<Statement>& statements, text::Findings& findings) {
  std::set<std::string> providers;
  for (const Statement& statement : statements)
    if (grantsWebIdentity(statement))
      for (const std::string& arn : providersOf(statement)) providers.insert(oidcProviderOf(arn));
  if (providers.size() < 2) return;
  if (std::ranges::all_of(providers, [&](const auto& name) { return isExpected(trust, name); })) return;
  std::string listed;
  for (const std::string& provider : providers) listed += (listed.empty() ? "" : ", ") + provider;
  findings.push_back({"TRUST_SEVERAL_ISSUERS", Severity::Warning, trust.name,
                      "it trusts several issuers (" + listed +
                          "): who may create service accounts in any of these clusters shares the role",
                      "give each cluster its own role, or name all issuers that are meant with --issuer"});
}

void lintSession(const TrustSurroundings& trust, bool isBroad, text::Findings& findings) {
  if (!trust.maxSessionDuration) return;
  std::string minutes = std::to_string(trust.maxSessionDuration->count() / 60) + " minutes";
  if (isBroad && *trust.maxSessionDuration > std::chrono::hours(1))
    findings.push_back({"SESSION_LONG", Severity::Warning, trust.name,
                        "sessions may last " + minutes + " although the role is open to more than named accounts",
                        "set the role's MaxSessionDuration to 3600, or name the accounts"});
  if (trust.tokenExpiration && *trust.maxSessionDuration > *trust.tokenExpiration)
    findings.push_back({"SESSION_OUTLIVES_TOKEN", Severity::Note, trust.name,
                        "a session may last " + minutes + ", longer than the token it was made of (" +
                            std::to_string(trust.tokenExpiration->count() / 60) + " minutes)",
                        ""});
}

std::string placeOf(const TrustSurroundings& trust, const Statement& statement, std::size_t number) {
  std::string place = trust.name + ", statement " + std::to_string(number);
  return statement.sid.empty() ? place : place + " (" + statement.sid + ")";
}

void lintUnused(const TrustSurroundings& trust, const Statement& statement, const std::string& place,
                text::Findings& findings) {
  std::vector<std::string> providers = providersOf(statement);
  if (trust.issuers.empty() || providers.empty()) return;
  if (std::ranges::any_of(providers, [&](const auto& arn) { return isExpected(trust, oidcProviderOf(arn)); })) return;
  findings.push_back({"TRUST_STATEMENT_UNUSED", Severity::Warning, place,
                      "it speaks of " + oidcProviderOf(providers.front()) + ", which is none of the issuers given",
                      "remove it, or name that issuer with --issuer"});
}

}  // namespace

text::Findings lintTrust(const TrustSurroundings& trust) {
  text::Findings findings;
  base::Result<policy::PolicyDocument> document = policy::parsePolicy(trust.document, policy::PolicyKind::Trust);
  if (!document) {
    const base::Error& error = document.error();
    return {{"TRUST_MALFORMED", Severity::Error, trust.name,
             "IAM refuses it (" + error.code + "): " + error.message + ": " + error.hint, "correct it there"}};
  }
  lintLength(trust, findings);
  lintIssuers(trust, document->statements, findings);
  bool isBroad = false;
  for (std::size_t i = 0; i < document->statements.size(); ++i) {
    const Statement& statement = document->statements[i];
    std::string place = placeOf(trust, statement, i + 1);
    lintUnused(trust, statement, place, findings);
    StatementLint lint(statement, *document, trust, place, findings);
    lint.lint();
    isBroad |= lint.isBroad();
  }
  lintSession(trust, isBroad, findings);
  text::sortFindings(findings);
  return findings;
}

}  // namespace setup
