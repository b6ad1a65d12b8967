#include <gmock/gmock.h>

#include "http/codec.h"

namespace http {
namespace {

struct Outcome {
  Progress progress = Progress::NeedMore;
  Request request;
  Refusal refusal;
  std::string rest;
};

// Feeds `wire` in pieces of `step` bytes until the request is whole or refused.
Outcome readIn(RequestReader& reader, std::string_view wire, std::size_t step) {
  Outcome outcome;
  outcome.request.clear();
  while (outcome.progress != Progress::Done && outcome.progress != Progress::Refused) {
    std::string_view piece = wire.substr(0, step);
    wire.remove_prefix(piece.size());
    outcome.progress = reader.read(piece, outcome.request);
    while (outcome.progress == Progress::Head) outcome.progress = reader.read(piece, outcome.request);
    if (outcome.progress == Progress::Done) outcome.rest = std::string(piece) + std::string(wire);
    if (wire.empty() && piece.empty()) break;
  }
  outcome.refusal = reader.refusal();
  return outcome;
}

Outcome readWhole(std::string_view wire, Limits limits = {}) {
  RequestReader reader(limits);
  return readIn(reader, wire, std::string_view::npos);
}

struct Case {
  std::string name, wire;
  int status = 0;  // 0: accepted
};

std::string withFields(const std::string& fields, const std::string& body = "") {
  return "POST /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}

void expectStatus(const std::vector<Case>& cases, Limits limits = {}) {
  for (const Case& one : cases) {
    for (std::size_t step : {std::size_t(1), std::size_t(7), std::string::npos}) {
      RequestReader reader(limits);
      Outcome outcome = readIn(reader, one.wire, step);
      EXPECT_EQ(outcome.refusal.status, one.status)
          << one.name << " in steps of " << step << ": " << outcome.refusal.why;
      EXPECT_EQ(outcome.progress, one.status == 0 ? Progress::Done : Progress::Refused) << one.name;
      EXPECT_TRUE(one.status == 0 || !reader.keepAlive()) << one.name;
    }
  }
}

TEST(RequestReader, ReadsARequestInPiecesOfAnySize) {
  std::string wire =
      "POST /mutate?timeout=10s HTTP/1.1\r\nHost: a.example:443\r\nX-One:  two \r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    RequestReader reader;
    Outcome outcome = readIn(reader, wire + "GET", step);
    ASSERT_EQ(outcome.progress, Progress::Done) << step;
    EXPECT_EQ(outcome.request.method, "POST");
    EXPECT_EQ(outcome.request.target, "/mutate?timeout=10s");
    EXPECT_EQ(outcome.request.headers.get("x-one"), "two");
    EXPECT_EQ(outcome.request.body, "hello");
    EXPECT_EQ(outcome.rest, "GET") << step;
    EXPECT_TRUE(reader.keepAlive());
  }
}

TEST(RequestReader, ReadsAChunkedBodyInPiecesOfAnySize) {
  std::string wire = withFields("Transfer-Encoding: Chunked\r\n",
                                "5;name=value\r\nhello\r\n00a\r\n, chunks!!\r\n0\r\nTrailer: x\r\n\r\n");
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    RequestReader reader;
    Outcome outcome = readIn(reader, wire + "rest", step);
    ASSERT_EQ(outcome.progress, Progress::Done) << step << outcome.refusal.why;
    EXPECT_EQ(outcome.request.body, "hello, chunks!!");
    EXPECT_EQ(outcome.rest, "rest");
    EXPECT_FALSE(outcome.request.headers.find("trailer"));
  }
}

TEST(RequestReader, ReadsPipelinedRequestsInOrder) {
  RequestReader reader;
  Request request;
  std::string wire;
  for (int i = 0; i < 100; ++i) wire += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  std::string_view input = wire;
  for (int i = 0; i < 100; ++i) {
    reader.reset();
    request.clear();
    ASSERT_EQ(reader.read(input, request), Progress::Head);
    ASSERT_EQ(reader.read(input, request), Progress::Done);
    EXPECT_EQ(request.target, "/" + std::to_string(i));
  }
  EXPECT_TRUE(input.empty());
}

TEST(RequestReader, H05_RefusesWhatRequestsAreSmuggledWith) {
  expectStatus({
      {"length and coding", withFields("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), 400},
      {"coding and length", withFields("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", "0\r\n\r\nG"), 400},
      {"two lengths", withFields("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
      {"two equal lengths", withFields("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
      {"a list of lengths", withFields("Content-Length: 5, 5\r\n", "hello"), 400},
      {"an empty length", withFields("Content-Length:\r\n", "hello"), 400},
      {"a signed length", withFields("Content-Length: +10\r\n", "hellohello"), 400},
      {"a negative length", withFields("Content-Length: -1\r\n"), 400},
      {"a hexadecimal length", withFields("Content-Length: 0x5\r\n", "hello"), 400},
      {"a length of 2^63", withFields("Content-Length: 9223372036854775808\r\n"), 400},
      {"a length of 2^64", withFields("Content-Length: 18446744073709551616\r\n"), 400},
      {"a second coding", withFields("Transfer-Encoding: chunked, identity\r\n"), 400},
      {"another coding first", withFields("Transfer-Encoding: gzip, chunked\r\n"), 400},
      {"two coding fields", withFields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"an unknown coding", withFields("Transfer-Encoding: xchunked\r\n"), 400},
      {"a quoted coding", withFields("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"an empty coding", withFields("Transfer-Encoding:\r\n"), 400},
      {"a coding with a vertical tab",
       withFields("Transfer-Encoding: \x0b"
                  "chunked\r\n"),
       400},
      {"a coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a blank before the colon", withFields("Transfer-Encoding : chunked\r\n"), 400},
      {"a blank before a length's colon", withFields("Content-Length : 5\r\n", "hello"), 400},
      {"a folded field", withFields("X-Folded: a\r\n b\r\n"), 400},
      {"a folded coding", withFields("Transfer-Encoding:\r\n chunked\r\n"), 400},
      {"a bare line feed in the head", "POST /x HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
      {"a bare line feed at the head's end", "POST /x HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"a bare carriage return", withFields("X: a\rb\r\n"), 400},
      {"a NUL in a value", withFields(std::string("X: a\0b\r\n", 8)), 400},
      {"a NUL in a name", withFields(std::string("X\0: ab\r\n", 8)), 400},
      {"a line without a colon", withFields("Nonsense\r\n"), 400},
      {"an empty name", withFields(": x\r\n"), 400},
      {"two hosts", withFields("Host: h\r\n"), 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"a host with a path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400},
      {"a host with user information", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400},
  });
}

TEST(RequestReader, H05_RefusesBrokenChunks) {
  auto chunked = [](const std::string& body) { return withFields("Transfer-Encoding: chunked\r\n", body); };
  expectStatus({
      {"no number", chunked("x\r\n"), 400},
      {"an empty size", chunked("\r\n"), 400},
      {"a signed size", chunked("+5\r\nhello\r\n"), 400},
      {"a negative size", chunked("-5\r\nhello\r\n"), 400},
      {"a prefixed size", chunked("0x5\r\nhello\r\n"), 400},
      {"a blank after the size", chunked("5 \r\nhello\r\n"), 400},
      {"a size of 2^64", chunked("10000000000000000\r\n"), 400},
      {"a size with seventeen digits", chunked("00000000000000005\r\nhello\r\n"), 400},
      {"a size with a bare line feed", chunked("5\nhello\r\n"), 400},
      {"more data than said", chunked("5\r\nhello!\r\n0\r\n\r\n"), 400},
      {"data ended by a bare line feed", chunked("5\r\nhello\n0\r\n\r\n"), 400},
      {"an extension with a NUL", chunked(std::string("5;a\0\r\nhello\r\n", 13)), 400},
      {"a long extension", chunked("5;" + std::string(9000, 'x') + "\r\nhello\r\n0\r\n\r\n"), 400},
      {"a folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), 400},
      {"a trailer without a colon", chunked("0\r\nAb\r\n\r\n"), 400},
      {"a long trailer", chunked("0\r\nA: " + std::string(20000, 'x') + "\r\n\r\n"), 431},
      {"a size over the limit", chunked("800001\r\n"), 413},
      {"the largest size", chunked("ffffffffffffffff\r\n"), 413},
  });
  std::string extensions;
  for (int i = 0; i < 1000; ++i) extensions += "1;" + std::string(100, 'x') + "\r\na\r\n";
  expectStatus({{"many extensions", chunked(extensions + "0\r\n\r\n"), 400}});
}

TEST(RequestReader, H06_RefusesWhatIsTooLong) {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "A: b\r\n";
  expectStatus({
      {"a long method", std::string(1u << 20, 'A'), 501},
      {"a long target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"an endless target", "GET /" + std::string(65536, 'a'), 414},
      {"a long field", withFields("X: " + std::string(65536, 'a') + "\r\n"), 431},
      {"an endless field", withFields("X: " + std::string(65536, 'a')), 431},
      {"101 fields", withFields(fields), 431},
      {"a long body", withFields("Content-Length: 8388609\r\n"), 413},
      {"a length of 2^63-1", withFields("Content-Length: 9223372036854775807\r\n"), 413},
  });
}

TEST(RequestReader, H04_TakesABodyOfExactlyTheLimit) {
  Limits limits;
  limits.body = 10;
  EXPECT_EQ(readWhole(withFields("Content-Length: 10\r\n", "0123456789"), limits).request.body, "0123456789");
  EXPECT_EQ(readWhole(withFields("Transfer-Encoding: chunked\r\n", "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), limits)
                .request.body,
            "0123456789");
  expectStatus({{"one byte more in a second chunk",
                 withFields("Transfer-Encoding: chunked\r\n", "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n"), 413},
                {"one byte more", withFields("Content-Length: 11\r\n", "01234567890"), 413}},
               limits);
}

TEST(RequestReader, RefusesRequestLinesThatAreNone) {
  expectStatus({
      {"HTTP/0.9", "GET /\r\n", 400},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a blank in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a byte beyond ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a fragment", "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a relative target", "GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a bad method", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a lower case version", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"a version without a point", "GET / HTTP/11\r\nHost: h\r\n\r\n", 400},
      {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/3", "GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
      {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 501},
      {"another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"user information", "GET http://u:p@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two blank lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"one blank line first", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
      {"an upgrade that nobody takes", "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", 0},
      {"a later minor version", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 0},
  });
}

TEST(RequestReader, H07_ReducesAnAbsoluteTargetToOriginForm) {
  auto outcome = readWhole("GET HTTP://real.example:81/a?b HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_EQ(outcome.request.target, "/a?b");
  EXPECT_EQ(outcome.request.headers.get("host"), "real.example:81");
  EXPECT_EQ(outcome.request.headers.count("host"), 1u);
  EXPECT_EQ(readWhole("GET http://h?b HTTP/1.1\r\nHost: h\r\n\r\n").request.target, "/?b");
}

TEST(RequestReader, KnowsWhoKeepsTheConnection) {
  struct {
    std::string version, connection;
    bool keeps;
  } cases[] = {{"1.1", "", true},
               {"1.1", "close", false},
               {"1.1", "Close", false},
               {"1.1", "x, close", false},
               {"1.0", "", false},
               {"1.0", "Keep-Alive", true},
               {"1.0", "close", false},
               {"1.1", "closed", true},
               {"1.1", "keep-alive", true},
               {"1.1", "keep-alive, close", false},
               {"1.1", "keep-alive\r\nConnection: close", false}};
  for (auto& one : cases) {
    RequestReader reader;
    std::string field = one.connection.empty() ? "" : "Connection: " + one.connection + "\r\n";
    ASSERT_EQ(
        readIn(reader, "GET / HTTP/" + one.version + "\r\nHost: h\r\n" + field + "\r\n", std::string::npos).progress,
        Progress::Done);
    EXPECT_EQ(reader.keepAlive(), one.keeps) << one.version << " " << one.connection;
  }
}

TEST(RequestReader, H07_HearsTheExpectationOf100Continue) {
  RequestReader reader;
  Request request;
  std::string_view head = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  ASSERT_EQ(reader.read(head, request), Progress::Head);
  EXPECT_TRUE(reader.wantsContinue());
  EXPECT_TRUE(head.empty());
  expectStatus(
      {{"another expectation", withFields("Expect: 200-ok\r\n"), 417},
       {"an expectation in HTTP/1.0", "GET / HTTP/1.0\r\nExpect: anything\r\n\r\n", 0},
       {"a body too large to be continued", withFields("Expect: 100-continue\r\nContent-Length: 99999999\r\n"), 413}});
}

TEST(RequestReader, StaysRefused) {
  RequestReader reader;
  Request request;
  std::string_view bad = "BAD\r\n", good = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_EQ(reader.read(bad, request), Progress::Refused);
  EXPECT_EQ(reader.read(good, request), Progress::Refused);
}

}  // namespace
}  // namespace http
