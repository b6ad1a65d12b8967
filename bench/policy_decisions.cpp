// How many decisions a second the policy language makes: a trust policy of two statements, parsed once, and requests
// that it lets in by turns with those that it does not. Prints one line of JSON. script/bench compiles it.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "policy/policy_document.h"
#include "policy/web_identity.h"

namespace {

constexpr const char* kTrust = R"({"Version":"2012-10-17","Statement":[
  {"Sid":"Operators","Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:root"},
   "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
  {"Sid":"Pods","Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
   "Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/edge.s3.us-west-2.amazonaws.com"},
   "Condition":{"StringEquals":{"edge.s3.us-west-2.amazonaws.com:aud":"sts.amazonaws.com"},
                "StringLike":{"edge.s3.us-west-2.amazonaws.com:sub":["system:serviceaccount:shop:cart",
                                                                     "system:serviceaccount:echo*:s3-echoer"]}}}]})";

policy::Request requestOf(const char* subject) {
  const text::Json claims = {{"sub", subject}, {"aud", {"sts.amazonaws.com"}}};
  const policy::WebIdentity identity{.role = policy::parseArn("arn:aws:iam::111122223333:role/echo").value(),
                                     .provider = "edge.s3.us-west-2.amazonaws.com",
                                     .audience = "sts.amazonaws.com",
                                     .sessionName = "bench"};
  return policy::webIdentityRequest(identity, claims, {});
}

}  // namespace

int main(int, char** words) {
  using Clock = std::chrono::steady_clock;
  const auto trust = policy::parsePolicy(kTrust, policy::PolicyKind::Trust);
  if (!trust) return 1;
  const std::array requests = {requestOf("system:serviceaccount:echo-1:s3-echoer"),
                               requestOf("system:serviceaccount:echo-1:intruder")};
  const std::chrono::duration<double> wanted(std::atof(words[1]));
  const Clock::time_point begin = Clock::now();
  std::size_t decisions = 0, allowed = 0;
  while (Clock::now() - begin < wanted) {
    for (int i = 0; i < 1000; ++i, ++decisions)
      allowed += policy::decide(*trust, policy::PolicyKind::Trust, requests[decisions % 2]) == policy::Verdict::Allow;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  printf("{\"perSecond\":%.0f}\n", double(decisions) / seconds);
  return allowed * 2 == decisions ? 0 : 1;
}
