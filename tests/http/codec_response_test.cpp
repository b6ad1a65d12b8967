#include <gmock/gmock.h>

#include "http/codec.h"

namespace http {
namespace {

struct Outcome {
  Progress progress = Progress::NeedMore;
  Response response;
  bool keepAlive = false;
  std::string why;
};

Outcome readAll(std::string_view wire, std::size_t step, bool toHead = false, Limits limits = {}) {
  ResponseReader reader(limits, toHead);
  Outcome outcome;
  while (!wire.empty() && (outcome.progress == Progress::NeedMore || outcome.progress == Progress::Head)) {
    std::string_view piece = wire.substr(0, step);
    wire.remove_prefix(piece.size());
    do outcome.progress = reader.read(piece, outcome.response);
    while (outcome.progress == Progress::Head);
  }
  if (outcome.progress == Progress::NeedMore) outcome.progress = reader.end();
  outcome.keepAlive = reader.keepAlive();
  outcome.why = reader.refusal().why;
  return outcome;
}

TEST(ResponseReader, ReadsEveryFramingInPiecesOfAnySize) {
  struct {
    std::string wire, body;
    bool keeps;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n", "hello", true},
      {"HTTP/1.1 200\r\n\r\nhello", "hello", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", "hello", true},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "hello", false},
      {"HTTP/1.1 204 No Content\r\n\r\n", "", true},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "", true},
      {"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
       "0\r\n\r\n",
       "", true},
  };
  for (auto& one : cases) {
    for (std::size_t step = 1; step <= one.wire.size(); ++step) {
      Outcome outcome = readAll(one.wire, step);
      ASSERT_EQ(outcome.progress, Progress::Done) << one.wire << outcome.why;
      EXPECT_EQ(outcome.response.body, one.body) << one.wire;
      EXPECT_EQ(outcome.keepAlive, one.keeps) << one.wire;
      EXPECT_FALSE(outcome.response.headers.find("x"));
    }
  }
}

TEST(ResponseReader, ExpectsNoBodyAfterHead) {
  Outcome outcome = readAll("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", 1, true);
  EXPECT_EQ(outcome.progress, Progress::Done);
  EXPECT_EQ(outcome.response.headers.get("content-length"), "12345");
}

TEST(ResponseReader, RefusesWhatIsNoAnswer) {
  for (std::string wire :
       {"SSH-2.0-OpenSSH\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\nX: y\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_EQ(readAll(wire, std::string::npos).progress, Progress::Refused) << wire;
  }
}

TEST(ResponseReader, TellsACutAnswerFromNone) {
  EXPECT_THAT(readAll("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 100).why, testing::HasSubstr("in the middle"));
  EXPECT_EQ(readAll("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", 100).progress,
            Progress::Refused);
  ResponseReader reader({}, false);
  EXPECT_EQ(reader.end(), Progress::Refused);
  EXPECT_EQ(reader.refusal().why, "the connection was closed without an answer");
}

TEST(ResponseReader, HoldsHeadAndBodyToTheirLimits) {
  Limits limits;
  limits.body = 4;
  limits.head = 200;
  EXPECT_EQ(readAll("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 3, false, limits).progress, Progress::Refused);
  EXPECT_EQ(readAll("HTTP/1.1 200 OK\r\n\r\nhello", 3, false, limits).progress, Progress::Refused);
  EXPECT_EQ(readAll("HTTP/1.1 200 OK\r\nX: " + std::string(300, 'x') + "\r\n\r\n", 3, false, limits).progress,
            Progress::Refused);
  std::string interim;
  for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(readAll(interim, 3, false, limits).progress, Progress::Refused);
}

TEST(ResponseReader, LetsTheCallerTakeABodyPieceByPiece) {
  Limits limits;
  limits.body = 4;
  ResponseReader reader(limits, false);
  Response response;
  std::string_view head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", piece = "3\r\nabc\r\n";
  ASSERT_EQ(reader.read(head, response), Progress::Head);
  reader.setBodyLimit(std::string::npos);
  for (int i = 0; i < 10; ++i) {
    std::string_view input = piece;
    ASSERT_EQ(reader.read(input, response), Progress::NeedMore);
    EXPECT_EQ(response.body, "abc");
    response.body.clear();
  }
}

}  // namespace
}  // namespace http
