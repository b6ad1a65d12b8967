#include "kube/reflector.h"

#include <gmock/gmock.h>

#include <deque>

#include "support/manual_clock.h"

namespace {

using namespace std::chrono_literals;
using kube::next;
using kube::ReflectorEvent;
using kube::ReflectorState;
using kube::ReflectorStep;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Phase = ReflectorState::Phase;
using Type = ReflectorEvent::Type;

const base::RandomBytes kNoJitter = [](std::size_t count) { return std::string(count, '\0'); };
const base::RandomBytes kMostJitter = [](std::size_t count) { return std::string(count, '\xff'); };

base::Error expired() { return {base::ErrorKind::Conflict, "Expired", "too old"}; }
base::Error down() { return base::unavailable("connection refused"); }

ReflectorStep step(ReflectorState state, ReflectorEvent event) { return next(std::move(state), event, kNoJitter); }

ReflectorState watching() { return {.phase = Phase::Watch, .resourceVersion = "100", .synced = true}; }

TEST(ReflectorNext, BeginsWithAListOfTheMostRecentState) {
  const ReflectorStep first = step({}, {});
  EXPECT_FALSE(first.request.isWatch);
  EXPECT_TRUE(first.request.isFirstPage);
  EXPECT_EQ(first.request.target, "/api/v1/serviceaccounts?limit=500");
  EXPECT_EQ(first.request.wait, 0ms);
}

TEST(ReflectorNext, FollowsThePagesAndThenWatchesFromTheList) {
  ReflectorStep now = step({}, {.type = Type::Page, .page = {"100", "tok/1="}});
  EXPECT_EQ(now.request.target, "/api/v1/serviceaccounts?limit=500&continue=tok%2F1%3D");
  EXPECT_FALSE(now.request.isFirstPage);
  EXPECT_FALSE(now.state.synced);
  now = step(now.state, {.type = Type::Page, .page = {"100", ""}});
  EXPECT_TRUE(now.state.synced);
  EXPECT_TRUE(now.request.isWatch);
  EXPECT_EQ(now.request.target,
            "/api/v1/serviceaccounts?watch=true&allowWatchBookmarks=true&resourceVersion=100&timeoutSeconds=25");
  EXPECT_THAT(next(now.state, {.type = Type::WatchEnded}, kMostJitter).request.target, HasSubstr("timeoutSeconds=40"));
}

TEST(ReflectorNext, GoesOnFromTheLastEventOrBookmark) {
  ReflectorStep now = step(watching(), {.type = Type::Progress, .resourceVersion = "107"});
  now = step(now.state, {.type = Type::WatchEnded});
  EXPECT_THAT(now.request.target, HasSubstr("resourceVersion=107&"));
  EXPECT_EQ(now.request.wait, 0ms);
}

TEST(ReflectorNext, ListsAgainAtOnceWhenItsVersionIsTooOld) {
  const ReflectorStep now = step(watching(), {.type = Type::Failed, .error = expired()});
  EXPECT_EQ(now.request.target, "/api/v1/serviceaccounts?limit=500");
  EXPECT_TRUE(now.request.isFirstPage);
  EXPECT_EQ(now.request.wait, 0ms);
  EXPECT_TRUE(now.state.synced);  // what is known stays in use
}

TEST(ReflectorNext, StartsTheListOverWhenAPageTokenIsTooOld) {
  ReflectorStep now = step({}, {.type = Type::Page, .page = {"100", "tok"}});
  now = step(now.state, {.type = Type::Failed, .error = expired()});
  EXPECT_EQ(now.request.target, "/api/v1/serviceaccounts?limit=500");
}

TEST(ReflectorNext, ListsAgainWhenTheServersHistoryWasSetBack) {
  const base::Error ahead{base::ErrorKind::Unavailable, "Timeout", "Too large resource version: 100, current: 7"};
  EXPECT_FALSE(step(watching(), {.type = Type::Failed, .error = ahead}).request.isWatch);
}

TEST(ReflectorNext, BacksOffWithoutAListWhenTheServerIsDown) {
  ReflectorState state = watching();
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) {
    ReflectorStep now = step(state, {.type = Type::Failed, .error = down()});
    EXPECT_TRUE(now.request.isWatch);
    waits.push_back(now.request.wait.count());
    state = now.state;
  }
  EXPECT_THAT(waits, ElementsAre(800, 1600, 3200, 6400, 12800, 25600, 30000, 30000));
  EXPECT_LT(next(state, {.type = Type::Failed, .error = down()}, kMostJitter).request.wait, 60s);
  EXPECT_GT(next(state, {.type = Type::Failed, .error = down()}, kMostJitter).request.wait, 59s);
  state = step(state, {.type = Type::Progress, .resourceVersion = "101"}).state;
  EXPECT_EQ(step(state, {.type = Type::Failed, .error = down()}).request.wait, 800ms);
}

TEST(ReflectorNext, SaysWhenItIsRefusedUntilItIsNot) {
  const base::Error denied{base::ErrorKind::Denied, "Forbidden", "no rights"};
  ReflectorState state = step(watching(), {.type = Type::Failed, .error = denied}).state;
  EXPECT_TRUE(state.refused);
  EXPECT_EQ(state.trouble, "no rights");
  state = step(state, {.type = Type::WatchEnded}).state;
  EXPECT_FALSE(state.refused);
  EXPECT_EQ(state.trouble, "");
  // A server whose certificate we don't trust is no answer.
  EXPECT_FALSE(step(watching(), {.type = Type::Failed, .error = {base::ErrorKind::Denied, "", "bad certificate"}})
                   .state.refused);
}

TEST(ReflectorNext, WaitsWhenWatchesEndAtOnce) {
  EXPECT_EQ(step(watching(), {.type = Type::WatchEnded, .brief = true}).request.wait, 800ms);
}

TEST(ReflectorNext, W08_IsNoLongerRefusedAsSoonAsAWatchIsAccepted) {
  const base::Error denied{base::ErrorKind::Denied, "Unauthorized", "no token"};
  ReflectorState state = step(watching(), {.type = Type::Failed, .error = denied}).state;
  state = step(state, {.type = Type::Accepted}).state;
  EXPECT_FALSE(state.refused);
  EXPECT_EQ(state.trouble, "");
  EXPECT_EQ(step(state, {.type = Type::WatchEnded, .brief = true}).request.wait, 1600ms)
      << "and yet it may end at once";
}

// Plays one answer after the other; the last one stops the reflector.
class Script final : public http::Client {
 public:
  struct Act {
    int status = 200;
    std::string body;
    bool breaks = false;  // the connection, after the body
  };
  base::Result<http::Response> send(const http::Request& request) override {
    Act act = nextAct(request);
    if (act.breaks) return base::unavailable("connection reset");
    return http::Response{.status = act.status, .body = act.body};
  }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink& sink) override {
    Act act = nextAct(request);
    if (act.status / 100 != 2) return http::Response{.status = act.status, .body = act.body};
    if (!sink("")) return http::Response{};
    for (std::size_t at = 0; at < act.body.size(); at += 7)
      if (!sink(std::string_view(act.body).substr(at, 7))) return http::Response{};
    if (act.breaks) return base::unavailable("connection reset");
    return http::Response{};
  }
  std::deque<Act> acts;
  std::vector<std::string> targets;
  std::atomic<bool> stop{false};

 private:
  Act nextAct(const http::Request& request) {
    targets.push_back(request.target.substr(request.target.find('?') + 1));
    Act act = acts.front();
    acts.pop_front();
    stop = acts.empty();
    return act;
  }
};

class Running : public testing::Test {
 protected:
  void run() {
    kube::Client client(script, "https://api", nullptr, "test");
    kube::Reflector reflector(client, clock, kNoJitter, {},
                              {.listBegins = [this] { seen.push_back("["); },
                               .listEnds = [this] { seen.push_back("]"); },
                               .settled = [] {},
                               .put = [this](const auto& account, bool) { seen.push_back("+" + account.name); },
                               .remove = [this](const auto& account) { seen.push_back("-" + account.name); },
                               .stateChanged = [this](const auto& state) { last = state; }});
    reflector.run(script.stop);
  }
  static std::string account(const std::string& name, int version) {
    return R"({"metadata":{"name":")" + name + R"(","resourceVersion":")" + std::to_string(version) + R"("}})";
  }
  static std::string event(const std::string& type, const std::string& name, int version) {
    return R"({"type":")" + type + R"(","object":)" + account(name, version) + "}\n";
  }
  static std::string list(const std::string& items, const std::string& more = "") {
    return R"({"metadata":{"resourceVersion":"10","continue":")" + more + R"("},"items":[)" + items + "]}";
  }
  support::ManualClock clock;
  Script script;
  std::vector<std::string> seen;
  ReflectorState last;
};

TEST_F(Running, ListsByPagesAndThenFollowsTheWatch) {
  script.acts = {{200, list(account("a", 1), "more")},
                 {200, list(account("b", 2))},
                 {200, event("ADDED", "c", 11) + event("MODIFIED", "a", 12) + event("DELETED", "b", 13)},
                 {200, event("BOOKMARK", "", 20)},
                 {200, ""}};
  run();
  EXPECT_THAT(seen, ElementsAre("[", "+a", "+b", "]", "+c", "+a", "-b"));
  EXPECT_TRUE(last.synced);
  EXPECT_THAT(script.targets[3], HasSubstr("resourceVersion=13"));
  EXPECT_THAT(script.targets[4], HasSubstr("resourceVersion=20"));
}

TEST_F(Running, LosesNothingWhenTheConnectionBreaksInsideAnEvent) {
  const std::string events = event("ADDED", "a", 11) + event("ADDED", "b", 12);
  script.acts = {{200, list("")}, {200, events.substr(0, events.size() - 9), true}, {200, event("ADDED", "b", 12)}};
  run();
  EXPECT_THAT(seen, ElementsAre("[", "]", "+a", "+b"));
  EXPECT_THAT(script.targets[2], HasSubstr("resourceVersion=11"));
}

TEST_F(Running, ListsAgainAfter410InAnyOfItsThreePlaces) {
  const std::string status = R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})";
  script.acts = {{200, list(account("a", 1), "more")},
                 {410, status},  // the page token
                 {200, list("")},
                 {410, status},  // the start of the watch
                 {200, list("")},
                 {200, R"({"type":"ERROR","object":)" + status + "}\n"},  // in the stream
                 {200, list("")}};
  run();
  EXPECT_THAT(seen, ElementsAre("[", "+a", "[", "]", "[", "]", "[", "]"));
}

TEST_F(Running, ListsAgainAfterAnEventThatCantBeRead) {
  script.acts = {{200, list("")}, {200, "{\"type\":\"ADDED\",\"object\":[]}\n"}, {200, list("")}};
  run();
  EXPECT_THAT(seen, ElementsAre("[", "]", "[", "]"));
}

TEST_F(Running, KeepsTryingWhileItIsRefused) {
  const std::string status = R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})";
  script.acts = {{200, list("")}, {403, status}, {403, status}};
  run();
  EXPECT_TRUE(last.refused);
  EXPECT_THAT(last.trouble, HasSubstr("Forbidden"));
  EXPECT_THAT(script.targets, Not(testing::Contains(HasSubstr("continue"))));
}

}  // namespace
