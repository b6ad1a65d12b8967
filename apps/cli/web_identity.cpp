#include "web_identity.h"

#include "aws/sts.h"
#include "base/time.h"
#include "oidc/web_identity_token.h"

namespace cli {
namespace {

constexpr std::string_view kNoAnswer = "NoAnswer";  // our word for an error that did not come from AWS

text::Json errorDocument(const base::Error& error) {
  const bool unanswered = error.kind == base::ErrorKind::Unavailable && error.code.empty();
  text::Json document = {{"code", unanswered ? std::string(kNoAnswer) : error.code}, {"message", error.message}};
  if (!error.hint.empty()) document["hint"] = error.hint;
  return document;
}

std::string joined(const text::Json& list) {
  std::string text;
  for (const text::Json& item : list) {
    if (item.is_string()) text += (text.empty() ? "" : ", ") + item.get<std::string>();
  }
  return text;
}

base::Result<aws::CallerIdentity> callerIdentity(const aws::Credentials& credentials, const std::string& region,
                                                 const Sts& sts) {
  aws::Client client(
      sts.http, sts.endpoints, [&credentials]() -> base::Result<aws::Credentials> { return credentials; }, region,
      sts.clock, sts.random);
  return client.call(aws::GetCallerIdentity{});
}

}  // namespace

text::Json claimsShown(std::string_view token) {
  const base::Result<oidc::UnverifiedToken> decoded = oidc::decodeToken(token);
  if (!decoded) return {};
  text::Json shown = {
      {"iss", decoded->issuer()}, {"sub", text::stringAt(decoded->claims, "sub")}, {"aud", decoded->audiences()}};
  const text::Json& expiry = text::at(decoded->claims, "exp");
  if (expiry.is_number_integer()) shown["expires"] = base::rfc3339(base::fromUnixSeconds(expiry.get<std::int64_t>()));
  return shown;
}

text::Json refusal(const std::string& roleArn, const base::Error& error) {
  text::Json transcript = {{"allowed", false}};
  if (!roleArn.empty()) transcript["role"] = roleArn;
  transcript["error"] = errorDocument(error);
  return transcript;
}

text::Json exchange(const WebIdentity& identity, const Sts& sts) {
  text::Json transcript = {{"allowed", false}, {"role", identity.roleArn}};
  text::Json claims = claimsShown(identity.token);
  if (!claims.is_null()) transcript["token"] = std::move(claims);

  aws::Client client(
      sts.http, sts.endpoints, []() -> base::Result<aws::Credentials> { return aws::Credentials(); }, identity.region,
      sts.clock, sts.random);
  base::Result<aws::AssumedRole> role =
      client.call(aws::AssumeRoleWithWebIdentity{identity.roleArn, identity.sessionName, identity.token});
  if (!role) {
    transcript["error"] = errorDocument(role.error());
    return transcript;
  }
  base::Result<aws::CallerIdentity> caller = callerIdentity(role->credentials, identity.region, sts);
  // Ceph 16 has no such call. That the role was given is told by the answer before.
  if (!caller && caller.error().code == "MethodNotAllowed") caller = aws::CallerIdentity{"", role->arn, ""};
  if (!caller) {
    transcript["error"] = errorDocument(caller.error());
    return transcript;
  }
  transcript["allowed"] = true;
  transcript["arn"] = caller->arn;
  transcript["account"] = caller->account;
  return transcript;
}

std::string describeTranscript(const Console& console, const text::Json& transcript) {
  std::string text;
  const text::Json& token = text::at(transcript, "token");
  if (token.is_object()) {
    text += console.check("token  " + text::stringAt(token, "sub"));
    text += "         iss " + text::stringAt(token, "iss") + "\n";
    text += "         aud " + joined(text::at(token, "aud")) + "\n";
    if (token.contains("expires")) text += "         exp " + text::stringAt(token, "expires") + "\n";
  }
  const std::string role = text::stringAt(transcript, "role");
  if (exitCodeOfTranscript(transcript) == kOk) {
    text += console.check("role   " + role);
    return text + console.check("I am   " + text::stringAt(transcript, "arn"));
  }
  const text::Json& error = text::at(transcript, "error");
  if (!role.empty()) text += console.cross("role   " + role);
  const std::string code = text::stringAt(error, "code");
  const std::string message = text::stringAt(error, "message");
  const bool named = code.empty() || code == kNoAnswer || message.find(code) != std::string::npos;
  text += console.cross(named ? message : code + ": " + message);
  const std::string hint = text::stringAt(error, "hint");
  return hint.empty() ? text : text + "  hint: " + hint + "\n";
}

int exitCodeOfTranscript(const text::Json& transcript) {
  const text::Json& allowed = text::at(transcript, "allowed");
  if (allowed.is_boolean() && allowed.get<bool>()) return kOk;
  return text::stringAt(text::at(transcript, "error"), "code") == kNoAnswer ? kCouldNotLook : kRefused;
}

}  // namespace cli
