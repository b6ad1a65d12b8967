#include "base/time.h"
#include "local_account.h"

namespace sim {
namespace {

using std::chrono::seconds;

struct Objects : testing::Test {
  Objects() { account.makeBucket("bucket"); }
  LocalAccount account;
};

TEST_F(Objects, KeepTheirHeadersAndMetadata) {
  Reply put = account.s3(
      "PUT", "/bucket/.well-known/openid-configuration", "{}",
      {{"Content-Type", "application/json"}, {"Cache-Control", "public, max-age=300"}, {"x-amz-meta-who", "me"}});
  EXPECT_EQ(put.header("ETag"), "\"99914b932bd37a50b983c5e7c90ae93b\"");
  Reply get = account.s3("GET", "/bucket/.well-known/openid-configuration");
  EXPECT_EQ(get.response.body, "{}");
  EXPECT_EQ(get.header("content-type"), "application/json");
  EXPECT_EQ(get.header("cache-control"), "public, max-age=300");
  EXPECT_EQ(get.header("x-amz-meta-who"), "me");
  EXPECT_EQ(get.header("x-amz-request-id").size(), 16u);
  Reply head = account.s3("HEAD", "/bucket/.well-known/openid-configuration");
  EXPECT_EQ(head.header("content-length"), "2");
  EXPECT_EQ(head.response.body, "");
}

TEST_F(Objects, AreStoredUnderTheirKeysOpaquely) {
  for (std::string key : {"../x", "a//b", "%2e%2e%2f", "dir/", "\xc3\xbc", ".", "a+b=c"}) {
    std::string target = "/bucket/" + text::percentEncode(key, "/");
    EXPECT_EQ(account.s3("PUT", target, key).status, 200) << key;
    EXPECT_EQ(account.s3("GET", target).response.body, key);
  }
  EXPECT_EQ(account.s3("PUT", "/bucket/" + std::string(1024, 'k'), "x").status, 200);
  EXPECT_EQ(account.s3("PUT", "/bucket/" + std::string(1025, 'k'), "x").code, "KeyTooLongError");
}

TEST_F(Objects, AnswerRanges) {
  account.s3("PUT", "/bucket/key", "0123456789");
  auto range = [&](const std::string& text) { return account.s3("GET", "/bucket/key", "", {{"Range", text}}); };
  EXPECT_EQ(range("bytes=2-4").response.body, "234");
  EXPECT_EQ(range("bytes=2-4").header("content-range"), "bytes 2-4/10");
  EXPECT_EQ(range("bytes=2-4").status, 206);
  EXPECT_EQ(range("bytes=8-").response.body, "89");
  EXPECT_EQ(range("bytes=-3").response.body, "789");
  EXPECT_EQ(range("bytes=8-99999999999999999999").response.body, "89");
  EXPECT_EQ(range("bytes=99999999999999999999-").code, "InvalidRange");
  EXPECT_EQ(range("lines=1-2").status, 200);
  EXPECT_EQ(range("bytes=10-").refusal(), "416 InvalidRange: The requested range is not satisfiable");
}

TEST_F(Objects, HoldToConditions) {
  std::string tag = account.s3("PUT", "/bucket/key", "one").header("ETag");
  EXPECT_EQ(account.s3("GET", "/bucket/key", "", {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(account.s3("GET", "/bucket/key", "", {{"If-Match", "\"x\""}}).refusal(),
            "412 PreconditionFailed: At least one of the pre-conditions you specified did not hold");
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "two", {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "two", {{"If-Match", tag}}).status, 200);
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "three", {{"If-Match", tag}}).status, 412);
  EXPECT_EQ(account.s3("PUT", "/bucket/new", "x", {{"If-Match", tag}}).status, 404);
  account.clock.advance(seconds(10));
  auto since = [&](seconds ahead) {
    return account.s3("GET", "/bucket/key", "", {{"If-Modified-Since", base::httpDate(account.clock.now() + ahead)}});
  };
  EXPECT_EQ(since(seconds(0)).status, 304);
  EXPECT_EQ(since(seconds(3600)).status, 200) << "a time in the future says nothing";
}

TEST_F(Objects, ReplaceByNoConditionThatS3DoesNotTake) {
  const std::string refusal = "501 NotImplemented: A header you provided implies functionality that is not implemented";
  auto put = [&](Fields headers) { return account.s3("PUT", "/bucket/key", "x", std::move(headers)); };
  const Reply any = put({{"If-Match", "*"}});
  EXPECT_EQ(any.refusal(), refusal);
  EXPECT_EQ(any.at("Header"), "If-Match");
  EXPECT_EQ(any.at("additionalMessage"), "We don't accept the provided value of If-Match header for this API");
  EXPECT_EQ(put({{"If-None-Match", "\"x\""}}).at("additionalMessage"),
            "We don't accept the provided value of If-None-Match header for this API");
  const Reply both = put({{"If-Match", "\"x\""}, {"If-None-Match", "*"}});
  EXPECT_EQ(both.at("Header"), "If-Match,If-None-Match");
  EXPECT_EQ(both.at("additionalMessage"), "Multiple conditional request headers present in the request");
}

TEST_F(Objects, HaveNoVersionToDelete) {
  account.s3("PUT", "/bucket/key", "one");
  const Reply reply = account.s3("DELETE", "/bucket/key?versionId=HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD");
  EXPECT_EQ(reply.refusal(), "400 InvalidArgument: Invalid version id specified");
  EXPECT_EQ(reply.at("ArgumentName"), "versionId");
  EXPECT_EQ(account.s3("GET", "/bucket/key").status, 200);
  const Reply many = account.s3("POST", "/bucket?delete",
                                "<Delete><Object><Key>key</Key><VersionId>HPniJ</VersionId></Object></Delete>");
  EXPECT_EQ(many.at("Error/Code") + " " + many.at("Error/VersionId"), "NoSuchVersion HPniJ");
}

TEST_F(Objects, HaveTheAttributesThatThereAre) {
  account.s3("PUT", "/bucket/key", "one");
  auto ask = [&](const std::string& names) {
    return account.s3("GET", "/bucket/key?attributes", "", {{"x-amz-object-attributes", names}});
  };
  EXPECT_EQ(ask("ETag, ObjectSize").at("ObjectSize"), "3");
  for (const char* names : {"Foo", "ETag,Foo", "", ",", "ETag,,ObjectSize"})
    EXPECT_EQ(ask(names).refusal(), "400 InvalidArgument: Invalid attribute name specified.") << names;
}

TEST_F(Objects, AreMissedByName) {
  EXPECT_EQ(account.s3("GET", "/bucket/key").refusal(), "404 NoSuchKey: The specified key does not exist.");
  EXPECT_EQ(account.s3("HEAD", "/bucket/key").status, 404);
  EXPECT_EQ(account.s3("DELETE", "/bucket/key").status, 204);
}

TEST_F(Objects, AreDeletedTogether) {
  for (std::string key : {"a", "b", "c"}) account.s3("PUT", "/bucket/" + key, key);
  Reply reply = account.s3(
      "POST", "/bucket?delete",
      "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object><Object><Key>z</Key></Object></Delete>");
  EXPECT_EQ(reply.xml.all("Deleted").size(), 3u);
  EXPECT_EQ(account.s3("POST", "/bucket?delete", "<Delete><Object><Key></Key></Object></Delete>").code, "MalformedXML");
  EXPECT_EQ(account.s3("GET", "/bucket/a").status, 404);
  EXPECT_EQ(account.s3("GET", "/bucket/c").status, 200);
}

TEST_F(Objects, AreListedInPages) {
  for (std::string key : {"a/1", "a/2", "b", "c/1", "d e"})
    account.s3("PUT", "/bucket/" + text::percentEncode(key, "/"), key);
  Reply all = account.s3("GET", "/bucket?list-type=2&encoding-type=url");
  ASSERT_EQ(all.xml.all("Contents").size(), 5u);
  EXPECT_EQ(all.xml.all("Contents")[4]->textOf("Key"), "d%20e");
  Reply rolled = account.s3("GET", "/bucket?list-type=2&delimiter=%2F&max-keys=2");
  EXPECT_EQ(rolled.at("CommonPrefixes/Prefix"), "a/");
  EXPECT_EQ(rolled.at("IsTruncated"), "true");
  EXPECT_EQ(rolled.at("KeyCount"), "2");
  std::string token = rolled.at("NextContinuationToken");
  Reply rest = account.s3("GET", "/bucket?list-type=2&delimiter=%2F&continuation-token=" + token);
  EXPECT_EQ(rest.at("CommonPrefixes/Prefix"), "c/");
  EXPECT_EQ(rest.at("Contents/Key"), "d e");
  EXPECT_EQ(account.s3("GET", "/bucket?prefix=a%2F&marker=a%2F1").at("Contents/Key"), "a/2");
}

TEST_F(Objects, AreListedAfterAKeyInsideAPrefix) {
  for (std::string key : {"a/1", "a/2", "b"}) account.s3("PUT", "/bucket/" + key, key);
  Reply inside = account.s3("GET", "/bucket?list-type=2&delimiter=/&start-after=a/1");
  EXPECT_EQ(inside.at("CommonPrefixes/Prefix"), "a/");
  Reply behind = account.s3("GET", "/bucket?delimiter=/&marker=a/");
  EXPECT_EQ(behind.at("CommonPrefixes"), "(absent)");
  EXPECT_EQ(behind.at("Contents/Key"), "b");
  EXPECT_EQ(account.s3("GET", "/bucket?list-type=2&max-keys=-1").code, "InvalidArgument");
  EXPECT_EQ(account.s3("GET", "/bucket?list-type=2&encoding-type=utf").code, "InvalidArgument");
}

TEST_F(Objects, CarryAChecksumWhetherOrNotOneCame) {
  Reply put = account.s3("PUT", "/bucket/key", "123456789");
  EXPECT_EQ(put.header("x-amz-checksum-crc64nvme"), text::base64("\xae\x8b\x14\x86\x0a\x79\x98\x88"));
  EXPECT_EQ(put.header("x-amz-checksum-type"), "FULL_OBJECT");
  Fields mode = {{"x-amz-checksum-mode", "ENABLED"}};
  EXPECT_EQ(account.s3("GET", "/bucket/key", "", mode).header("x-amz-checksum-crc64nvme"),
            put.header("x-amz-checksum-crc64nvme"));
  EXPECT_EQ(account.s3("GET", "/bucket/key").header("x-amz-checksum-crc64nvme"), "");
  mode.emplace_back("Range", "bytes=0-1");
  EXPECT_EQ(account.s3("GET", "/bucket/key", "", mode).header("x-amz-checksum-crc64nvme"), "");
  EXPECT_EQ(account.s3("GET", "/bucket?list-type=2").at("Contents/ChecksumAlgorithm"), "CRC64NVME");
}

TEST_F(Objects, RefuseWhatWouldNotBeDone) {
  auto put = [&](std::string name, std::string value) {
    return account.s3("PUT", "/bucket/key", "x", {{name, value}});
  };
  EXPECT_EQ(put("x-amz-server-side-encryption", "aws:kms").status, 501);
  EXPECT_EQ(put("x-amz-object-lock-mode", "GOVERNANCE").status, 501);
  EXPECT_EQ(put("x-amz-storage-class", "SHELF").code, "InvalidStorageClass");
  EXPECT_EQ(put("x-amz-acl", "public-read").code, "AccessControlListNotSupported");
  EXPECT_EQ(put("x-amz-sdk-checksum-algorithm", "CRC32").code, "InvalidRequest");
  EXPECT_EQ(put("x-amz-meta-long", std::string(2049, 'x')).code, "MetadataTooLarge");
  EXPECT_EQ(account.s3("PUT", "/bucket/key?tagging&acl", "x").status, 501);
  EXPECT_EQ(account.s3("GET", "/bucket/key").status, 404);
  EXPECT_EQ(put("x-amz-storage-class", "STANDARD_IA").status, 200);
  EXPECT_EQ(account.s3("GET", "/bucket?list-type=2").at("Contents/StorageClass"), "STANDARD_IA");
  EXPECT_EQ(account.s3("GET", "/bucket/key?versionId=1").code, "InvalidArgument");
}

TEST_F(Objects, AreDeletedTogetherUnderConditions) {
  std::string tag = account.s3("PUT", "/bucket/a", "a").header("ETag");
  account.s3("PUT", "/bucket/b", "b");
  Reply reply = account.s3("POST", "/bucket?delete",
                           "<Delete><Object><Key>a</Key><ETag>" + text::escapeXml(tag) +
                               "</ETag></Object><Object><Key>b</Key><ETag>x</ETag></Object></Delete>");
  EXPECT_EQ(reply.at("Deleted/Key"), "a");
  EXPECT_EQ(reply.at("Error/Code"), "PreconditionFailed");
  EXPECT_EQ(account.s3("GET", "/bucket/b").response.body, "b");
}

}  // namespace
}  // namespace sim
