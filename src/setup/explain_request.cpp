#include <algorithm>

#include "setup/explain_rules.h"

namespace setup {
namespace {

constexpr std::string_view kSpelling = "arn:aws:iam::ACCOUNT:role/NAME";

// What is wrong with an ARN of a role; empty when nothing is.
std::string faultOf(const std::string& text, const base::Result<policy::Arn>& arn) {
  if (text.find_first_of("\"'") != std::string::npos) return "it has quotes in it";
  if (text.find_first_of(" \t\r\n") != std::string::npos) return "it has white space in it";
  if (!arn) return "it is no ARN";
  if (arn->service != "iam") return "its service is \"" + arn->service + "\" instead of \"iam\"";
  if (!arn->region.empty()) return "it names the region \"" + arn->region + "\", and IAM's ARNs have none";
  bool isAccount = arn->account.size() == 12 && arn->account.find_first_not_of("0123456789") == std::string::npos;
  if (!isAccount) return "its account \"" + arn->account + "\" has not exactly 12 digits";
  if (!arn->resource.starts_with("role/")) return "it names \"" + arn->resource + "\" instead of role/NAME";
  if (text.size() < 20) return "it has fewer than 20 characters";
  return arn->resource.size() > 5 ? "" : "it names no role";
}

void examineSessionName(Examination& examination) {
  const std::string& name = examination.evidence.sessionName;
  if (name.empty()) return;
  bool isPlain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
  if (isPlain && name.size() >= 2 && name.size() <= 64) return;
  examination.add(Answer::Validation, "SESSION_NAME_INVALID", "RoleSessionName " + name,
                  "a session name has 2 to 64 letters, digits and _+=,.@-", "set AWS_ROLE_SESSION_NAME to such a name");
}

void examineDuration(Examination& examination) {
  if (!examination.evidence.duration) return;
  const auto seconds = examination.evidence.duration->count();
  if (seconds >= 900 && seconds <= 43200) return;
  examination.add(Answer::Validation, "DURATION_INVALID", "DurationSeconds " + std::to_string(seconds),
                  "STS gives sessions of 900 to 43200 seconds", "ask for 3600, or leave DurationSeconds out");
}

}  // namespace

void examineRequest(Examination& examination) {
  examineSessionName(examination);
  examineDuration(examination);
  const auto& given = examination.evidence.roleArn;
  if (!given) return;
  auto arn = policy::parseArn(*given);
  const std::string fault = faultOf(*given, arn);
  if (fault.empty()) {
    examination.arn = std::move(arn).value();
    return;
  }
  const Answer answer = given->size() < 20 ? Answer::Validation : Answer::RoleArn;
  examination.add(answer, "ROLE_ARN_INVALID", "role " + *given,
                  "this is no role ARN that STS reads: " + fault + "; it is written " + std::string(kSpelling),
                  "kubectl annotate serviceaccount NAME -n NAMESPACE --overwrite eks.amazonaws.com/role-arn=" +
                      std::string(kSpelling) + ", then create the pod again");
}

}  // namespace setup
