#include "text/encoding.h"

#include <gmock/gmock.h>

#include "support/seeded.h"

namespace {

struct Vector {
  std::string_view bytes, base64, base64Url;
};

// RFC 4648 section 10, and bytes that need the last two characters of the alphabets.
constexpr Vector kVectors[] = {{"", "", ""},
                               {"f", "Zg==", "Zg"},
                               {"fo", "Zm8=", "Zm8"},
                               {"foo", "Zm9v", "Zm9v"},
                               {"foob", "Zm9vYg==", "Zm9vYg"},
                               {"fooba", "Zm9vYmE=", "Zm9vYmE"},
                               {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                               {"\xfb\xff\xfe", "+//+", "-__-"}};

TEST(Encoding, WritesAndReadsTheVectorsOfRfc4648) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(text::base64(vector.bytes), vector.base64);
    EXPECT_EQ(text::base64Url(vector.bytes), vector.base64Url);
    EXPECT_EQ(*text::decodeBase64(vector.base64), vector.bytes);
    EXPECT_EQ(*text::decodeBase64Url(vector.base64Url), vector.bytes);
  }
}

TEST(Encoding, AppendsToWhatIsThere) {
  std::string out = "patch:";
  text::appendBase64(out, "fo");
  EXPECT_EQ(out, "patch:Zm8=");
}

TEST(Encoding, ReadsBackWhateverItWrote) {
  support::Seeded random(1);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes = random.bytes(40);
    EXPECT_EQ(*text::decodeBase64(text::base64(bytes)), bytes);
    EXPECT_EQ(*text::decodeBase64Url(text::base64Url(bytes)), bytes);
  }
}

TEST(Encoding, RefusesBase64ThatIsNotCanonical) {
  for (std::string_view text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Z===", "====", "=", "Zg==Zg==", "-__-", "Zm9v="})
    EXPECT_FALSE(text::decodeBase64(text)) << text;
}

TEST(Encoding, J05_RefusesBase64UrlThatIsNotCanonical) {
  for (std::string_view text : {"Z", "Zg==", "Zh", "Zm9", "+//+", "Zm9v\n", "Zm9vY", " Zg"})
    EXPECT_FALSE(text::decodeBase64Url(text)) << text;
}

TEST(Encoding, SaysWhichByteIsWrong) {
  EXPECT_EQ(text::decodeBase64("Zm9v!A==").error().message, "base64: byte 4 is no character of the alphabet");
}

TEST(Encoding, WritesHexadecimalInLowerCase) {
  EXPECT_EQ(text::hex(std::string_view("\x00\x0f\xab\xff", 4)), "000fabff");
}

}  // namespace
