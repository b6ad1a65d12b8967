// What a check found: the one shape of all that lint and diagnose, and the forms in which it is told.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "text/json.h"

namespace text {

enum class Severity { Note, Warning, Error };  // the levels of SARIF 2.1.0, section 3.27.10

struct Finding {
  std::string code;  // stable and easy to search for, the noun first: WEBHOOK_NO_CA
  Severity severity = Severity::Warning;
  std::string place;                 // what it is about: "Deployment irsa-system/irsa-webhook"
  std::string why;                   // what is wrong and what follows from it, a sentence without its full stop
  std::string fix;                   // what to do, with the command where there is one; empty: nothing
  std::size_t line = 0, column = 0;  // in the text that `place` names, from 1; 0: it is about no text

  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

std::string_view nameOf(Severity severity);  // "note", "warning", "error"

void append(Findings& all, Findings more);

// The worst first, then by place and code; what is there twice is dropped.
void sortFindings(Findings& findings);

// Whether there is nothing to be done: notes only say what was not looked at, and the like.
bool isClean(const Findings& findings);

std::string describe(const Findings& findings);  // lines for people, and the total

// {"findings":[{code,severity,place,why,fix}],"errors":N,"warnings":N,"notes":N}, with line and column in texts.
Json toJson(const Findings& findings);

// A log of one run (OASIS SARIF 2.1.0): texts are physical locations, whatever else is looked at logical ones.
Json toSarif(const Findings& findings, std::string_view version);

}  // namespace text
