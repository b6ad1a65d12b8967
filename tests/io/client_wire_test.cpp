// What the client makes of servers and proxies that misbehave.
#include <gmock/gmock.h>

#include <atomic>

#include "io/client.h"
#include "io/scripted_server.h"
#include "io/site.h"

namespace io {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Peer = ScriptedServer::Peer;

constexpr std::string_view kEmpty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

http::Request get(const std::string& origin) { return {"GET", origin, "/path?a=b"}; }

TEST(ClientRetry, AsksAgainWhenTheKeptConnectionIsClosedWithoutAnAnswer) {
  std::atomic<int> asked = 0;
  auto closes = [&](Peer& peer) {
    peer.readHead();
    peer.say(kEmpty);
    peer.readHead();
    ++asked;
  };
  auto answers = [&](Peer& peer) {
    peer.readHead();
    ++asked;
    peer.say(kEmpty);
  };
  ScriptedServer server({closes, answers});
  auto client = newClient({});
  ASSERT_TRUE(client->send(get(server.origin())));
  auto second = client->send(get(server.origin()));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(asked, 2);
}

TEST(ClientRetry, AsksOnceMoreAndNoMore) {
  auto answersOnce = [](Peer& peer) {
    peer.readHead();
    peer.say(kEmpty);
    peer.readHead();
  };
  auto closes = [](Peer& peer) { peer.readHead(); };
  ScriptedServer server({answersOnce, closes});
  auto client = newClient({});
  ASSERT_TRUE(client->send(get(server.origin())));
  auto second = client->send(get(server.origin()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::Unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("closed without an answer"));
}

TEST(ClientRetry, DoesNotAskAgainOnAFreshConnection) {
  ScriptedServer server({[](Peer& peer) { peer.readHead(); }});
  EXPECT_FALSE(newClient({})->send(get(server.origin())));
}

TEST(ClientRetry, DoesNotAskAgainAfterAByteOfTheAnswer) {
  ScriptedServer server({[](Peer& peer) {
    peer.readHead();
    peer.say(kEmpty);
    peer.readHead();
    peer.say("H");
  }});
  auto client = newClient({});
  ASSERT_TRUE(client->send(get(server.origin())));
  EXPECT_THAT(client->send(get(server.origin())).error().message, HasSubstr("in the middle of the answer"));
}

TEST(ClientRetry, DoesNotAskAgainWhenTheServerIsOnlySlow) {
  std::atomic<int> asked = 0;
  auto slow = [&](Peer& peer) {
    peer.readHead();
    peer.say(kEmpty);
    peer.readHead();
    ++asked;
    peer.readHead();
  };
  ScriptedServer server({slow});
  ClientOptions options;
  options.answerTimeout = milliseconds(50);
  auto client = newClient(options);
  ASSERT_TRUE(client->send(get(server.origin())));
  EXPECT_THAT(client->send(get(server.origin())).error().message, HasSubstr("no answer in time"));
  EXPECT_EQ(asked, 1);
}

TEST(ClientAnswer, ReadsARefusalThatComesBeforeTheBodyIsTaken) {
  ServerOptions small;
  small.maxBody = 10;
  TestServer server(small);
  http::Request request{"PUT", server.origin(), "/"};
  request.body.assign(4u << 20, 'x');
  auto response = newClient({})->send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

TEST(ClientAnswer, SkipsInterimAnswersAndReadsToTheEnd) {
  ScriptedServer server({[](Peer& peer) {
    peer.readHead();
    peer.say("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall of it");
  }});
  EXPECT_EQ(newClient({})->send(get(server.origin()))->body, "all of it");
}

TEST(ClientAnswer, SaysThatItIsNoHttp) {
  ScriptedServer server({[](Peer& peer) { peer.say("SSH-2.0-OpenSSH_9.2\r\n"); }});
  auto response = newClient({})->send(get(server.origin()));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, AllOf(StartsWith(server.origin()), HasSubstr("not HTTP/1.1")));
}

TEST(ClientAnswer, W03_GivesUpOnABodyThatStops) {
  ScriptedServer server({[](Peer& peer) {
    peer.readHead();
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    peer.readHead();
  }});
  ClientOptions options;
  options.idleTimeout = milliseconds(50);
  EXPECT_THAT(newClient(options)->send(get(server.origin())).error().message, HasSubstr("no answer in time"));
}

TEST(ClientAnswer, EndsAStreamWhenTheSinkHasEnough) {
  ScriptedServer server({[](Peer& peer) {
    peer.readHead();
    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    peer.readHead();
  }});
  std::string seen;
  auto response = newClient({})->stream(get(server.origin()), [&](std::string_view piece) {
    seen += piece;
    return piece.empty();
  });
  EXPECT_TRUE(response);
  EXPECT_EQ(seen, "first");
}

TEST(ClientAnswer, W08_TellsThatAStreamIsAcceptedBeforeAnythingIsInIt) {
  ScriptedServer server({[](Peer& peer) {
    peer.readHead();
    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.readHead();
  }});
  int pieces = 0;
  auto response = newClient({})->stream(get(server.origin()), [&](std::string_view piece) {
    EXPECT_EQ(piece, "");
    ++pieces;
    return false;
  });
  EXPECT_TRUE(response);
  EXPECT_EQ(pieces, 1);
}

TEST(ClientAnswer, TellsThatAStreamBroke) {
  ScriptedServer server({[](Peer& peer) {
    peer.readHead();
    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
  }});
  std::string seen;
  auto response = newClient({})->stream(get(server.origin()), [&](std::string_view piece) {
    seen += piece;
    return true;
  });
  ASSERT_FALSE(response);
  EXPECT_EQ(seen, "first");
}

TEST(ClientAnswer, RefusesWhatWouldBecomeAnotherRequest) {
  ScriptedServer server({});
  http::Request request = get(server.origin());
  request.headers.add("X", "a\r\nY: b");
  EXPECT_EQ(newClient({})->send(request).error().kind, base::ErrorKind::Invalid);
}

TEST(ClientAnswer, SaysThatTlsMeetsPlainHttp) {
  ScriptedServer server({[](Peer& peer) { peer.say("HTTP/1.1 400 Bad Request\r\n\r\n"); }});
  auto response = newClient({})->send(get("https://127.0.0.1:" + std::to_string(server.port())));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("TLS handshake"));
}

TEST(ClientProxy, TunnelsHttpsAndShowsItsCredentialsToTheProxyAlone) {
  TestServer site(withTls(), [](const http::Request& request, http::Response& response) {
    response.body = std::string(request.headers.get("proxy-authorization")) + request.target;
  });
  std::string connect;
  ScriptedServer proxy({[&](Peer& peer) {
    connect = peer.readHead();
    peer.say("HTTP/1.1 200 Connection established\r\n\r\n");
    peer.joinTo(site.port());
  }});
  ClientOptions options;
  options.tls.rootsPem = TestCertificates::get().authority.certificatePem;
  options.proxy = "http://user:word@127.0.0.1:" + std::to_string(proxy.port());
  {
    auto client = newClient(options);
    for (int i = 0; i < 3; ++i) {
      auto response = client->send(get(site.origin("https")));
      ASSERT_TRUE(response) << response.error().message;
      EXPECT_EQ(response->body, "/path?a=b");
    }
  }
  std::string authority = "127.0.0.1:" + std::to_string(site.port());
  EXPECT_THAT(connect,
              AllOf(StartsWith("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n"),
                    HasSubstr("Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n"), Not(HasSubstr("Content-Length"))));
}

TEST(ClientProxy, GivesAProxyTheWholeUrlOfPlainHttp) {
  std::string head;
  ScriptedServer proxy({[&](Peer& peer) {
    head = peer.readHead();
    peer.say(kEmpty);
  }});
  ClientOptions options;
  options.proxy = "user:word@127.0.0.1:" + std::to_string(proxy.port());
  auto response = newClient(options)->send(get("http://bucket.example:8080"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(head,
              AllOf(StartsWith("GET http://bucket.example:8080/path?a=b HTTP/1.1\r\nHost: bucket.example:8080\r\n"),
                    HasSubstr("Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n")));
}

TEST(ClientProxy, SaysWhatTheProxyAnswered) {
  ScriptedServer proxy({[](Peer& peer) {
    peer.readHead();
    peer.say("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  }});
  ClientOptions options;
  options.proxy = "127.0.0.1:" + std::to_string(proxy.port());
  auto response = newClient(options)->send(get("https://bucket.example"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, base::ErrorKind::Unavailable);
  EXPECT_THAT(response.error().message,
              AllOf(StartsWith("https://bucket.example: "), HasSubstr("the proxy answered 407")));
  EXPECT_THAT(response.error().hint, HasSubstr("HTTPS_PROXY"));
}

TEST(ClientProxy, FollowsTheEnvironment) {
  std::string head;
  ScriptedServer proxy({[&](Peer& peer) {
    head = peer.readHead();
    peer.say(kEmpty);
  }});
  TestServer direct;
  ::setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
  ClientOptions options;
  options.proxy = "env";
  auto client = newClient(options);
  ::unsetenv("http_proxy");
  EXPECT_TRUE(client->send(get("http://bucket.example")));
  EXPECT_THAT(head, StartsWith("GET http://bucket.example/path"));
  EXPECT_TRUE(client->send(get(direct.origin())));
}

TEST(ClientWire, GivesAWholeAnswerNoMoreThanItsTime) {
  std::atomic<bool> isOver = false;
  ScriptedServer server({[&](Peer& peer) {
    peer.readHead();
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 60; ++i) {
      peer.say("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    isOver = true;
  }});
  ClientOptions options;
  options.wholeTimeout = std::chrono::milliseconds(100);
  EXPECT_FALSE(newClient(options)->send({"GET", server.origin(), "/"})) << "a byte now and then keeps no answer alive";
  EXPECT_FALSE(isOver);
}

}  // namespace
}  // namespace io
