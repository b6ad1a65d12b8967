#include "local_account.h"
#include "sim/checksum.h"

namespace sim {
namespace {

struct Copies : testing::Test {
  Copies() {
    account.makeBucket("bucket");
    account.s3("PUT", "/bucket/a%20b", "body", {{"Content-Type", "text/plain"}, {"x-amz-tagging", "k=v"}});
  }
  Reply copy(const std::string& source, Fields headers = {}, const std::string& target = "/bucket/copy") {
    headers.emplace_back("x-amz-copy-source", source);
    return account.s3("PUT", target, "", std::move(headers));
  }
  LocalAccount account;
};

TEST_F(Copies, BringBodyHeadersAndTagsAlong) {
  for (std::string source : {"/bucket/a%20b", "bucket/a%20b", "bucket/a%20b?versionId=null"}) {
    Reply reply = copy(source);
    EXPECT_EQ(reply.status, 200) << reply.refusal();
    EXPECT_EQ(reply.at("ETag"), "\"" + text::hex(crypto::md5("body")) + "\"");
    Reply got = account.s3("GET", "/bucket/copy");
    EXPECT_EQ(got.response.body, "body");
    EXPECT_EQ(got.header("content-type"), "text/plain");
    EXPECT_EQ(got.header("x-amz-tagging-count"), "1");
  }
}

TEST_F(Copies, ReplaceWhatTheyAreTold) {
  Reply reply = copy("bucket/a%20b", {{"x-amz-metadata-directive", "REPLACE"},
                                      {"x-amz-tagging-directive", "REPLACE"},
                                      {"x-amz-checksum-algorithm", "SHA256"},
                                      {"x-amz-meta-new", "1"}});
  EXPECT_EQ(reply.at("ChecksumSHA256"), text::base64(*checksum("sha256", "body")));
  Reply got = account.s3("GET", "/bucket/copy");
  EXPECT_EQ(got.header("content-type"), "binary/octet-stream");
  EXPECT_EQ(got.header("x-amz-meta-new"), "1");
  EXPECT_EQ(got.header("x-amz-tagging-count"), "");
}

TEST_F(Copies, OntoThemselvesNeedAChange) {
  EXPECT_EQ(copy("bucket/a%20b", {}, "/bucket/a%20b").code, "InvalidRequest");
  EXPECT_EQ(copy("bucket/a%20b", {{"x-amz-metadata-directive", "REPLACE"}}, "/bucket/a%20b").status, 200);
}

TEST_F(Copies, AreToldToCopyOrToReplace) {
  for (const char* what : {"metadata", "tagging"})
    EXPECT_EQ(copy("bucket/a%20b", {{"x-amz-" + std::string(what) + "-directive", "FOO"}}).refusal(),
              "400 InvalidArgument: Unknown " + std::string(what) + " directive.");
}

TEST_F(Copies, NeedTheirSource) {
  EXPECT_EQ(copy("bucket/nothing").refusal(), "404 NoSuchKey: The specified key does not exist.");
  EXPECT_EQ(copy("nothing-here/key").refusal(), "404 NoSuchBucket: The specified bucket does not exist");
  EXPECT_EQ(copy("bucket").code, "InvalidArgument");
  EXPECT_EQ(copy("bucket/a%20b", {{"x-amz-source-expected-bucket-owner", "999988887777"}}).status, 403);
}

TEST_F(Copies, HoldToTheConditionsOnTheirSource) {
  std::string tag = account.s3("HEAD", "/bucket/a%20b").header("ETag");
  EXPECT_EQ(copy("bucket/a%20b", {{"x-amz-copy-source-if-match", "\"x\""}}).code, "PreconditionFailed");
  EXPECT_EQ(copy("bucket/a%20b", {{"x-amz-copy-source-if-none-match", tag}}).code, "PreconditionFailed");
  EXPECT_EQ(copy("bucket/a%20b", {{"x-amz-copy-source-if-match", tag}}).status, 200);
  EXPECT_EQ(copy("bucket/a%20b", {{"If-None-Match", "*"}}).code, "PreconditionFailed");
}

TEST(CopiesOfASession, NeedLeaveToReadTheSource) {
  IssuerAccount account;
  aws::Credentials administrator = account.credentials;
  account.makeBucket("secrets");
  account.s3("PUT", "/secrets/key", "secret");
  account.iam(
      {{"Action", "PutRolePolicy"},
       {"RoleName", "echo"},
       {"PolicyName", "put"},
       {"PolicyDocument",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]})"}});
  account.becomeRole();
  Reply refused = account.s3("PUT", "/secrets/copy", "", {{"x-amz-copy-source", "secrets/key"}});
  EXPECT_EQ(refused.code, "AccessDenied");
  EXPECT_NE(refused.message.find("is not authorized to perform: s3:GetObject"), std::string::npos) << refused.message;
  account.credentials = administrator;
  EXPECT_EQ(account.s3("GET", "/secrets/copy").status, 404);
}

TEST_F(Copies, AndOriginalsHaveTags) {
  EXPECT_EQ(account.s3("GET", "/bucket/a%20b?tagging").at("TagSet/Tag/Key"), "k");
  std::string set = "<Tagging><TagSet><Tag><Key>n</Key><Value>1</Value></Tag></TagSet></Tagging>";
  EXPECT_EQ(account.s3("PUT", "/bucket/a%20b?tagging", set).status, 200);
  EXPECT_EQ(account.s3("GET", "/bucket/a%20b?tagging").at("TagSet/Tag/Key"), "n");
  EXPECT_EQ(account.s3("DELETE", "/bucket/a%20b?tagging").status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket/a%20b?tagging").at("TagSet/Tag"), "(absent)");
  std::string many;
  for (int i = 0; i < 11; ++i) many += "k" + std::to_string(i) + "=v&";
  many.pop_back();
  EXPECT_EQ(account.s3("PUT", "/bucket/many", "x", {{"x-amz-tagging", many}}).code, "BadRequest");
  for (const char* tags : {"k=1&k=2", "k=1,l=2"}) {
    const Reply reply = account.s3("PUT", "/bucket/many", "x", {{"x-amz-tagging", tags}});
    EXPECT_EQ(reply.refusal(),
              "400 InvalidArgument: The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
              "parameters without tag name duplicates.");
    EXPECT_EQ(reply.at("ArgumentValue"), tags);
  }
  EXPECT_EQ(account.s3("PUT", "/bucket/many", "x", {{"x-amz-tagging", "aws:k=1"}}).refusal(),
            "400 InvalidTag: Your TagKey cannot be prefixed with aws:");
}

}  // namespace
}  // namespace sim
