#include "http/proxy.h"

#include <gmock/gmock.h>

namespace http {
namespace {

TEST(ParseProxy, TakesHostPortAndCredentials) {
  auto proxy = parseProxy("http://user:p%40ss@Proxy.Example:3128/");
  ASSERT_TRUE(proxy) << proxy.error().message;
  EXPECT_EQ(proxy->host, "proxy.example");
  EXPECT_EQ(proxy->port, 3128);
  EXPECT_EQ(proxy->authorization, "Basic dXNlcjpwQHNz");
  EXPECT_EQ(parseProxy("proxy.example:8080")->port, 8080);
  EXPECT_EQ(parseProxy("proxy.example")->authorization, "");
  EXPECT_EQ(parseProxy("http://[2001:db8::1]:3128")->host, "2001:db8::1");
}

TEST(ParseProxy, RefusesWhatItCantSpeakTo) {
  for (auto bad :
       {"https://proxy.example", "socks5://proxy.example:1080", "http://", "http://proxy:port", "http://u%zz@proxy"})
    EXPECT_FALSE(parseProxy(bad)) << bad;
}

TEST(ParseProxy, KeepsThePasswordOutOfItsMessage) {
  auto proxy = parseProxy("http://user:secret@proxy:port");
  ASSERT_FALSE(proxy);
  EXPECT_THAT(proxy.error().message, testing::Not(testing::HasSubstr("secret")));
}

TEST(ProxyFor, ChoosesByScheme) {
  ProxySettings settings{"https.example:1", "http.example:2", ""};
  EXPECT_EQ(proxyFor(*parseUrl("https://a.example"), settings)->value().host, "https.example");
  EXPECT_EQ(proxyFor(*parseUrl("http://a.example"), settings)->value().host, "http.example");
  settings.http.clear();
  EXPECT_FALSE(*proxyFor(*parseUrl("http://a.example"), settings));
}

TEST(ProxyFor, NeverSendsLoopbackAway) {
  ProxySettings settings{"p:1", "p:1", ""};
  for (auto url : {"https://localhost:6443", "http://127.0.0.1:8080", "https://[::1]"})
    EXPECT_FALSE(*proxyFor(*parseUrl(url), settings)) << url;
}

TEST(BypassesProxy, FollowsTheListAsGoDoes) {
  struct {
    std::string none, url;
    bool bypasses;
  } cases[] = {
      {"*", "https://anything.example", true},
      {"", "https://a.example", false},
      {"a.example", "https://a.example", true},
      {"a.example", "https://A.Example", true},
      {"a.example", "https://sub.a.example", true},
      {"a.example", "https://nota.example", false},
      {".a.example", "https://sub.a.example", true},
      {".a.example", "https://a.example", false},
      {"*.a.example", "https://sub.a.example", true},
      {"*.a.example", "https://a.example", false},
      {"b.example, a.example", "https://a.example", true},
      {" , ,a.example", "https://a.example", true},
      {"a.example:8443", "https://a.example:8443", true},
      {"a.example:8443", "https://a.example", false},
      {"a.example:443", "https://a.example", true},
      {"10.0.0.0/8", "https://10.1.2.3:6443", true},
      {"10.0.0.0/8", "https://11.1.2.3", false},
      {"10.0.0.0/8", "https://a.example", false},
      {"10.1.2.3", "https://10.1.2.3", true},
      {"10.1.2.3:6443", "https://10.1.2.3:6443", true},
      {"10.1.2.3:6443", "https://10.1.2.3", false},
      {"0.1.2.3", "https://10.1.2.3", false},
      {"fd00::/8", "https://[fd00::1]", true},
      {"fd00::1", "https://[fd00:0::1]", true},
      {"[fd00::1]:6443", "https://[fd00::1]:6443", true},
      {"[fd00::1]:6443", "https://[fd00::1]", false},
      {"svc,.svc.cluster.local", "https://kubernetes.default.svc", true},
  };
  for (auto& one : cases)
    EXPECT_EQ(bypassesProxy(*parseUrl(one.url), one.none), one.bypasses) << one.none << " " << one.url;
}

}  // namespace
}  // namespace http
