// The steps of explain(), each looking at one part of the evidence. For explain's files only.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oidc/web_identity_token.h"
#include "policy/arn.h"
#include "setup/explain.h"

namespace setup {

// The things STS says of a web identity. Several causes share one sentence.
enum class Answer {
  RoleArn,
  Validation,
  NotAJwt,
  IssuerUrl,
  NoProvider,
  MissingClaim,
  EmptyClaim,
  SeveralAudiences,
  Audience,
  Timestamp,
  Expired,
  TooOld,
  NotYetValid,
  Future,
  Key,
  Thumbprint,
  Signature,
  SessionTags,
  NotAuthorized,
  TagSession,
  SourceIdentity,
  MaxDuration,
  ProviderId,
  Communication,
  SessionPolicy,
  PackedPolicy,
  RegionOff,
  None  // it says nothing of this
};

struct Cause {
  text::Finding finding;
  Answer answer = Answer::None;
  std::string said = {};  // STS's sentence where it depends on the token; empty: the one of `answer`
};
using Causes = std::vector<Cause>;

// Looks at one request from front to back. `token`, `arn`, `clientIds` and `provider` are filled in by the steps that
// come to know them; a step whose ground is missing says nothing.
struct Examination {
  const WebIdentityEvidence& evidence;
  Causes causes = {};
  std::optional<oidc::UnverifiedToken> token = {};
  std::optional<policy::Arn> arn = {};
  std::optional<std::vector<std::string>> clientIds = {};
  std::string provider = {};  // the name of the one to go on with; empty when the issuer can have none

  void add(Answer answer, std::string code, std::string place, std::string why, std::string fix,
           text::Severity severity = text::Severity::Error) {
    causes.push_back({{std::move(code), severity, std::move(place), std::move(why), std::move(fix)}, answer});
  }
};

void examineRequest(Examination& examination);  // role ARN, session name, duration
void examineToken(Examination& examination);    // its form and its issuer
void examineProvider(Examination& examination);
void examineClaims(Examination& examination);
void examineIssuer(Examination& examination);  // discovery document, keys, signature
void examineRole(Examination& examination);    // trust policy and the longest session

std::string classicText(Answer answer);  // "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"

// The answers that a pasted text may be; empty when it is none of STS's.
std::vector<Answer> answersIn(std::string_view text);
// The usual causes of a pasted text, STS's or another one that people paste, the likeliest first.
text::Findings usualCauses(std::string_view text);

}  // namespace setup
