#include "kube/job.h"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <set>

#include "support/manual_clock.h"
#include "support/served.h"

namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using text::Json;

const std::string kJobs = "/apis/batch/v1/namespaces/kube-system/jobs";
const std::string kPods = "/api/v1/namespaces/kube-system/pods";
const std::string kSecrets = "/api/v1/namespaces/kube-system/secrets";

Json podWith(const char* status) { return {{"metadata", {{"name", "the-job-x"}}}, {"status", Json::parse(status)}}; }
const Json kPending =
    podWith(R"({"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]})");
const Json kRunning = podWith(R"({"phase":"Running","containerStatuses":[{"state":{"running":{}}}]})");
const Json kSucceeded =
    podWith(R"({"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"exitCode":0}}}]})");
const Json kFailed = podWith(R"({"phase":"Failed","containerStatuses":[{"state":{"terminated":
    {"exitCode":3,"message":"error: last words"}}}]})");

// What one look at the pods shows: a pod, none, or a status that is an answer's.
struct Sight {
  Sight(const Json& pod) : pods(Json::array({pod})) {}
  Sight(int answer) : status(answer), pods(Json::array()) {}
  int status = 200;
  Json pods;
};
constexpr int kNoPod = 200, kAway = 503, kRefused = 403;

// An API server whose pods are seen as the test says, the last sight for ever.
class AJob : public testing::Test {
 protected:
  void answer(const http::Request& request, http::Response& response) {
    const std::string path(request.path());
    calls.push_back(request.method + " " + path);
    if (const auto found = statuses.find(calls.back()); found != statuses.end() && found->second.first-- > 0)
      return say(response, found->second.second, {{"message", "as the test wants it"}});
    if (path == kPods) return look(response);
    if (path.ends_with("/log")) return void(response.body = log);
    if (path.ends_with("/events")) return say(response, 200, {{"items", events}});
    if (request.method == "POST") return make(path, Json::parse(request.body), response);
    if (request.method == "DELETE") return say(response, objects.erase(path) > 0 ? 200 : 404, Json::object());
    Json items = Json::array();
    for (const auto& [place, object] : objects)
      if (place.starts_with(path + "/")) items.push_back(object);
    say(response, 200, {{"items", items}});
  }
  void look(http::Response& response) {
    const Sight sight = sights.front();
    if (sights.size() > 1) sights.pop_front();
    say(response, sight.status, {{"items", sight.pods}});
  }
  void make(const std::string& path, Json object, http::Response& response) {
    const std::string name = object["metadata"]["name"];
    object["metadata"]["uid"] = "uid-of-" + name;
    objects[path + "/" + name] = made[path + "/" + name] = object;
    say(response, 201, object);
  }
  static void say(http::Response& response, int status, const Json& body) {
    response.status = status;
    response.body = body.dump();
  }

  base::Result<kube::JobEnd> run() {
    Json spec = {{"containers", Json::array({{{"name", "main"}}})}};
    const kube::JobRun wish{kube::jobObject({"kube-system", "the-job", Json::object(), 60s}, spec), files, 10s, 40s};
    return kube::runJob(wish, client, clock, listener);
  }
  base::Error failure() {
    const base::Result<kube::JobEnd> end = run();
    EXPECT_FALSE(end);
    return end ? base::Error() : end.error();
  }

  support::ManualClock clock;
  std::deque<Sight> sights{kSucceeded};
  std::map<std::string, Json> objects, made;
  std::map<std::string, std::pair<int, int>> statuses;  // call -> how often, and the status that is answered
  std::vector<std::string> calls, told;
  std::vector<Json> files;
  std::string log = "a line\n";
  Json events = Json::array();
  support::FunctionHandler handler{[this](const auto& request, auto& response) { answer(request, response); }};
  std::unique_ptr<http::Client> http = http::clientOf(handler);
  kube::Client client{*http, "https://api", nullptr, "test"};
  kube::JobListener listener{.created = [this](const std::string& job) { told.push_back("created " + job); },
                             .waiting = [this](const std::string& what) { told.push_back("waiting " + what); },
                             .line = [this](const std::string& line) { told.push_back("line " + line); },
                             .warning = [this](const std::string& what) { told.push_back("warning " + what); }};
};

TEST_F(AJob, GivesExitCodeAndLogAndLeavesNothing) {
  sights = {kNoPod, kPending, kRunning, kFailed};
  const base::Result<kube::JobEnd> end = run();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->pod, "the-job-x");
  EXPECT_EQ(end->exitCode, 3);
  EXPECT_EQ(end->log, "a line\n");
  EXPECT_EQ(end->logTrouble, "");
  EXPECT_THAT(objects, IsEmpty());
  EXPECT_THAT(told, ElementsAre("created kube-system/the-job", "waiting it has no pod yet", "waiting ContainerCreating",
                                "line a line", "waiting its pod is Running"));
}

TEST_F(AJob, OwnsWhatItsPodMountsAndTakesItAlong) {
  files = {Json::parse(R"({"kind":"Secret","metadata":{"name":"the-job"}})")};
  ASSERT_TRUE(run());
  EXPECT_EQ(calls[0], "POST " + kJobs);
  EXPECT_EQ(calls[1], "POST " + kSecrets);
  const Json owner = made[kSecrets + "/the-job"]["metadata"]["ownerReferences"][0];
  EXPECT_EQ(owner["kind"], "Job");
  EXPECT_EQ(owner["uid"], "uid-of-the-job");
  EXPECT_THAT(objects, IsEmpty());
}

TEST_F(AJob, IsTakenBackWhenWhatItMountsCannotBeMade) {
  files = {Json::parse(R"({"kind":"Secret","metadata":{"name":"the-job"},"data":{"input":"c2VjcmV0"}})")};
  statuses["POST " + kSecrets] = {1, 403};
  const base::Error error = failure();
  EXPECT_EQ(error.kind, ErrorKind::Denied);
  EXPECT_THAT(error.message, testing::Not(HasSubstr("c2VjcmV0")));
  EXPECT_THAT(objects, IsEmpty());
}

TEST_F(AJob, IsNotLookedForWhenItWasRefused) {
  statuses["POST " + kJobs] = {1, 403};
  EXPECT_EQ(failure().kind, ErrorKind::Denied);
  EXPECT_THAT(calls, ElementsAre("POST " + kJobs));
}

TEST_F(AJob, IsTakenBackWhenTheAnswerWasLost) {
  objects[kJobs + "/the-job"] = Json::object();
  statuses["POST " + kJobs] = {1, 503};
  EXPECT_EQ(failure().kind, ErrorKind::Unavailable);
  EXPECT_THAT(objects, IsEmpty());
}

TEST_F(AJob, OutlastsAnApiServerThatItRestarts) {
  sights = {kRunning, kAway, kAway, 401, kRefused, kSucceeded};
  const base::Result<kube::JobEnd> end = run();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->exitCode, 0);
  EXPECT_THAT(told, testing::Contains(HasSubstr("waiting the API server is not itself yet")));
}

TEST_F(AJob, MayHaveStartedWhileTheApiServerWasAway) {
  sights = {kPending};
  for (int i = 0; i < 30; ++i) sights.push_back(kAway);
  sights.push_back(kSucceeded);
  EXPECT_TRUE(run());
}

TEST_F(AJob, TakesARefusalForWhatItIsBeforeAnythingRuns) {
  sights = {kRefused};
  EXPECT_EQ(failure().kind, ErrorKind::Denied);
  EXPECT_THAT(objects, IsEmpty());
}

TEST_F(AJob, EndsAtOnceWhenItsImageCannotBeHad) {
  sights = {kPending, podWith(R"({"phase":"Pending","containerStatuses":[{"state":{"waiting":
      {"reason":"ImagePullBackOff","message":"no such image"}}}]})")};
  const base::Error error = failure();
  EXPECT_EQ(error.kind, ErrorKind::Conflict);
  EXPECT_EQ(error.message, "the Job kube-system/the-job can't run: ImagePullBackOff: no such image");
  EXPECT_THAT(objects, IsEmpty());
}

TEST_F(AJob, EndsAtOnceWhenPodSecurityRefusesItsPod) {
  sights = {kNoPod};
  events = Json::parse(R"([{"type":"Normal","message":"hello"},
      {"type":"Warning","message":"pods \"x\" is forbidden: violates PodSecurity \"baseline:latest\""}])");
  EXPECT_THAT(failure().message, HasSubstr("can't run: pods \"x\" is forbidden: violates PodSecurity"));
}

TEST_F(AJob, SaysWhyItDidNotStartInTime) {
  sights = {kNoPod};
  events = Json::parse(R"([{"type":"Warning","message":"exceeded quota"}])");
  EXPECT_EQ(failure().message, "the Job kube-system/the-job did not start within 10 s: exceeded quota");
  EXPECT_THAT(objects, IsEmpty());
}

TEST_F(AJob, SaysWhereItWasWhenItsTimeIsUp) {
  sights = {kRunning};
  EXPECT_EQ(failure().message, "the Job kube-system/the-job did not end within 40 s: its pod is Running");
  sights = {kRunning, kAway};
  EXPECT_THAT(failure().message, HasSubstr("did not end within 40 s: the API server does not answer"));
}

TEST_F(AJob, SaysThatItsPodIsGone) {
  sights = {kRunning, kNoPod};
  EXPECT_THAT(failure().message, HasSubstr("the pod of the Job kube-system/the-job is gone"));
}

TEST_F(AJob, SaysWhyTheKubeletTookItsPodNotIn) {
  sights = {podWith(R"({"phase":"Failed","reason":"OutOfpods","message":"no room"})")};
  EXPECT_EQ(failure().message, "the pod the-job-x did not run: OutOfpods: no room");
}

TEST_F(AJob, HasItsLastWordsInThePodWhenTheLogCannotBeRead) {
  sights = {kFailed};
  statuses["GET " + kPods + "/the-job-x/log"] = {1000, 403};
  const base::Result<kube::JobEnd> end = run();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->exitCode, 3);
  EXPECT_EQ(end->log, "error: last words");
  EXPECT_THAT(end->logTrouble, HasSubstr("403"));
}

TEST_F(AJob, TellsEachLineOnceAndWhole) {
  sights = {kRunning, kRunning, kSucceeded};
  log = "one\ntwo\n\nthr";
  ASSERT_TRUE(run());
  std::erase_if(told, [](const std::string& line) { return !line.starts_with("line "); });
  EXPECT_THAT(told, ElementsAre("line one", "line two", "line thr"));
}

TEST_F(AJob, IsDeletedAsSoonAsTheApiServerIsBack) {
  statuses["DELETE " + kJobs + "/the-job"] = {5, 503};
  ASSERT_TRUE(run());
  EXPECT_THAT(objects, IsEmpty());
  statuses["DELETE " + kJobs + "/the-job"] = {1000, 503};
  ASSERT_TRUE(run());
  EXPECT_THAT(told.back(), HasSubstr("warning the Job kube-system/the-job could not be deleted"));
}

class LeftJobs : public AJob {
 protected:
  void SetUp() override {
    leave("old", "cp1");
    leave("other", "cp2");
  }
  void leave(const std::string& name, const std::string& node) {
    Json& job = objects[kJobs + "/" + name];
    job["metadata"]["name"] = name;
    job["spec"]["template"]["spec"]["nodeName"] = node;
  }
  base::Result<void> clear() { return kube::clearJobs({"kube-system", "app=x", "cp1", 20s}, client, clock, listener); }
};

TEST_F(LeftJobs, AreDeletedOnTheirNode) {
  sights = {kFailed};
  ASSERT_TRUE(clear());
  EXPECT_FALSE(objects.contains(kJobs + "/old"));
  EXPECT_TRUE(objects.contains(kJobs + "/other"));
  sights = {kPending};
  leave("old", "cp1");
  ASSERT_TRUE(clear());
  EXPECT_FALSE(objects.contains(kJobs + "/old"));
}

TEST_F(LeftJobs, AreWaitedForWhileTheyWork) {
  sights = {kRunning, kAway, kRefused, kRunning, kSucceeded};
  ASSERT_TRUE(clear());
  EXPECT_FALSE(objects.contains(kJobs + "/old"));
  EXPECT_THAT(told, ElementsAre("waiting the Job kube-system/old of an earlier run is still at work on cp1"));
}

TEST_F(LeftJobs, AreNotDeletedAtWork) {
  sights = {kRunning};
  const base::Result<void> cleared = clear();
  ASSERT_FALSE(cleared);
  EXPECT_EQ(cleared.error().kind, ErrorKind::Conflict);
  EXPECT_THAT(cleared.error().message, HasSubstr("kube-system/old of an earlier run is still at work on cp1"));
  EXPECT_TRUE(objects.contains(kJobs + "/old"));
}

TEST(JobName, FitsTheLabelThatItBecomes) {
  const base::RandomBytes random = [](std::size_t count) { return std::string(count, '\x01'); };
  EXPECT_EQ(kube::jobName("irsa-on-cp1", random), "irsa-on-cp1-01010101");
  EXPECT_EQ(kube::jobName(std::string(200, 'a'), random), std::string(54, 'a') + "-01010101");
  EXPECT_EQ(kube::jobName(std::string(53, 'a') + ".example", random), std::string(53, 'a') + "-01010101");
}

TEST(JobObject, TriesOnceAndGoesByItself) {
  const Json labels = {{"app", "x"}}, spec = {{"restartPolicy", "Never"}};
  const Json job = kube::jobObject({"shop", "name", labels, 90s}, spec);
  EXPECT_EQ(job["kind"], "Job");
  EXPECT_EQ(job["metadata"]["namespace"], "shop");
  EXPECT_EQ(job["spec"]["backoffLimit"], 0);
  EXPECT_EQ(job["spec"]["activeDeadlineSeconds"], 90);
  EXPECT_EQ(job["spec"]["ttlSecondsAfterFinished"], 300);
  EXPECT_EQ(job["spec"]["template"]["metadata"]["labels"], labels);
  EXPECT_EQ(job["spec"]["template"]["spec"], spec);
}

}  // namespace
