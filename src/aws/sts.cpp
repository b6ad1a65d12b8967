#include "aws/sts.h"

#include "aws/query_protocol.h"
#include "base/time.h"

namespace aws {
namespace {

constexpr std::string_view kVersion = "2011-06-15";

}  // namespace

Operation encode(const GetCallerIdentity&) { return queryOperation("sts", kVersion, "GetCallerIdentity", "", {}); }

Operation encode(const AssumeRoleWithWebIdentity& call) {
  std::string duration = call.duration ? std::to_string(call.duration->count()) : "";
  Operation operation = queryOperation("sts", kVersion, "AssumeRoleWithWebIdentity", call.roleArn,
                                       {{"RoleArn", call.roleArn},
                                        {"RoleSessionName", call.roleSessionName},
                                        {"WebIdentityToken", call.webIdentityToken},
                                        {"DurationSeconds", duration}});
  operation.isSigned = false;
  return operation;
}

base::Result<CallerIdentity> decode(const GetCallerIdentity&, const http::Response& response) {
  text::XmlElement result = TRY(resultOf("GetCallerIdentity", response));
  return CallerIdentity{std::string(result.textOf("Account")), std::string(result.textOf("Arn")),
                        std::string(result.textOf("UserId"))};
}

base::Result<AssumedRole> decode(const AssumeRoleWithWebIdentity&, const http::Response& response) {
  text::XmlElement result = TRY(resultOf("AssumeRoleWithWebIdentity", response));
  const text::XmlElement* keys = result.find("Credentials");
  const text::XmlElement* user = result.find("AssumedRoleUser");
  if (!keys || !user) return base::internal("AssumeRoleWithWebIdentity: the answer has no Credentials");
  base::Time expiration = TRY(base::parseRfc3339(keys->textOf("Expiration")));
  return AssumedRole{{std::string(keys->textOf("AccessKeyId")), std::string(keys->textOf("SecretAccessKey")),
                      std::string(keys->textOf("SessionToken")), expiration},
                     std::string(user->textOf("Arn")),
                     std::string(result.textOf("SubjectFromWebIdentityToken")),
                     std::string(result.textOf("Audience")),
                     std::string(result.textOf("Provider"))};
}

}  // namespace aws
