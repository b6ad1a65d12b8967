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

TEST(Reach, IsPrivateWhereNobodyFromOutsideGetsTo) {
  for (const char* address : {"169.254.169.254", "169.254.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255",
                              "192.168.1.1",     "100.64.0.1",  "0.0.0.0",  "0.1.2.3",    "224.0.0.1",
                              "255.255.255.255", "198.18.0.1",  "::",       "fe80::1",    "fe80::1%eth0",
                              "fd00:ec2::254",   "fc00::1",     "ff02::1",  "fec0::1",    "2001::1"})
    EXPECT_EQ(reachOf(address), Reach::Private) << address;
  for (const char* text : {"", "example.com", "2130706433", "0x7f.1", "127.1", "0177.0.0.1"})
    EXPECT_EQ(reachOf(text), Reach::Private) << text << " is no address";
}

TEST(Reach, SeesAnIpv4AddressInsideAnIpv6One) {
  for (const char* address : {"::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:127.0.0.1", "64:ff9b::127.0.0.1",
                              "2002:7f00:1::1", "::127.0.0.1", "::ffff:0:127.0.0.1"})
    EXPECT_EQ(reachOf(address), Reach::Loopback) << address;
  for (const char* address : {"::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
                              "::10.0.0.1", "::ffff:c0a8:1"})
    EXPECT_EQ(reachOf(address), Reach::Private) << address;
  EXPECT_EQ(reachOf("::ffff:8.8.8.8"), Reach::Internet);
}

TEST(Reach, IsTheInternetOtherwise) {
  for (const char* address :
       {"52.95.110.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "192.0.2.1", "2600:1f18::1", "2606:4700::1"})
    EXPECT_EQ(reachOf(address), Reach::Internet) << address;
  for (const char* address : {"127.0.0.1", "127.255.255.255", "::1"})
    EXPECT_EQ(reachOf(address), Reach::Loopback) << address;
}

}  // namespace
}  // namespace http
