#include "http/message.h"

#include <gmock/gmock.h>

namespace {

TEST(Headers, ComparesNamesWithoutRegardToCase) {
  http::Headers headers;
  headers.add("Content-Type", "application/json");
  EXPECT_EQ(headers.get("content-type"), "application/json");
  EXPECT_EQ(headers.get("Content-Typ"), "");
  EXPECT_FALSE(headers.find("Content-Length"));
  EXPECT_TRUE(headers.find("CONTENT-TYPE"));
}

TEST(Headers, KeepsOrderAndRepeatedFields) {
  http::Headers headers;
  headers.add("Set-Cookie", "a");
  headers.add("Host", "h");
  headers.add("set-cookie", "b");
  EXPECT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers.count("Set-Cookie"), 2u);
  EXPECT_EQ(headers.get("Set-Cookie"), "a");
  EXPECT_EQ(headers.at(2).first, "set-cookie");
  EXPECT_EQ(headers.at(2).second, "b");
}

TEST(Headers, SetReplacesEveryFieldOfThatName) {
  http::Headers headers;
  headers.add("X", "1");
  headers.add("Y", "2");
  headers.add("x", "3");
  headers.set("X", "4");
  EXPECT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers.get("x"), "4");
  EXPECT_EQ(headers.get("Y"), "2");
  headers.remove("y");
  EXPECT_FALSE(headers.find("Y"));
}

TEST(Headers, SetsAFieldFromItsOwnValue) {
  http::Headers headers;
  headers.add("Name", "a value that is longer than any buffer inside a string");
  headers.set("Name", headers.get("Name"));
  EXPECT_EQ(headers.get("Name"), "a value that is longer than any buffer inside a string");
  headers.add("Copy", headers.get("Name"));
  EXPECT_EQ(headers.get("Copy"), headers.get("Name"));
}

TEST(Headers, IsEmptyAfterClear) {
  http::Headers headers;
  headers.add("X", "1");
  headers.clear();
  EXPECT_EQ(headers.size(), 0u);
  headers.add("Y", "2");
  EXPECT_EQ(headers.get("Y"), "2");
}

TEST(Request, SplitsItsTargetIntoPathAndQuery) {
  http::Request request;
  request.target = "/a/b?x=1&y=?";
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.query(), "x=1&y=?");
  request.target = "/a";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query(), "");
}

TEST(Message, HoldsNothingAfterClear) {
  http::Request request{.method = "POST", .target = "/x", .body = "b", .peer = "127.0.0.1"};
  request.headers.add("A", "1");
  request.clear();
  EXPECT_EQ(request.method + request.target + request.body + request.peer, "");
  EXPECT_EQ(request.headers.size(), 0u);
  http::Response response{.status = 500, .body = "b"};
  response.clear();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
}

TEST(Message, KnowsTheWordsOfRfc9110) {
  EXPECT_EQ(http::reasonPhrase(200), "OK");
  EXPECT_EQ(http::reasonPhrase(413), "Content Too Large");
  EXPECT_EQ(http::reasonPhrase(502), "Bad Gateway");
  EXPECT_EQ(http::reasonPhrase(422), "Unprocessable Content");
  EXPECT_EQ(http::reasonPhrase(299), "Unknown");
}

TEST(Message, ComparesOnlyAsciiWithoutCase) {
  EXPECT_TRUE(http::sameName("HOST", "host"));
  EXPECT_FALSE(http::sameName("HOST", "hos"));
  EXPECT_FALSE(http::sameName("@", "`"));
  EXPECT_FALSE(http::sameName("[", "{"));
}

}  // namespace
