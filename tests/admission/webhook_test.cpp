#include "admission/webhook.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <new>

#include "admission/webhook_fixture.h"

namespace {

thread_local bool countsAllocations = false;
thread_local std::size_t allocations = 0;

}  // namespace

// Counts what the code under test asks of the heap; replacing these two is the standard's own way (C++20, 16.4.5.6).
void* operator new(std::size_t size) {
  if (countsAllocations) ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace std::chrono_literals;
using support::reviewOf;
using support::WebhookFixture;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using text::Json;

const char* const kRole = "arn:aws:iam::111122223333:role/r";

kube::Object account(const std::string& name, const std::string& role, std::int64_t created = 0) {
  kube::Object out;
  out.nameSpace = "ns1";
  out.name = name;
  out.resourceVersion = 1;
  out.created = created;
  if (!role.empty()) out.annotations.emplace_back("eks.amazonaws.com/role-arn", role);
  return out;
}

Json podOf(const std::string& serviceAccount) {
  return {{"kind", "Pod"},
          {"metadata", {{"name", "p"}}},
          {"spec", {{"serviceAccountName", serviceAccount}, {"containers", {{{"name", "c"}}}}}}};
}

Json responseOf(const http::Response& response) { return Json::parse(response.body)["response"]; }

TEST(Webhook, InjectsAndSaysWhy) {
  WebhookFixture fixture;
  fixture.list({account("sa1", kRole)});
  const http::Response response = fixture.post(reviewOf(podOf("sa1")));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_THAT(support::patchOf(response), HasSubstr(kRole));
  EXPECT_EQ(responseOf(response)["auditAnnotations"]["reason"], "Injected");
  ASSERT_EQ(fixture.lines.size(), 1u);
  EXPECT_EQ(Json::parse(fixture.lines[0])["reason"], "Injected");
  EXPECT_EQ(Json::parse(fixture.lines[0])["role"], kRole);
}

TEST(Webhook, B09_AllowsUntouchedWhereThereIsNoRole) {
  WebhookFixture fixture;
  fixture.list({account("plain", "")});
  EXPECT_EQ(responseOf(fixture.post(reviewOf(podOf("plain"))))["auditAnnotations"]["reason"], "NoRoleArn");
  EXPECT_EQ(responseOf(fixture.post(reviewOf(podOf(""))))["auditAnnotations"]["reason"], "NoServiceAccount");
  EXPECT_EQ(responseOf(fixture.post(reviewOf(nullptr)))["auditAnnotations"]["reason"], "NullObject");
  EXPECT_EQ(responseOf(fixture.post(reviewOf({{"kind", "Deployment"}})))["auditAnnotations"]["reason"], "NotAPod");
  EXPECT_THAT(fixture.questions, IsEmpty());
}

TEST(Webhook, SaysNothingTwice) {
  WebhookFixture fixture;
  fixture.list({account("sa1", kRole)});
  Json pod = podOf("sa1");
  pod["spec"]["containers"][0]["env"] = {{{"name", "AWS_ROLE_ARN"}}};
  pod["spec"]["containers"][0]["volumeMounts"] = {{{"name", "aws-iam-token"}}};
  pod["spec"]["volumes"] = {{{"name", "aws-iam-token"}, {"projected", Json::object()}}};
  const Json response = responseOf(fixture.post(reviewOf(pod)));
  EXPECT_FALSE(response.contains("patch"));
  EXPECT_EQ(response["auditAnnotations"]["reason"], "AlreadySet");
}

TEST(Webhook, ShowsWarningsInTheAnswer) {
  WebhookFixture fixture;
  fixture.list({account("sa1", "my-role")});
  EXPECT_THAT(responseOf(fixture.post(reviewOf(podOf("sa1"))))["warnings"][0], HasSubstr("no role ARN"));
}

TEST(Webhook, A10_AsksTheApiServerAboutAnAccountItDoesNotKnow) {
  WebhookFixture fixture;
  fixture.list({});
  http::Request request{.method = "POST", .target = "/mutate?timeout=10s", .body = reviewOf(podOf("new"))};
  request.headers.add("Content-Type", "application/json");
  http::Response response;
  http::Answer answer = fixture.webhook.handle(request, response);
  EXPECT_FALSE(answer.done());
  EXPECT_THAT(fixture.questions, ElementsAre("ns1/new"));
  fixture.list({account("other", kRole)});
  fixture.post(reviewOf(podOf("other")));  // the loop goes on meanwhile
  fixture.lookup.deliver(
      "ns1/new", {admission::LookupResult::Type::Found,
                  std::make_shared<const admission::Identity>(admission::Identity{"role-of-new", "", 600, false})});
  ASSERT_TRUE(answer.done());
  EXPECT_THAT(support::patchOf(response), HasSubstr("role-of-new"));
  EXPECT_EQ(responseOf(response)["uid"], "u-1");
}

TEST(Webhook, A10_AsksAgainAboutAnAccountThatIsYoungAndHasNoRoleYet) {
  WebhookFixture fixture;
  const std::int64_t now = base::unixSeconds(fixture.clock.now());
  fixture.list({account("young", "", now - 5), account("old", "", now - 10)});
  fixture.post(reviewOf(podOf("old")));
  EXPECT_THAT(fixture.questions, IsEmpty());
  fixture.post(reviewOf(podOf("young")));
  EXPECT_THAT(fixture.questions, ElementsAre("ns1/young"));
}

TEST(Webhook, A11_AnswersAnUnknownAccountByWhatTheApiServerSays) {
  for (auto [type, status, reason] : {std::tuple(admission::LookupResult::Type::Absent, 200, "AccountUnknown"),
                                      std::tuple(admission::LookupResult::Type::Found, 200, "NoRoleArn"),
                                      std::tuple(admission::LookupResult::Type::Failed, 500, "LookupFailed")}) {
    WebhookFixture fixture;
    fixture.list({});
    fixture.lookup.deliver("ns1/x", {type, nullptr});
    EXPECT_EQ(fixture.post(reviewOf(podOf("x"))).status, status);
    EXPECT_THAT(fixture.lines.back(), HasSubstr(reason));
  }
}

TEST(Webhook, A10_TakesWhatTheWatchBroughtWhileTheQuestionWasOpen) {
  for (auto type : {admission::LookupResult::Type::Failed, admission::LookupResult::Type::Absent}) {
    WebhookFixture fixture;
    fixture.list({});
    http::Request request{.method = "POST", .target = "/mutate", .body = reviewOf(podOf("new"))};
    request.headers.add("Content-Type", "application/json");
    http::Response response;
    http::Answer answer = fixture.webhook.handle(request, response);
    fixture.list({account("new", kRole)});
    fixture.lookup.deliver("ns1/new", {type, nullptr});
    ASSERT_TRUE(answer.done());
    EXPECT_THAT(support::patchOf(response), HasSubstr(kRole));
  }
}

TEST(Webhook, A01_NeverAllowsOnDoubtBeforeTheListIsWhole) {
  WebhookFixture fixture({}, {.lookupBudget = 0ms});
  EXPECT_EQ(fixture.post(reviewOf(podOf("x"))).status, 500);
  EXPECT_THAT(fixture.lines.back(), HasSubstr("NotSynced"));
  fixture.list({});
  EXPECT_EQ(fixture.post(reviewOf(podOf("x"))).status, 200);
}

TEST(Webhook, B09_RefusesWhatItCantDecodeWithoutDenyingThePod) {
  WebhookFixture fixture;
  const std::string deep = R"({"request":{"uid":"u","object":)" + std::string(100, '[') + std::string(100, ']') + "}}";
  for (const std::string& body : {std::string(), std::string("{"), std::string("[]"), std::string("{}"), deep,
                                  std::string("{\"request\":{\"uid\":\"\xff\"}}"),
                                  std::string(R"({"request":{"object":{"spec":{"containers":{}}}}})"),
                                  std::string(R"({"request":{"object":{"spec":{"serviceAccountName":5}}}})")})
    EXPECT_EQ(fixture.post(body).status, 400) << body;
  EXPECT_THAT(admission::renderMetrics({&fixture.webhook.metrics()}, {}),
              HasSubstr("irsa_webhook_decisions_total{reason=\"UndecodableReview\"} 8\n"));
}

TEST(Webhook, H13_AnswersItsOwnPathsOnly) {
  WebhookFixture fixture;
  EXPECT_EQ(fixture.send({.method = "GET", .target = "/healthz"}).body, "ok");
  for (const char* path : {"/", "/mutate/", "/metrics", "/mutates"})
    EXPECT_EQ(fixture.send({.target = path}).status, 404) << path;
}

TEST(Webhook, B09_EchoesTheVersionOfTheReview) {
  WebhookFixture fixture;
  std::string review = reviewOf(podOf(""));
  review.replace(review.find("k8s.io/v1"), 9, "k8s.io/v1beta1");
  EXPECT_EQ(Json::parse(fixture.post(review).body)["apiVersion"], "admission.k8s.io/v1beta1");
}

// As AWS's: what it is asked for makes no difference, so that whoever widens the rules gets what the webhook always
// does.
TEST(Webhook, B09_TreatsEveryOperationAlikeAndNothingAsNothing) {
  WebhookFixture fixture;
  fixture.list({account("sa1", kRole)});
  for (const char* operation : {"CREATE", "UPDATE", "CONNECT", "DELETE"})
    for (bool isDryRun : {false, true}) {
      Json review = Json::parse(reviewOf(podOf("sa1")));
      review["request"]["operation"] = operation;
      review["request"]["dryRun"] = isDryRun;
      review["request"]["subResource"] = "ephemeralcontainers";
      EXPECT_THAT(support::patchOf(fixture.post(review.dump())), HasSubstr(kRole)) << operation;
      review["request"]["object"] = nullptr;
      const Json response = responseOf(fixture.post(review.dump()));
      EXPECT_EQ(response["allowed"], true);
      EXPECT_FALSE(response.contains("patch"));
    }
}

// A mirror pod is a static pod's likeness; the API server refuses one with a service account.
TEST(Webhook, B14_AnswersAPatchThatDoesNotFitWithA500) {
  WebhookFixture fixture({}, {.isSound = [](std::string_view, const kube::Review&) { return false; }});
  fixture.list({account("sa1", kRole), account("plain", "")});
  const http::Response response = fixture.post(reviewOf(podOf("sa1")));
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("a defect of irsa-webhook"));
  EXPECT_THAT(fixture.lines.back(), HasSubstr("\"reason\":\"UnsoundPatch\""));
  EXPECT_THAT(admission::renderMetrics({&fixture.webhook.metrics()}, {}),
              HasSubstr("irsa_webhook_decisions_total{reason=\"UnsoundPatch\"} 1\n"));
  EXPECT_EQ(fixture.post(reviewOf(podOf("plain"))).status, 200);
}

TEST(Webhook, NamesNoRoleToAPodThatGetsContainerCredentials) {
  WebhookFixture fixture;
  fixture.list({account("sa1", kRole)});
  fixture.sources.podIdentities = std::make_shared<const admission::PodIdentities>(
      admission::PodIdentities::read(R"({"identities":[{"namespace":"ns1","serviceAccount":"sa1"}]})").value());
  const http::Response response = fixture.post(reviewOf(podOf("sa1")));
  EXPECT_EQ(responseOf(response)["auditAnnotations"].dump(), R"({"reason":"Injected","source":"podIdentity"})");
  EXPECT_THAT(response.body, Not(HasSubstr(kRole)));
  EXPECT_THAT(fixture.lines.back(), Not(HasSubstr(kRole)));
}

TEST(Webhook, CountsThePodsOfEitherMethodWhateverBecomesOfThePatch) {
  WebhookFixture fixture({}, {.isSound = [](std::string_view, const kube::Review&) { return false; }});
  fixture.sources.podIdentities = std::make_shared<const admission::PodIdentities>(
      admission::PodIdentities::read(R"({"identities":[{"namespace":"ns1","serviceAccount":"sa1"}]})").value());
  EXPECT_EQ(fixture.post(reviewOf(podOf("sa1"))).status, 500);
  const std::string page = admission::renderMetrics({&fixture.webhook.metrics()}, {});
  EXPECT_THAT(page, HasSubstr("pod_identity_webhook_pod_count{method=\"sts_web_identity\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("pod_identity_webhook_pod_count{method=\"container_credentials\"} 1\n"));
}

TEST(Webhook, O04_GivesUpOnAPodThatWouldGrowBeyondWhatIsStored) {
  WebhookFixture fixture;
  fixture.list({account("sa1", kRole)});
  Json pod = podOf("sa1");
  for (int i = 0; i < 20'000; ++i) pod["spec"]["containers"].push_back(Json::object());
  const http::Response refused = fixture.post(reviewOf(pod));
  EXPECT_EQ(refused.status, 400);
  EXPECT_LT(refused.body.size(), 200u);
  EXPECT_THAT(fixture.lines.back(), HasSubstr("\"reason\":\"PodTooLarge\""));
  EXPECT_TRUE(responseOf(fixture.post(reviewOf(podOf("sa1")))).contains("patch"));
}

TEST(Webhook, A12_AsksForNoAccountWhoseNameNoneCanHave) {
  WebhookFixture fixture;
  fixture.list({});
  const Json response = responseOf(fixture.post(reviewOf(podOf(std::string(1000, 'a')))));
  EXPECT_EQ(response["auditAnnotations"]["reason"], "AccountUnknown");
  EXPECT_THAT(fixture.questions, IsEmpty());
}

TEST(Webhook, B13_LeavesMirrorPodsAlone) {
  WebhookFixture fixture;
  fixture.list({account("default", kRole)});
  Json pod = podOf("");
  pod["metadata"]["annotations"] = {{"kubernetes.io/config.mirror", "0d1f"}};
  const Json response = responseOf(fixture.post(reviewOf(pod)));
  EXPECT_EQ(response["auditAnnotations"]["reason"], "NoServiceAccount");
  EXPECT_FALSE(response.contains("patch"));
  EXPECT_THAT(fixture.questions, IsEmpty());
}

TEST(Webhook, LogsNoEnvironmentAndNoToken) {
  WebhookFixture fixture;
  fixture.list({account("sa1", kRole)});
  Json pod = podOf("sa1");
  pod["spec"]["containers"][0]["env"] = {{{"name", "PASSWORD"}, {"value", "s3cret"}}};
  fixture.post(reviewOf(pod));
  fixture.post(reviewOf(pod).substr(0, 150));
  EXPECT_THAT(fixture.lines, Not(testing::Contains(HasSubstr("s3cret"))));
  EXPECT_THAT(fixture.lines, Not(testing::Contains(HasSubstr("PASSWORD"))));
}

TEST(Webhook, AsksTheHeapForNothingOnceItIsWarm) {
  WebhookFixture fixture({}, {.logsDecisions = false});
  fixture.list({account("sa1", kRole)});
  Json pod = podOf("sa1");
  pod["metadata"]["annotations"] = {{"eks.amazonaws.com/skip-containers", "c2"}, {"note", "with \"escapes\"\n"}};
  pod["spec"]["containers"].push_back({{"name", "c2"}, {"env", {{{"name", "A\tB"}}}}});
  http::Request request{.method = "POST", .target = "/mutate?timeout=10s", .body = reviewOf(pod)};
  request.headers.add("Content-Type", "application/json");
  http::Response response;
  auto once = [&] {
    response.clear();
    fixture.webhook.handle(request, response).finish();
  };
  for (int i = 0; i < 10; ++i) once();
  countsAllocations = true;
  for (int i = 0; i < 1000; ++i) once();
  countsAllocations = false;
  EXPECT_EQ(allocations, 0u);
  EXPECT_THAT(support::patchOf(response), HasSubstr(kRole));
}

TEST(LookupBudget, StaysBelowTheReviewsOwnTimeout) {
  EXPECT_EQ(admission::lookupBudget("", 1000ms), 1000ms);
  EXPECT_EQ(admission::lookupBudget("timeout=10s", 1000ms), 1000ms);
  EXPECT_EQ(admission::lookupBudget("a=b&timeout=1s", 1000ms), 700ms);
  EXPECT_EQ(admission::lookupBudget("timeout=1m30s", 100000ms), 63000ms);
  EXPECT_EQ(admission::lookupBudget("timeout=500ms", 1000ms), 350ms);
  EXPECT_EQ(admission::lookupBudget("timeout=x", 1000ms), 1000ms);
}

TEST(MetricsHandler, TellsLifeFromReadiness) {
  std::string trouble = "the service accounts are not listed yet";
  admission::MetricsHandler handler([] { return std::string("m 1\n"); }, [&] { return trouble; });
  auto get = [&](const std::string& path) {
    http::Response response;
    handler.handle({.target = path}, response).finish();
    return std::pair(response.status, response.body);
  };
  EXPECT_EQ(get("/livez").first, 200);
  EXPECT_EQ(get("/readyz"), (std::pair(503, std::string("not ready: the service accounts are not listed yet\n"))));
  trouble.clear();
  EXPECT_EQ(get("/readyz").first, 200);
  EXPECT_EQ(get("/metrics").second, "m 1\n");
  EXPECT_EQ(get("/healthz").first, 404);
}

}  // namespace
