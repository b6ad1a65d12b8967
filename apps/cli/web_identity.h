// One token taken to STS, and the transcript of what became of it: the common part of `irsa verify` and `irsa whoami`.
//
// The transcript is a document, so that whoami can print it in a pod and verify can read it in the pod's log:
//   {"allowed": true, "role": ARN, "arn": ARN of the session, "account": ID,
//    "token": {"iss", "sub", "aud": [...], "expires": RFC 3339}, "error": {"code", "message", "hint"}}
// "arn" and "account" are there when the role was given, "error" when it was not. The token itself never appears.
#pragma once
#include <string>

#include "aws/client.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "console.h"
#include "http/client.h"
#include "text/json.h"

namespace cli {

struct WebIdentity {
  std::string roleArn = {}, token = {}, sessionName = {}, region = {};
};

struct Sts {
  http::Client& http;
  aws::Endpoints endpoints;
  base::Clock& clock;
  base::RandomBytes random;
};

// AssumeRoleWithWebIdentity, then GetCallerIdentity with what it gave.
text::Json exchange(const WebIdentity& identity, const Sts& sts);

// The claims of a token that people need: iss, sub, aud, expires. Null when it is no token.
text::Json claimsShown(std::string_view token);

// A transcript for a failure before STS was asked.
text::Json refusal(const std::string& roleArn, const base::Error& error);

// Check marks, claims and the verdict, for people.
std::string describeTranscript(const Console& console, const text::Json& transcript);

// 0 allowed, 1 refused by AWS or a missing part, 4 STS did not answer.
int exitCodeOfTranscript(const text::Json& transcript);

}  // namespace cli
