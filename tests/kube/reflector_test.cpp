#include "kube/reflector.h"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <set>

#include "support/manual_clock.h"
#include "support/seeded.h"

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

TEST(ReflectorNext, W05_GoesOnFromTheLastEventOrBookmark) {
  ReflectorStep now = step(watching(), {.type = Type::Progress, .resourceVersion = "107"});
  now = step(now.state, {.type = Type::WatchEnded});
  EXPECT_THAT(now.request.target, HasSubstr("resourceVersion=107&"));
  EXPECT_EQ(now.request.wait, 0ms);
}

TEST(ReflectorNext, W01_ListsAgainAtOnceWhenItsVersionIsTooOld) {
  const ReflectorStep now = step(watching(), {.type = Type::Failed, .error = expired()});
  EXPECT_EQ(now.request.target, "/api/v1/serviceaccounts?limit=500");
  EXPECT_TRUE(now.request.isFirstPage);
  EXPECT_EQ(now.request.wait, 0ms);
  EXPECT_TRUE(now.state.synced);  // what is known stays in use
}

TEST(ReflectorNext, W01_StartsTheListOverWhenAPageTokenIsTooOld) {
  ReflectorStep now = step({}, {.type = Type::Page, .page = {"100", "tok"}});
  now = step(now.state, {.type = Type::Failed, .error = expired()});
  EXPECT_EQ(now.request.target, "/api/v1/serviceaccounts?limit=500");
}

TEST(ReflectorNext, W06_ListsAgainWhenTheServersHistoryWasSetBack) {
  const base::Error ahead{base::ErrorKind::Unavailable, "Timeout", "Too large resource version: 100, current: 7"};
  EXPECT_FALSE(step(watching(), {.type = Type::Failed, .error = ahead}).request.isWatch);
}

TEST(ReflectorNext, W04_BacksOffWithoutAListWhenTheServerIsDown) {
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

TEST(ReflectorNext, A02_SaysWhenItIsRefusedUntilItIsNot) {
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
  std::function<std::optional<Act>(const std::string& target)> improvise;  // when there are no more; absent: the end
  std::vector<std::string> targets;
  std::atomic<bool> stop{false};

 private:
  Act nextAct(const http::Request& request) {
    targets.push_back(request.target.substr(request.target.find('?') + 1));
    if (acts.empty() && improvise) {
      std::optional<Act> act = improvise(targets.back());
      stop = !act;
      return act.value_or(Act());
    }
    Act act = acts.front();
    acts.pop_front();
    stop = acts.empty() && !improvise;
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

TEST_F(Running, W02_LosesNothingWhenTheConnectionBreaksInsideAnEvent) {
  const std::string events = event("ADDED", "a", 11) + event("ADDED", "b", 12);
  script.acts = {{200, list("")}, {200, events.substr(0, events.size() - 9), true}, {200, event("ADDED", "b", 12)}};
  run();
  EXPECT_THAT(seen, ElementsAre("[", "]", "+a", "+b"));
  EXPECT_THAT(script.targets[2], HasSubstr("resourceVersion=11"));
}

TEST_F(Running, W01_ListsAgainAfter410InAnyOfItsThreePlaces) {
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

TEST_F(Running, W07_ListsAgainAfterAnEventThatCantBeRead) {
  script.acts = {{200, list("")}, {200, "{\"type\":\"ADDED\",\"object\":[]}\n"}, {200, list("")}};
  run();
  EXPECT_THAT(seen, ElementsAre("[", "]", "[", "]"));
}

TEST_F(Running, A02_KeepsTryingWhileItIsRefused) {
  const std::string status = R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})";
  script.acts = {{200, list("")}, {403, status}, {403, status}};
  run();
  EXPECT_TRUE(last.refused);
  EXPECT_THAT(last.trouble, HasSubstr("Forbidden"));
  EXPECT_THAT(script.targets, Not(testing::Contains(HasSubstr("continue"))));
}

TEST_F(Running, W02_EndsUpWithTheServersPictureWhereverTheConnectionBreaks) {
  support::Seeded random(20261124);
  std::map<std::string, int> accounts;  // as the server has them
  std::vector<std::string> history;     // one event a resourceVersion, from 11 on
  for (int i = 0; i < 400; ++i) {
    const std::string name = "a" + std::to_string(random.below(30));
    const int version = 11 + i;
    const bool isGone = accounts.contains(name) && random.below(4) == 0;
    history.push_back(event(isGone ? "DELETED" : accounts.contains(name) ? "MODIFIED" : "ADDED", name, version));
    accounts[name] = version;
    if (isGone) accounts.erase(name);
  }
  script.acts = {{200, list("")}};
  // From wherever the watch goes on, everything since, cut after any byte.
  script.improvise = [&](const std::string& target) {
    const std::size_t at = target.find("resourceVersion=") + 16;
    const auto from = std::size_t(std::stoi(target.substr(at))) - 10;
    if (from == history.size()) return std::optional<Script::Act>();
    std::string all;
    for (std::size_t i = from; i < history.size(); ++i) all += history[i];
    return std::optional(
        Script::Act{200, all.substr(0, random.below(std::min<std::size_t>(all.size(), 500)) + 1), true});
  };
  run();
  EXPECT_GT(script.targets.size(), 100u);
  std::set<std::string> mine, theirs;
  for (const std::string& change : seen) {
    if (change.starts_with('+')) mine.insert(change.substr(1));
    if (change.starts_with('-')) mine.erase(change.substr(1));
  }
  for (const auto& [name, version] : accounts) theirs.insert(name);
  EXPECT_EQ(mine, theirs);
  EXPECT_EQ(std::count(script.targets.begin(), script.targets.end(), "limit=500"), 1);
}

TEST_F(Running, W05_NeedsNoBookmarksAndReadsThoseOfLaterVersions) {
  script.acts = {{200, list("")},
                 {200, R"({"type":"BOOKMARK","object":{"kind":"ServiceAccount","new":[{"a":null}],"metadata":)"
                       R"({"resourceVersion":"900","annotations":{"k8s.io/initial-events-end":"true"}}}})"
                       "\n"},
                 {200, ""},
                 {200, event("ADDED", "a", 901)},
                 {200, ""}};
  run();
  EXPECT_THAT(seen, ElementsAre("[", "]", "+a"));
  EXPECT_THAT(script.targets[2], HasSubstr("resourceVersion=900&"));
  EXPECT_THAT(script.targets[3], HasSubstr("resourceVersion=900&"));
  EXPECT_THAT(script.targets[4], HasSubstr("resourceVersion=901&"));
}

}  // namespace
