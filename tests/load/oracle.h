// What a load generator asks of an admission webhook, and whether an answer is right: its uid, allowed, a patch that
// applies, and role and token file the same in every container.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/json.h"

namespace load {

// One review, to be sent again and again under another uid.
struct Case {
  std::string before, after;        // the body around its uid
  text::Json pod;                   // request.object
  std::optional<std::string> role;  // what the pod must get; empty: nothing; absent: anything that fits together

  std::string body(std::string_view uid) const { return std::string(before).append(uid).append(after); }
};

struct Verdict {
  std::string wrong;           // why the answer is wrong; empty: it is not
  std::string role, audience;  // what the pod got
};

// Judges each answer once: those that differ in their uid alone get the same verdict.
class Oracle {
 public:
  // `file`: an array of {"review": AdmissionReview, "role": text or null}.
  static base::Result<Oracle> read(const std::string& file);

  const std::vector<Case>& cases() const { return cases_; }
  const Verdict& judge(std::size_t index, const std::string& uid, const std::string& answer);

 private:
  std::vector<Case> cases_;
  std::unordered_map<std::string, Verdict> known_;  // by the case and the answer without its uid
};

}  // namespace load
