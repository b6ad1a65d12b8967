#include "text/json_scan.h"

#include <gmock/gmock.h>

#include "support/seeded.h"

namespace {

// Every version must stop at the same byte, whatever lies before and behind it.
void expectAllAgree(const std::string& bytes) {
  const char *from = bytes.data(), *end = from + bytes.size();
  text::OrdinaryRun plain = text::passOrdinaryBytes(from, end), words = text::passOrdinaryWords(from, end);
  ASSERT_EQ(words.end - from, plain.end - from);
  ASSERT_EQ(words.ascii, plain.ascii);
  text::OrdinaryRun best = text::passOrdinary(from, end);
  ASSERT_EQ(best.end - from, plain.end - from);
  ASSERT_EQ(best.ascii, plain.ascii);
}

TEST(JsonScan, StopsAtEveryByteThatIsNotOrdinary) {
  for (int value = 0; value < 256; ++value)
    for (std::size_t size : {1u, 8u, 15u, 16u, 17u, 33u, 48u})
      for (std::size_t at = 0; at < size; ++at) {
        std::string bytes(size, 'x');
        bytes[at] = char(value);
        text::OrdinaryRun run = text::passOrdinary(bytes.data(), bytes.data() + size);
        bool stops = value < 0x20 || value == '"' || value == '\\';
        ASSERT_EQ(std::size_t(run.end - bytes.data()), stops ? at : size) << value;
        ASSERT_EQ(run.ascii, value < 0x80) << value;
        expectAllAgree(bytes);
      }
}

TEST(JsonScan, PassesPlainAndUnescapedBytesAndNoOthers) {
  for (int value = 0; value < 256; ++value)
    for (std::size_t size : {1u, 7u, 8u, 9u, 15u, 16u, 17u, 28u, 40u})
      for (std::size_t at = 0; at < size; ++at) {
        std::string bytes(size, 'x');
        bytes[at] = char(value);
        const char *from = bytes.data(), *end = from + size;
        const bool isPlain = value >= 0x20 && value < 0x80 && value != '"' && value != '\\';
        const bool isUnescaped = isPlain && value != '<' && value != '>' && value != '&';
        ASSERT_EQ(std::size_t(text::passPlain(from, end) - from), isPlain ? size : at) << value;
        ASSERT_EQ(std::size_t(text::passUnescaped(from, end) - from), isUnescaped ? size : at) << value;
        ASSERT_EQ(text::passPlainBytes(from, end), text::passPlain(from, end)) << value;
        ASSERT_EQ(text::passUnescapedBytes(from, end), text::passUnescaped(from, end)) << value;
      }
}

TEST(JsonScan, IsTheSameInAllVersionsOnRandomBytes) {
  support::Seeded random(6);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = random.bytes(70);
    for (char& c : bytes)
      if (random.below(20) != 0) c = char('a' + (c & 15));
    expectAllAgree(bytes);
  }
}

}  // namespace
