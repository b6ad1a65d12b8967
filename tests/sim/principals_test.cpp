#include "sim/principals.h"

#include "local_account.h"

namespace sim {
namespace {

std::string trust(const std::string& principal) {
  return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":")" + principal +
         R"("},"Action":"sts:AssumeRole"}})";
}

TEST(Principals, OfATrustPolicyMustBeThere) {
  IssuerAccount account;
  auto update = [&](const std::string& principal) {
    return account.iam(
        {{"Action", "UpdateAssumeRolePolicy"}, {"RoleName", "echo"}, {"PolicyDocument", trust(principal)}});
  };
  for (const char* there : {"*", "111122223333", "arn:aws:iam::111122223333:root",
                            "arn:aws:iam::111122223333:role/echo", "arn:aws:sts::111122223333:assumed-role/echo/any",
                            "arn:aws:iam::111122223333:user/administrator", "arn:aws:iam::444455556666:role/theirs"})
    EXPECT_EQ(update(there).status, 200) << there;
  for (const std::string missing :
       {"arn:aws:iam::111122223333:role/does-not-exist", "arn:aws:iam::111122223333:role/path/echo",
        "arn:aws:iam::111122223333:user/nobody", "arn:aws:sts::111122223333:assumed-role/does-not-exist/any"})
    EXPECT_EQ(update(missing).refusal(),
              "400 MalformedPolicyDocument: Invalid principal in policy: \"AWS\":\"" + missing + "\"");
  EXPECT_EQ(account
                .iam({{"Action", "CreateRole"},
                      {"RoleName", "next"},
                      {"AssumeRolePolicyDocument", trust("arn:aws:iam::111122223333:role/next")}})
                .code,
            "MalformedPolicyDocument")
      << "it is not there yet";
}

TEST(Principals, OfABucketPolicyMustBeThere) {
  IssuerAccount account;
  account.makeBucket("bucket");
  auto put = [&](const std::string& role) {
    return account.s3("PUT", "/bucket?policy",
                      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::)" +
                          role + R"("},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}})");
  };
  EXPECT_EQ(put("111122223333:role/echo").status, 204);
  EXPECT_EQ(put("444455556666:role/theirs").status, 204);
  EXPECT_EQ(put("111122223333:role/does-not-exist").refusal(), "400 MalformedPolicy: Invalid principal in policy");
}

}  // namespace
}  // namespace sim
