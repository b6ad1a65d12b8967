#include "sim/aws_chunked.h"

#include "local_account.h"

namespace sim {
namespace {

const std::string kCaptured = "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\n\r\n";  // aws-cli 1.45 over https

Fields streamed(std::string_view hash, std::size_t size) {
  return {{"x-amz-content-sha256", std::string(hash)},
          {"x-amz-decoded-content-length", std::to_string(size)},
          {"Content-Encoding", "aws-chunked"},
          {"x-amz-trailer", "x-amz-checksum-crc32"},
          {"Content-MD5", ""}};
}

Reply put(LocalAccount& account, const std::string& body, std::size_t size) {
  http::Request request =
      account.s3Request("PUT", "/bucket/key", body, streamed("STREAMING-UNSIGNED-PAYLOAD-TRAILER", size));
  request.headers.remove("Content-MD5");
  return account.send(request, "s3");
}

TEST(AwsChunked, TakesWhatTheAwsCliSendsOverTls) {
  LocalAccount account;
  account.makeBucket("bucket");
  Reply reply = put(account, kCaptured, 6);
  EXPECT_EQ(reply.status, 200) << reply.refusal();
  EXPECT_EQ(reply.header("x-amz-checksum-crc32"), "NjowIA==");
  Reply read = account.s3("GET", "/bucket/key", "", {{"x-amz-checksum-mode", "ENABLED"}});
  EXPECT_EQ(read.response.body, "hello\n");
  EXPECT_EQ(read.header("content-encoding"), "");
  EXPECT_EQ(read.header("x-amz-checksum-crc32"), "NjowIA==");
}

TEST(AwsChunked, HoldsTheBodyToItsTrailer) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(put(account, "6\r\nHello\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\n\r\n", 6).refusal(),
            "400 BadDigest: The CRC32 you specified did not match the calculated checksum.");
  EXPECT_EQ(account.s3("GET", "/bucket/key").code, "NoSuchKey");
}

TEST(AwsChunked, RefusesWhatIsCutOff) {
  LocalAccount account;
  account.makeBucket("bucket");
  for (std::string body :
       {"", "6", "6\r\nhel", "ffffffffffffffff\r\nhello", "zz\r\nhello\r\n0\r\n\r\n", "6\r\nhello\nxx0\r\n\r\n"})
    EXPECT_EQ(put(account, body, 6).code, "IncompleteBody") << body;
  EXPECT_EQ(put(account, kCaptured, 7).code, "IncompleteBody");
}

// The example of Amazon's page on chunk signatures: 64 KiB and 1 KiB of 'a'.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
TEST(AwsChunked, VerifiesTheDocumentedChunkSignatures) {
  aws::Scope scope{"20130524", "us-east-1", "s3"};
  ChunkSigning signing{aws::signingKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope), "20130524T000000Z",
                       scope.text(), "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"};
  const std::string first(65536, 'a'), second(1024, 'a');
  std::string body =
      "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + first +
      "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + second +
      "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  auto payload = decodeAwsChunked(body, signing);
  ASSERT_TRUE(payload) << payload.error().message;
  EXPECT_EQ(payload->body, first + second);
  body[100] = 'b';
  EXPECT_EQ(decodeAwsChunked(body, signing).error().code, "SignatureDoesNotMatch");
}

TEST(AwsChunked, WantsTheTrailersThatWereAnnouncedAndNoOthers) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(put(account, "6\r\nhello\n\r\n0\r\n\r\n", 6).code, "MalformedTrailerError");
  EXPECT_EQ(put(account, "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\nx-amz-meta-who:me\r\n\r\n", 6).code,
            "MalformedTrailerError");
}

TEST(AwsChunked, WantsChunksOf8KiBButForTheLast) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(put(account, "3\r\nhel\r\n3\r\nlo\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\n\r\n", 6).refusal(),
            "403 InvalidChunkSizeError: Only the last chunk is allowed to have a size less than 8192 bytes");
}

}  // namespace
}  // namespace sim
