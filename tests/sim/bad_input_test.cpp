// Requests that are too large, too deep, twice the same, or not what they say: refused in AWS's words.
#include <gmock/gmock.h>

#include "local_account.h"

namespace sim {
namespace {

constexpr std::string_view kTwice = "400 MalformedQueryString: The query string has a parameter twice.";
constexpr std::string_view kSyntax = "400 MalformedQueryString: The query string contains a syntax error.";

Reply sendForm(LocalAccount& account, std::string body, std::string_view service = "iam") {
  http::Request request = account.form("2010-05-08", {});
  request.body = std::move(body);
  return account.send(request, service);
}

TEST(BadForm, IsRefusedWhenAParameterOccursTwice) {
  IssuerAccount account;
  const std::string get = "Action=GetRole&Version=2010-05-08&RoleName=echo";
  EXPECT_EQ(sendForm(account, get).status, 200);
  EXPECT_EQ(sendForm(account, get + "&RoleName=echo").refusal(), kTwice);
  EXPECT_EQ(sendForm(account, get + "&Action=DeleteRole").refusal(), kTwice);
  EXPECT_EQ(sendForm(account, get + "&%52oleName=echo").refusal(), kTwice) << "in whatever spelling";
  Fields fields = account.assumeFields(account.token(account.claims()));
  fields.emplace_back("RoleArn", std::string(IssuerAccount::kRole));
  EXPECT_EQ(account.unsignedSts(fields).refusal(), kTwice);
}

TEST(BadForm, IsRefusedWhenItsEncodingIsDamaged) {
  IssuerAccount account;
  const std::string get = "Action=GetRole&Version=2010-05-08&RoleName=";
  for (const char* name : {"%zz", "%", "%4"}) EXPECT_EQ(sendForm(account, get + name).refusal(), kSyntax) << name;
  EXPECT_EQ(sendForm(account, get + "a%00b").code, "ValidationError");
  EXPECT_EQ(sendForm(account, get + "echo;x=1").code, "ValidationError") << "a semicolon separates nothing";
}

TEST(BadForm, IsRefusedWhenItIsTooLarge) {
  IssuerAccount account;
  const std::string get = "Action=GetRole&Version=2010-05-08&RoleName=echo";
  EXPECT_EQ(sendForm(account, get + "&x=" + std::string(1U << 20, 'x')).refusal(), kSyntax);
  std::string many = get;
  for (int i = 0; i < 60'000; ++i) many += "&" + std::to_string(i) + "=";
  EXPECT_EQ(sendForm(account, many).status, 200) << "what nobody asks for is not looked at";
  many = "Action=CreateOpenIDConnectProvider&Version=2010-05-08&Url=https://x.example.com";
  for (int i = 1; i < 20'000; ++i) many += "&ClientIDList.member." + std::to_string(i) + "=c" + std::to_string(i);
  EXPECT_EQ(sendForm(account, many).refusal(),
            "409 LimitExceeded: Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100");
}

TEST(BadPolicy, IsRefusedInAwsWords) {
  IssuerAccount account;
  auto refusal = [&](const std::string& document) {
    return account.iam({{"Action", "UpdateAssumeRolePolicy"}, {"RoleName", "echo"}, {"PolicyDocument", document}})
        .refusal();
  };
  const std::string good = IssuerAccount::trust("system:serviceaccount:default:echo");
  const std::string large = good.substr(0, good.size() - 1) + ",\"Id\":\"" + std::string(64U << 10, 'x') + "\"}";
  EXPECT_EQ(refusal(large), "409 LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048");
  EXPECT_THAT(refusal(std::string(131'073, ' ')),
              testing::EndsWith("Member must have length less than or equal to 131072"));
  std::string deep;
  for (int i = 0; i < 9'000; ++i) deep += "{\"Statement\":";
  EXPECT_THAT(refusal(deep), testing::StartsWith("400 MalformedPolicyDocument: "));
  EXPECT_THAT(refusal(std::string(60'000, '[')), testing::StartsWith("400 MalformedPolicyDocument: "));
  std::string twice = good;
  twice.insert(1, "\"Version\":\"2012-10-17\",");
  EXPECT_THAT(refusal(twice), testing::StartsWith("400 MalformedPolicyDocument: "));
  EXPECT_THAT(refusal(""), testing::EndsWith("Member must have length greater than or equal to 1"));
  EXPECT_EQ(account.assume(account.token(account.claims())).status, 200) << "what was there stays";
}

TEST(BadXml, IsMalformed) {
  LocalAccount account;
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  for (const std::string& body :
       {std::string("<!DOCTYPE x [<!ENTITY e SYSTEM "
                    "\"file:///etc/passwd\">]><CreateBucketConfiguration>&e;</CreateBucketConfiguration>"),
        std::string("<!DOCTYPE x><CreateBucketConfiguration/>"), deep, std::string("<CreateBucketConfiguration>"),
        std::string("{}"),
        "<CreateBucketConfiguration>" + std::string(2U << 20, ' ') + "</CreateBucketConfiguration>"}) {
    const Reply reply = account.s3("PUT", "/a-bucket", body);
    EXPECT_EQ(reply.code, "MalformedXML") << body.substr(0, 60);
  }
}

}  // namespace
}  // namespace sim
