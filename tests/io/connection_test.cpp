#include "io/connection.h"

#include <gmock/gmock.h>

#include "io/raw_connection.h"
#include "io/site.h"

namespace io {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string post(const std::string& body) {
  return "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Connection, H07_AnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawConnection client(server.port());
  std::string all;
  for (int i = 0; i < 100; ++i) all += i % 2 ? get("/" + std::to_string(i)) : post("body " + std::to_string(i));
  ASSERT_TRUE(client.say(all));
  for (int i = 0; i < 100; ++i) {
    http::Response response = client.readAnswer();
    ASSERT_EQ(response.status, 200) << i;
    EXPECT_EQ(response.body, i % 2 ? "" : "body " + std::to_string(i));
    EXPECT_EQ(response.headers.get("X-Asked"), i % 2 ? "GET /" + std::to_string(i) : "POST /p");
  }
}

TEST(Connection, AnswersRequestsThatComeInTwoPieces) {
  TestServer server;
  const std::string two = post("hello") + get("/second");
  for (std::size_t cut = 1; cut < two.size(); ++cut) {
    RawConnection client(server.port());
    ASSERT_TRUE(client.say(two.substr(0, cut)));
    server.settle();
    ASSERT_TRUE(client.say(two.substr(cut)));
    EXPECT_EQ(client.readAnswer().body, "hello") << cut;
    EXPECT_EQ(client.readAnswer().headers.get("X-Asked"), "GET /second") << cut;
  }
}

TEST(Connection, H07_SaysContinueBeforeABodyThatIsAwaited) {
  TestServer server;
  RawConnection client(server.port());
  const std::string head = "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  ASSERT_TRUE(client.say(head));
  EXPECT_EQ(client.readUntil("\r\n\r\n"), http::kContinue);
  ASSERT_TRUE(client.say("hello"));
  EXPECT_EQ(client.readAnswer().body, "hello");
  ASSERT_TRUE(client.say(head + "again"));
  EXPECT_THAT(client.readUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK")) << "the body was there already";
}

TEST(Connection, H07_SaysContinueBeforeABodyOfNoBytesAsWell) {
  TestServer server;
  RawConnection client(server.port());
  const std::string head = "PUT /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n";
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.say(head + "Content-Length: 0\r\n\r\n"));
    EXPECT_EQ(client.readUntil("\r\n\r\n"), http::kContinue)
        << "a client may keep what came instead for its next request";
    EXPECT_THAT(client.readUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  }
  ASSERT_TRUE(client.say(head + "\r\n"));
  EXPECT_THAT(client.readUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK")) << "no body was announced";
}

TEST(Connection, H04_RefusesABodyBeforeItIsSent) {
  ServerOptions options;
  options.maxBody = 10;
  TestServer server(options);
  RawConnection client(server.port());
  ASSERT_TRUE(client.say("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n"));
  EXPECT_THAT(client.readToEnd(), AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("Connection: close\r\n")));
}

TEST(Connection, H04_RefusesBodiesOverTheCapWithoutKeepingThem) {
  ServerOptions options;
  options.maxBody = 1000;
  TestServer server(options);
  RawConnection exact(server.port());
  ASSERT_TRUE(exact.say(post(std::string(1000, 'x'))));
  EXPECT_EQ(exact.readAnswer().status, 200);
  RawConnection counted(server.port());
  ASSERT_TRUE(counted.say(post(std::string(1001, 'x'))));
  EXPECT_THAT(counted.readToEnd(), StartsWith("HTTP/1.1 413 "));
  RawConnection endless(server.port());
  ASSERT_TRUE(endless.say("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk = "100\r\n" + std::string(256, 'x') + "\r\n";
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(endless.say(chunk)) << "its sender must be able to read the answer";
  endless.endSaying();
  EXPECT_THAT(endless.readToEnd(), StartsWith("HTTP/1.1 413 "));
}

TEST(Connection, AnswersHeadWithTheLengthAlone) {
  TestServer server({}, [](const http::Request&, http::Response& response) { response.body = "12345"; });
  RawConnection client(server.port());
  ASSERT_TRUE(client.say("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/")));
  http::Response head = client.readAnswer(true);
  EXPECT_EQ(head.headers.get("Content-Length"), "5");
  EXPECT_EQ(client.readAnswer().body, "12345");
}

TEST(Connection, ClosesAfterHttp10UnlessAskedNotTo) {
  TestServer server;
  RawConnection closing(server.port());
  ASSERT_TRUE(closing.say("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_THAT(closing.readToEnd(), AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("Connection: close\r\n")));
  RawConnection keeping(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(keeping.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(keeping.readAnswer().headers.get("Connection"), "keep-alive");
  }
}

TEST(Connection, ClosesWhenEitherSideSaysSo) {
  TestServer server({}, [](const http::Request& request, http::Response& response) {
    if (request.path() == "/enough") response.headers.add("Connection", "close");
  });
  RawConnection asked(server.port());
  ASSERT_TRUE(asked.say(get("/", "Connection: close\r\n") + get("/never answered")));
  EXPECT_THAT(asked.readToEnd(), EndsWith("Connection: close\r\n\r\n"));
  RawConnection told(server.port());
  ASSERT_TRUE(told.say(get("/enough")));
  EXPECT_THAT(told.readToEnd(), EndsWith("Connection: close\r\n\r\n"));
}

TEST(Connection, H12_AnswersAClientThatHasSaidItsLast) {
  TestServer server;
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(get("/1") + post("two")));
  client.endSaying();
  EXPECT_THAT(client.readToEnd(), AllOf(HasSubstr("X-Asked: GET /1"), EndsWith("\r\n\r\ntwo")));
  EXPECT_TRUE(server.becomesEmpty());
}

TEST(Connection, IsSilentAboutHalfARequest) {
  TestServer server;
  RawConnection client(server.port());
  ASSERT_TRUE(client.say("GET / HTT"));
  client.endSaying();
  EXPECT_EQ(client.readToEnd(), "");
}

// One answer and the end: whatever follows a request that can be read in two ways must not be read as another.
TEST(Connection, H05_AnswersASmugglerOnce) {
  TestServer server;
  const std::string smuggled = get("/smuggled");
  for (std::string bad :
       {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding : chunked\r\n", "Content-Length: +10\r\n",
        "X: a\r\n b\r\n", "X: a\nContent-Length: 0\r\n", "Content-Length: 9223372036854775808\r\n"}) {
    RawConnection client(server.port());
    ASSERT_TRUE(client.say("POST / HTTP/1.1\r\nHost: h\r\n" + bad + "\r\n" + smuggled + smuggled));
    const std::string answer = client.readToEnd();
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("Connection: close\r\n"))) << bad;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << bad;
  }
}

TEST(Connection, H06_H07_SpeaksNothingButHttp11) {
  TestServer server;
  struct Case {
    std::string said, answer;
  };
  for (const Case& c :
       {Case{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 "},
        Case{"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "HTTP/1.1 501 "},
        Case{get("/", "Connection: Upgrade, close\r\nUpgrade: h2c\r\n"), "HTTP/1.1 200 "},
        Case{"GET http://other/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
        Case{std::string(1 << 20, 'A'), "HTTP/1.1 501 "}, Case{"GET /" + std::string(1 << 16, 'a'), "HTTP/1.1 414 "},
        Case{get("/", "X: " + std::string(1 << 16, 'a') + "\r\n"), "HTTP/1.1 431 "},
        Case{"\x16\x03\x01\x02\n\n", "HTTP/1.1 400 "}}) {
    RawConnection client(server.port());
    ASSERT_TRUE(client.say(c.said));
    EXPECT_THAT(client.readToEnd(), StartsWith(c.answer)) << c.said.substr(0, 60);
  }
}

TEST(Connection, Answers500WhenTheHandlerThrows) {
  struct Throwing final : http::Handler {
    http::Answer handle(const http::Request& request, http::Response& response) override {
      response.body = "half an answer";
      if (request.path() == "/throw") throw std::runtime_error("nobody may see this");
      if (request.path() == "/number") throw 1;
      co_return;
    }
  } handler;
  TestServer server({}, handler);
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(get("/throw") + get("/number") + get("/fine")));
  for (int status : {500, 500, 200}) {
    http::Response response = client.readAnswer();
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, status == 500 ? "" : "half an answer");
  }
}

TEST(Connection, MakesAnImpossibleStatus500) {
  TestServer server({}, [](const http::Request&, http::Response& response) { response.status = 99; });
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(get("/")));
  EXPECT_EQ(client.readAnswer().status, 500);
}

TEST(Connection, WritesALargeAnswerAtTheReadersPace) {
  std::string large(5u << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 101) large[i] = char('a' + i % 26);
  TestServer server({}, [&](const http::Request&, http::Response& response) { response.body = large; });
  RawConnection client(server.port(), 4096);
  ASSERT_TRUE(client.say(get("/") + get("/")));
  EXPECT_EQ(client.readAnswer().body, large);
  EXPECT_EQ(client.readAnswer().body, large);
}

TEST(Connection, TellsTheHandlerWhoAsks) {
  TestServer server({}, [](const http::Request& request, http::Response& response) { response.body = request.peer; });
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(get("/") + get("/")));
  EXPECT_EQ(client.readAnswer().body, "127.0.0.1");
  EXPECT_EQ(client.readAnswer().body, "127.0.0.1");
}

TEST(Connection, H11_SurvivesClientsThatResetIt) {
  TestServer server({}, [](const http::Request&, http::Response& response) { response.body.assign(1u << 20, 'x'); });
  for (int i = 0; i < 50; ++i) {
    RawConnection client(server.port(), 4096);
    ASSERT_TRUE(client.say(i % 2 ? get("/") : "GET / HT"));
    if (i % 4 == 1) client.readUntil("\r\n\r\n");
    client.reset();
  }
  EXPECT_TRUE(server.becomesEmpty());
}

TEST(Connection, ClosesWhatIdlesTooLong) {
  ServerOptions options;
  options.idleTimeout = milliseconds(20);
  TestServer server(options);
  RawConnection silent(server.port()), asked(server.port());
  ASSERT_TRUE(asked.say(get("/")));
  EXPECT_EQ(asked.readAnswer().status, 200);
  EXPECT_TRUE(asked.isAtEnd());
  EXPECT_TRUE(silent.isAtEnd());
}

TEST(Connection, H02_Answers408WhenTheRequestTakesTooLong) {
  ServerOptions options;
  options.requestTimeout = milliseconds(20);
  TestServer server(options);
  for (std::string part : {"GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell"}) {
    RawConnection client(server.port());
    ASSERT_TRUE(client.say(part));
    EXPECT_THAT(client.readToEnd(), AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("Connection: close\r\n")));
  }
}

TEST(Connection, H03_GivesUpOnAClientThatDoesNotRead) {
  ServerOptions options;
  options.writeTimeout = milliseconds(20);
  TestServer server(options,
                    [](const http::Request&, http::Response& response) { response.body.assign(32u << 20, 'x'); });
  RawConnection client(server.port(), 4096);
  ASSERT_TRUE(client.say(get("/")));
  EXPECT_THAT(client.readUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_TRUE(server.becomesEmpty());
}

}  // namespace
}  // namespace io
