#include "sim/checksum.h"

#include "local_account.h"

namespace sim {
namespace {

// The check values of the catalogue of parametrised CRC algorithms, over "123456789".
TEST(Checksum, AgreesWithTheCatalogue) {
  EXPECT_EQ(text::hex(*checksum("crc32", "123456789")), "cbf43926");
  EXPECT_EQ(text::hex(*checksum("crc32c", "123456789")), "e3069283");
  EXPECT_EQ(text::hex(*checksum("crc64nvme", "123456789")), "ae8b14860a799888");
  EXPECT_EQ(text::hex(*checksum("sha1", "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_FALSE(checksum("md4", ""));
}

TEST(Checksum, IsCheckedWhicheverIsSent) {
  LocalAccount account;
  account.makeBucket("bucket");
  for (std::string name : {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"}) {
    std::string right = text::base64(*checksum(name, "body")), wrong = text::base64(*checksum(name, "other"));
    EXPECT_EQ(account.s3("PUT", "/bucket/key", "body", {{"x-amz-checksum-" + name, right}}).status, 200) << name;
    EXPECT_EQ(account.s3("PUT", "/bucket/key", "body", {{"x-amz-checksum-" + name, wrong}}).code, "BadDigest") << name;
  }
}

TEST(Checksum, ReadsContentMd5) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "body", {{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}}).refusal(),
            "400 BadDigest: The Content-MD5 you specified did not match what we received.");
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "body", {{"Content-MD5", "x"}}).refusal(),
            "400 InvalidDigest: The Content-MD5 you specified was invalid.");
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "body", {{"Content-MD5", "x"}}).at("Content-MD5"), "x");
  const std::string other = "AAAAAAAAAAAAAAAAAAAAAA==";
  const Reply object = account.s3("PUT", "/bucket/key", "body", {{"Content-MD5", other}});
  EXPECT_EQ(object.at("CalculatedDigest"), text::base64(crypto::md5("body")));
  EXPECT_EQ(object.at("ExpectedDigest"), std::string(32, '0'));
  EXPECT_EQ(account.s3("PUT", "/bucket?tagging", "body", {{"Content-MD5", other}}).at("ExpectedDigest"), other);
}

TEST(Checksum, IsRequiredForSettings) {
  LocalAccount account;
  account.makeBucket("bucket");
  http::Request request = account.s3Request("PUT", "/bucket?policy", "{}", {});
  request.headers.remove("Content-MD5");
  EXPECT_EQ(account.send(request, "s3").code, "InvalidRequest");
}

}  // namespace
}  // namespace sim
