#include "local_account.h"
#include "sim/checksum.h"
#include "text/words.h"

namespace sim {
namespace {

const std::string kBig(5u << 20, 'a');

struct Multipart : testing::Test {
  Multipart() { account.makeBucket("bucket"); }

  std::string begin(const std::string& key = "key", Fields headers = {}) {
    Reply reply = account.s3("POST", "/bucket/" + key + "?uploads", "", std::move(headers));
    EXPECT_EQ(reply.status, 200) << reply.refusal();
    return reply.at("UploadId");
  }
  Reply part(const std::string& id, int number, const std::string& body, Fields headers = {}) {
    return account.s3("PUT", "/bucket/key?partNumber=" + std::to_string(number) + "&uploadId=" + id, body,
                      std::move(headers));
  }
  Reply complete(const std::string& id, const std::string& parts, Fields headers = {}) {
    return account.s3("POST", "/bucket/key?uploadId=" + id,
                      "<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>", std::move(headers));
  }
  static std::string named(int number, const std::string& etag, const std::string& more = "") {
    return "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" + text::escapeXml(etag) + "</ETag>" +
           more + "</Part>";
  }
  std::string upload(const std::string& id, int number, const std::string& body) {
    return named(number, part(id, number, body).header("ETag"));
  }

  LocalAccount account;
};

TEST_F(Multipart, JoinsItsPartsInTheirOrder) {
  std::string id = begin("key", {{"Content-Type", "text/plain"}, {"x-amz-meta-who", "me"}, {"x-amz-tagging", "a=b"}});
  std::string second = upload(id, 7, "tail"), first = upload(id, 2, kBig);
  EXPECT_EQ(account.s3("GET", "/bucket/key").status, 404);
  Reply done = complete(id, first + second);
  EXPECT_EQ(done.status, 200) << done.refusal();
  std::string digests = crypto::md5(kBig) + crypto::md5("tail");
  EXPECT_EQ(done.at("ETag"), "\"" + text::hex(crypto::md5(digests)) + "-2\"");
  EXPECT_EQ(done.at("Location"), "https://bucket.s3.us-west-2.amazonaws.com/key");
  EXPECT_EQ(done.at("ChecksumCRC64NVME"), text::base64(*checksum("crc64nvme", kBig + "tail")));
  Reply got = account.s3("GET", "/bucket/key");
  EXPECT_TRUE(got.response.body == kBig + "tail");
  EXPECT_EQ(got.header("content-type"), "text/plain");
  EXPECT_EQ(got.header("x-amz-meta-who"), "me");
  EXPECT_EQ(got.header("x-amz-tagging-count"), "1");
  EXPECT_EQ(complete(id, first + second).code, "NoSuchUpload");
}

TEST_F(Multipart, GivesOnePartAtATime) {
  std::string id = begin();
  std::string parts = upload(id, 1, kBig) + upload(id, 2, "tail");
  complete(id, parts);
  Reply second = account.s3("GET", "/bucket/key?partNumber=2");
  EXPECT_EQ(second.status, 206);
  EXPECT_EQ(second.response.body, "tail");
  EXPECT_EQ(second.header("x-amz-mp-parts-count"), "2");
  EXPECT_EQ(second.header("content-range"), "bytes 5242880-5242883/5242884");
  EXPECT_EQ(account.s3("GET", "/bucket/key?partNumber=3").refusal(),
            "416 InvalidPartNumber: The requested partnumber is not satisfiable");
  Reply attributes = account.s3("GET", "/bucket/key?attributes", "",
                                {{"x-amz-object-attributes", "ETag,ObjectParts,ObjectSize,StorageClass"}});
  EXPECT_EQ(attributes.at("ObjectParts/PartsCount"), "2");
  EXPECT_EQ(attributes.at("ObjectSize"), "5242884");
  EXPECT_EQ(attributes.at("StorageClass"), "STANDARD");
}

TEST_F(Multipart, HoldsToTheRulesOfParts) {
  std::string id = begin();
  std::string small = upload(id, 1, "small"), last = upload(id, 2, "last");
  EXPECT_EQ(complete(id, small + last).refusal(),
            "400 EntityTooSmall: Your proposed upload is smaller than the minimum allowed size");
  EXPECT_EQ(
      complete(id, last + small).refusal(),
      "400 InvalidPartOrder: The list of parts was not in ascending order. Parts must be ordered by part number.");
  EXPECT_EQ(complete(id, named(3, "\"x\"")).code, "InvalidPart");
  EXPECT_EQ(complete(id, named(1, "\"x\"")).code, "InvalidPart");
  EXPECT_EQ(complete(id, "").code, "MalformedXML");
  EXPECT_EQ(part(id, 0, "x").refusal(),
            "400 InvalidArgument: Part number must be an integer between 1 and 10000, inclusive");
  EXPECT_EQ(part(id, 10'001, "x").code, "InvalidArgument");
  EXPECT_EQ(part("nothing", 1, "x").refusal(),
            "404 NoSuchUpload: The specified upload does not exist. The upload ID may be invalid, or the upload may "
            "have been aborted or completed.");
  EXPECT_EQ(account.s3("PUT", "/bucket/other?partNumber=1&uploadId=" + id, "x").code, "NoSuchUpload");
  EXPECT_EQ(account.s3("PUT", "/bucket/key?partNumber=1", "x").code, "NotImplemented");
  EXPECT_EQ(complete(id, last, {{"x-amz-mp-object-size", "5"}}).code, "InvalidRequest");
  EXPECT_EQ(complete(id, last, {{"x-amz-mp-object-size", "4"}}).status, 200);
}

TEST_F(Multipart, KeepsTheLastUploadOfAPart) {
  std::string id = begin();
  std::string stale = upload(id, 1, "one"), fresh = upload(id, 1, "two");
  EXPECT_EQ(complete(id, stale).code, "InvalidPart");
  EXPECT_EQ(complete(id, fresh).status, 200);
  EXPECT_EQ(account.s3("GET", "/bucket/key").response.body, "two");
}

TEST_F(Multipart, MakesACompositeChecksumOfTheParts) {
  for (std::string algorithm : {"CRC32", "CRC32C", "SHA1", "SHA256"}) {
    std::string plain = text::lowerCase(algorithm), header = "x-amz-checksum-" + plain,
                element = "Checksum" + algorithm;
    std::string id = begin("key", {{"x-amz-checksum-algorithm", algorithm}});
    std::string parts, raw;
    int number = 0;
    // The last part alone may be small.
    std::vector<std::string> bodies = {"tail"};
    if (plain == "sha256") bodies.insert(bodies.begin(), kBig);
    for (const std::string& body : bodies) {
      std::string value = text::base64(*checksum(plain, body));
      raw += *checksum(plain, body);
      Reply reply = part(id, ++number, body, {{header, value}});
      EXPECT_EQ(reply.header(header), value);
      parts += named(number, reply.header("ETag"), "<" + element + ">" + value + "</" + element + ">");
    }
    std::string whole = text::base64(*checksum(plain, raw)) + "-" + std::to_string(number);
    EXPECT_EQ(complete(id, parts, {{header, "AAAA-2"}}).code, "BadDigest") << algorithm;
    Reply done = complete(id, parts, {{header, whole}});
    EXPECT_EQ(done.at(element), whole) << done.refusal();
    EXPECT_EQ(done.at("ChecksumType"), "COMPOSITE");
    Reply head = account.s3("HEAD", "/bucket/key", "", {{"x-amz-checksum-mode", "ENABLED"}});
    EXPECT_EQ(head.header(header), whole);
    EXPECT_EQ(head.header("x-amz-checksum-type"), "COMPOSITE");
  }
}

TEST_F(Multipart, MakesAChecksumOfTheWholeObject) {
  for (std::string algorithm : {"CRC32", "CRC32C", "CRC64NVME"}) {
    std::string id = begin("key", {{"x-amz-checksum-algorithm", algorithm}, {"x-amz-checksum-type", "FULL_OBJECT"}});
    std::string first = algorithm == "CRC32" ? kBig : "";
    std::string parts = (first.empty() ? "" : upload(id, 1, first)) + upload(id, 2, "tail");
    std::string whole = text::base64(*checksum(text::lowerCase(algorithm), first + "tail"));
    Reply done = complete(id, parts, {{"x-amz-checksum-type", "FULL_OBJECT"}});
    EXPECT_EQ(done.at("Checksum" + algorithm), whole) << done.refusal();
    EXPECT_EQ(done.at("ChecksumType"), "FULL_OBJECT");
  }
}

TEST_F(Multipart, RefusesChecksumsThatDoNotFit) {
  auto start = [&](Fields headers) {
    return account.s3("POST", "/bucket/key?uploads", "", std::move(headers)).refusal();
  };
  EXPECT_EQ(start({{"x-amz-checksum-algorithm", "SHA256"}, {"x-amz-checksum-type", "FULL_OBJECT"}}),
            "400 InvalidRequest: The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.");
  EXPECT_EQ(start({{"x-amz-checksum-algorithm", "CRC64NVME"}, {"x-amz-checksum-type", "COMPOSITE"}}),
            "400 InvalidRequest: The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.");
  EXPECT_TRUE(start({{"x-amz-checksum-algorithm", "MD4"}}).starts_with("400 InvalidRequest: Checksum algorithm"));
  std::string id = begin("key", {{"x-amz-checksum-algorithm", "SHA256"}});
  EXPECT_EQ(part(id, 1, "x").refusal(),
            "400 InvalidRequest: Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum "
            "Type: null");
  std::string value = text::base64(*checksum("sha256", "x"));
  Reply stored = part(id, 1, "x", {{"x-amz-checksum-sha256", value}});
  EXPECT_EQ(complete(id, named(1, stored.header("ETag"))).refusal(),
            "400 InvalidRequest: The upload was created using a sha256 checksum. The complete request must include the "
            "checksum for each part. It was missing for part 1 in the request.");
  EXPECT_EQ(complete(id, named(1, stored.header("ETag"), "<ChecksumSHA256>AAAA</ChecksumSHA256>")).code, "InvalidPart");
}

TEST_F(Multipart, CopiesPartsOfOtherObjects) {
  account.s3("PUT", "/bucket/source", "0123456789");
  std::string id = begin("key", {{"x-amz-checksum-algorithm", "CRC32"}, {"x-amz-checksum-type", "FULL_OBJECT"}});
  std::string target = "/bucket/key?partNumber=1&uploadId=" + id;
  Reply copied = account.s3("PUT", target, "",
                            {{"x-amz-copy-source", "/bucket/source"}, {"x-amz-copy-source-range", "bytes=2-4"}});
  EXPECT_EQ(copied.status, 200) << copied.refusal();
  EXPECT_EQ(copied.at("ChecksumCRC32"), text::base64(*checksum("crc32", "234")));
  EXPECT_EQ(complete(id, named(1, copied.at("ETag"))).status, 200);
  EXPECT_EQ(account.s3("GET", "/bucket/key").response.body, "234");
}

TEST_F(Multipart, CopiesNoRangeThatIsNotInsideItsSource) {
  account.s3("PUT", "/bucket/source", "0123456789");
  std::string target = "/bucket/key?partNumber=1&uploadId=" + begin("key");
  auto copy = [&](const std::string& range) {
    return account.s3("PUT", target, "", {{"x-amz-copy-source", "/bucket/source"}, {"x-amz-copy-source-range", range}});
  };
  EXPECT_EQ(copy("bytes=0-9").status, 200);
  EXPECT_EQ(copy("bytes=0-99999999").refusal(),
            "400 InvalidArgument: Range specified is not valid for source object of size: 10");
  for (const char* range : {"bytes=0-10", "bytes=0-", "bytes=-0", "bytes=-3", "bytes=5-4", "0-4", "bytes=a-4"})
    EXPECT_EQ(copy(range).code, "InvalidArgument") << range;
  EXPECT_EQ(copy("bytes=10-11").refusal(),
            "400 InvalidRequest: The specified copy range is invalid for the source object size");
}

TEST_F(Multipart, ListsPartsByPages) {
  std::string id = begin();
  for (int number : {1, 2, 5}) part(id, number, std::string(std::size_t(number), 'x'));
  Reply page = account.s3("GET", "/bucket/key?uploadId=" + id + "&max-parts=2");
  EXPECT_EQ(page.at("IsTruncated"), "true");
  EXPECT_EQ(page.at("NextPartNumberMarker"), "2");
  EXPECT_EQ(page.xml.all("Part").size(), 2u);
  page = account.s3("GET", "/bucket/key?uploadId=" + id + "&part-number-marker=2");
  EXPECT_EQ(page.at("IsTruncated"), "false");
  EXPECT_EQ(page.at("Part/PartNumber"), "5");
  EXPECT_EQ(page.at("Part/Size"), "5");
}

TEST_F(Multipart, ListsUploadsUntilTheyEnd) {
  std::string first = begin("a/1"), second = begin("a/2"), third = begin("b");
  Reply page = account.s3("GET", "/bucket?uploads&max-uploads=1");
  EXPECT_EQ(page.at("Upload/Key"), "a/1");
  EXPECT_EQ(page.at("NextKeyMarker"), "a/1");
  page = account.s3("GET", "/bucket?uploads&key-marker=a/1&upload-id-marker=" + first);
  EXPECT_EQ(page.at("Upload/UploadId"), second);
  EXPECT_EQ(page.xml.all("Upload").size(), 2u);
  page = account.s3("GET", "/bucket?uploads&delimiter=/&encoding-type=url");
  EXPECT_EQ(page.at("CommonPrefixes/Prefix"), "a/");
  EXPECT_EQ(page.at("Upload/Key"), "b");
  EXPECT_EQ(account.s3("DELETE", "/bucket/b?uploadId=" + third).status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket?uploads&prefix=b").at("Upload"), "(absent)");
  EXPECT_EQ(account.s3("DELETE", "/bucket/b?uploadId=" + third).code, "NoSuchUpload");
}

TEST_F(Multipart, HoldsToTheConditionsOfAWrite) {
  std::string tag = account.s3("PUT", "/bucket/key", "old").header("ETag");
  std::string id = begin();
  std::string parts = upload(id, 1, "new");
  EXPECT_EQ(complete(id, parts, {{"If-None-Match", "*"}}).code, "PreconditionFailed");
  EXPECT_EQ(complete(id, parts, {{"If-Match", "\"x\""}}).code, "PreconditionFailed");
  EXPECT_EQ(complete(id, parts, {{"If-Match", tag}}).status, 200);
}

TEST(MultipartUploads, StopWhereTheRoomEnds) {
  Settings settings;
  settings.mostStored = 10;
  LocalAccount account(settings);
  account.makeBucket("bucket");
  std::string id = account.s3("POST", "/bucket/key?uploads").at("UploadId");
  auto part = [&](int number, const std::string& body) {
    return account.s3("PUT", "/bucket/key?partNumber=" + std::to_string(number) + "&uploadId=" + id, body);
  };
  EXPECT_EQ(part(1, "12345678").status, 200);
  EXPECT_EQ(part(1, "123456789").status, 200);
  Reply refused = part(2, "12");
  EXPECT_EQ(refused.code, "EntityTooLarge");
  EXPECT_EQ(refused.at("MaxSizeAllowed"), "1");
  EXPECT_EQ(account.s3("PUT", "/bucket/other", "12").code, "EntityTooLarge");
  EXPECT_EQ(account.s3("DELETE", "/bucket/key?uploadId=" + id).status, 204);
  EXPECT_EQ(account.s3("PUT", "/bucket/other", "1234567890").status, 200);
}

}  // namespace
}  // namespace sim
