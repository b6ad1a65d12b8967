// A web identity as policies see it: the request that STS makes of a token's claims, and the session tags in them.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/arn.h"
#include "policy/policy_document.h"
#include "text/json.h"

namespace policy {

// What a token says of its session beside who it is.
struct SessionClaims {
  std::map<std::string, std::string> tags;  // https://aws.amazon.com/tags, principal_tags
  std::vector<std::string> transitiveKeys;  // and its transitive_tag_keys
  std::string sourceIdentity;               // https://aws.amazon.com/source_identity; empty: none
};

// Invalid, in AWS's words, when the claim is there and not {"principal_tags":{"K":["v"]},"transitive_tag_keys":["K"]}:
// at most 50 tags, keys of at most 128 and values of at most 256 characters.
base::Result<SessionClaims> sessionClaims(const text::Json& claims);

// The actions that the trust policy must allow beside the one that assumes the role.
std::vector<std::string> actionsFor(const SessionClaims& session);
// The context keys aws:RequestTag/KEY, aws:TagKeys, sts:SourceIdentity and sts:TransitiveTagKeys.
void addSessionKeys(Request& request, const SessionClaims& session);

struct WebIdentity {
  Arn role;
  std::string provider;  // the issuer without https://
  std::string audience;  // the one that STS goes on with; empty: none
  std::string sessionName;
};

// For the action sts:AssumeRoleWithWebIdentity, with the context keys PROVIDER:aud, :sub, :oaud (with azp), :amr,
// aws:FederatedProvider, sts:RoleSessionName and those of the session. What the connection adds (aws:SourceIp …) is the
// caller's.
Request webIdentityRequest(const WebIdentity& identity, const text::Json& claims, const SessionClaims& session);

}  // namespace policy
