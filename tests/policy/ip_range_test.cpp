#include "policy/ip_range.h"

#include <gmock/gmock.h>

namespace policy {
namespace {

bool contains(const char* range, const char* address) {
  return parseIpRange(range).value().contains(parseIpRange(address).value());
}

TEST(IpRange, ContainsItsAddresses) {
  EXPECT_TRUE(contains("203.0.113.0/24", "203.0.113.0"));
  EXPECT_TRUE(contains("203.0.113.0/24", "203.0.113.255"));
  EXPECT_FALSE(contains("203.0.113.0/24", "203.0.114.0"));
  EXPECT_TRUE(contains("203.0.113.128/25", "203.0.113.200"));
  EXPECT_FALSE(contains("203.0.113.128/25", "203.0.113.100"));
  EXPECT_TRUE(contains("0.0.0.0/0", "192.0.2.1"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("::ffff:192.0.2.0/120", "::ffff:192.0.2.9"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
}

TEST(IpRange, KeepsTheFamiliesApart) {
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_FALSE(contains("::/0", "192.0.2.1"));
}

TEST(IpRange, IsWrittenInOneOfTheStandardForms) {
  for (const char* text : {"1:2:3:4:5:6:7:8", "::", "1::", "::8", "1:2:3:4:5:6:192.0.2.1"})
    EXPECT_TRUE(parseIpRange(text)) << text;
  for (const char* text : {"",           "1.2.3",    "1.2.3.4.5",     "1.2.3.256",         "01.2.3.4",
                           "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1",    "1.2.3.4/8x",        "1.2.3.+4",
                           ":",          ":::",      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
                           "12345::",    "g::",      "::/129",        "1:2:3:4:5:6:7::8",  "a"})
    EXPECT_FALSE(parseIpRange(text)) << text;
}

}  // namespace
}  // namespace policy
