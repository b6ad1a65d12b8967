// What AWS's amazon-eks-pod-identity-webhook really answered (recorded at commit 3bf80a34), against what we answer: the
// pods must come out the same. data/webhook.jsonl has one recorded exchange a line.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <set>

#include "admission/webhook_fixture.h"
#include "support/json_patch.h"

namespace {

using text::Json;

struct Vector {
  std::string name;
  Json json;
};

std::vector<Vector> vectors() {
  std::vector<Vector> out;
  std::ifstream file("data/webhook.jsonl");
  for (std::string line; std::getline(file, line);) {
    Json json = Json::parse(line);
    out.push_back({json["name"], json});
  }
  return out;
}

// Where we differ on purpose, with what we answer instead.
// (a) AWS's denies a review that it can't decode, which no failurePolicy softens; ours is HTTP 400.
const std::set<std::string> kUndecodable = {"GET with json ctype, empty body",
                                            "empty body",
                                            "body null",
                                            "body []",
                                            "body 123",
                                            "body xyz",
                                            "body }",
                                            "body {}{}",
                                            "body true",
                                            "body {\"request\":null}",
                                            "body {\"request\":{\"uid\":\"u-1\",\"object\":[]}}",
                                            "body {\"request\":{\"uid\":\"u-1\",\"object\":5}}",
                                            "body {\"request\":{\"uid\":\"u-1\",\"object\":\"x\"}}",
                                            "body {\"apiVersion\":\"a/b/c\",\"kind\":\"K\",\"request\":null}",
                                            "yaml garbage",
                                            "truncated"};
// (a) AWS's denies a review without an object (DELETE); ours allows it untouched.
const std::set<std::string> kNullObject = {
    "body {\"request\":{}}", "body {\"request\":{\"uid\":\"u-1\",\"object\":null}}",
    "body {\"unknown\":1,\"request\":{\"uid\":\"u-1\",\"foo\":2}}", "body {\"request\":{\"uid\":\"a\",\"uid\":\"b\"}}",
    "body {\"request\":{\"uid\":\"<&>\xe2\x80\xa8\"}}"};
// (b) YAML and unclean paths are refused.
const std::map<std::string, int> kRefused = {{"yaml body", 400}, {"path dotdot", 404}};
// (c) Fields that are not read are not type-checked: we inject, and the API server itself rejects such a pod.
const std::set<std::string> kUnchecked = {"float port raw 80.0", "port string"};

admission::Settings settingsOf(const Json& flags) {
  admission::Settings settings;
  settings.annotationPrefix = flags.value("annotation-prefix", settings.annotationPrefix);
  settings.defaultRegion = flags.value("aws-default-region", "");
  settings.tokenMountPath = flags.value("token-mount-path", settings.tokenMountPath);
  settings.tokenExpiration = flags.value("token-expiration", settings.tokenExpiration);
  settings.tokenAudience = flags.value("token-audience", settings.tokenAudience);
  settings.regionalSts = flags.value("sts-regional-endpoint", false);
  if (flags.contains("compose-role-arn"))
    settings.composeRoleArn = {flags["compose-role-arn"]["partition"], flags["compose-role-arn"]["account"]};
  return settings;
}

std::vector<kube::Object> accountsOf(const Json& vector) {
  std::vector<kube::Object> accounts;
  for (const Json& given : vector["serviceAccountsInInformer"]) {
    kube::Object& account = accounts.emplace_back();
    account.nameSpace = given["namespace"];
    account.name = given["name"];
    for (const auto& [key, value] : given["annotations"].items()) account.annotations.emplace_back(key, value);
  }
  return accounts;
}

// Struct members under the names Kubernetes writes them with; Go reads them in any case.
Json canonical(const Json& json) {
  static const std::map<std::string, std::string> kNames = {{"spec", "spec"},
                                                            {"metadata", "metadata"},
                                                            {"containers", "containers"},
                                                            {"name", "name"},
                                                            {"image", "image"},
                                                            {"serviceaccountname", "serviceAccountName"},
                                                            {"volumemounts", "volumeMounts"},
                                                            {"mountpath", "mountPath"}};
  if (json.is_array()) {
    Json out = Json::array();
    for (const Json& item : json) out.push_back(canonical(item));
    return out;
  }
  if (!json.is_object()) return json;
  Json out = Json::object();
  for (const auto& [key, value] : json.items()) {
    std::string lower;
    for (char c : key) lower += char(std::tolower(static_cast<unsigned char>(c)));
    auto known = kNames.find(lower);
    out[known == kNames.end() ? key : known->second] = canonical(value);
  }
  return out;
}

// A list as the API server keeps it after decoding: members that are empty are absent.
Json withoutEmpty(const Json& list) {
  Json out = Json::array();
  for (const Json& item : list.is_array() ? list : Json::array()) {
    Json kept = Json::object();
    for (const auto& [key, value] : item.items())
      if (value != "" && value != false && !value.is_null()) kept[key] = value;
    out.push_back(kept);
  }
  return out;
}

// What an injection decides, of a pod after its patch.
Json outcome(const Json& pod) {
  Json out = {{"labels", text::at(text::at(pod, "metadata"), "labels")},
              {"volumes", text::at(text::at(pod, "spec"), "volumes")}};
  for (const char* list : {"containers", "initContainers"}) {
    out[list] = Json::array();
    const Json& containers = text::at(text::at(pod, "spec"), list);
    for (const Json& container : containers.is_array() ? containers : Json::array())
      out[list].push_back({{"name", text::stringAt(container, "name")},
                           {"env", withoutEmpty(text::at(container, "env"))},
                           {"mounts", withoutEmpty(text::at(container, "volumeMounts"))}});
  }
  return out;
}

// A pod without what an injection may touch.
Json rest(Json pod) {
  if (pod.contains("metadata")) pod["metadata"].erase("labels");
  if (!pod.contains("spec")) return pod;
  pod["spec"].erase("volumes");
  for (const char* list : {"containers", "initContainers"}) {
    if (!pod["spec"].contains(list)) continue;
    for (Json& container : pod["spec"][list]) {
      if (container.is_null()) container = Json{{"name", ""}};
      container.erase("env");
      container.erase("volumeMounts");
    }
    if (pod["spec"][list].empty()) pod["spec"].erase(list);
  }
  return pod;
}

class Vectors : public testing::TestWithParam<Vector> {
 protected:
  http::Response answer(const Json& vector) {
    fixture_.emplace(settingsOf(vector["flags"]));
    fixture_->list(accountsOf(vector));
    admission::IdentitySources& sources = fixture_->sources;
    std::vector<std::string> faults;
    if (const Json& config = vector["configMapConfig"]; !config.is_null())
      sources.mapping = std::make_shared<const admission::Mapping>(
          admission::Mapping::read(config.get<std::string>(), fixture_->settings, faults).value());
    if (const Json& file = vector["containerCredentialsConfig"]; !file.is_null())
      sources.podIdentities = std::make_shared<const admission::PodIdentities>(
          admission::PodIdentities::read(file.get<std::string>()).value());
    const Json& asked = vector["request"];
    http::Request request{.method = asked["method"], .target = asked["path"], .body = asked["body"]};
    request.headers.add("Content-Type", asked["contentType"].get<std::string>());
    return fixture_->send(request);
  }
  std::optional<support::WebhookFixture> fixture_;
};

void expectSamePod(const Json& vector, const http::Response& ours) {
  Json pod = canonical(Json::parse(vector["request"]["body"].get<std::string>())["request"]["object"]);
  if (!pod.contains("metadata")) pod["metadata"] = Json::object();  // which every object of an API server has
  base::Result<Json> theirs = support::applyPatch(pod, vector["response"]["decodedPatch"].get<std::string>());
  ASSERT_TRUE(theirs) << theirs.error().message;
  const std::string patch = support::patchOf(ours);
  base::Result<Json> mine = patch.empty() ? base::Result<Json>(pod) : support::applyPatch(pod, patch);
  ASSERT_TRUE(mine) << mine.error().message;
  EXPECT_EQ(outcome(*mine).dump(2), outcome(*theirs).dump(2));
  EXPECT_EQ(rest(*mine).dump(), rest(pod).dump());
}

TEST_P(Vectors, B15_ComesOutAsWithAws) {
  const auto& [name, vector] = GetParam();
  const http::Response ours = answer(vector);
  const Json& theirs = vector["response"];
  if (kUndecodable.contains(name)) {
    EXPECT_EQ(ours.status, 400);
    return;
  }
  if (auto refused = kRefused.find(name); refused != kRefused.end()) {
    EXPECT_EQ(ours.status, refused->second);
    return;
  }
  ASSERT_EQ(ours.status, theirs["status"].get<int>());
  if (ours.status != 200) {
    EXPECT_EQ(ours.body, theirs["body"].get<std::string>());
    return;
  }
  const Json mine = Json::parse(ours.body), recorded = Json::parse(theirs["body"].get<std::string>());
  EXPECT_EQ(mine.value("apiVersion", ""), recorded.value("apiVersion", ""));
  EXPECT_EQ(mine.value("kind", ""), recorded.value("kind", ""));
  EXPECT_EQ(mine["response"]["uid"], recorded["response"]["uid"]);
  EXPECT_EQ(mine["response"]["allowed"], true);
  if (kUnchecked.contains(name)) {
    EXPECT_NE(support::patchOf(ours), "");
  } else if (theirs["decodedPatch"].is_null()) {
    EXPECT_EQ(support::patchOf(ours), "");
    EXPECT_EQ(recorded["response"]["allowed"], !kNullObject.contains(name));
  } else {
    expectSamePod(vector, ours);
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, Vectors, testing::ValuesIn(vectors()), [](const auto& test) {
  std::string name = std::to_string(test.index) + "_";
  for (char c : test.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

TEST(VectorFile, HasEveryCaseThatIsNamedHere) {
  std::set<std::string> all;
  for (const Vector& vector : vectors()) all.insert(vector.name);
  EXPECT_EQ(all.size(), 99u);
  for (const auto& names : {kUndecodable, kNullObject, kUnchecked})
    for (const std::string& name : names) EXPECT_TRUE(all.contains(name)) << name;
  for (const auto& [name, status] : kRefused) EXPECT_TRUE(all.contains(name)) << name;
}

}  // namespace
