#include "setup/webhook_wait.h"

#include <gmock/gmock.h>

#include "admission/serving_authority.h"
#include "setup/two_worlds.h"
#include "text/encoding.h"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using text::Json;
using namespace std::chrono_literals;

const std::string kWish = R"(apiVersion: irsa-anywhere/v1
name: edge
aws: {region: us-west-2}
cluster: {context: edge}
)";
const std::string kSpace = "/namespaces/irsa-system/";
const std::string kDeployment = "/apis/apps/v1" + kSpace + "deployments/irsa-webhook";
const std::string kSecret = "/api/v1" + kSpace + "secrets/irsa-webhook";
const std::string kConfiguration = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/irsa-webhook";

// While somebody sleeps on it, the world goes on: `after` is told how many times that was.
class WorldClock final : public base::Clock {
 public:
  base::Time now() const override { return clock_.now(); }
  void sleepFor(std::chrono::milliseconds time) override {
    clock_.sleepFor(time);
    ++sleeps;
    if (after) after(sleeps);
  }
  int sleeps = 0;
  std::function<void(int)> after;

 private:
  support::ManualClock clock_;
};

class WebhookWait : public testing::Test {
 protected:
  WebhookWait() { worlds.run(kWish); }

  // As the Deployment controller counts: all, of the newest template, available.
  void count(int all, int updated, int available) {
    worlds.cluster.at(kDeployment)["status"] = {
        {"replicas", all}, {"updatedReplicas", updated}, {"availableReplicas", available}};
  }
  void addPod(const std::string& name, const char* status) {
    Json metadata = {{"name", name}, {"labels", {{"app.kubernetes.io/name", "irsa-webhook"}}}};
    worlds.cluster.put("/api/v1" + kSpace + "pods/" + name,
                       {{"kind", "Pod"}, {"metadata", std::move(metadata)}, {"status", Json::parse(status)}});
  }
  admission::ServingSecret makeCertificate() {
    admission::ServingPolicy policy{.names = admission::serviceNames("irsa-webhook", "irsa-system")};
    return *admission::nextServingStep({}, std::nullopt, policy, clock.now(), worlds.random)->secret;
  }
  void keep(const admission::ServingSecret& secret) {
    worlds.cluster.at(kSecret)["data"] = {{"tls.crt", text::base64(secret.certificate)}};
  }
  void publish(const std::string& authorities) {
    for (Json& entry : worlds.cluster.at(kConfiguration)["webhooks"])
      entry["clientConfig"]["caBundle"] = text::base64(authorities);
  }
  base::Result<WebhookState> wait(std::chrono::seconds timeout = 180s) {
    said.clear();
    return awaitWebhook(*worlds.kube, WebhookSettings(), timeout, clock,
                        [this](const std::string& missing) { said.push_back(missing); });
  }

  TwoWorlds worlds;
  WorldClock clock;
  std::vector<std::string> said;
};

TEST_F(WebhookWait, EndsWhenAllReplicasAreAvailableAndTheirCertificateIsTrusted) {
  const admission::ServingSecret secret = makeCertificate();
  clock.after = [&](int second) {
    if (second == 1) addPod("a", R"({"phase":"Pending"})");
    if (second == 3) addPod("a", R"({"phase":"Running"})"), count(2, 2, 0);
    if (second == 5) count(2, 2, 1);
    if (second == 6) count(2, 2, 2);
    if (second == 8) keep(secret);
    if (second == 10) publish(secret.authorities);
  };
  base::Result<WebhookState> state = wait();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_TRUE(state->isComplete);
  EXPECT_EQ(clock.sleeps, 10);
  EXPECT_THAT(said,
              ElementsAre("0 of 2 replicas of the webhook are available",
                          "0 of 2 replicas of the webhook are available: its pod is Pending",
                          "0 of 2 replicas of the webhook are available: its pod is Running",
                          "1 of 2 replicas of the webhook are available: its pod is Running",
                          "the webhook has made no certificate yet", "the webhook has not written its caBundle yet"));
  EXPECT_TRUE(wait());
  EXPECT_THAT(said, IsEmpty());
  EXPECT_EQ(clock.sleeps, 10);
}

TEST_F(WebhookWait, GivesUpWithWhatIsMissing) {
  addPod("a", R"({"containerStatuses":[{"state":{"waiting":{"reason":"ErrImagePull","message":"no such image"}}}]})");
  base::Result<WebhookState> state = wait(90s);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, base::ErrorKind::Unavailable);
  EXPECT_EQ(state.error().message,
            "the webhook does not work after 90 s: 0 of 2 replicas of the webhook are available: ErrImagePull: no such "
            "image");
  EXPECT_EQ(clock.sleeps, 90);
}

TEST_F(WebhookWait, SaysWhyThereAreNoPodsAtAll) {
  worlds.cluster.at(kDeployment)["status"] =
      Json::parse(R"({"conditions":[{"type":"ReplicaFailure","status":"True","message":"exceeded quota"}]})");
  EXPECT_THAT(wait(1s).error().message, HasSubstr("exceeded quota"));
}

TEST_F(WebhookWait, OneReplicaThatWorksIsEnoughWhenTheTimeIsOver) {
  const admission::ServingSecret secret = makeCertificate();
  keep(secret);
  publish(secret.authorities);
  count(2, 2, 1);
  addPod("b", R"({"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"full"}]})");
  base::Result<WebhookState> state = wait(30s);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_TRUE(state->works);
  EXPECT_FALSE(state->isComplete);
  EXPECT_THAT(state->missing, HasSubstr("Unschedulable: full"));
}

TEST_F(WebhookWait, ReplicasOfTheOldTemplateDoNotCount) {
  const admission::ServingSecret secret = makeCertificate();
  keep(secret);
  publish(secret.authorities);
  count(3, 1, 2);
  EXPECT_FALSE(wait(5s));
  count(2, 2, 2);
  worlds.cluster.at(kDeployment)["metadata"]["generation"] = 2;
  worlds.cluster.at(kDeployment)["status"]["observedGeneration"] = 1;
  EXPECT_FALSE(wait(5s));
  worlds.cluster.at(kDeployment)["status"]["observedGeneration"] = 2;
  EXPECT_TRUE(wait(5s));
}

TEST_F(WebhookWait, ABundleOfAnotherAuthorityIsNotTrusted) {
  count(2, 2, 2);
  keep(makeCertificate());
  publish(makeCertificate().authorities);
  EXPECT_THAT(wait(1s).error().message, HasSubstr("does not trust the webhook's certificate yet"));
}

TEST_F(WebhookWait, ASecretThatMayNotBeReadIsTakenOnTrust) {
  count(2, 2, 2);
  publish(makeCertificate().authorities);
  worlds.cluster.forbidden.insert(kSecret);
  EXPECT_TRUE(wait(1s));
}

TEST_F(WebhookWait, AnApiServerThatIsAwayIsWaitedForAndOtherErrorsAreNot) {
  const admission::ServingSecret secret = makeCertificate();
  keep(secret);
  publish(secret.authorities);
  count(2, 2, 2);
  worlds.deadFrom = 1, worlds.requests = 1;
  clock.after = [&](int second) { worlds.deadFrom = second < 3 ? 1 : 0; };
  EXPECT_TRUE(wait());
  EXPECT_THAT(said, ElementsAre("the API server does not answer"));
  ASSERT_TRUE(worlds.kube->remove(kDeployment));
  EXPECT_EQ(wait().error().kind, base::ErrorKind::NotFound);
}

}  // namespace
}  // namespace setup
