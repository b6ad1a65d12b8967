#include "http/client.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace {

class Echo final : public http::Handler {
 public:
  http::Answer handle(const http::Request& request, http::Response& response) override {
    response.status = request.target == "/missing" ? 404 : 200;
    response.headers.add("Seen-Host", request.headers.get("Host"));
    response.body = request.method + " " + request.target + " " + request.body;
    co_return;
  }
};

class Sleeper final : public http::Handler {
 public:
  http::Answer handle(const http::Request&, http::Response&) override { co_await std::suspend_always(); }
};

class Thrower final : public http::Handler {
 public:
  http::Answer handle(const http::Request&, http::Response&) override {
    throw std::runtime_error("broken");
    co_return;
  }
};

TEST(DirectClient, HandsTheRequestToTheHandler) {
  Echo handler;
  auto response = http::clientOf(handler)->send({.method = "POST", .target = "/x?y", .body = "b"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "POST /x?y b");
}

TEST(DirectClient, SetsTheHostFromTheOriginUnlessThereIsOne) {
  Echo handler;
  auto client = http::clientOf(handler);
  http::Request request{.origin = "https://STS.amazonaws.com:8443"};
  EXPECT_EQ(client->send(request)->headers.get("Seen-Host"), "sts.amazonaws.com:8443");
  request.headers.add("host", "other");
  EXPECT_EQ(client->send(request)->headers.get("Seen-Host"), "other");
  EXPECT_EQ(client->send({})->headers.get("Seen-Host"), "localhost");
  EXPECT_FALSE(client->send({.origin = "nonsense"}));
}

TEST(DirectClient, AnswersAnErrorStatusAsAResponse) {
  Echo handler;
  EXPECT_EQ(http::clientOf(handler)->send({.target = "/missing"})->status, 404);
}

TEST(DirectClient, StreamsTheBodyOfASuccess) {
  Echo handler;
  std::string seen;
  auto response = http::clientOf(handler)->stream({.target = "/watch"}, [&](std::string_view piece) {
    seen += piece;
    return true;
  });
  ASSERT_TRUE(response);
  EXPECT_EQ(seen, "GET /watch ");
  EXPECT_EQ(response->body, "");
}

TEST(DirectClient, KeepsTheBodyOfAFailureWhole) {
  Echo handler;
  int pieces = 0;
  auto response =
      http::clientOf(handler)->stream({.target = "/missing"}, [&](std::string_view) { return ++pieces > 0; });
  EXPECT_EQ(response->body, "GET /missing ");
  EXPECT_EQ(pieces, 0);
}

TEST(DirectClient, RefusesAHandlerThatSuspends) {
  Sleeper handler;
  EXPECT_EQ(http::clientOf(handler)->send({}).error().kind, base::ErrorKind::Internal);
}

// Handler's contract: "An exception that escapes becomes HTTP 500."
TEST(DirectClient, AnswersAnEscapedExceptionAsTheServerDoes) {
  Thrower handler;
  auto response = http::clientOf(handler)->send({});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
}

}  // namespace
