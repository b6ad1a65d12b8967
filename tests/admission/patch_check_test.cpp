#include "admission/patch_check.h"

#include <gmock/gmock.h>

#include "admission/webhook_fixture.h"
#include "support/json_patch.h"
#include "support/seeded.h"

namespace {

using admission::isSoundPatch;

const char* const kPod = R"({"metadata":{"name":"p","labels":{"a":"b"}},"spec":{"serviceAccountName":"a","volumes":[],
  "containers":[{"name":"c"},{"name":"d","env":[{"name":"X"}],"volumeMounts":[]},null]}})";
const char* const kBarePod = R"({"spec":{"serviceAccountName":"a"}})";

class Checked {
 public:
  explicit Checked(const char* pod) : review_(support::reviewOf(text::Json::parse(pod))), reader_("p/") {
    EXPECT_TRUE(reader_.read(review_)) << reader_.reason();
  }
  bool passes(std::string_view patch) const { return isSoundPatch(patch, reader_.review()); }
  std::string injected() const {
    admission::Mutator mutator(settings_, [](std::size_t count) { return std::string(count, '\0'); });
    EXPECT_TRUE(mutator.injectContainerCredentials(reader_.review(), {"r", "a", 3600, true}));
    return std::string(mutator.patch());
  }

 private:
  admission::Settings settings_;
  std::string review_;
  kube::ReviewReader reader_;
};

std::string operation(const std::string& path, const std::string& value, const std::string& name = "add") {
  return R"([{"op":")" + name + R"(","path":")" + path + R"(","value":)" + value + "}]";
}

TEST(PatchCheck, B14_PassesWhatAnInjectionAdds) {
  for (const char* pod : {kPod, kBarePod}) {
    const Checked checked(pod);
    EXPECT_TRUE(checked.passes(checked.injected())) << checked.injected();
  }
  const Checked pod(kPod);
  EXPECT_TRUE(pod.passes(operation("/spec/containers/1/env/-", "{}")));
  EXPECT_TRUE(pod.passes(operation("/spec/containers/2", "{}", "replace")));
}

TEST(PatchCheck, B14_RefusesWhatWouldTouchOrMissSomething) {
  const Checked pod(kPod), bare(kBarePod);
  for (const auto& [path, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"/spec/containers/0/env/-", "{}"},
           {"/spec/containers/1/env", "[]"},
           {"/spec/containers/1/env/0", "{}"},
           {"/spec/containers/1/volumeMounts", "[]"},
           {"/spec/containers/1/volumeMounts/-", "[]"},
           {"/spec/containers/3/env", "[]"},
           {"/spec/containers/99999999999999999999/env", "[]"},
           {"/spec/containers/-1/env", "[]"},
           {"/spec/containers/0", "{}"},
           {"/spec/containers/0/image", "\"x\""},
           {"/spec/containers", "[]"},
           {"/spec/initContainers/0/env", "[]"},
           {"/spec/initContainers", "[]"},
           {"/spec/volumes", "[]"},
           {"/spec/volumes/-", "{}"},
           {"/spec/hostNetwork", "true"},
           {"/metadata/labels", "{}"},
           {"/metadata/labels/x", "\"y\""},
           {"/metadata/labels/eks.amazonaws.com~1pod-identity", "{}"},
           {"", "{}"}})
    EXPECT_FALSE(pod.passes(operation(path, value))) << path;
  for (const char* name : {"remove", "test", "move", "replace", ""})
    EXPECT_FALSE(pod.passes(operation("/spec/volumes/0", "{}", name))) << name;
  EXPECT_FALSE(pod.passes(operation("/spec/containers/0", "{}", "replace")));
  EXPECT_FALSE(bare.passes(operation("/spec/volumes/0", "{}")));
  EXPECT_FALSE(bare.passes(R"([{"op":"add","path":"/spec/volumes","value":[]},
                               {"op":"add","path":"/spec/volumes","value":[]}])"));
}

TEST(PatchCheck, B14_RefusesWhatIsNoPatch) {
  const Checked pod(kPod);
  for (const char* text : {"", "{}", "null", "[1]", "[{}]", R"([{"op":"add","path":"/spec/volumes/0"}])",
                           R"([{"op":"add","op":"add","path":"/spec/volumes/0","value":{}}])",
                           R"([{"op":"add","path":"/spec/volumes/0","value":{},"from":"/spec"}])",
                           R"([{"op":"add","path":"/spec/volumes/0","value":{}},])",
                           R"([{"op":"add","path":"/spec/volumes/0","value":{}})",
                           "[{\"op\":\"add\",\"path\":\"/spec/volumes/0\",\"value\":{\"name\":\"\xff\"}}]"})
    EXPECT_FALSE(pod.passes(text)) << text;
}

TEST(PatchCheck, B14_WhatPassesAppliesHoweverThePatchIsWounded) {
  const Checked checked(kPod);
  const std::string good = checked.injected();
  support::Seeded random(20261124);
  int passed = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string wounded = random.mutated(good, "/0123-\",{}[]");
    if (!checked.passes(wounded)) continue;
    ++passed;
    EXPECT_TRUE(support::applyPatch(text::Json::parse(kPod), wounded)) << wounded;
  }
  EXPECT_GT(passed, 100);  // wounds inside of values, and none at all
  EXPECT_LT(passed, 2500);
}

}  // namespace
