#include "sim/further_actions.h"

#include "local_account.h"

namespace sim {
namespace {

// A session of the role "echo" with one policy.
struct FurtherActions : testing::Test {
  FurtherActions() {
    account.makeBucket("data");
    account.s3("PUT", "/data/key", "body");
    administrator = account.credentials;
    account.becomeRole();
    session = account.credentials;
  }

  void allow(const std::vector<std::string>& actions) {
    account.credentials = administrator;
    const text::Json document = {{"Version", "2012-10-17"},
                                 {"Statement", {{"Effect", "Allow"}, {"Action", actions}, {"Resource", "*"}}}};
    Reply reply = account.iam({{"Action", "PutRolePolicy"},
                               {"RoleName", "echo"},
                               {"PolicyName", "p"},
                               {"PolicyDocument", text::compact(document)}});
    EXPECT_EQ(reply.status, 200) << reply.refusal();
    account.credentials = session;
  }

  // `ask` is refused with `action` alone, for want of `further`, and done with both.
  void expectBoth(const std::string& action, const std::string& further, const std::function<Reply()>& ask) {
    allow({action});
    Reply refused = ask();
    EXPECT_EQ(refused.code, "AccessDenied") << action;
    EXPECT_NE(refused.message.find(further), std::string::npos) << refused.message;
    allow({action, further});
    Reply done = ask();
    EXPECT_LT(done.status, 300) << action << ": " << done.refusal();
  }

  IssuerAccount account;
  aws::Credentials administrator, session;
};

TEST_F(FurtherActions, TagWhatIsMade) {
  auto tagged = [&](Fields fields) {
    fields.emplace_back("Tags.member.1.Key", "k");
    fields.emplace_back("Tags.member.1.Value", "v");
    return account.iam(std::move(fields));
  };
  expectBoth("iam:CreateRole", "iam:TagRole", [&] {
    return tagged({{"Action", "CreateRole"},
                   {"RoleName", "tagged"},
                   {"AssumeRolePolicyDocument", IssuerAccount::trust("system:serviceaccount:default:echo")}});
  });
  expectBoth("iam:CreatePolicy", "iam:TagPolicy", [&] {
    return tagged(
        {{"Action", "CreatePolicy"},
         {"PolicyName", "tagged"},
         {"PolicyDocument", R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})"}});
  });
  expectBoth("iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", [&] {
    return tagged({{"Action", "CreateOpenIDConnectProvider"},
                   {"Url", "https://example.com/tagged"},
                   {"ThumbprintList.member.1", std::string(40, 'a')}});
  });
}

TEST_F(FurtherActions, SetWhatAnObjectOrBucketStartsWith) {
  auto put = [&](const Fields& headers) { return account.s3("PUT", "/data/key", "x", headers); };
  expectBoth("s3:PutObject", "s3:PutObjectTagging", [&] { return put({{"x-amz-tagging", "a=b"}}); });
  expectBoth("s3:PutObject", "s3:PutObjectAcl", [&] { return put({{"x-amz-acl", "bucket-owner-full-control"}}); });
  expectBoth("s3:CreateBucket", "s3:PutBucketOwnershipControls", [&] {
    return account.s3(
        "PUT", "/owned",
        "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>",
        {{"x-amz-object-ownership", "BucketOwnerEnforced"}});
  });
}

TEST_F(FurtherActions, ReadWhatIsComparedWithAnEntityTag) {
  account.credentials = administrator;
  const std::string etag = account.s3("HEAD", "/data/key").header("ETag");
  expectBoth("s3:PutObject", "s3:GetObject",
             [&] { return account.s3("PUT", "/data/key", "body", {{"If-Match", etag}}); });
  expectBoth("s3:DeleteObject", "s3:GetObject",
             [&] { return account.s3("DELETE", "/data/key", "", {{"If-Match", etag}}); });
}

TEST_F(FurtherActions, ReadNothingToAskWhetherAnObjectIsThereAtAll) {
  allow({"s3:DeleteObject"});
  EXPECT_EQ(account.s3("DELETE", "/data/key", "", {{"If-Match", "*"}}).status, 204);
}

TEST_F(FurtherActions, ReadWhatDeleteObjectsComparesWithAnEntityTag) {
  account.credentials = administrator;
  const std::string etag = account.s3("HEAD", "/data/key").header("ETag");
  auto remove = [&](const std::string& tag) {
    return account.s3("POST", "/data?delete",
                      "<Delete><Object><Key>key</Key><ETag>" + tag + "</ETag></Object></Delete>");
  };
  allow({"s3:DeleteObject"});
  EXPECT_EQ(remove(etag).at("Error/Code"), "AccessDenied");
  EXPECT_EQ(remove("*").at("Deleted/Key"), "key");
  account.credentials = administrator;
  account.s3("PUT", "/data/key", "body");
  allow({"s3:DeleteObject", "s3:GetObject"});
  EXPECT_EQ(remove(etag).at("Deleted/Key"), "key");
}

TEST_F(FurtherActions, HoldTheConditionsOfEachKeyThatDeleteObjectsNames) {
  account.credentials = administrator;
  account.s3("PUT", "/data/mine", "body", {{"x-amz-tagging", "owner=me"}});
  const text::Json policy = {{"Version", "2012-10-17"},
                             {"Statement",
                              {{{"Effect", "Allow"},
                                {"Action", "s3:DeleteObject"},
                                {"Resource", "*"},
                                {"Condition", {{"StringEquals", {{"s3:ExistingObjectTag/owner", "me"}}}}}},
                               {{"Effect", "Allow"},
                                {"Action", "s3:DeleteObject"},
                                {"Resource", "*"},
                                {"Condition", {{"StringEquals", {{"s3:if-match", "*"}}}}}}}}};
  account.iam({{"Action", "PutRolePolicy"},
               {"RoleName", "echo"},
               {"PolicyName", "p"},
               {"PolicyDocument", text::compact(policy)}});
  account.credentials = session;
  auto remove = [&](const std::string& object) {
    return account.s3("POST", "/data?delete", "<Delete><Object>" + object + "</Object></Delete>");
  };
  EXPECT_EQ(remove("<Key>key</Key>").at("Error/Code"), "AccessDenied");
  EXPECT_EQ(remove("<Key>mine</Key>").at("Deleted/Key"), "mine");
  EXPECT_EQ(remove("<Key>key</Key><ETag>*</ETag>").at("Deleted/Key"), "key");
}

}  // namespace
}  // namespace sim
