#include "setup/restart.h"

#include <gmock/gmock.h>

#include "support/fake_api_server.h"

namespace setup {
namespace {

using testing::ElementsAre;
using text::Json;

class Restart : public testing::Test {
 protected:
  void pod(const std::string& name, const std::string& account, const std::string& kind, const std::string& owner) {
    Json object = Json::parse(R"({"kind":"Pod","spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running"}})");
    object["metadata"] = {{"name", name}, {"namespace", "shop"}, {"labels", {{"pod-template-hash", "5d9f"}}}};
    object["spec"]["serviceAccountName"] = account;
    if (!kind.empty())
      object["metadata"]["ownerReferences"] = Json::array({{{"kind", kind}, {"name", owner}, {"controller", true}}});
    cluster.put(at(name), object);
  }
  static std::string at(const std::string& name) { return "/api/v1/namespaces/shop/pods/" + name; }
  std::vector<std::string> found() {
    Configuration wish;
    wish.bindings = {{"shop", "orders", {.name = "orders"}}, {"shop", "batch-*", {.name = "batch"}}};
    std::vector<std::string> lines;
    auto workloads = workloadsToRestart(client, wish);
    if (!workloads) return {workloads.error().message};
    for (const Workload& one : *workloads)
      lines.push_back(one.kind + " " + one.name + " " + std::to_string(one.pods) + ": " + one.restartCommand());
    return lines;
  }
  support::FakeApiServer cluster;
  std::unique_ptr<http::Client> http = http::clientOf(cluster);
  kube::Client client{*http, "https://cluster.test", nullptr, "test"};
};

TEST_F(Restart, NamesWhoeverWouldCreateThePodAgain) {
  pod("a-1", "orders", "ReplicaSet", "api-5d9f");
  pod("a-2", "orders", "ReplicaSet", "api-5d9f");
  pod("b", "orders", "StatefulSet", "db");
  pod("c", "orders", "", "");
  pod("d", "orders", "Job", "nightly");
  pod("e", "orders", "ReplicaSet", "bare");
  EXPECT_THAT(found(),
              ElementsAre("Deployment api 2: kubectl -n shop rollout restart deployment/api", "Job nightly 1: ",
                          "Pod c 1: ", "ReplicaSet bare 1: kubectl -n shop delete pods, those of ReplicaSet bare",
                          "StatefulSet db 1: kubectl -n shop rollout restart statefulset/db"));
}

TEST_F(Restart, LeavesAloneWhoHasTheRoleHasEndedOrBelongsToAnotherAccount) {
  for (const char* name : {"with-role", "ended", "going"}) pod(name, "orders", "StatefulSet", "db");
  cluster.at(at("with-role"))["spec"]["containers"][0]["env"] =
      Json::array({{{"name", "AWS_ROLE_ARN"}, {"value", "x"}}});
  cluster.at(at("ended"))["status"]["phase"] = "Succeeded";
  cluster.at(at("going"))["metadata"]["deletionTimestamp"] = "2026-11-27T00:00:00Z";
  pod("other", "another", "StatefulSet", "db");
  EXPECT_THAT(found(), testing::IsEmpty());
}

}  // namespace
}  // namespace setup
