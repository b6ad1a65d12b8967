#include "admission/mutate.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>

#include "admission/patch_check.h"
#include "admission/webhook_fixture.h"
#include "support/injected_pod.h"
#include "support/json_patch.h"

namespace {

using admission::Identity;
using admission::Mutator;
using admission::Settings;
using testing::ElementsAre;
using testing::HasSubstr;
using text::Json;

const Identity kIdentity{"arn:aws:iam::111122223333:role/r", "sts.amazonaws.com", 3600, true};

// Numbers that no program's own could hold, in the place of a text that stands for them; a patch has none of them.
const std::pair<std::string, std::string> kNumbers[] = {{"\"@huge@\"", "1e400"},
                                                        {"\"@long@\"", "123456789012345678901234567890"},
                                                        {"\"@small@\"", "-0.1e-999"},
                                                        {"\"@exact@\"", "10.00"}};

std::string withNumbersThatNobodyReads(std::string review) {
  for (const auto& [text, number] : kNumbers)
    for (std::size_t at; (at = review.find(text)) != std::string::npos;) review.replace(at, text.size(), number);
  return review;
}

// The patch for a pod, as text; empty when there is nothing to do.
struct Injected {
  std::string patch;
  std::vector<std::string> warnings;
  Json pod;  // after the patch
};

Injected inject(const Json& pod, const Settings& settings = {}, const Identity& identity = kIdentity,
                bool agent = false) {
  kube::ReviewReader reader(settings.annotationPrefix + "/");
  const std::string review = withNumbersThatNobodyReads(support::reviewOf(pod));
  EXPECT_TRUE(reader.read(review)) << reader.reason() << review;
  Mutator mutator(settings, [](std::size_t count) { return std::string(count, '\0'); });
  const bool done = agent ? mutator.injectContainerCredentials(reader.review(), identity)
                          : mutator.injectWebIdentity(reader.review(), identity);
  EXPECT_EQ(done, !mutator.patch().empty());
  Injected out{std::string(mutator.patch()), mutator.warnings(), pod};
  if (!done) return out;
  EXPECT_TRUE(admission::isSoundPatch(out.patch, reader.review())) << out.patch;
  base::Result<Json> patched = support::applyPatch(pod, out.patch);
  EXPECT_TRUE(patched) << patched.error().message << out.patch;
  if (patched) out.pod = *patched;
  return out;
}

Json podOf(const std::string& text) { return Json::parse(text); }

std::vector<std::string> envNames(const Json& container) {
  std::vector<std::string> names;
  for (const Json& variable : text::at(container, "env")) names.push_back(text::stringAt(variable, "name"));
  return names;
}

TEST(Mutate, B06_BringsVolumeVariablesAndMountToABarePod) {
  Settings settings;
  settings.defaultRegion = "us-west-2";
  const Injected out = inject(podOf(R"({"spec":{"serviceAccountName":"a","containers":[{"name":"c"}]}})"), settings);
  EXPECT_EQ(
      out.pod.dump(),
      R"({"spec":{"serviceAccountName":"a","containers":[{"name":"c","env":[)"
      R"({"name":"AWS_STS_REGIONAL_ENDPOINTS","value":"regional"},{"name":"AWS_DEFAULT_REGION","value":"us-west-2"},)"
      R"({"name":"AWS_REGION","value":"us-west-2"},{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::111122223333:role/r"},)"
      R"({"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}],)"
      R"("volumeMounts":[{"name":"aws-iam-token","readOnly":true,)"
      R"("mountPath":"/var/run/secrets/eks.amazonaws.com/serviceaccount"}]}],)"
      R"("volumes":[{"name":"aws-iam-token","projected":{"sources":[{"serviceAccountToken":)"
      R"({"audience":"sts.amazonaws.com","expirationSeconds":3600,"path":"token"}}]}}]}})");
  EXPECT_THAT(out.warnings, testing::IsEmpty());
}

TEST(Mutate, PutsTheVolumeFirstAndMountsAndVariablesLast) {
  const Injected out =
      inject(podOf(R"({"spec":{"volumes":[{"name":"v"}],"containers":[{"name":"c","env":[{"name":"A"}],)"
                   R"("volumeMounts":[{"name":"v","mountPath":"/v"}]}]}})"));
  EXPECT_EQ(out.pod["spec"]["volumes"][0]["name"], "aws-iam-token");
  EXPECT_EQ(out.pod["spec"]["volumes"][1]["name"], "v");
  EXPECT_EQ(out.pod["spec"]["containers"][0]["env"][0]["name"], "A");
  EXPECT_EQ(out.pod["spec"]["containers"][0]["volumeMounts"][1]["name"], "aws-iam-token");
}

TEST(Mutate, ReachesInitContainersAndLeavesEphemeralOnesAlone) {
  const Injected out = inject(podOf(R"({"spec":{"containers":[{"name":"c"}],"initContainers":[{"name":"i"}],)"
                                    R"("ephemeralContainers":[{"name":"e"}]}})"));
  EXPECT_EQ(envNames(out.pod["spec"]["initContainers"][0]).size(), 3u);
  EXPECT_EQ(out.pod["spec"]["ephemeralContainers"][0].dump(), R"({"name":"e"})");
}

TEST(Mutate, B05_LeavesAContainerAloneThatHasAllThree) {
  const Injected out = inject(podOf(
      R"({"spec":{"volumes":[{"name":"aws-iam-token","projected":{}}],"containers":[{"name":"c","env":[{"name":"AWS_ROLE_ARN"},)"
      R"({"name":"AWS_REGION"},{"name":"AWS_STS_REGIONAL_ENDPOINTS"}]}]}})"));
  EXPECT_EQ(out.patch, "");
}

TEST(Mutate, B05_OneOfThePairSuppressesBoth) {
  const Injected out = inject(
      podOf(R"({"spec":{"containers":[{"name":"c","env":[{"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"/x"}]}]}})"));
  EXPECT_THAT(envNames(out.pod["spec"]["containers"][0]),
              ElementsAre("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_STS_REGIONAL_ENDPOINTS"));
}

TEST(Mutate, B06_WritesWindowsPathsIntoTheVariableOnly) {
  for (const char* label : {"kubernetes.io/os", "beta.kubernetes.io/os"}) {
    Json pod = podOf(R"({"spec":{"containers":[{"name":"c"}]}})");
    pod["spec"]["nodeSelector"][label] = "windows";
    const Json container = inject(pod).pod["spec"]["containers"][0];
    EXPECT_EQ(container["env"][2]["value"], "C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token");
    EXPECT_EQ(container["volumeMounts"][0]["mountPath"], "/var/run/secrets/eks.amazonaws.com/serviceaccount");
  }
}

TEST(Mutate, B11_AppliesThePodsOwnExpiration) {
  auto expiration = [](const std::string& value) {
    Json pod = podOf(R"({"metadata":{"annotations":{}},"spec":{"containers":[]}})");
    pod["metadata"]["annotations"]["eks.amazonaws.com/token-expiration"] = value;
    return inject(pod).pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"];
  };
  EXPECT_EQ(expiration("900"), 900);
  EXPECT_EQ(expiration("1"), 600);
  EXPECT_EQ(expiration("x"), 3600);
  EXPECT_EQ(expiration("9223372036854775808"), 3600);
}

TEST(Mutate, LeavesAnEmptyAudienceToTheApiServer) {
  Identity identity = kIdentity;
  identity.audience.clear();
  const Json pod = inject(podOf(R"({"spec":{"containers":[]}})"), {}, identity).pod;
  EXPECT_FALSE(pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"].contains("audience"));
}

TEST(Mutate, B12_SkipsContainersByName) {
  const Injected out = inject(podOf(R"({"metadata":{"annotations":{"eks.amazonaws.com/skip-containers":"a,zz"}},)"
                                    R"("spec":{"containers":[{"name":"a"},{"name":"b"}]}})"));
  EXPECT_TRUE(envNames(out.pod["spec"]["containers"][0]).empty());
  EXPECT_EQ(envNames(out.pod["spec"]["containers"][1]).size(), 3u);
  EXPECT_THAT(out.warnings, ElementsAre(HasSubstr("\"zz\", which is no container")));
}

TEST(Mutate, B12_WarnsOnceOfANameThatIsThereTwice) {
  EXPECT_THAT(inject(podOf(R"({"metadata":{"annotations":{"eks.amazonaws.com/skip-containers":"z,a,z,a"}},)"
                           R"("spec":{"containers":[{"name":"a"}]}})"))
                  .warnings,
              ElementsAre(HasSubstr("\"z\"")));
}

TEST(Mutate, J02_SkipsManyNamesOfManyContainersInNoTime) {
  Json pod = podOf(R"({"spec":{"containers":[]}})");
  std::string names;
  for (int i = 0; i < 20'000; ++i) {
    names += "other" + std::to_string(i) + ",c" + std::to_string(i) + ",";
    pod["spec"]["containers"].push_back({{"name", "c" + std::to_string(i)}});
  }
  pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] = names;
  const Injected out = inject(pod);
  EXPECT_THAT(out.patch, testing::Not(HasSubstr("/spec/containers")));
  EXPECT_EQ(out.warnings.size(), 16u);
}

TEST(Mutate, B05_B07_WarnsOfWhatThePodsAuthorCanChange) {
  EXPECT_THAT(
      inject(podOf(R"({"spec":{"volumes":[{"name":"aws-iam-token","emptyDir":{}}],"containers":[]}})")).warnings,
      ElementsAre(HasSubstr("holds no token")));
  EXPECT_THAT(inject(podOf(R"({"spec":{"containers":[{"name":"c","volumeMounts":[{"name":"o","mountPath":)"
                           R"("/var/run/secrets/eks.amazonaws.com/serviceaccount"}]}]}})"))
                  .warnings,
              ElementsAre(HasSubstr("will refuse the pod")));
  Identity identity = kIdentity;
  identity.roleArn = "my-role";
  identity.expiration = 172800;
  EXPECT_THAT(inject(podOf(R"({"spec":{"containers":[]}})"), {}, identity).warnings,
              ElementsAre(HasSubstr("above 86400"), HasSubstr("\"my-role\" is no role ARN")));
}

TEST(Mutate, B07_WarnsInOneLineForTheApiServerDropsWarningsThatHaveAnother) {
  Identity identity = kIdentity;
  identity.roleArn = "arn:aws:iam::111122223333:role/r\n";
  identity.advice = {"an advice\x7f"};
  const Json pod = podOf(R"({"metadata":{"annotations":{"eks.amazonaws.com/skip-containers":"\"a\nb\""}},)"
                         R"("spec":{"containers":[]}})");
  EXPECT_THAT(inject(pod, {}, identity).warnings,
              ElementsAre(HasSubstr(R"("a\nb", which is no container)"), HasSubstr(R"(role/r\n" is no role ARN)"),
                          "an advice\\u007f"));
}

TEST(Mutate, B07_B12_WarnsInNoMoreWordsThanTheApiServerPassesOn) {
  Identity identity = kIdentity;
  identity.roleArn = std::string(4096, 'x');
  EXPECT_THAT(
      inject(podOf(R"({"spec":{"containers":[]}})"), {}, identity).warnings,
      ElementsAre(testing::AllOf(testing::StartsWith("the service account's role-arn \"xxx"), HasSubstr("x...x"),
                                 testing::EndsWith("is no role ARN: AWS will refuse it"), testing::SizeIs(256))));
  Json pod = podOf(R"({"spec":{"containers":[]}})");
  std::string names;
  for (int i = 0; i < 50; ++i) names += "c" + std::to_string(i) + ",";
  pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] = names;
  const std::vector<std::string> warnings = inject(pod).warnings;
  ASSERT_EQ(warnings.size(), 16u);
  EXPECT_THAT(warnings.front(), HasSubstr("\"c0\""));
  EXPECT_THAT(warnings.back(), HasSubstr("more to change"));
}

TEST(Mutate, B07_EscapesWhatItWrites) {
  Identity identity = kIdentity;
  identity.roleArn = "a\"b\\c\n<&>~1\xe2\x80\xa8";
  const Injected out = inject(podOf(R"({"spec":{"containers":[{"name":"c"}]}})"), {}, identity);
  EXPECT_EQ(out.pod["spec"]["containers"][0]["env"][1]["value"], identity.roleArn);
}

TEST(Mutate, LabelsPodsOfContainerCredentials) {
  const Json labelled =
      inject(podOf(R"({"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c"}]}})"), {}, kIdentity, true)
          .pod;
  EXPECT_EQ(labelled["metadata"]["labels"].dump(), R"({"a":"b","eks.amazonaws.com/pod-identity":"enabled"})");
  EXPECT_EQ(labelled["spec"]["volumes"][0]["name"], "eks-pod-identity-token");
  const Json bare = inject(podOf(R"({"metadata":{},"spec":{"containers":[{"name":"c"}]}})"), {}, kIdentity, true).pod;
  EXPECT_EQ(bare["metadata"]["labels"].dump(), R"({"eks.amazonaws.com/pod-identity":"enabled"})");
  EXPECT_EQ(envNames(bare["spec"]["containers"][0])[1], "AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

// Of every version from 1.21 to 1.37 something that came later than the webhook's first release.
TEST(Mutate, B02_LosesNoFieldOfAnyVersionOfKubernetes) {
  const Json pod =
      podOf(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","ownerReferences":[{"uid":"u"}],"managedFields":[
    {"fieldsV1":{"f:spec":{"k:{\"name\":\"a\"}":{".":{}}}}}]},"spec":{"serviceAccountName":"a","hostUsers":false,
    "resources":{"limits":{"cpu":"1"}},"resourceClaims":[{"name":"gpu","resourceClaimName":"g"}],"os":{"name":"linux"},
    "schedulingGates":[{"name":"g"}],"setHostnameAsFQDN":true,"topologySpreadConstraints":[{"matchLabelKeys":["pod-template-hash"]}],
    "volumes":[{"name":"image","image":{"reference":"r","pullPolicy":"Always"}},{"name":"e","ephemeral":{"volumeClaimTemplate":{}}}],
    "initContainers":[{"name":"sidecar","restartPolicy":"Always","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In",
    "values":[42]}}],"startupProbe":{"grpc":{"port":1,"service":null}}}],
    "containers":[{"name":"c","resizePolicy":[{"resourceName":"cpu","restartPolicy":"NotRequired"}],"resources":{"claims":[{"name":"gpu",
    "request":"r"}],"limits":{"memory":"1000Ki"}},"lifecycle":{"stopSignal":"SIGUSR1","preStop":{"sleep":{"seconds":5}}},
    "startupProbe":{"httpGet":{"port":"http"},"terminationGracePeriodSeconds":0},"securityContext":{"procMount":"Default",
    "appArmorProfile":{"type":"RuntimeDefault"}},"volumeMounts":[{"name":"image","mountPath":"/i","recursiveReadOnly":"Enabled"}],
    "env":[{"name":"F","valueFrom":{"fileKeyRef":{"volumeName":"e","path":"p","key":"k"}}}]}],
    "ephemeralContainers":[{"name":"debug","targetContainerName":"c"}]},"status":{"phase":"Pending","resize":"Proposed"}})");
  const Injected out = inject(pod);
  EXPECT_EQ(envNames(out.pod["spec"]["containers"][0]).size(), 4u);
  EXPECT_EQ(envNames(out.pod["spec"]["initContainers"][0]).size(), 3u);
  EXPECT_EQ(support::withoutAdditions(out.pod, pod).dump(), pod.dump());
}

// A container that another webhook adds after us: the API server asks again (reinvocationPolicy: IfNeeded).
TEST(Mutate, B03_B04_FindsNothingToDoThreeTimesOverButInAContainerThatCameLater) {
  Json pod = inject(podOf(R"({"spec":{"containers":[{"name":"c"}],"initContainers":[{"name":"i"}]}})")).pod;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(inject(pod).patch, "");
  const Json before = pod;
  pod["spec"]["containers"].push_back({{"name", "mesh"}, {"env", {{{"name", "X"}}}}});
  const Json after = inject(pod).pod;
  EXPECT_EQ(envNames(after["spec"]["containers"][1]).size(), 4u);
  EXPECT_EQ(after["spec"]["containers"][0], before["spec"]["containers"][0]);
  EXPECT_EQ(after["spec"]["volumes"], before["spec"]["volumes"]);
  EXPECT_EQ(inject(after).patch, "");
}

TEST(Mutate, B06_ManagesPodsOfNoneAndOfAThousandContainers) {
  Json pod = podOf(R"({"spec":{"containers":[]}})");
  EXPECT_EQ(inject(pod).pod["spec"]["containers"].size(), 0u);
  for (int i = 0; i < 1000; ++i) pod["spec"]["containers"].push_back({{"name", "c" + std::to_string(i)}});
  const Json out = inject(pod).pod;
  ASSERT_EQ(out["spec"]["containers"].size(), 1000u);
  EXPECT_EQ(envNames(out["spec"]["containers"][999]).size(), 3u);
}

// The same cases in every run, unless somebody asks for others; a hundred times as many in script/test soak.
const bool kSeeded =
    ::setenv("RC_PARAMS",
             std::getenv("IRSA_SOAK") ? "seed=20261124 max_success=100000" : "seed=20261124 max_success=1000", 0) == 0;

// Anything Kubernetes may put somewhere in a pod, now or in years.
Json anything() {
  const int kind = *rc::gen::inRange(0, 6);
  if (kind == 5) return *rc::gen::element<std::string>("@huge@", "@long@", "@small@", "@exact@");
  if (kind == 0) return *rc::gen::arbitrary<std::int64_t>();
  if (kind == 1) return *rc::gen::arbitrary<bool>();
  if (kind == 2) return nullptr;
  if (kind == 3) return Json::array({*rc::gen::inRange(-9, 9), "\xc3\xa9<&>\"\\\n"});
  return Json{{"sub" + std::to_string(*rc::gen::inRange(0, 9)), {{"deep", Json::object()}}}};
}

void addUnknownFields(Json& object) {
  const int count = *rc::gen::inRange(0, 3);
  for (int i = 0; i < count; ++i) object["future" + std::to_string(*rc::gen::inRange(0, 99))] = anything();
}

Json anyContainer(int index) {
  Json container = {{"name", "c" + std::to_string(index)}};
  addUnknownFields(container);
  const int shape = *rc::gen::inRange(0, 4);
  if (shape == 1) container["env"] = nullptr;
  if (shape >= 2) {
    container["env"] = Json::array();
    for (const char* name : {"AWS_ROLE_ARN", "AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS", "OTHER"})
      if (*rc::gen::arbitrary<bool>()) container["env"].push_back({{"name", name}, {"valueFrom", anything()}});
  }
  if (*rc::gen::arbitrary<bool>()) {
    container["volumeMounts"] = Json::array();
    if (*rc::gen::arbitrary<bool>())
      container["volumeMounts"].push_back({{"name", "aws-iam-token"}, {"mountPath", "/x"}});
    if (*rc::gen::arbitrary<bool>()) container["volumeMounts"].push_back({{"name", "o"}, {"subPathExpr", "$(X)"}});
  }
  return container;
}

Json anyPod() {
  Json pod = {{"metadata", {{"name", "p"}}}, {"spec", {{"serviceAccountName", "a"}}}};
  addUnknownFields(pod);
  addUnknownFields(pod["spec"]);
  for (const char* list : {"containers", "initContainers"}) {
    if (*rc::gen::inRange(0, 4) == 0) continue;
    pod["spec"][list] = Json::array();
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) pod["spec"][list].push_back(anyContainer(i));
  }
  const int volumes = *rc::gen::inRange(0, 4);
  if (volumes == 1) pod["spec"]["volumes"] = nullptr;
  if (volumes >= 2)
    pod["spec"]["volumes"] = Json::array({{{"name", volumes == 2 ? "v" : "aws-iam-token"}, {"emptyDir", {}}}});
  return pod;
}

RC_GTEST_PROP(MutateProperty, B01_B03_KeepsEverythingElseAndIsIdempotent, ()) {
  RC_PRE(kSeeded);
  const Json pod = anyPod();
  Settings settings;
  settings.defaultRegion = *rc::gen::element<std::string>("", "eu-west-1");
  Identity identity = kIdentity;
  identity.regionalSts = *rc::gen::arbitrary<bool>();
  const Injected first = inject(pod, settings, identity);
  RC_ASSERT(support::withoutAdditions(first.pod, pod).dump() == pod.dump());
  RC_ASSERT(inject(first.pod, settings, identity).patch == "");
}

}  // namespace
