#include <set>

#include "policy/policy_document.h"

namespace policy {

using text::Json;

Json trustPolicy(std::string_view providerArn, std::string_view providerName, std::string_view audience,
                 const std::vector<std::string>& subjects) {
  std::set<std::string> sorted(subjects.begin(), subjects.end());
  bool hasPattern = false;
  for (const std::string& subject : sorted) hasPattern |= subject.find_first_of("*?") != subject.npos;
  std::string name(providerName);
  Json condition = Json::object();
  condition["StringEquals"][name + ":aud"] = audience;
  // Operators are ANDed, so one pattern takes all subjects to StringLike, where plain ones still match only themselves.
  Json& wanted = condition[hasPattern ? "StringLike" : "StringEquals"][name + ":sub"];
  wanted = sorted;
  if (sorted.size() == 1) wanted = *sorted.begin();
  Json statement = Json::object();
  statement["Effect"] = "Allow";
  statement["Principal"] = Json{{"Federated", providerArn}};
  statement["Action"] = "sts:AssumeRoleWithWebIdentity";
  statement["Condition"] = std::move(condition);
  Json document = Json::object();
  document["Version"] = "2012-10-17";
  document["Statement"] = Json::array({std::move(statement)});
  return document;
}

}  // namespace policy
