#include "http/url.h"

#include <gmock/gmock.h>

namespace {

http::Url url(std::string_view text) {
  auto parsed = http::parseUrl(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : http::Url();
}

TEST(Url, TakesAnAbsoluteUrlApart) {
  EXPECT_EQ(url("https://STS.us-west-2.AmazonAWS.com/?Action=x"),
            (http::Url{"https", "sts.us-west-2.amazonaws.com", 443, "/?Action=x"}));
  EXPECT_EQ(url("HTTP://127.0.0.1:8080/a/B%20c?d"), (http::Url{"http", "127.0.0.1", 8080, "/a/B%20c?d"}));
}

TEST(Url, FillsInPortAndPath) {
  EXPECT_EQ(url("http://h"), (http::Url{"http", "h", 80, "/"}));
  EXPECT_EQ(url("https://h"), (http::Url{"https", "h", 443, "/"}));
  EXPECT_EQ(url("https://h?q"), (http::Url{"https", "h", 443, "/?q"}));
}

TEST(Url, UnderstandsIpv6) {
  http::Url parsed = url("https://[2001:DB8::1]:6443/x");
  EXPECT_EQ(parsed, (http::Url{"https", "2001:db8::1", 6443, "/x"}));
  EXPECT_EQ(parsed.authority(), "[2001:db8::1]:6443");
  EXPECT_EQ(url("http://[::1]").origin(), "http://[::1]");
}

TEST(Url, NamesThePortOnlyWhenItIsNotTheSchemesOwn) {
  EXPECT_EQ(url("https://h:443/").origin(), "https://h");
  EXPECT_EQ(url("http://h:443/").origin(), "http://h:443");
  EXPECT_EQ(url("https://h:8443/x").authority(), "h:8443");
}

TEST(Url, RefusesWhatAnOriginCanNotHave) {
  for (std::string_view text : {"",
                                "h",
                                "//h",
                                "ftp://h",
                                "https:/h",
                                "https://",
                                "https:///path",
                                "https://:443",
                                "https://user@h/",
                                "https://u:p@h",
                                "https://h#f",
                                "https://h/#",
                                "https://h/a b",
                                "https://h/\n",
                                "https://h:0",
                                "https://h:65536",
                                "https://h:",
                                "https://h:4x",
                                "https://h:-1",
                                "https://h:+1",
                                "https://[::1",
                                "https://[::1]x",
                                "https://[]",
                                "https://h:1:2",
                                "https://a\\b/",
                                "https://a<b",
                                "https://[zz]/",
                                "https://2001:db8::1/",
                                "https://h\x7f/",
                                "https://h\xc3\xa4/",
                                "https://a%2fb/",
                                "https://\"h\"/",
                                "https://h/\xff"})
    EXPECT_FALSE(http::parseUrl(text)) << text;
}

TEST(Url, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(http::parseUrl("sts.amazonaws.com").error().message,
            "\"sts.amazonaws.com\" is no URL: it must start with https:// (or http://)");
}

TEST(Url, APasswordIsInNoMessage) {
  for (const char* text :
       {"http://u:SECRETpw@host", "u:SECRETpw@host:80", "ftp://u:SECRETpw@host/a", "https://u:SECRET/pw?SECRETpw@host",
        "https://u:SECRETpw @host", "https://u:SECRETpw@host#x"}) {
    auto url = http::parseUrl(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().message.find("SECRET"), std::string::npos) << url.error().message;
    EXPECT_NE(url.error().message.find("@host"), std::string::npos) << url.error().message;
  }
}

}  // namespace
