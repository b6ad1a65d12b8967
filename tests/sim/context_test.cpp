#include "sim/context.h"

#include "base/time.h"
#include "local_account.h"
#include "presigned.h"

namespace sim {
namespace {

// What a session of the role "echo" may do when its one policy is `actions` under `condition`.
struct Conditions : testing::Test {
  Conditions() {
    account.makeBucket("data");
    account.s3("PUT", "/data/key", "body", {{"x-amz-tagging", "team=blue"}});
    administrator = account.credentials;
    account.becomeRole();
    session = account.credentials;
  }

  void allow(const std::string& actions, const std::string& condition, const std::string& more = "") {
    account.credentials = administrator;
    const std::string document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" + actions +
                                 R"(","Resource":"*","Condition":)" + condition + "}" + more + "]}";
    Reply reply = account.iam(
        {{"Action", "PutRolePolicy"}, {"RoleName", "echo"}, {"PolicyName", "p"}, {"PolicyDocument", document}});
    EXPECT_EQ(reply.status, 200) << reply.refusal() << document;
    account.credentials = session;
  }

  Reply get() { return account.s3("GET", "/data/key"); }
  Reply put(const Fields& headers, const std::string& key = "new") {
    return account.s3("PUT", "/data/" + key, "x", headers);
  }

  IssuerAccount account;
  aws::Credentials administrator, session;
};

TEST_F(Conditions, OfTheCallerAndTheRequestAreKnown) {
  for (const char* condition : {
           R"({"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}})",
           R"({"Bool":{"aws:ViaAWSService":"false"}})",
           R"({"StringEquals":{"s3:authType":"REST-HEADER"}})",
           R"({"StringEquals":{"s3:signatureversion":"AWS4-HMAC-SHA256"}})",
           R"({"Null":{"s3:signatureAge":"true"}})",
           R"({"StringEquals":{"s3:ResourceAccount":"111122223333"}})",
           R"({"StringEquals":{"s3:ExistingObjectTag/team":"blue"}})",
           R"({"StringLike":{"s3:x-amz-content-sha256":"*"}})",
       }) {
    allow("s3:GetObject", condition);
    EXPECT_EQ(get().status, 200) << condition;
  }
  allow("s3:GetObject", R"({"StringLike":{"aws:Referer":"https://example.com/*"}})");
  EXPECT_EQ(get().status, 403);
  EXPECT_EQ(account.s3("GET", "/data/key", "", {{"Referer", "https://example.com/a"}}).status, 200);
}

TEST_F(Conditions, RevokeSessionsByTheirTime) {
  auto revokedBefore = [&](std::chrono::seconds later) {
    allow("s3:*", "{}",
          R"(,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":")" +
              base::rfc3339(account.clock.now() + later) + "\"}}}");
    return get().status;
  };
  EXPECT_EQ(revokedBefore(std::chrono::seconds(0)), 200);
  EXPECT_EQ(revokedBefore(std::chrono::seconds(1)), 403);
}

TEST_F(Conditions, OfAPresignedUrlAreItsOwn) {
  allow("s3:GetObject",
        R"({"StringEquals":{"s3:authType":"REST-QUERY-STRING"},"NumericLessThan":{"s3:signatureAge":"60000"}})");
  const http::Request request = presigned(account, "900", "/data/key");
  EXPECT_EQ(account.receive(request).status, 200);
  account.clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(account.receive(request).status, 403);
  EXPECT_EQ(get().status, 403) << "it is signed in its head";
}

TEST_F(Conditions, OfAWriteAreInItsHead) {
  const std::pair<const char*, Fields> cases[] = {
      {R"({"StringEquals":{"s3:RequestObjectTag/team":"red"}})", {{"x-amz-tagging", "team=red"}}},
      {R"({"StringEquals":{"s3:x-amz-server-side-encryption":"AES256"}})",
       {{"x-amz-server-side-encryption", "AES256"}}},
      {R"({"StringEquals":{"s3:x-amz-storage-class":"STANDARD_IA"}})", {{"x-amz-storage-class", "STANDARD_IA"}}},
      {R"({"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}})",
       {{"x-amz-acl", "bucket-owner-full-control"}}},
      {R"({"StringLike":{"s3:x-amz-copy-source":"data/k*"},"Null":{"s3:if-match":"true"}})",
       {{"x-amz-copy-source", "/data/k%65y"}}},
  };
  for (const auto& [condition, headers] : cases) {
    allow("s3:Put*", condition, R"(,{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"})");
    EXPECT_EQ(put({}).status, 403) << condition;
    Reply reply = put(headers);
    EXPECT_EQ(reply.status, 200) << condition << reply.refusal();
  }
  allow("s3:Put*", R"({"Null":{"s3:if-none-match":"false"},"Bool":{"s3:ObjectCreationOperation":"true"}})");
  EXPECT_EQ(put({}).status, 403);
  EXPECT_EQ(put({{"If-None-Match", "*"}}, "another").status, 200);
  EXPECT_EQ(account.s3("POST", "/data/big?uploads").status, 403) << "it creates nothing yet";
}

TEST_F(Conditions, KnowWhereABucketShallBe) {
  allow("s3:CreateBucket", R"({"StringEquals":{"s3:LocationConstraint":"us-west-2"}})");
  auto create = [&](const std::string& region) {
    account.region = region;
    return account.s3("PUT", "/bucket-in-" + region,
                      "<CreateBucketConfiguration><LocationConstraint>" + region +
                          "</LocationConstraint></CreateBucketConfiguration>");
  };
  EXPECT_EQ(create("us-west-2").status, 200);
  EXPECT_EQ(create("eu-west-1").status, 403);
}

TEST_F(Conditions, KnowTheTagsOfARoleAndOfItsMaking) {
  const std::string trust = IssuerAccount::trust("system:serviceaccount:default:other");
  auto create = [&](const std::string& name, const std::string& team) {
    return account.iam({{"Action", "CreateRole"},
                        {"RoleName", name},
                        {"AssumeRolePolicyDocument", trust},
                        {"Tags.member.1.Key", "Team"},
                        {"Tags.member.1.Value", team}});
  };
  allow("iam:*Role",
        R"({"StringEquals":{"aws:RequestTag/team":"edge"},"ForAllValues:StringEquals":{"aws:TagKeys":"Team"}})");
  EXPECT_EQ(create("one", "core").status, 403);
  EXPECT_EQ(create("one", "edge").status, 200);
  for (const char* key : {"aws:ResourceTag/Team", "iam:ResourceTag/Team"}) {
    allow("iam:GetRole", R"({"StringEquals":{")" + std::string(key) + R"(":"edge"}})");
    EXPECT_EQ(account.iam({{"Action", "GetRole"}, {"RoleName", "one"}}).status, 200) << key;
    EXPECT_EQ(account.iam({{"Action", "GetRole"}, {"RoleName", "echo"}}).status, 403) << key;
  }
}

TEST(TagsOfAWebIdentity, AreThoseOfItsTokenAlone) {
  IssuerAccount account;
  text::Json trust = text::parseJson(IssuerAccount::trust("system:serviceaccount:default:echo")).value();
  trust["Statement"][0]["Condition"]["StringEquals"]["aws:RequestTag/team"] = "edge";
  account.iam({{"Action", "UpdateAssumeRolePolicy"}, {"RoleName", "echo"}, {"PolicyDocument", text::compact(trust)}});
  Fields fields = account.assumeFields(IssuerAccount::token(account.claims()));
  fields.emplace_back("Tags.member.1.Key", "team");
  fields.emplace_back("Tags.member.1.Value", "edge");
  EXPECT_EQ(account.unsignedSts(fields).code, "AccessDenied");
}

}  // namespace
}  // namespace sim
