#include "http/address.h"

#include <gmock/gmock.h>

namespace http {
namespace {

TEST(ParseAddress, ReadsBothFamilies) {
  EXPECT_EQ(parseAddress("192.0.2.1"), std::string("\xc0\x00\x02\x01", 4));
  EXPECT_EQ(parseAddress("::"), std::string(16, '\0'));
  EXPECT_EQ(parseAddress("::1"), std::string(15, '\0') + '\x01');
  EXPECT_EQ(parseAddress("2001:db8::a:b"), parseAddress("2001:0db8:0:0:0:0:A:B"));
  EXPECT_EQ(parseAddress("::ffff:192.0.2.1"), parseAddress("::ffff:c000:201"));
  EXPECT_EQ(parseAddress("1:2:3:4:5:6:7::")->size(), 16u);
}

TEST(ParseAddress, RefusesWhatReadsTwoWays) {
  for (auto bad : {"",
                   "1",
                   "1.2.3",
                   "1.2.3.4.5",
                   "1.2.3.256",
                   "01.2.3.4",
                   "1.2.3.04",
                   "1.2.3.",
                   ".1.2.3",
                   "0x7f.0.0.1",
                   "a.b.c.d",
                   ":",
                   ":::",
                   "1::2::3",
                   "1:2:3:4:5:6:7",
                   "1:2:3:4:5:6:7:8:9",
                   "1:2:3:4:5:6:7:8::",
                   "12345::",
                   "::1%eth0",
                   "[::1]",
                   "1:",
                   "::1.2.3"})
    EXPECT_FALSE(parseAddress(bad)) << bad;
}

TEST(BlockContains, ComparesTheNetworksBits) {
  for (auto [block, address] : {std::pair("10.0.0.0/8", "10.255.0.1"),
                                {"192.0.2.128/25", "192.0.2.129"},
                                {"0.0.0.0/0", "8.8.8.8"},
                                {"192.0.2.1/32", "192.0.2.1"},
                                {"fd00::/8", "fdff::1"},
                                {"::1/128", "::1"}})
    EXPECT_TRUE(blockContains(block, address)) << block << " " << address;
  for (auto [block, address] : {std::pair("10.0.0.0/8", "11.0.0.1"),
                                {"192.0.2.128/25", "192.0.2.127"},
                                {"192.0.2.1/32", "192.0.2.2"},
                                {"10.0.0.0/33", "10.0.0.1"},
                                {"10.0.0.0", "10.0.0.0"},
                                {"10.0.0.0/8", "::1"},
                                {"::/0", "10.0.0.1"},
                                {"10.0.0.0/", "10.0.0.1"},
                                {"/8", "10.0.0.1"},
                                {"10.0.0.0/8", "a.example"}})
    EXPECT_FALSE(blockContains(block, address)) << block << " " << address;
}

TEST(IsLoopback, KnowsNamesAndAddresses) {
  for (auto host : {"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE(isLoopback(host)) << host;
  for (auto host : {"localhost.example", "128.0.0.1", "::2", "127.example"}) EXPECT_FALSE(isLoopback(host)) << host;
}

}  // namespace
}  // namespace http
