#include "setup/explain.h"

#include <algorithm>

#include "setup/explain_rules.h"

namespace setup {
namespace {

Examination examined(const WebIdentityEvidence& evidence) {
  Examination examination{evidence};
  for (auto* step : {examineRequest, examineToken, examineProvider, examineClaims, examineIssuer, examineRole})
    step(examination);
  return examination;
}

bool isError(const Cause& cause) { return cause.finding.severity == text::Severity::Error; }

text::Finding unexplained(const std::string& answer, bool hasErrors) {
  return {"ANSWER_UNEXPLAINED", text::Severity::Note, "STS's answer",
          std::string(hasErrors ? "none of the faults above leads to this answer"
                                : "token, issuer and role are right as they are now") +
              ": \"" + answer.substr(0, 200) +
              "\" was said of another token, role or time, or in a Region or account that "
              "was not looked at",
          "take the token and the role of the pod that was refused, and explain again"};
}

}  // namespace

text::Findings explain(const WebIdentityEvidence& evidence) {
  Examination examination = examined(evidence);
  Causes& causes = examination.causes;
  const std::vector<Answer> said = answersIn(evidence.answer);
  auto fits = [&](const Cause& cause) { return std::ranges::find(said, cause.answer) != said.end(); };
  const bool isFound = std::ranges::any_of(causes, [&](const Cause& one) { return isError(one) && fits(one); });
  for (Cause& cause : causes)  // what alone may have led to this very answer is more than a note
    if (!isFound && fits(cause)) cause.finding.severity = text::Severity::Warning;
  std::ranges::stable_partition(causes, fits);
  std::ranges::stable_partition(causes, isError);
  const bool hasErrors = std::ranges::any_of(causes, isError);
  const bool isExplained = std::ranges::any_of(causes, fits);
  const bool isLookedInto = evidence.token && evidence.account;

  text::Findings findings;
  for (Cause& cause : causes) findings.push_back(std::move(cause.finding));
  if (!evidence.answer.empty() && !isExplained) {
    if (isLookedInto && !said.empty()) findings.push_back(unexplained(evidence.answer, hasErrors));
    text::Findings usual = usualCauses(evidence.answer);
    for (text::Finding& finding : usual) {
      if (isLookedInto && !said.empty()) finding.severity = text::Severity::Note;
      const bool isThere = std::ranges::find(findings, finding.code, &text::Finding::code) != findings.end();
      if (!isThere) findings.push_back(std::move(finding));
    }
    if (usual.empty() && said.empty())
      findings.push_back({"ANSWER_UNEXPLAINED", text::Severity::Warning, "the text",
                          "this is none of the texts that a refused web identity has",
                          "give the whole error, with --token and --role"});
  }
  for (const std::string& what : evidence.notSeen)
    findings.push_back({"LOOK_DENIED", text::Severity::Note, "what was looked at", what, ""});
  return findings;
}

std::string foreseenAnswer(const WebIdentityEvidence& evidence) {
  const Examination examination = examined(evidence);
  auto first = std::ranges::find_if(examination.causes, [](const Cause& cause) {
    return isError(cause) && cause.answer != Answer::None && cause.answer != Answer::Validation;
  });
  if (first == examination.causes.end()) return "";
  return first->said.empty() ? classicText(first->answer) : first->said;
}

}  // namespace setup
