#include "kube/pod.h"

#include <gtest/gtest.h>

namespace kube {
namespace {

std::string why(const char* status) { return whyNotRunning({{"status", text::Json::parse(status)}}); }

TEST(Pod, SaysWhatItWaitsFor) {
  EXPECT_EQ(why(R"({"phase":"Pending","containerStatuses":[{"state":{"running":{}}},
                    {"state":{"waiting":{"reason":"ErrImagePull","message":"no such image"}}}]})"),
            "ErrImagePull: no such image");
  EXPECT_EQ(why(R"({"containerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]})"), "CrashLoopBackOff");
  EXPECT_EQ(why(R"({"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
                    "message":"0/1 nodes are available"}]})"),
            "Unschedulable: 0/1 nodes are available");
  EXPECT_EQ(why(R"({"phase":"Running"})"), "its pod is Running");
  EXPECT_EQ(whyNotRunning(text::Json()), "its pod is not there yet");
}

TEST(Pod, HasNoImageOnceTheKubeletHasTriedInVain) {
  const auto waitsFor = [](const char* reason) {
    text::Json pod = text::Json::parse(R"({"status":{"containerStatuses":[{"state":{"waiting":{}}}]}})");
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] = reason;
    return pod;
  };
  for (const char* reason : {"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"})
    EXPECT_TRUE(hasNoImage(waitsFor(reason))) << reason;
  for (const char* reason : {"ContainerCreating", "ErrImagePull"}) EXPECT_FALSE(hasNoImage(waitsFor(reason))) << reason;
  EXPECT_FALSE(hasNoImage(text::Json()));
}

TEST(Pod, IsReadyByItsCondition) {
  EXPECT_TRUE(isReady(text::Json::parse(R"({"status":{"conditions":[{"type":"Ready","status":"True"}]}})")));
  EXPECT_FALSE(isReady(text::Json::parse(R"({"status":{"conditions":[{"type":"Ready","status":"False"}]}})")));
  EXPECT_FALSE(isReady(text::Json()));
}

}  // namespace
}  // namespace kube
