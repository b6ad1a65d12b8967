#include <gmock/gmock.h>

#include "http/codec.h"

namespace http {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string headOf(const Response& response, AnswerFraming framing = {}) {
  std::string out;
  appendResponseHead(out, response, framing);
  return out;
}

TEST(ResponseHead, SaysTheLengthOfTheBody) {
  Response response{201, {}, "hello"};
  response.headers.add("Content-Type", "text/plain");
  EXPECT_EQ(headOf(response), "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
}

TEST(ResponseHead, SaysWhatBecomesOfTheConnection) {
  EXPECT_THAT(headOf({}, {.close = true}), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(headOf({}, {.sayKeepAlive = true}), HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(headOf({}), Not(HasSubstr("Connection")));
}

TEST(ResponseHead, HasNoLengthWhereThereCanBeNoBody) {
  for (int status : {204, 304}) EXPECT_THAT(headOf({status, {}, ""}), Not(HasSubstr("Content-Length")));
}

TEST(ResponseHead, LeavesFramingToTheWriter) {
  Response response{200, {}, "hello"};
  for (auto name : {"Content-Length", "transfer-encoding", "Connection", "Keep-Alive"})
    response.headers.add(name, "99");
  EXPECT_EQ(headOf(response), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST(ResponseHead, KeepsTheHandlersLengthInAnswerToHead) {
  Response response;
  response.headers.add("Content-Length", "12345");
  EXPECT_EQ(headOf(response, {.toHead = true}), "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
}

TEST(ResponseHead, CantBeSplitByAValue) {
  Response response;
  response.headers.add("X", "a\r\nSet-Cookie: b");
  response.headers.add("Bad name", "c");
  EXPECT_EQ(headOf(response), "HTTP/1.1 200 OK\r\nX: a  Set-Cookie: b\r\nContent-Length: 0\r\n\r\n");
}

TEST(RequestHead, IsReadBackAsItWas) {
  Request request{"PUT", "https://h", "/a?b=%20", {}, "body", ""};
  request.headers.add("X-Amz-Date", "20260101T000000Z");
  request.headers.add("Transfer-Encoding", "chunked");
  std::string wire;
  ASSERT_TRUE(appendRequestHead(wire, request, request.target, "h:8443"));
  EXPECT_EQ(wire, "PUT /a?b=%20 HTTP/1.1\r\nHost: h:8443\r\nX-Amz-Date: 20260101T000000Z\r\nContent-Length: 4\r\n\r\n");
  wire += request.body;
  RequestReader reader;
  Request back;
  std::string_view input = wire;
  ASSERT_EQ(reader.read(input, back), Progress::Head);
  ASSERT_EQ(reader.read(input, back), Progress::Done);
  EXPECT_EQ(back.body, "body");
  EXPECT_EQ(back.target, "/a?b=%20");
}

TEST(RequestHead, SaysALengthOfZeroOnlyWhereABodyIsUsual) {
  for (auto [method, says] :
       {std::pair("GET", false), {"HEAD", false}, {"DELETE", false}, {"POST", true}, {"PUT", true}, {"PATCH", true}}) {
    std::string wire;
    ASSERT_TRUE(appendRequestHead(wire, {method, "", "/", {}, "", ""}, "/", "h"));
    EXPECT_EQ(wire.find("Content-Length: 0\r\n") != std::string::npos, says) << method;
  }
}

TEST(RequestHead, RefusesWhatWouldBecomeAnotherRequest) {
  std::string wire;
  for (const auto& [method, target, name, value] : {std::array<std::string, 4>{"GET X", "/", "A", "b"},
                                                    {"", "/", "A", "b"},
                                                    {"GET", "/a b", "A", "b"},
                                                    {"GET", "", "A", "b"},
                                                    {"GET", "/\r\nHost: x", "A", "b"},
                                                    {"GET", "/\xc3\xa9", "A", "b"},
                                                    {"GET", "/", "A", "b\r\nC: d"},
                                                    {"GET", "/", "A:", "b"},
                                                    {"GET", "/", "A", "b\n"}}) {
    Request request{method, "", target, {}, "", ""};
    request.headers.add(name, value);
    auto written = appendRequestHead(wire, request, target, "h");
    ASSERT_FALSE(written) << method << target << name << value;
    EXPECT_EQ(written.error().kind, base::ErrorKind::Invalid);
  }
}

}  // namespace
}  // namespace http
