#include "aws/assume_role.h"

#include "aws/query_protocol.h"
#include "base/time.h"

namespace aws {

Operation encode(const AssumeRole& call) {
  return queryOperation("sts", "2011-06-15", "AssumeRole", call.roleArn,
                        {{"RoleArn", call.roleArn},
                         {"RoleSessionName", call.roleSessionName},
                         {"ExternalId", call.externalId},
                         {"DurationSeconds", call.duration ? std::to_string(call.duration->count()) : ""}});
}

base::Result<Credentials> decode(const AssumeRole&, const http::Response& response) {
  text::XmlElement result = TRY(resultOf("AssumeRole", response));
  const text::XmlElement* keys = result.find("Credentials");
  if (!keys) return base::internal("AssumeRole: the answer has no Credentials");
  base::Time expiration = TRY(base::parseRfc3339(keys->textOf("Expiration")));
  return Credentials{std::string(keys->textOf("AccessKeyId")), std::string(keys->textOf("SecretAccessKey")),
                     std::string(keys->textOf("SessionToken")), expiration};
}

}  // namespace aws
