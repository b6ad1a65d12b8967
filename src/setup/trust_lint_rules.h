// The rules of `irsa trust lint` about one statement. For trust_lint*.cpp only.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy_document.h"
#include "setup/trust_lint.h"
#include "setup/trust_lint_pattern.h"

namespace setup {

// The provider's name in "arn:aws:iam::111122223333:oidc-provider/NAME"; empty for other principals.
std::string oidcProviderOf(std::string_view principal);

// The statement's OIDC providers by ARN.
std::vector<std::string> providersOf(const policy::Statement& statement);

// Whether it says Allow to AssumeRoleWithWebIdentity.
bool grantsWebIdentity(const policy::Statement& statement);

class StatementLint {
 public:
  // `place` is "trust.json, statement 2 (Sid)". What is found is added to `findings`. All must outlive this.
  StatementLint(const policy::Statement& statement, const policy::PolicyDocument& document,
                const TrustSurroundings& trust, std::string place, text::Findings& findings)
      : statement_(statement),
        document_(document),
        trust_(trust),
        place_(std::move(place)),
        hasVariables_(document.version == "2012-10-17"),
        findings_(findings) {}

  // The conditions that hold for what they name alone, all of them at once, and their values. Those of Deny statements
  // that leave in alone what they name are among them.
  struct Pinned {
    std::vector<const policy::Condition*> conditions;
    std::vector<std::string> places;  // "StringEquals oidc.example.com:sub"
    std::vector<Alternatives> values;
  };

  void lint();
  bool isBroad() const { return isBroad_; }  // after lint(): its sub lets in more than named accounts

 private:
  using Severity = text::Severity;
  void add(std::string code, Severity severity, std::string why, std::string fix, const std::string& where = "");

  void lintPrincipals();
  void lintProvider(const std::string& arn);
  void lintProviderName(const std::string& arn);
  const policy::Condition* unmetBy(const std::string& provider) const;
  void lintUnmet(const std::string& arn, const policy::Condition& condition);
  Pinned pinnedOn(const std::string& arn, std::string_view claim) const;
  bool hasAbsentKey();
  bool isNeverMet(const std::string& provider, std::string_view claim);
  void lintVariables(const Pinned& pinned);
  void lintSubject(const std::string& arn);
  void lintUnpinnedSubject(const std::string& provider);
  void lintSubjectValue(const std::string& provider, const ValuePattern& value, const std::string& where);
  void lintSubjectPattern(const std::string& where, const ValuePattern& value, const OpenParts& open);
  void lintAudience(const std::string& arn);
  void lintClientIds(const std::string& arn);
  void lintConditionKey(const policy::Condition& condition);
  void lintConditionValues(const policy::Condition& condition);

  const policy::Statement& statement_;
  const policy::PolicyDocument& document_;
  const TrustSurroundings& trust_;
  std::string place_;
  bool hasVariables_;
  text::Findings& findings_;
  bool isBroad_ = false;
};

}  // namespace setup
