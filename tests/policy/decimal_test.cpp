#include "policy/decimal.h"

#include <gmock/gmock.h>

namespace policy {
namespace {

std::string order(const char* left, const char* right) {
  auto result = compare(*parseDecimal(left), *parseDecimal(right));
  return result == 0 ? "=" : result < 0 ? "<" : ">";
}

TEST(Decimal, ComparesByValueAndNotByWriting) {
  EXPECT_EQ(order("10", "10.00"), "=");
  EXPECT_EQ(order("007", "7"), "=");
  EXPECT_EQ(order("+7", "7."), "=");
  EXPECT_EQ(order("-0", "0.0"), "=");
  EXPECT_EQ(order(".5", "0.49"), ">");
  EXPECT_EQ(order("9", "10"), "<");
  EXPECT_EQ(order("1.05", "1.5"), "<");
  EXPECT_EQ(order("-9", "-10"), ">");
  EXPECT_EQ(order("-1", "0"), "<");
}

TEST(Decimal, IsExactWhereDoublesAreNot) {
  EXPECT_EQ(order("9007199254740993", "9007199254740992"), ">");
  EXPECT_EQ(order("0.1000000000000000000000001", "0.1"), ">");
}

TEST(Decimal, IsDigitsWithASignAndAPointAtMost) {
  for (const char* text : {"", "-", ".", "1e3", "0x10", "1 ", " 1", "1.2.3", "--1", "inf", "nan", "1,5"})
    EXPECT_FALSE(parseDecimal(text)) << text;
}

}  // namespace
}  // namespace policy
