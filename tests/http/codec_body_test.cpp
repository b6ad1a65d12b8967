#include "http/codec_body.h"

#include <gmock/gmock.h>

namespace http {
namespace {

TEST(BodyReader, LeavesWhatFollowsACountedBody) {
  BodyReader reader;
  reader.beginCounted(3);
  std::string body;
  std::string_view input = "ab";
  EXPECT_FALSE(reader.read(input, body, 10));
  input = "cde";
  EXPECT_TRUE(reader.read(input, body, 10));
  EXPECT_EQ(body, "abc");
  EXPECT_EQ(input, "de");
}

TEST(BodyReader, H04_SetsLittleMemoryAsideForALengthAlone) {
  BodyReader reader;
  reader.beginCounted(8u << 20);
  std::string body;
  std::string_view input = "a";
  EXPECT_FALSE(reader.read(input, body, 8u << 20));
  EXPECT_LE(body.capacity(), 512u << 10);
}

TEST(BodyReader, BeginsAnew) {
  BodyReader reader;
  std::string body;
  for (int i = 0; i < 3; ++i) {
    reader.beginChunked(100, 10);
    std::string_view input = "3\r\nabc\r\n0\r\n\r\n";
    EXPECT_TRUE(reader.read(input, body, 3));
    EXPECT_EQ(body, "abc");
    body.clear();
  }
}

TEST(BodyReader, CountsTrailersAgainstTheirLimits) {
  for (auto [bytes, fields] : {std::pair<std::size_t, std::size_t>(5, 10), {100, 1}}) {
    BodyReader reader;
    reader.beginChunked(bytes, fields);
    std::string body;
    std::string_view input = "0\r\nA: b\r\nC: d\r\n\r\n";
    EXPECT_FALSE(reader.read(input, body, 3));
    EXPECT_EQ(reader.refusal().status, 431);
  }
}

}  // namespace
}  // namespace http
