#include "aws/client.h"

#include <gmock/gmock.h>

#include "aws/iam.h"
#include "aws/s3.h"
#include "aws/sts.h"
#include "base/time.h"
#include "support/manual_clock.h"

namespace aws {
namespace {

using base::ErrorKind;
using testing::HasSubstr;

// Answers what it was told to, in order (the last for ever), and remembers what it was asked.
class ScriptedClient final : public http::Client {
 public:
  std::vector<base::Result<http::Response>> answers;
  std::vector<http::Request> requests;

  base::Result<http::Response> send(const http::Request& request) override {
    requests.push_back(request);
    return answers[std::min(requests.size(), answers.size()) - 1];
  }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink&) override {
    return send(request);
  }
};

http::Response refusal(int status, std::string code, std::string message) {
  return {.status = status,
          .body = "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + message +
                  "</Message></Error><RequestId>1</RequestId></ErrorResponse>"};
}

class AwsClient : public testing::Test {
 protected:
  Client client(Endpoints endpoints = {}, std::string region = "us-west-2") {
    return Client(
        http, endpoints, [] { return base::Result<Credentials>(Credentials{"AKID", "secret", "", {}}); }, region, clock,
        [](std::size_t count) { return std::string(count, '\x80'); });
  }
  base::Error failureOf(http::Response response) {
    http.answers = {response};
    auto answer = client().call(DeleteRole{"s3-echoer"});
    EXPECT_FALSE(answer);
    return answer.error();
  }
  ScriptedClient http;
  support::ManualClock clock;
};

TEST_F(AwsClient, AnEndpointThatIsRefusedIsNotRepeatedInTheHint) {
  http.answers = {base::invalid("it has user information, which is refused")};
  const base::Error refused = client({.iam = "http://u:SECRETpw@127.0.0.1:1"}).call(DeleteRole{"r"}).error();
  EXPECT_EQ(refused.hint.find("SECRETpw"), std::string::npos) << refused.hint;
  EXPECT_THAT(refused.hint, HasSubstr("AWS_ENDPOINT_URL"));
}

TEST_F(AwsClient, AddressesAwsItselfByPartition) {
  http.answers = {http::Response{}};
  (void)client({}, "cn-northwest-1").call(DeleteRole{"r"});
  EXPECT_EQ(http.requests[0].origin, "https://iam.cn-north-1.amazonaws.com.cn");
  EXPECT_THAT(std::string(http.requests[0].headers.get("Authorization")), HasSubstr("/cn-north-1/iam/aws4_request"));
  (void)client().call(HeadBucket{"b", "111122223333"});
  EXPECT_EQ(http.requests[1].origin, "https://b.s3.us-west-2.amazonaws.com");
  EXPECT_EQ(http.requests[1].target, "/");
  EXPECT_EQ(http.requests[1].headers.get("x-amz-expected-bucket-owner"), "111122223333");
}

TEST_F(AwsClient, AnEndpointOfOnesOwnGetsPathStyleAndTheClientsRegion) {
  http.answers = {http::Response{}};
  Endpoints own{"http://127.0.0.1:9000", "http://127.0.0.1:9000", "http://127.0.0.1:9000"};
  (void)client(own).call(PutBucketPolicy{"b", "", "{}"});
  EXPECT_EQ(http.requests[0].target, "/b?policy=");
  EXPECT_EQ(http.requests[0].headers.get("Host"), "127.0.0.1:9000");
  EXPECT_FALSE(http.requests[0].headers.get("Content-MD5").empty());
  (void)client(own).call(DeleteRole{"r"});
  EXPECT_THAT(std::string(http.requests[1].headers.get("Authorization")), HasSubstr("/us-west-2/iam/"));
}

TEST_F(AwsClient, AWebIdentityIsNotSigned) {
  http.answers = {refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")};
  auto answer = client().call(AssumeRoleWithWebIdentity{"arn", "session", "token"});
  ASSERT_FALSE(answer);
  EXPECT_FALSE(http.requests[0].headers.find("Authorization"));
  EXPECT_THAT(answer.error().hint, HasSubstr("trust policy"));
}

TEST_F(AwsClient, ErrorsKeepAwsWordAndSayWhatWasTried) {
  base::Error error = failureOf(refusal(404, "NoSuchEntity", "The role with name s3-echoer cannot be found."));
  EXPECT_EQ(error.kind, ErrorKind::NotFound);
  EXPECT_EQ(error.code, "NoSuchEntity");
  EXPECT_EQ(error.message, "DeleteRole s3-echoer: NoSuchEntity: The role with name s3-echoer cannot be found.");
}

TEST_F(AwsClient, TheWellKnownErrorsHaveANextStep) {
  EXPECT_THAT(failureOf(refusal(403, "ExpiredToken", "x")).hint, HasSubstr("renew the credentials"));
  EXPECT_THAT(failureOf(refusal(403, "InvalidClientTokenId", "x")).hint, HasSubstr("AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(failureOf(refusal(403, "AccessDenied", "x")).hint, HasSubstr("iam:DeleteRole"));
  EXPECT_THAT(failureOf(refusal(403, "SignatureDoesNotMatch", "x")).hint, HasSubstr("secret access key"));
  EXPECT_THAT(failureOf(refusal(403, "RequestTimeTooSkewed", "x")).hint, HasSubstr("clock"));
}

TEST_F(AwsClient, AnAnswerWithoutABodyIsUnderstoodByItsStatus) {
  EXPECT_EQ(failureOf({.status = 404}).kind, ErrorKind::NotFound);
  EXPECT_EQ(failureOf({.status = 403}).code, "AccessDenied");
  EXPECT_EQ(failureOf({.status = 301}).code, "PermanentRedirect");
  EXPECT_EQ(failureOf({.status = 400, .body = "<not xml"}).kind, ErrorKind::Invalid);
}

TEST_F(AwsClient, ThrottlingAndLostConnectionsAreTriedAgainWithLongerWaits) {
  http.answers = {refusal(400, "Throttling", "Rate exceeded"), base::unavailable("connection reset"),
                  http::Response{.status = 503}, http::Response{}};
  base::Time before = clock.now();
  EXPECT_TRUE(client().call(DeleteRole{"r"}));
  EXPECT_EQ(http.requests.size(), 4u);
  EXPECT_EQ(clock.now() - before, std::chrono::milliseconds(500 + 1000 + 2000));  // half of 1, 2 and 4 s
}

TEST_F(AwsClient, GivesUpAfterFourTriesAndNamesTheEndpoint) {
  http.answers = {base::unavailable("connection refused")};
  auto answer = client().call(DeleteRole{"r"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(http.requests.size(), 4u);
  EXPECT_THAT(answer.error().hint, HasSubstr("https://iam.amazonaws.com"));
}

TEST_F(AwsClient, ARefusalIsNotTriedAgain) {
  http.answers = {refusal(403, "AccessDenied", "no")};
  (void)client().call(DeleteRole{"r"});
  EXPECT_EQ(http.requests.size(), 1u);
}

TEST_F(AwsClient, ListsAreFollowedToTheirEnd) {
  auto page = [](std::string arn, std::string marker) {
    return http::Response{
        .body =
            "<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies><member><PolicyArn>" +
            arn + "</PolicyArn></member></AttachedPolicies><IsTruncated>" + (marker.empty() ? "false" : "true") +
            "</IsTruncated><Marker>" + marker +
            "</Marker></ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>"};
  };
  http.answers = {page("a", "next"), page("b", "")};
  Client to = client();
  auto all = listAll(to, ListAttachedRolePolicies{"r"});
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, testing::ElementsAre("a", "b"));
  EXPECT_THAT(http.requests[1].body, HasSubstr("Marker=next"));
}

TEST_F(AwsClient, AWrongClockIsCorrectedForAtOnceAndFromThenOn) {
  http::Response skewed = refusal(403, "RequestTimeTooSkewed", "The difference is too large.");
  skewed.headers.set("Date", base::httpDate(clock.now() + std::chrono::hours(1)));
  http.answers = {skewed, http::Response{}};
  Client aws = client();
  EXPECT_TRUE(aws.call(DeleteRole{"r"}));
  EXPECT_TRUE(aws.call(DeleteRole{"r"}));
  EXPECT_EQ(aws.skew(), std::chrono::hours(1));
  EXPECT_EQ(aws.calls(), 3u);
  EXPECT_EQ(http.requests[0].headers.get("X-Amz-Date"), base::iso8601Basic(clock.now()));
  for (std::size_t i : {1u, 2u})
    EXPECT_EQ(http.requests[i].headers.get("X-Amz-Date"), base::iso8601Basic(clock.now() + std::chrono::hours(1)));
}

TEST_F(AwsClient, ARefusalThatHasNothingToDoWithTheClockIsNotTriedAgain) {
  http::Response wrong = refusal(403, "SignatureDoesNotMatch", "no");
  wrong.headers.set("Date", base::httpDate(clock.now() + std::chrono::minutes(1)));
  http.answers = {wrong};
  Client aws = client();
  EXPECT_FALSE(aws.call(DeleteRole{"r"}));
  EXPECT_EQ(aws.calls(), 1u);
}

TEST_F(AwsClient, TheAccountsPublicAccessBlockIsAskedAtTheAccountsOwnHost) {
  http.answers = {http::Response{.body = "<PublicAccessBlockConfiguration><BlockPublicPolicy>true</BlockPublicPolicy>"
                                         "</PublicAccessBlockConfiguration>"}};
  Client aws = client();
  auto block = aws.call(GetAccountPublicAccessBlock{"111122223333"});
  ASSERT_TRUE(block);
  EXPECT_TRUE(block->blockPublicPolicy);
  EXPECT_EQ(http.requests[0].origin, "https://111122223333.s3-control.us-west-2.amazonaws.com");
  EXPECT_EQ(http.requests[0].target, "/v20180820/configuration/publicAccessBlock");
  EXPECT_EQ(http.requests[0].headers.get("x-amz-account-id"), "111122223333");
}

}  // namespace
}  // namespace aws
