#include "sim/endpoint.h"

#include "local_account.h"

namespace sim {
namespace {

TEST(Endpoint, KeepsItsStateInAFile) {
  IssuerAccount account(Settings{.stateFile = "/state.json"});
  account.s3("PUT", "/oidc-test/b%00in", std::string("\xff\x00%", 3));
  account.becomeRole();
  support::MemoryFiles& files = account.files;
  EXPECT_EQ(files.files.at("/state.json").mode, 0600u);
  Settings settings{.stateFile = "/state.json"};
  auto again = Endpoint::open(settings, account.clock, seededBytes(), &files, nullptr);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)->dump(), account.endpoint->dump());
  auto client = http::clientOf(**again);
  account.client.swap(client);
  EXPECT_EQ(account.sts({{"Action", "GetCallerIdentity"}}).status, 200);
}

TEST(Endpoint, RefusesAStateFileThatItDidNotWrite) {
  support::ManualClock clock;
  support::MemoryFiles files;
  files.files["/state.json"].contents = "{}";
  EXPECT_FALSE(Endpoint::open(Settings{.stateFile = "/state.json"}, clock, seededBytes(), &files, nullptr));
}

TEST(Endpoint, IsAsBeforeWhenEverythingIsGone) {
  LocalAccount account;
  std::string before = account.endpoint->dump();
  account.makeBucket("bucket");
  EXPECT_NE(account.endpoint->dump(), before);
  account.s3("DELETE", "/bucket");
  EXPECT_EQ(account.endpoint->dump(), before);
}

TEST(Faults, MeetTheNthCall) {
  LocalAccount account;
  http::Request expect =
      account.s3Request("POST", "/_irsa/expect", R"({"operation":"ListRoles","nth":2,"fault":"throttle"})", {});
  EXPECT_EQ(account.send(expect, "s3").status, 200);
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}}).status, 200);
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}}).refusal(), "400 Throttling: Rate exceeded");
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}}).status, 200);
}

TEST(Faults, MayLoseTheAnswerToAWriteThatWasDone) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.send(
      account.s3Request("POST", "/_irsa/expect", R"([{"operation":"PutObject","fault":"timeoutAfterSuccess"}])", {}),
      "s3");
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "body").status, 504);
  EXPECT_EQ(account.s3("GET", "/bucket/key").response.body, "body");
}

TEST(Faults, AreSpelledRight) {
  LocalAccount account;
  auto expect = [&](const std::string& body) {
    return account.send(account.s3Request("POST", "/_irsa/expect", body, {}), "s3").response;
  };
  EXPECT_EQ(expect(R"({"operation":"CreateRoles","fault":"throttle"})").body,
            "{\"error\":\"there is no operation \\\"CreateRoles\\\"; did you mean \\\"CreateRole\\\"?\"}\n");
  EXPECT_EQ(expect(R"({"operation":"CreateRole","fault":"slow"})").status, 400);
  EXPECT_EQ(expect("[").status, 400);
}

TEST(CallLog, HoldsWhyATokenWasRefused) {
  IssuerAccount account;
  account.assume(account.token(account.claims("intruder")));
  Reply calls = account.s3("GET", "/_irsa/calls");
  auto log = text::parseJson(calls.response.body);
  ASSERT_TRUE(log);
  const text::Json& last = log->back();
  EXPECT_EQ(text::stringAt(last, "operation"), "AssumeRoleWithWebIdentity");
  EXPECT_EQ(text::stringAt(last, "code"), "AccessDenied");
  EXPECT_NE(text::stringAt(last, "reason").find("system:serviceaccount:default:intruder"), std::string::npos)
      << text::stringAt(last, "reason");
}

TEST(CallLog, IsForTheAdministratorOnLoopbackOnly) {
  IssuerAccount account;
  EXPECT_EQ(account.anonymous("GET", "/_irsa/calls").status, 403);
  http::Request far = account.s3Request("GET", "/_irsa/calls", "", {});
  far.peer = "192.0.2.7";
  EXPECT_EQ(account.send(far, "s3").status, 403);
  account.becomeRole();
  EXPECT_EQ(account.s3("GET", "/_irsa/calls").status, 403);
}

}  // namespace
}  // namespace sim
