#include "setup/run.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "oidc/jwks.h"
#include "setup/two_worlds.h"
#include "text/encoding.h"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kWish = R"(apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: us-west-2}
cluster: {context: edge}
bindings:
- serviceAccount: default/s3-echoer
  role:
    name: s3-echoer
    policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
    inline: more.json
    maxSessionDuration: 2h
    tags: {owner: priya}
- serviceAccount: default/default
  role: {name: plain}
tags: {team: edge}
)";
const std::string kDayZero = R"(apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: us-west-2}
keys: {source: generate, algorithm: ES256}
bindings:
- serviceAccount: default/s3-echoer
  role: {name: s3-echoer, policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]}
)";

const std::string kConfiguration = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/irsa-webhook";

class Run : public testing::Test {
 protected:
  Run() {
    worlds.files.files["more.json"].contents =
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}})";
  }
  std::vector<std::string> calls(const base::Result<Plan>& plan) {
    std::vector<std::string> out;
    if (!plan) return {plan.error().message};
    for (const Action& action : plan->actions) out.push_back(nameOf(action.call) + " " + action.target);
    return out;
  }
  TwoWorlds worlds;
};

TEST_F(Run, ApplyingTwiceChangesNothingTheSecondTime) {
  worlds.run(kWish);
  EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());
}

TEST_F(Run, DestroyLeavesTheWorldAsItWas) {
  std::string before = worlds.dump();
  worlds.run(kWish);
  EXPECT_NE(worlds.dump(), before);
  worlds.run(kWish, kDestroy);
  EXPECT_EQ(worlds.dump(), before);
  EXPECT_THAT(calls(worlds.plan(kWish, kDestroy)), IsEmpty());
}

TEST_F(Run, DestroyKeepsTheBucketAndSaysSo) {
  worlds.run(kWish);
  Mode mode{Mode::Kind::Destroy, false, false};
  auto plan = worlds.plan(kWish, mode);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->notes, testing::Contains(HasSubstr("bucket " + plan->bucket + " is kept")));
  worlds.run(kWish, mode);
  EXPECT_THAT(worlds.account->dump(), HasSubstr(plan->bucket));
  worlds.run(kWish);
  EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());
}

TEST_F(Run, DayZeroNeedsNoClusterAndSaysWhatItSkips) {
  auto plan = worlds.plan(kDayZero);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->notes, ElementsAre(HasSubstr("has no cluster")));
  EXPECT_TRUE(worlds.files.files.contains("keys/edge-prod.key") == false);
  worlds.run(kDayZero);
  EXPECT_EQ(worlds.files.files.at("keys/edge-prod.key").mode, 0600u);
  EXPECT_THAT(calls(worlds.plan(kDayZero)), IsEmpty());
}

TEST_F(Run, AKeyThatIsThereIsUsedAndNeverReplaced) {
  worlds.run(kDayZero);
  std::string key = worlds.files.files.at("keys/edge-prod.key").contents;
  worlds.run(kDayZero, kDestroy);
  worlds.run(kDayZero);
  EXPECT_EQ(worlds.files.files.at("keys/edge-prod.key").contents, key);
}

TEST_F(Run, NoPlanShowsTheKey) {
  auto plan = worlds.plan(kDayZero);
  ASSERT_TRUE(plan);
  EXPECT_EQ(describe(*plan).find("PRIVATE"), std::string::npos);
  EXPECT_EQ(text::compact(toJson(*plan)).find("PRIVATE"), std::string::npos);
}

TEST_F(Run, TheClusterCanBeAddedLaterWithoutRenamingAnything) {
  worlds.run(kDayZero);
  std::string bucket = worlds.plan(kDayZero)->bucket;
  std::string withCluster = kDayZero + "cluster: {context: edge}\n";
  auto plan = worlds.plan(withCluster);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->bucket, bucket);
  for (const Action& action : plan->actions) EXPECT_FALSE(std::holds_alternative<aws::CreateBucket>(action.call));
  worlds.run(withCluster);
  EXPECT_THAT(calls(worlds.plan(withCluster)), IsEmpty());
}

TEST_F(Run, ARunThatDiesAtAnyRequestIsFinishedByTheNext) {
  worlds.run(kWish);
  int total = worlds.requests;
  ASSERT_GT(total, 20);
  for (bool losesAnswer : {false, true})
    for (int n = 1; n <= total; ++n) {
      SCOPED_TRACE((losesAnswer ? "answer lost at " : "dead at ") + std::to_string(n));
      TwoWorlds fresh;
      fresh.files = worlds.files;
      fresh.deadFrom = n;
      fresh.losesAnswer = losesAnswer;
      EXPECT_FALSE(fresh.run(kWish, {}, true).failures.empty());
      fresh.deadFrom = 0;
      fresh.run(kWish);
      EXPECT_THAT(calls(fresh.plan(kWish)), IsEmpty());
      EXPECT_EQ(text::compact(fresh.cluster.at(
                    "/api/v1/namespaces/default/serviceaccounts/s3-echoer")["metadata"]["annotations"]),
                R"({"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/s3-echoer"})");
    }
}

TEST_F(Run, ADestroyThatDiesAtAnyRequestIsFinishedByTheNext) {
  std::string before = worlds.dump();
  worlds.run(kWish);
  int applied = worlds.requests;
  worlds.run(kWish, kDestroy);
  int total = worlds.requests - applied;
  ASSERT_GT(total, 10);
  for (int n = 1; n <= total; ++n) {
    SCOPED_TRACE(n);
    worlds.run(kWish);
    worlds.requests = 0;
    worlds.deadFrom = n;
    worlds.losesAnswer = n % 2 == 0;
    worlds.run(kWish, kDestroy, true);
    worlds.deadFrom = 0;
    worlds.run(kWish, kDestroy);
    EXPECT_EQ(worlds.dump(), before);
  }
}

TEST_F(Run, DriftInEveryAwsObjectIsRepaired) {
  worlds.run(kWish);
  std::string good = worlds.account->dump();
  auto plan = worlds.plan(kWish);
  const std::string bucket = plan->bucket, owner = "111122223333", provider = plan->providerArn;
  auto harm = [&](auto call) {
    SCOPED_TRACE(encode(call).name);
    auto done = worlds.aws->call(call);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_FALSE(calls(worlds.plan(kWish)).empty());
    worlds.run(kWish);
    EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());
    EXPECT_EQ(worlds.account->dump(), good);
  };
  harm(aws::PutObject{bucket, owner, "keys.json", "{}", "text/plain", ""});
  harm(aws::DeleteObject{bucket, owner, ".well-known/openid-configuration"});
  harm(aws::PutPublicAccessBlock{bucket, owner, {true, true, false, true}});
  harm(aws::RemoveClientIDFromOpenIDConnectProvider{provider, "sts.amazonaws.com"});
  harm(aws::TagOpenIDConnectProvider{provider, {{"team", "core"}}});
  harm(aws::UpdateAssumeRolePolicy{
      "s3-echoer", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":")" + provider +
                       R"("},"Action":"sts:AssumeRoleWithWebIdentity"}]})"});
  harm(aws::UpdateRole{"s3-echoer", "irsa-anywhere edge-prod", std::chrono::hours(3)});
  harm(aws::DetachRolePolicy{"s3-echoer", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"});
  harm(aws::AttachRolePolicy{"s3-echoer", "arn:aws:iam::aws:policy/AmazonS3FullAccess"});
  harm(aws::DeleteRolePolicy{"s3-echoer", "irsa-anywhere"});
  harm(aws::PutRolePolicy{"plain", "sneaked-in",
                          R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})"});
  harm(aws::TagRole{"s3-echoer", {{"owner", "sam"}}});
}

TEST_F(Run, WhatOthersAddedToATrustPolicyOrAProviderStays) {
  worlds.run(kWish);
  auto plan = worlds.plan(kWish);
  ASSERT_TRUE(worlds.aws->call(aws::AddClientIDToOpenIDConnectProvider{plan->providerArn, "somebody-else"}));
  ASSERT_TRUE(worlds.aws->call(aws::UpdateAssumeRolePolicy{
      "plain",
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}})"}));
  EXPECT_THAT(calls(worlds.plan(kWish)), ElementsAre("iam:UpdateAssumeRolePolicy role plain"));
  worlds.run(kWish);
  EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());
  std::string trust = worlds.aws->call(aws::GetRole{"plain"})->assumeRolePolicyDocument;
  EXPECT_THAT(trust, HasSubstr(":root"));
  EXPECT_THAT(trust, HasSubstr("system:serviceaccount:default:default"));
  EXPECT_THAT(worlds.plan(kWish)->notes,
              testing::IsSupersetOf({HasSubstr("role plain also trusts others: 1 statement is kept"),
                                     HasSubstr("accepts the audience somebody-else")}));
}

TEST_F(Run, ARoleThatOthersAreTrustedWithStaysWithoutOurStatement) {
  worlds.run(kWish);
  const std::string ours = worlds.aws->call(aws::GetRole{"plain"})->assumeRolePolicyDocument;
  text::Json trust = text::parseJson(ours).value();
  trust["Statement"].push_back(
      {{"Effect", "Allow"},
       {"Principal", {{"Federated", "arn:aws:iam::111122223333:oidc-provider/other.example.com"}}},
       {"Action", "sts:AssumeRoleWithWebIdentity"}});
  ASSERT_TRUE(worlds.aws->call(aws::UpdateAssumeRolePolicy{"plain", text::compact(trust)}));
  const auto plan = worlds.plan(kWish, kDestroy);
  EXPECT_THAT(calls(plan), testing::Contains("iam:UpdateAssumeRolePolicy role plain"));
  EXPECT_THAT(calls(plan), testing::Not(testing::Contains("iam:DeleteRole role plain")));
  EXPECT_THAT(plan->notes, testing::Contains(HasSubstr("role plain stays with its permissions")));
  worlds.run(kWish, kDestroy);
  const auto left = worlds.aws->call(aws::GetRole{"plain"});
  ASSERT_TRUE(left);
  EXPECT_THAT(left->assumeRolePolicyDocument, HasSubstr("other.example.com"));
  EXPECT_THAT(left->assumeRolePolicyDocument, testing::Not(HasSubstr("serviceaccount:default:default")));
  EXPECT_THAT(calls(worlds.plan(kWish, kDestroy)), IsEmpty());
  worlds.run(kWish);
  EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());
}

TEST_F(Run, TakingAPublishedKeyAwayIsDestructiveAndSaid) {
  const auto first = crypto::SigningKey::generateEc("P-256").value(),
             second = crypto::SigningKey::generateEc("P-256").value();
  worlds.files.files["a.pub"].contents = first.publicKey().pem();
  worlds.files.files["b.pub"].contents = second.publicKey().pem();
  const std::string keys = "keys: {source: files, publicKeys: ";
  worlds.run(kWish + keys + "[a.pub]}\n");
  const auto more = worlds.plan(kWish + keys + "[a.pub, b.pub]}\n"), other = worlds.plan(kWish + keys + "[b.pub]}\n");
  ASSERT_TRUE(more && other);
  ASSERT_EQ(other->actions.size(), 2u);
  for (const Action& action : more->actions) EXPECT_FALSE(isDestructive(action)) << action.target;
  for (const Action& action : other->actions) {
    EXPECT_TRUE(isDestructive(action)) << action.target;
    EXPECT_THAT(action.reason, HasSubstr("no longer has the key " + first.publicKey().keyId()));
  }
}

TEST_F(Run, APrivateKeyOfAnotherKindThanAskedForStaysAndIsNoted) {
  worlds.run(kDayZero);
  std::string wish = kDayZero;
  wish.replace(wish.find("algorithm: ES256"), 16, "algorithm: RS256");
  const auto plan = worlds.plan(wish);
  EXPECT_THAT(calls(plan), IsEmpty());
  EXPECT_THAT(plan->notes, testing::Contains(HasSubstr("irsa keys rotate")));
}

TEST_F(Run, APrivateKeyThatIsGoneIsNeverReplacedInSilence) {
  worlds.run(kDayZero);
  std::string key = worlds.files.files.at("keys/edge-prod.key").contents;
  const std::string bucket = worlds.plan(kDayZero)->bucket;
  worlds.files.files.erase("keys/edge-prod.key");
  std::string before = worlds.dump();
  auto plan = worlds.plan(kDayZero);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "KEY_LOST");
  EXPECT_THAT(plan.error().message, HasSubstr("the issuer publishes key"));
  const auto keys = worlds.aws->call(aws::GetObject{bucket, "111122223333", "keys.json"}).value();
  ASSERT_TRUE(worlds.aws->call(aws::DeleteObject{bucket, "111122223333", "keys.json"}));
  EXPECT_EQ(worlds.plan(kDayZero).error().code, "KEY_LOST");
  ASSERT_TRUE(worlds.aws->call(
      aws::PutObject{bucket, "111122223333", "keys.json", keys.body, keys.contentType, keys.cacheControl}));
  worlds.files.files["keys/edge-prod.key"] = {key, 0600};
  EXPECT_THAT(calls(worlds.plan(kDayZero)), IsEmpty());
  EXPECT_EQ(worlds.dump(), before);
  worlds.files.files["keys/edge-prod.key"].mode = 0644;
  EXPECT_THAT(worlds.plan(kDayZero).error().hint, HasSubstr("chmod 600"));
}

TEST_F(Run, GeneratesKeysOfEverySizeAndPublishesThemTwice) {
  // One of RSA: they take their time to be found.
  for (std::string keys : {"{source: generate, bits: 3072, x5c: true}", "{source: generate, algorithm: ES256}",
                           "{source: generate, algorithm: ES256, x5c: true}"}) {
    SCOPED_TRACE(keys);
    TwoWorlds fresh;
    std::string wish = kDayZero;
    wish.replace(wish.find("{source"), std::string("{source: generate, algorithm: ES256}").size(), keys);
    fresh.run(wish);
    EXPECT_THAT(calls(fresh.plan(wish)), IsEmpty());
    const std::string bucket = fresh.plan(wish)->bucket;
    auto first = fresh.aws->call(aws::GetObject{bucket, "111122223333", "keys.json"});
    auto second = fresh.aws->call(aws::GetObject{bucket, "111122223333", "openid/v1/jwks"});
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->body, second->body);
    EXPECT_EQ(first->contentType, "application/json");
    EXPECT_EQ(first->cacheControl, "public, max-age=300");
    auto jwks = oidc::parseJwks(first->body);
    ASSERT_TRUE(jwks);
    ASSERT_EQ(jwks->keys.size(), 1u);
    EXPECT_EQ(jwks->keys[0].x5c.size(), keys.find("x5c") == std::string::npos ? 0u : 1u);
    EXPECT_EQ(jwks->keys[0].key.bits(), keys.find("3072") != std::string::npos ? 3072 : 256);
  }
}

TEST_F(Run, CertifiesTheClustersKeysOnceWithoutTheirPrivateHalf) {
  const std::string wish = kWish + "keys: {x5c: true}\n";
  worlds.run(wish);
  EXPECT_THAT(calls(worlds.plan(wish)), IsEmpty());
  auto document = worlds.aws->call(aws::GetObject{worlds.plan(wish)->bucket, "111122223333", "keys.json"});
  ASSERT_TRUE(document);
  auto jwks = oidc::parseJwks(document->body);
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->keys.at(0).x5c.size(), 1u);
}

TEST_F(Run, PublishesTheKeysOfFilesAndOfASecretOfClusterApi) {
  auto first = crypto::SigningKey::generateEc("P-256").value(),
       second = crypto::SigningKey::generateEc("P-384").value();
  worlds.files.files["sa.pub"].contents = first.publicKey().pem();
  worlds.cluster.put("/api/v1/namespaces/eksa-system/secrets/edge-sa",
                     {{"kind", "Secret"}, {"data", {{"tls.crt", text::base64(second.publicKey().pem())}}}});
  std::string wish = kWish + "keys: {source: files, publicKeys: [sa.pub], secret: eksa-system/edge-sa}\n";
  worlds.run(wish);
  auto plan = worlds.plan(wish);
  EXPECT_THAT(calls(plan), IsEmpty());
  auto jwks = oidc::parseJwks(worlds.aws->call(aws::GetObject{plan->bucket, "111122223333", "keys.json"})->body);
  ASSERT_TRUE(jwks);
  ASSERT_EQ(jwks->keys.size(), 2u);
  EXPECT_EQ(jwks->keys[0].kid, first.publicKey().keyId());
  EXPECT_EQ(jwks->keys[1].kid, second.publicKey().keyId());
}

TEST_F(Run, WritesTheDocumentsIntoAFolderForAnyHost) {
  std::string wish = kDayZero + "issuer: {hosting: directory, url: \"https://id.example.com/edge\", directory: out}\n";
  auto plan = worlds.plan(wish, {.phases = {Phase::Issuer}});
  ASSERT_TRUE(plan) << plan.error().message;
  World world = worlds.view();
  applyPlan(*plan, world, {}, [](const Event&) {});
  EXPECT_TRUE(worlds.files.files.contains("out/openid/v1/jwks"));
  EXPECT_THAT(worlds.files.files.at("out/.well-known/openid-configuration").contents,
              HasSubstr("\"jwks_uri\": \"https://id.example.com/edge/keys.json\""));
  EXPECT_THAT(calls(worlds.plan(wish, {.phases = {Phase::Issuer}})), IsEmpty());
  worlds.files.files.at("out/keys.json").contents = "{}";
  EXPECT_THAT(calls(worlds.plan(wish, {.phases = {Phase::Issuer}})), ElementsAre("file:Write file out/keys.json"));
}

TEST_F(Run, TheNumberOfCallsItTookToLookIsInThePlan) {
  worlds.run(kDayZero);
  auto plan = worlds.plan(kDayZero);
  // identity, providers and ours, bucket with three settings and three documents, roles, ours and three lists of it
  EXPECT_EQ(plan->awsCalls, 14u);
}

TEST_F(Run, PhasesThatAreSkippedAreNotLookedAt) {
  auto plan = worlds.plan(kWish, {.phases = {Phase::Roles}});
  ASSERT_TRUE(plan);
  EXPECT_THAT(calls(plan), testing::Each(HasSubstr(" role ")));
  EXPECT_THAT(plan->notes, testing::Contains("not looked at: issuer, provider, apiserver, webhook, bindings"));
  worlds.cluster.forbidden.insert("/openid/v1/jwks");
  EXPECT_TRUE(worlds.plan(kWish, {.phases = {Phase::Roles, Phase::Bindings}}));
  EXPECT_FALSE(worlds.plan(kWish));
}

TEST_F(Run, DriftInEveryKubernetesObjectIsRepaired) {
  worlds.run(kWish);
  std::string good = worlds.cluster.dump();
  for (std::string path : {"/api/v1/namespaces/irsa-system/serviceaccounts/irsa-webhook",
                           "/api/v1/namespaces/irsa-system/secrets/irsa-webhook",
                           "/apis/coordination.k8s.io/v1/namespaces/irsa-system/leases/irsa-webhook",
                           "/apis/networking.k8s.io/v1/namespaces/irsa-system/networkpolicies/irsa-webhook",
                           "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/irsa-guard",
                           "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/irsa-guard",
                           "/apis/rbac.authorization.k8s.io/v1/namespaces/irsa-system/roles/irsa-webhook",
                           "/apis/rbac.authorization.k8s.io/v1/namespaces/irsa-system/rolebindings/irsa-webhook",
                           "/apis/rbac.authorization.k8s.io/v1/clusterroles/irsa-webhook",
                           "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/irsa-webhook",
                           "/api/v1/namespaces/irsa-system/services/irsa-webhook",
                           "/apis/apps/v1/namespaces/irsa-system/deployments/irsa-webhook",
                           "/apis/policy/v1/namespaces/irsa-system/poddisruptionbudgets/irsa-webhook",
                           "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/irsa-webhook"}) {
    SCOPED_TRACE(path);
    ASSERT_TRUE(worlds.kube->remove(path));
    EXPECT_THAT(calls(worlds.plan(kWish)), testing::SizeIs(1));
    worlds.run(kWish);
    EXPECT_EQ(worlds.cluster.dump(), good);
  }
  worlds.cluster.at("/apis/apps/v1/namespaces/irsa-system/deployments/irsa-webhook")["spec"]["replicas"] = 0;
  worlds.cluster.at(kConfiguration)["webhooks"][1]["failurePolicy"] = "Ignore";
  worlds.cluster.at("/api/v1/namespaces/default/serviceaccounts/s3-echoer")["metadata"].erase("annotations");
  EXPECT_THAT(calls(worlds.plan(kWish)), testing::SizeIs(3));
  worlds.run(kWish);
  EXPECT_EQ(worlds.cluster.dump(), good);
}

TEST_F(Run, WhatTheWebhookWritesIsNoDriftAndSurvivesRepairs) {
  worlds.run(kWish);
  auto update = [&](const std::string& path, const std::function<void(text::Json&)>& change) {
    text::Json object = worlds.kube->get(path).value();
    change(object);
    ASSERT_TRUE(worlds.kube->update(path, object));
  };
  update("/api/v1/namespaces/irsa-system/secrets/irsa-webhook",
         [](text::Json& secret) { secret["data"]["ca.crt"] = "Y2E="; });
  update("/apis/coordination.k8s.io/v1/namespaces/irsa-system/leases/irsa-webhook",
         [](text::Json& lease) { lease["spec"]["holderIdentity"] = "irsa-webhook-0"; });
  update(kConfiguration, [](text::Json& configuration) {
    for (text::Json& entry : configuration["webhooks"]) entry["clientConfig"]["caBundle"] = "Y2E=";
  });
  EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());

  for (text::Json& entry : worlds.cluster.at(kConfiguration)["webhooks"]) entry["timeoutSeconds"] = 30;
  EXPECT_THAT(calls(worlds.plan(kWish)), ElementsAre("kubernetes:Apply MutatingWebhookConfiguration irsa-webhook"));
  worlds.run(kWish);
  for (const text::Json& entry : worlds.cluster.at(kConfiguration)["webhooks"]) {
    EXPECT_EQ(entry["timeoutSeconds"], 5);
    EXPECT_EQ(entry["clientConfig"]["caBundle"], "Y2E=");
  }
}

TEST_F(Run, TheGuardGoesWhenItIsNotWanted) {
  worlds.run(kWish);
  std::string without = kWish + "webhook: {guard: false}\n";
  EXPECT_THAT(calls(worlds.plan(without)),
              ElementsAre("kubernetes:Delete ValidatingAdmissionPolicy irsa-guard",
                          "kubernetes:Delete ValidatingAdmissionPolicyBinding irsa-guard"));
  worlds.run(without);
  EXPECT_THAT(calls(worlds.plan(without)), IsEmpty());
}

TEST_F(Run, AnApiServerThatKnowsNoGuardGetsNoneAndANoteSaysSo) {
  worlds.cluster.servesGuard = false;
  auto plan = worlds.plan(kWish);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->notes, testing::Contains(HasSubstr("has no ValidatingAdmissionPolicy")));
  EXPECT_THAT(calls(plan), testing::Each(testing::Not(HasSubstr("irsa-guard"))));
  EXPECT_THAT(worlds.plan(kWish + "webhook: {guard: false}\n")->notes, IsEmpty());
}

TEST_F(Run, TheGuardIsTheFirstOfTheWebhooksObjectsToGo) {
  worlds.run(kWish);
  std::vector<std::string> gone = calls(worlds.plan(kWish, kDestroy));
  auto at = [&](const std::string& target) {
    return std::find(gone.begin(), gone.end(), "kubernetes:Delete " + target) - gone.begin();
  };
  EXPECT_LT(at("ValidatingAdmissionPolicyBinding irsa-guard"), at("MutatingWebhookConfiguration irsa-webhook"));
  EXPECT_LT(at("MutatingWebhookConfiguration irsa-webhook"), at("Deployment irsa-system/irsa-webhook"));
  EXPECT_LT(at("Deployment irsa-system/irsa-webhook"), at("Namespace irsa-system"));
  EXPECT_LT(at("Namespace irsa-system"), std::ptrdiff_t(gone.size()));
}

TEST_F(Run, TheNetworkPolicyFollowsTheApiServersPort) {
  worlds.cluster.put("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes",
                     text::Json{{"kind", "EndpointSlice"}, {"ports", text::Json::array({{{"port", 16443}}})}});
  worlds.run(kWish);
  EXPECT_THAT(worlds.cluster.dump(), HasSubstr("\"port\": 16443"));
  EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());
}

TEST_F(Run, ABindingThatIsDroppedTakesItsRoleAndAnnotationAway) {
  worlds.run(kWish);
  std::string less = kWish.substr(0, kWish.find("- serviceAccount: default/default")) + "tags: {team: edge}\n";
  EXPECT_THAT(calls(worlds.plan(less)),
              ElementsAre("kubernetes:Patch ServiceAccount default/default", "iam:DeleteRole role plain"));
  worlds.run(less);
  EXPECT_TRUE(worlds.cluster.has("/api/v1/namespaces/default/serviceaccounts/default"));
  EXPECT_EQ(worlds.cluster.at("/api/v1/namespaces/default/serviceaccounts/default")["metadata"].count("annotations"),
            0u);
}

TEST_F(Run, ForeignObjectsAreNamedAndLeftAloneUnlessAdopted) {
  ASSERT_TRUE(worlds.aws->call(aws::CreateRole{
      .roleName = "plain",
      .assumeRolePolicyDocument =
          R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]})"}));
  worlds.cluster.at(
      "/api/v1/namespaces/default/serviceaccounts/default")["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] =
      "arn:aws:iam::111122223333:role/other";
  std::string before = worlds.dump();
  auto plan = worlds.plan(kWish);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, base::ErrorKind::Conflict);
  EXPECT_THAT(plan.error().message, HasSubstr("role plain"));
  EXPECT_THAT(plan.error().message, HasSubstr("ServiceAccount default/default"));
  EXPECT_THAT(plan.error().hint, HasSubstr("--adopt"));
  EXPECT_EQ(worlds.dump(), before);
  worlds.run(kWish, {Mode::Kind::Apply, false, true});
  EXPECT_THAT(calls(worlds.plan(kWish)), IsEmpty());
}

TEST_F(Run, AnotherAccountOrClusterOrIssuerIsRefused) {
  std::string other = kWish;
  other.replace(other.find("{region: us-west-2}"), 19, "{region: us-west-2, accountId: \"999999999999\"}");
  auto refused = worlds.plan(other);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("account 111122223333"));

  worlds.run(kWish);
  worlds.cluster.at("/api/v1/namespaces/kube-system")["metadata"]["uid"] = "another";
  refused = worlds.plan(kWish);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("belongs to another cluster"));
  worlds.cluster.at("/api/v1/namespaces/kube-system")["metadata"]["uid"] = "uid-of-kube-system";

  refused = worlds.plan(kWish + "issuer: {prefix: moved}\n");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("every token that is in use would be refused"));
}

TEST_F(Run, WhatCouldNotBeLookedAtIsNoAbsence) {
  worlds.run(kWish);
  worlds.keys.secretAccessKey = "wrong";
  auto plan = worlds.plan(kWish);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "SignatureDoesNotMatch");
  EXPECT_FALSE(plan.error().hint.empty());
}

TEST_F(Run, ADestroyThatCannotDeleteTheProviderKeepsTheBucket) {
  worlds.run(kWish);
  auto plan = worlds.plan(kWish, kDestroy);
  ASSERT_TRUE(plan);
  for (Action& action : plan->actions)
    if (auto* call = std::get_if<aws::DeleteOpenIDConnectProvider>(&action.call)) call->arn = "no arn at all";
  World world = worlds.view();
  Outcome outcome = applyPlan(*plan, world, kDestroy, [](const Event&) {});
  ASSERT_EQ(outcome.failures.size(), 1u);
  EXPECT_THAT(outcome.failures[0].target, HasSubstr("OIDC provider"));
  EXPECT_THAT(outcome.left, testing::Contains("bucket " + plan->bucket));
  EXPECT_THAT(worlds.account->dump(), HasSubstr(plan->bucket));
}

}  // namespace
}  // namespace setup
