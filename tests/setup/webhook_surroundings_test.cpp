#include "setup/webhook_surroundings.h"

#include <gmock/gmock.h>

#include "setup/two_worlds.h"
#include "setup/webhook_lint.h"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;
using text::Json;

const std::string kWish = R"(apiVersion: irsa-anywhere/v1
name: edge
aws: {region: us-west-2}
cluster: {context: edge}
bindings:
- serviceAccount: default/s3-echoer
  role: {name: s3-echoer}
)";

class Surroundings : public testing::Test {
 protected:
  Surroundings() { worlds.run(kWish); }
  WebhookSurroundings look() {
    auto seen = lookAround(*worlds.kube);
    EXPECT_TRUE(seen) << seen.error().message;
    return seen ? *std::move(seen) : WebhookSurroundings();
  }
  std::vector<std::string> codes() {
    std::vector<std::string> out;
    for (const text::Finding& finding : lintWebhooks(look(), worlds.clock.now())) out.push_back(finding.code);
    return out;
  }
  TwoWorlds worlds;
};

TEST_F(Surroundings, HoldWhatTheRulesLookAt) {
  worlds.cluster.put("/apis/discovery.k8s.io/v1/namespaces/irsa-system/endpointslices/irsa-webhook-x",
                     {{"metadata", {{"labels", {{"kubernetes.io/service-name", "irsa-webhook"}}}}}});
  worlds.cluster.put("/apis/discovery.k8s.io/v1/namespaces/irsa-system/endpointslices/another-x",
                     {{"metadata", {{"labels", {{"kubernetes.io/service-name", "another"}}}}}});
  const WebhookSurroundings seen = look();
  EXPECT_THAT(seen.configurations, SizeIs(1));
  EXPECT_THAT(seen.namespaces, SizeIs(3));
  EXPECT_THAT(seen.accounts, SizeIs(3));
  EXPECT_THAT(seen.policies, SizeIs(1));
  EXPECT_THAT(seen.policyBindings, SizeIs(1));
  EXPECT_THAT(seen.services, ElementsAre(Key("irsa-system/irsa-webhook")));
  EXPECT_THAT(seen.secrets, ElementsAre(Key("irsa-system/irsa-webhook")));
  EXPECT_THAT(seen.endpointSlices.at("irsa-system/irsa-webhook"), SizeIs(1));
  EXPECT_THAT(seen.deployments.at("irsa-system"), SizeIs(1));
  EXPECT_THAT(seen.budgets.at("irsa-system"), SizeIs(1));
  EXPECT_THAT(seen.unread, IsEmpty());
}

TEST_F(Surroundings, BeforeTheWebhookHasStartedItsAbsenceIsFound) {
  EXPECT_THAT(codes(), ElementsAre("WEBHOOK_NO_CA", "WEBHOOK_NO_CA", "WEBHOOK_NO_CERTIFICATE", "WEBHOOK_NO_ENDPOINTS",
                                   "WEBHOOK_NO_ENDPOINTS"));
}

TEST_F(Surroundings, WhatMayNotBeSeenIsNotedAndNotHeldAgainstTheCluster) {
  worlds.cluster.forbidden = {"/api/v1/namespaces/irsa-system/secrets/irsa-webhook",
                              "/apis/policy/v1/namespaces/irsa-system/poddisruptionbudgets",
                              "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
                              "/apis/discovery.k8s.io/v1/namespaces/irsa-system/endpointslices"};
  EXPECT_THAT(look().unread, SizeIs(4));
  EXPECT_THAT(codes(), ElementsAre("WEBHOOK_NO_CA", "WEBHOOK_NO_CA", "LOOK_DENIED", "LOOK_DENIED", "LOOK_DENIED",
                                   "LOOK_DENIED"));
  worlds.cluster.forbidden = {"/api/v1/namespaces/irsa-system/services/irsa-webhook",
                              "/apis/apps/v1/namespaces/irsa-system/deployments"};
  EXPECT_THAT(codes(), ElementsAre("WEBHOOK_NO_CA", "WEBHOOK_NO_CA", "LOOK_DENIED", "LOOK_DENIED"));
}

TEST_F(Surroundings, WithoutConfigurationsNamespacesOrAccountsNothingCanBeSaid) {
  for (const char* path : {"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", "/api/v1/namespaces",
                           "/api/v1/serviceaccounts"}) {
    worlds.cluster.forbidden = {path};
    auto seen = lookAround(*worlds.kube);
    ASSERT_FALSE(seen) << path;
    EXPECT_EQ(seen.error().kind, base::ErrorKind::Denied);
  }
}

TEST_F(Surroundings, AnApiServerThatGoesAwayInTheMiddleIsNoAbsence) {
  worlds.cluster.unavailable = "/api/v1/namespaces/irsa-system/services/irsa-webhook";
  auto seen = lookAround(*worlds.kube);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, base::ErrorKind::Unavailable);
}

TEST_F(Surroundings, AnApiServerWithoutPoliciesHasNoGuard) {
  EXPECT_TRUE(look().servesGuard);
  worlds.cluster.servesGuard = false;
  const WebhookSurroundings seen = look();
  EXPECT_FALSE(seen.servesGuard);
  EXPECT_THAT(seen.policies, IsEmpty());
}

}  // namespace
}  // namespace setup
