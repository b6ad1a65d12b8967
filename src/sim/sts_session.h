// What both ways of assuming a role have in common: what is asked for, whether the role trusts the asker, and the
// session.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/arn.h"
#include "policy/policy_document.h"
#include "sim/operation.h"

namespace sim {

struct SessionWish {
  policy::Arn role;  // filled in by checkRoleArn()
  std::string roleArn, sessionName, sessionPolicy;
  std::vector<std::string> policyArns;
  std::int64_t duration = 3600;  // seconds
};

// Condition keys, lower case, that the session carries on.
using SessionContext = std::map<std::string, std::vector<std::string>>;

struct SessionBaggage {
  SessionContext context;
  std::vector<std::string> transitiveKeys;
};

// Adds what is wrong with the parameters to `constraints`; an error is for a number that is none.
base::Result<SessionWish> readSessionWish(const Call& call, Constraints& constraints);
// `refusal` is what a ValidationError says of a RoleArn that is no role's: each operation has its own words.
base::Result<void> checkRoleArn(SessionWish& wish, std::string refusal);

// The role, if its trust policy lets `request` in for its action and for each of `also`; else AccessDenied, which never
// says why. The reason is left in call.reason.
base::Result<Role*> trustedRole(Call& call, const SessionWish& wish, policy::Request request,
                                const std::vector<std::string>& also);

// Duration and session policies. The value is PackedPolicySize in percent.
base::Result<std::size_t> checkSession(const SessionWish& wish, const Role& role, const Tags& tags);

// Makes the session, keeps it and writes <AssumedRoleUser> and <Credentials>.
void issueSession(Call& call, const SessionWish& wish, const Role& role, SessionBaggage baggage);

std::string wishedRole(const Call& call);   // the parameter RoleArn
base::Result<void> assumeRole(Call& call);  // for callers who have a signature

}  // namespace sim
