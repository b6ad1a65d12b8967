#include "setup/republisher_objects.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "setup/desired.h"
#include "setup/permissions.h"
#include "setup/two_worlds.h"

namespace setup {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using text::Json;

const std::string kAccount = "111122223333";
const std::string kWish = R"(apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: us-west-2}
cluster: {context: edge}
issuer: {republish: true}
bindings:
- serviceAccount: default/s3-echoer
  role: {name: s3-echoer}
)";
const std::string kFront = [] {
  std::string wish = kWish;
  return wish.replace(wish.find("{republish: true}"), 17, "{hosting: cloudfront, republish: true}");
}();
const std::string kWithout = [] {
  std::string wish = kWish;
  return wish.replace(wish.find("issuer: {republish: true}\n"), 26, "");
}();
const std::string kDeployment = "/apis/apps/v1/namespaces/irsa-system/deployments/irsa-republisher";
const std::string kConfigMap = "/api/v1/namespaces/irsa-system/configmaps/irsa-republisher";

class Republisher : public testing::Test {
 protected:
  Configuration parsed(const std::string& wish) {
    auto configuration = parseConfiguration(wish, "irsa.yaml", worlds.files);
    EXPECT_TRUE(configuration) << configuration.error().message;
    return *configuration;
  }
  std::map<std::string, Json> byTarget(const std::string& wish, int apiServerPort = 0) {
    std::map<std::string, Json> out;
    for (KubernetesObject& object :
         republisherObjects(republisherWishOf(parsed(wish), kAccount, "arn:aws:iam::1:role/r", apiServerPort)))
      out[object.target] = std::move(object.object);
    return out;
  }
  std::vector<std::string> calls(const std::string& wish, const Mode& mode = {}) {
    auto plan = worlds.plan(wish, mode);
    if (!plan) return {plan.error().message};
    std::vector<std::string> out;
    for (const Action& action : plan->actions) out.push_back(nameOf(action.call) + " " + action.target);
    return out;
  }
  std::string inlinePolicy() {
    auto found = worlds.aws->call(aws::GetRolePolicy{"edge-prod-republisher", "irsa-anywhere"});
    return found ? *found : found.error().message;
  }
  std::vector<std::string> kids() {
    auto document = worlds.aws->call(aws::GetObject{worlds.plan(kWish)->bucket, kAccount, "keys.json"});
    auto jwks = document ? oidc::parseJwks(document->body) : base::Result<oidc::Jwks>(document.error());
    std::vector<std::string> out;
    for (const oidc::Jwk& key : jwks ? jwks->keys : std::vector<oidc::Jwk>()) out.push_back(key.kid);
    return out;
  }
  // The API server has another key from now on.
  std::string rotate() {
    const auto key = crypto::SigningKey::generateEc("P-256").value().publicKey();
    worlds.cluster.jwks = text::compact(oidc::render(oidc::jwksOf({key})));
    return key.keyId();
  }
  TwoWorlds worlds;
};

std::vector<std::string> rulesOf(const Json& role) {
  std::vector<std::string> out;
  for (const Json& rule : role["rules"]) {
    std::string line;
    for (const Json& verb : rule["verbs"]) line += verb.get<std::string>() + " ";
    for (const char* list : {"resources", "resourceNames", "nonResourceURLs"})
      for (const Json& item : text::at(rule, list)) line += item.get<std::string>() + " ";
    out.push_back(line);
  }
  return out;
}

TEST_F(Republisher, MayReadKeysAndKeepItsLeaseAndNothingElse) {
  auto objects = byTarget(kWish);
  EXPECT_THAT(rulesOf(objects["ClusterRole irsa-republisher"]),
              ElementsAre("get namespaces kube-system ", "get /openid/v1/jwks "));
  EXPECT_THAT(rulesOf(objects["Role irsa-system/irsa-republisher"]),
              ElementsAre("get update patch leases irsa-republisher "));
  EXPECT_THAT(rulesOf(objects["Role default/irsa-republisher"]), ElementsAre("list endpointslices "));
  for (const char* binding : {"ClusterRoleBinding irsa-republisher", "RoleBinding irsa-system/irsa-republisher",
                              "RoleBinding default/irsa-republisher"}) {
    SCOPED_TRACE(binding);
    EXPECT_EQ(text::compact(objects[binding]["subjects"]),
              R"([{"kind":"ServiceAccount","name":"irsa-republisher","namespace":"irsa-system"}])");
    EXPECT_EQ(objects[binding]["roleRef"]["name"], "irsa-republisher");
  }
  EXPECT_FALSE(objects["ServiceAccount irsa-system/irsa-republisher"]["metadata"].contains("annotations"));
}

TEST_F(Republisher, RunsAsTheProgramReadsIt) {
  const Json spec = byTarget(kWish)["Deployment irsa-system/irsa-republisher"]["spec"]["template"]["spec"];
  const Json& container = spec["containers"][0];
  EXPECT_EQ(text::compact(container["command"]), R"(["/irsa"])");
  EXPECT_EQ(text::compact(container["args"]),
            R"(["issuer","publish","--watch","--file=/etc/irsa/irsa.yaml","--metrics=[::]:9999"])");
  std::map<std::string, std::string> environment;
  for (const Json& one : container["env"]) environment[one["name"]] = one["value"];
  EXPECT_EQ(environment["AWS_ROLE_ARN"], "arn:aws:iam::1:role/r");
  EXPECT_EQ(environment["AWS_REGION"], "us-west-2");
  const std::string token = environment["AWS_WEB_IDENTITY_TOKEN_FILE"];
  EXPECT_TRUE(token.starts_with(container["volumeMounts"][1]["mountPath"].get<std::string>())) << token;
  EXPECT_EQ(text::compact(spec["volumes"][1]["projected"]["sources"][0]["serviceAccountToken"]),
            R"({"audience":"sts.amazonaws.com","expirationSeconds":600,"path":"token"})");
  EXPECT_EQ(spec["securityContext"]["runAsNonRoot"], true);
  EXPECT_EQ(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
  EXPECT_EQ(container["securityContext"]["readOnlyRootFilesystem"], true);
  EXPECT_EQ(container["securityContext"]["capabilities"]["drop"], Json::array({"ALL"}));
  EXPECT_EQ(container["livenessProbe"]["httpGet"]["path"], "/livez");
}

TEST_F(Republisher, ItsConfigurationSaysTheSameIssuerAndNoOtherPlace) {
  const std::string end = "bindings: []\ntags: {team: edge}\n";
  const std::string head =
      "apiVersion: irsa-anywhere/v1\nname: edge-prod\ncluster: {kubeconfig: mine/config, context: edge}\n";
  worlds.files.files["roots.pem"].contents = "-----BEGIN CERTIFICATE-----\n";
  for (const std::string& middle :
       {std::string("aws: {region: us-west-2, profile: me}\nissuer: {republish: true}\n"),
        std::string(
            "aws: {region: cn-north-1}\nissuer: {republish: true, bucket: mine, prefix: a/b}\nkeys: {x5c: true}\n"),
        std::string(
            "aws: {region: us-west-2, endpoint: \"http://192.0.2.1:9000\", caFile: roots.pem}\nissuer: {republish: "
            "true, url: \"https://s3.us-west-2.amazonaws.com/mine\", bucket: mine}\nwebhook: {namespace: other}\n"),
        std::string("aws: {region: us-west-2}\nissuer: {republish: true, bucketNamespace: account-regional}\n"),
        std::string("aws: {region: us-west-2}\nissuer: {hosting: cloudfront, republish: true, domain: id.example.com, "
                    "certificate: "
                    "\"arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000\"}\n")}) {
    SCOPED_TRACE(middle);
    const Configuration mine = parsed(head + middle + end);
    support::MemoryFiles pod;
    pod.files["/etc/irsa/ca.crt"].contents = mine.aws.roots;
    const std::string file = republisherConfiguration(mine, kAccount);
    auto theirs = parseConfiguration(file, "/etc/irsa/irsa.yaml", pod);
    ASSERT_TRUE(theirs) << theirs.error().message << file;
    const aws::Partition partition = *aws::partitionOf(mine.aws.region);
    const Identifiers want = identifiersOf(mine, partition, kAccount),
                      got = identifiersOf(*theirs, partition, kAccount);
    EXPECT_EQ(got.issuer, want.issuer);
    EXPECT_EQ(got.bucket, want.bucket);
    EXPECT_EQ(theirs->issuer.prefix, mine.issuer.prefix);
    EXPECT_EQ(theirs->keys.x5c, mine.keys.x5c);
    EXPECT_EQ(theirs->webhook.nameSpace, mine.webhook.nameSpace);
    EXPECT_EQ(theirs->aws.accountId, kAccount);
    EXPECT_EQ(theirs->aws.s3Endpoint, mine.aws.s3Endpoint);
    EXPECT_EQ(theirs->aws.stsEndpoint, mine.aws.stsEndpoint);
    EXPECT_TRUE(theirs->issuer.republish);
    EXPECT_EQ(theirs->keys.source, KeySource::Cluster);
    EXPECT_THAT(file, Not(HasSubstr("mine/config")));
    EXPECT_THAT(file, Not(HasSubstr("profile")));
  }
}

TEST_F(Republisher, TheRootsOfOtherEndpointsLieBesideItsConfiguration) {
  worlds.files.files["roots.pem"].contents = "-----BEGIN CERTIFICATE-----\n";
  std::string wish = kWish;
  wish.replace(wish.find("{region: us-west-2}"), 19, "{region: us-west-2, caFile: roots.pem}");
  EXPECT_EQ(byTarget(wish)["ConfigMap irsa-system/irsa-republisher"]["data"]["ca.crt"],
            "-----BEGIN CERTIFICATE-----\n");
  EXPECT_FALSE(byTarget(kWish)["ConfigMap irsa-system/irsa-republisher"]["data"].contains("ca.crt"));
}

TEST_F(Republisher, IsLetOutToTheApiServersTheNameServersAndAws) {
  auto ports = [&](const std::string& wish, int apiServerPort) {
    std::vector<int> out;
    const Json policy = byTarget(wish, apiServerPort)["NetworkPolicy irsa-system/irsa-republisher"];
    for (const Json& port : policy["spec"]["egress"][0]["ports"]) out.push_back(port["port"]);
    return out;
  };
  EXPECT_THAT(ports(kWish, 6443), ElementsAre(53, 53, 443, 6443));
  std::string wish = kWish;
  wish.replace(wish.find("{region: us-west-2}"), 19, "{region: us-west-2, endpoint: \"http://192.0.2.1:9000\"}");
  EXPECT_THAT(ports(wish, 16443), ElementsAre(53, 53, 443, 6443, 9000, 16443));
}

TEST_F(Republisher, AppliedTwiceItChangesNothingAndDestroyLeavesNothing) {
  const std::string before = worlds.dump();
  worlds.run(kWish);
  EXPECT_TRUE(worlds.cluster.has(kDeployment));
  EXPECT_THAT(worlds.cluster.at(kDeployment).dump(), HasSubstr("arn:aws:iam::111122223333:role/edge-prod-republisher"));
  EXPECT_THAT(calls(kWish), IsEmpty());
  worlds.run(kWish, kDestroy);
  EXPECT_EQ(worlds.dump(), before);
}

TEST_F(Republisher, SwitchedOffItGoesWithItsRole) {
  worlds.run(kWithout);
  const std::string without = worlds.dump();
  worlds.run(kWish);
  EXPECT_THAT(calls(kWithout),
              AllOf(Contains("iam:DeleteRole role edge-prod-republisher"),
                    Contains("kubernetes:Delete Deployment irsa-system/irsa-republisher"),
                    Contains("kubernetes:Delete Lease irsa-system/irsa-republisher"), Each(HasSubstr("republisher"))));
  worlds.run(kWithout);
  EXPECT_EQ(worlds.dump(), without);
}

TEST_F(Republisher, DriftInEachOfItsObjectsIsRepaired) {
  worlds.run(kWish);
  const std::string good = worlds.dump();
  std::size_t count = 0;
  for (const KubernetesObject& object : republisherObjects({.nameSpace = "irsa-system"})) {
    SCOPED_TRACE(object.target);
    ASSERT_TRUE(worlds.kube->remove(object.path));
    EXPECT_THAT(calls(kWish), ElementsAre("kubernetes:Apply " + object.target));
    worlds.run(kWish);
    EXPECT_EQ(worlds.dump(), good);
    ++count;
  }
  EXPECT_EQ(count, 11u);
  ASSERT_TRUE(worlds.aws->call(
      aws::PutRolePolicy{"edge-prod-republisher", "irsa-anywhere",
                         R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})"}));
  EXPECT_THAT(calls(kWish), ElementsAre("iam:PutRolePolicy role edge-prod-republisher"));
}

TEST_F(Republisher, WhatThePodWritesIntoTheLeaseIsNoDrift) {
  worlds.run(kWish);
  Json& lease = worlds.cluster.at("/apis/coordination.k8s.io/v1/namespaces/irsa-system/leases/irsa-republisher");
  lease["spec"]["holderIdentity"] = "irsa-republisher-0/1";
  lease["metadata"]["annotations"]["irsa-anywhere/retired-keys"] = "{}";
  EXPECT_THAT(calls(kWish), IsEmpty());
}

TEST_F(Republisher, AnotherConfigurationIsAnotherPod) {
  worlds.run(kWish);
  std::string wish = kWish;
  wish.replace(wish.find("{region: us-west-2}"), 19,
               "{region: us-west-2, endpoints: {sts: \"https://sts.example.com\"}}");
  EXPECT_THAT(calls(wish), ElementsAre("kubernetes:Apply ConfigMap irsa-system/irsa-republisher",
                                       "kubernetes:Apply Deployment irsa-system/irsa-republisher"));
}

TEST_F(Republisher, ItsRoleLetsItsAccountInAndMayWriteTheDocumentsAlone) {
  worlds.run(kWish);
  const std::string bucket = worlds.plan(kWish)->bucket;
  const std::string trust = worlds.aws->call(aws::GetRole{"edge-prod-republisher"})->assumeRolePolicyDocument;
  EXPECT_THAT(trust, AllOf(HasSubstr(":sub\":\"system:serviceaccount:irsa-system:irsa-republisher\""),
                           HasSubstr(":aud\":\"sts.amazonaws.com\""), Not(HasSubstr("*"))));
  const std::string place = "arn:aws:s3:::" + bucket;
  EXPECT_EQ(inlinePolicy(),
            R"({"Version":"2012-10-17","Statement":[{"Sid":"Bucket","Effect":"Allow","Action":["s3:ListBucket",)"
            R"("s3:GetBucketTagging","s3:GetBucketPublicAccessBlock","s3:GetBucketPolicy"],"Resource":")" +
                place +
                R"("},{"Sid":"Documents","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":[")" +
                place + "/keys.json\",\"" + place + "/openid/v1/jwks\",\"" + place +
                R"(/.well-known/openid-configuration"]}]})");
}

TEST_F(Republisher, BehindCloudFrontItMayInvalidateItsOneDistribution) {
  worlds.run(kFront);
  EXPECT_THAT(calls(kFront), IsEmpty());
  auto listed = worlds.aws->call(aws::ListDistributions{});
  ASSERT_TRUE(listed && listed->items.size() == 1);
  EXPECT_THAT(inlinePolicy(),
              AllOf(HasSubstr(R"("cloudfront:CreateInvalidation"],"Resource":")" + listed->items[0].arn + "\""),
                    Not(HasSubstr("UpdateDistribution")), Not(HasSubstr("distribution/*"))));
}

TEST_F(Republisher, TheOperatorsPolicyHasItsRole) {
  const Configuration configuration = parsed(kWish);
  const Identifiers names = identifiersOf(configuration, *aws::partitionOf("us-west-2"), kAccount);
  const std::string policy = text::compact(permissionPolicy(configuration, names, kAccount, {}));
  EXPECT_THAT(policy, AllOf(HasSubstr("role/edge-prod-republisher"), HasSubstr("iam:PutRolePolicy")));
}

TEST_F(Republisher, ApplyAddsKeysAndLeavesTakingThemOutToIt) {
  worlds.run(kWish);
  const std::string first = kids().at(0);
  const std::string second = rotate();
  EXPECT_THAT(calls(kWish), Contains(HasSubstr("/keys.json")));
  worlds.run(kWish);
  EXPECT_THAT(kids(), ElementsAre(first, second));
  EXPECT_THAT(calls(kWish), IsEmpty());
  worlds.run(kWithout);
  EXPECT_THAT(kids(), ElementsAre(second));
}

TEST_F(Republisher, ApplyMendsADocumentThatSomebodyHarmed) {
  worlds.run(kWish);
  const std::string kid = kids().at(0), bucket = worlds.plan(kWish)->bucket;
  const auto good = worlds.aws->call(aws::GetObject{bucket, kAccount, "keys.json"});
  ASSERT_TRUE(good);
  oidc::Jwks harmed = oidc::jwksOf({crypto::SigningKey::generateEc("P-256").value().publicKey()});
  harmed.keys.push_back(harmed.keys[0]);
  harmed.keys[0].kid = kid;  // somebody else's key under the name of ours
  harmed.keys[1].kid = "";
  ASSERT_TRUE(worlds.aws->call(aws::PutObject{bucket, kAccount, "keys.json", text::compact(oidc::render(harmed)),
                                              good->contentType, good->cacheControl, ""}));
  EXPECT_THAT(calls(kWish), ElementsAre("s3:PutObject s3://" + bucket + "/keys.json"));
  worlds.run(kWish);
  EXPECT_EQ(worlds.aws->call(aws::GetObject{bucket, kAccount, "keys.json"})->body, good->body);
}

TEST_F(Republisher, PublishingWritesDocumentsAndMendsNothingElse) {
  worlds.run(kWish);
  const std::string bucket = worlds.plan(kWish)->bucket;
  ASSERT_TRUE(worlds.aws->call(aws::PutBucketTagging{bucket, kAccount, {{"irsa-anywhere/name", "edge-prod"}}}));
  rotate();
  Mode mode{.phases = {Phase::Issuer}, .documentsOnly = true};
  mode.keys = *oidc::parseJwks(worlds.cluster.jwks);
  EXPECT_THAT(calls(kWish, mode), AllOf(testing::SizeIs(2), Each(HasSubstr("s3:PutObject"))));
  worlds.run(kWish, mode);
  EXPECT_EQ(kids().size(), 1u);
  EXPECT_THAT(calls(kWish), ElementsAre("s3:PutBucketTagging bucket " + bucket));
}

TEST_F(Republisher, PublishingInvalidatesWhatCloudFrontKeeps) {
  worlds.run(kFront);
  rotate();
  Mode mode{.phases = {Phase::Issuer}, .documentsOnly = true};
  mode.keys = *oidc::parseJwks(worlds.cluster.jwks);
  EXPECT_THAT(calls(kFront, mode), Contains(HasSubstr("cloudfront:CreateInvalidation")));
}

TEST_F(Republisher, WithoutABucketOrDistributionThereIsNothingToPublishInto) {
  Mode mode{.phases = {Phase::Issuer}, .documentsOnly = true};
  for (const std::string& wish : {kWish, kFront}) {
    auto plan = worlds.plan(wish, mode);
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().message, HasSubstr("does not exist"));
    EXPECT_THAT(plan.error().hint, HasSubstr("irsa apply"));
  }
}

}  // namespace
}  // namespace setup
