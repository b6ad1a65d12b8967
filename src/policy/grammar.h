// What AWS demands of a statement beyond its JSON shape, and the sentence it answers with. For this room only.
//
// IAM and S3 word the same fault differently; hints say in our own words where the fault is.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/policy_document.h"

namespace policy {

class Grammar {
 public:
  explicit Grammar(PolicyKind kind) : kind_(kind) {}

  base::Result<void> checkText(std::string_view document) const;
  base::Result<void> check(const Statement& statement, const std::string& where) const;

  base::Error syntax(std::string hint) const;
  base::Error notJson(std::string hint) const;
  base::Error missing(const std::string& element, const std::string& where) const;
  base::Error unknownElement(const std::string& name, std::string hint) const;
  base::Error unknownOperator(const std::string& name, const std::string& where) const;
  base::Error invalidEffect(const std::string& effect, const std::string& where) const;
  base::Error invalidPrincipal(const std::string& kind, const std::string& value, std::string hint) const;
  base::Error badVersion(const std::string& version) const;
  base::Error tooLong() const;
  base::Error repeatedSid(const std::string& sid) const;

 private:
  bool isBucket() const { return kind_ == PolicyKind::Bucket; }
  base::Error error(std::string message, std::string hint) const;
  base::Result<void> checkPresent(const Statement& statement, const std::string& where) const;
  base::Result<void> checkPrincipals(const std::vector<Principal>& principals, const std::string& where) const;
  base::Result<void> checkPrincipal(const std::string& kind, const std::string& value, const std::string& where) const;
  base::Result<void> checkAction(const std::string& action, const std::string& where) const;
  base::Result<void> checkResource(const std::string& resource, const std::string& where) const;

  PolicyKind kind_;
};

}  // namespace policy
