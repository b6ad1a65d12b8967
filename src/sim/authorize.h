// May this caller do that: identity policies, the permissions boundary, the session policy and the bucket policy,
// weighed as AWS does within one account.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/policy_document.h"
#include "sim/operation.h"

namespace sim {

// Allowed, or AccessDenied in the words of the service; the trace is left in call.reason.
base::Result<void> authorize(Call& call, Service service, std::string_view action, const std::string& resource);

// Whether `call.caller` may, without a trace in the log: S3 answers 404 only to those who may list.
bool mayDo(Call& call, std::string_view action, const std::string& resource);

// The document read as a policy of that kind, from call.policies when it is there; null when it is none.
std::shared_ptr<const policy::PolicyDocument> parsedPolicy(const Call& call, const std::string& document,
                                                           policy::PolicyKind kind);

// One line a step: what was looked at and whether it matched.
std::string traceText(const policy::Decision& decision);

}  // namespace sim
