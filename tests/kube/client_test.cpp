#include "kube/client.h"

#include <gmock/gmock.h>

#include <deque>

namespace {

using testing::HasSubstr;
using text::Json;

// Remembers what it was asked and gives what it was told to.
class FakeServer final : public http::Client {
 public:
  base::Result<http::Response> send(const http::Request& request) override {
    asked = request;
    if (answers.empty()) return answer;
    http::Response next = std::move(answers.front());
    answers.pop_front();
    return next;
  }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink& sink) override {
    asked = request;
    sink(answer.body);
    return http::Response{.status = answer.status};
  }
  http::Request asked;
  http::Response answer{.body = "{}"};
  std::deque<http::Response> answers;  // before `answer`
};

class KubeClient : public testing::Test {
 protected:
  FakeServer server;
  kube::Client client{server, "https://10.0.0.1:6443/prefix/", [] { return base::Result<std::string>("t0ken"); },
                      "irsa/1"};
};

TEST_F(KubeClient, AddressesAuthenticatesAndNamesItself) {
  ASSERT_TRUE(client.get("/api/v1/pods?limit=5"));
  EXPECT_EQ(server.asked.method, "GET");
  EXPECT_EQ(server.asked.origin, "https://10.0.0.1:6443");
  EXPECT_EQ(server.asked.target, "/prefix/api/v1/pods?limit=5");
  EXPECT_EQ(server.asked.headers.get("Authorization"), "Bearer t0ken");
  EXPECT_EQ(server.asked.headers.get("User-Agent"), "irsa/1");
  EXPECT_EQ(server.asked.headers.get("Accept"), "application/json");
}

TEST_F(KubeClient, AppliesUnderOurFieldManager) {
  ASSERT_TRUE(client.apply("/api/v1/namespaces/a", Json{{"kind", "Namespace"}}, true));
  EXPECT_EQ(server.asked.method, "PATCH");
  EXPECT_EQ(server.asked.target, "/prefix/api/v1/namespaces/a?fieldManager=irsa&force=true");
  EXPECT_EQ(server.asked.headers.get("Content-Type"), "application/apply-patch+yaml");
  EXPECT_EQ(server.asked.body, R"({"kind":"Namespace"})");
}

TEST_F(KubeClient, CreatesUpdatesAndPatches) {
  ASSERT_TRUE(client.create("/a", Json::object()));
  EXPECT_EQ(server.asked.method, "POST");
  ASSERT_TRUE(client.update("/a", Json::object()));
  EXPECT_EQ(server.asked.method, "PUT");
  ASSERT_TRUE(client.patch("/a", Json::object(), "application/merge-patch+json"));
  EXPECT_EQ(server.asked.headers.get("Content-Type"), "application/merge-patch+json");
}

TEST_F(KubeClient, RemovesWhatMayBeGoneAlready) {
  ASSERT_TRUE(client.remove("/a"));
  EXPECT_EQ(server.asked.target, "/prefix/a?propagationPolicy=Background");
  server.answer = {.status = 404, .body = R"({"kind":"Status","reason":"NotFound"})"};
  EXPECT_TRUE(client.remove("/a", "Foreground"));
  server.answer.status = 403;
  EXPECT_FALSE(client.remove("/a"));
}

TEST_F(KubeClient, ListsPageByPageAndGivesEachItemItsKind) {
  server.answers = {
      {.status = 200,
       .body =
           R"({"kind":"PodList","apiVersion":"v1","metadata":{"continue":"a/b="},"items":[{"metadata":{"name":"x"}}]})"},
      {.status = 200, .body = R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"kind":"Pod"}]})"}};
  base::Result<std::vector<Json>> items = client.list("/api/v1/pods?labelSelector=a");
  ASSERT_TRUE(items);
  EXPECT_EQ(server.asked.target, "/prefix/api/v1/pods?labelSelector=a&limit=500&continue=a%2Fb%3D");
  ASSERT_EQ(items->size(), 2u);
  EXPECT_EQ(text::compact(items->at(0)), R"({"metadata":{"name":"x"},"apiVersion":"v1","kind":"Pod"})");
  EXPECT_EQ(items->at(1)["apiVersion"], "v1");
}

TEST_F(KubeClient, AListThatExpiresInTheMiddleIsTakenInOnePiece) {
  server.answers = {{.status = 200, .body = R"({"kind":"PodList","metadata":{"continue":"c"},"items":[{"n":1}]})"},
                    {.status = 410, .body = R"({"kind":"Status","reason":"Expired"})"},
                    {.status = 200, .body = R"({"kind":"PodList","items":[{"n":1},{"n":2}]})"}};
  base::Result<std::vector<Json>> items = client.list("/api/v1/pods");
  ASSERT_TRUE(items);
  EXPECT_EQ(server.asked.target, "/prefix/api/v1/pods");
  EXPECT_EQ(items->size(), 2u);
  server.answer.status = 410;
  EXPECT_FALSE(client.list("/api/v1/pods"));
}

TEST_F(KubeClient, GivesTextAsItCame) {
  server.answer.body = "ok";
  EXPECT_EQ(*client.getText("/readyz"), "ok");
}

TEST_F(KubeClient, FailsWithTheServersStatus) {
  server.answer = {.status = 409,
                   .body = R"({"kind":"Status","reason":"AlreadyExists","message":"pods \"p\" already exists"})"};
  base::Result<Json> result = client.create("/api/v1/pods", Json::object());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, base::ErrorKind::AlreadyExists);
  EXPECT_EQ(result.error().code, "AlreadyExists");
  EXPECT_EQ(result.error().message, "POST /api/v1/pods: HTTP 409 AlreadyExists: pods \"p\" already exists");
}

TEST_F(KubeClient, SaysWhatWasNoJson) {
  server.answer.body = "<html>";
  EXPECT_THAT(client.get("/x").error().message, HasSubstr("the answer to GET /x"));
}

TEST_F(KubeClient, SendsNothingWithoutItsToken) {
  kube::Client broken(
      server, "https://h", [] { return base::Result<std::string>(base::unavailable("no token file")); }, "irsa");
  EXPECT_EQ(broken.get("/x").error().message, "GET /x: no token file");
  EXPECT_EQ(server.asked.origin, "");
}

TEST(KubeError, SortsTheStatusesIntoKinds) {
  auto kind = [](int status) { return kube::errorOf({.status = status}, "doing").kind; };
  EXPECT_EQ(kind(401), base::ErrorKind::Denied);
  EXPECT_EQ(kind(403), base::ErrorKind::Denied);
  EXPECT_EQ(kind(404), base::ErrorKind::NotFound);
  EXPECT_EQ(kind(409), base::ErrorKind::Conflict);
  EXPECT_EQ(kind(410), base::ErrorKind::Conflict);
  EXPECT_EQ(kind(422), base::ErrorKind::Invalid);
  EXPECT_EQ(kind(429), base::ErrorKind::Unavailable);
  EXPECT_EQ(kind(503), base::ErrorKind::Unavailable);
  EXPECT_EQ(kube::errorOf({.status = 410}, "doing").code, "Expired");
  EXPECT_EQ(kube::errorOf({.status = 401, .body = "no"}, "doing").code, "Unauthorized");
}

}  // namespace
