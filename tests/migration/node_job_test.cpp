#include "migration/node_job.h"

#include <gmock/gmock.h>

namespace migration {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using text::Json;

const NodeJob kPatch{"cp1", "registry.example.com/irsa:1", {"apiserver", "patch", "--phase", "accept"}, "", 500s};

NodeJob withInput() {
  NodeJob job = kPatch;
  job.input = "a private key\n";
  return job;
}

Json podOf(const NodeJob& job) { return nodeJobObject(job, "irsa-on-cp1-1")["spec"]["template"]["spec"]; }

TEST(NodeJob, RunsOnItsNodeWhateverIsKeptOffIt) {
  const Json pod = podOf(kPatch);
  EXPECT_EQ(pod["nodeName"], "cp1");
  EXPECT_EQ(pod["tolerations"], Json::parse(R"([{"operator":"Exists"}])"));
  EXPECT_EQ(pod["priorityClassName"], "system-node-critical");
  EXPECT_EQ(pod["restartPolicy"], "Never");
  EXPECT_FALSE(pod["containers"][0].contains("resources"));
}

TEST(NodeJob, SeesTheNodeAsRootDoes) {
  const Json pod = podOf(kPatch), container = pod["containers"][0];
  EXPECT_EQ(pod["hostPID"], true);
  EXPECT_EQ(pod["hostNetwork"], true);
  EXPECT_EQ(container["securityContext"]["privileged"], true);
  EXPECT_EQ(container["securityContext"]["runAsUser"], 0);
  EXPECT_EQ(pod["volumes"][0]["hostPath"]["path"], "/");
  EXPECT_EQ(container["volumeMounts"][0]["mountPath"], "/node");
  EXPECT_EQ(container["env"], Json::parse(R"([{"name":"HOME","value":"/root"}])"));
}

TEST(NodeJob, RunsTheCallWithTheNodesRootAsItsOwn) {
  EXPECT_EQ(podOf(kPatch)["containers"][0]["command"],
            Json::parse(R"(["/irsa","on-node","--root","/node","--","apiserver","patch","--phase","accept"])"));
  EXPECT_EQ(podOf(kPatch)["containers"][0]["image"], "registry.example.com/irsa:1");
}

TEST(NodeJob, IsOfNoAccountAndGoesByItself) {
  const Json job = nodeJobObject(kPatch, "irsa-on-cp1-1");
  EXPECT_EQ(job["metadata"]["namespace"], kNodeJobNamespace);
  EXPECT_EQ(std::string("app.kubernetes.io/name=") + std::string(job["metadata"]["labels"]["app.kubernetes.io/name"]),
            kNodeJobLabel);
  EXPECT_EQ(job["spec"]["activeDeadlineSeconds"], 500);
  EXPECT_EQ(podOf(kPatch)["automountServiceAccountToken"], false);
}

TEST(NodeJob, BringsItsInputInASecretAlone) {
  EXPECT_THAT(nodeJobFiles(kPatch, "irsa-on-cp1-1"), IsEmpty());
  const std::vector<Json> files = nodeJobFiles(withInput(), "irsa-on-cp1-1");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0]["kind"], "Secret");
  EXPECT_EQ(files[0]["metadata"]["name"], "irsa-on-cp1-1");
  EXPECT_EQ(files[0]["data"]["input"], "YSBwcml2YXRlIGtleQo=");
  const Json pod = podOf(withInput());
  EXPECT_EQ(pod["volumes"][1]["secret"], Json::parse(R"({"secretName":"irsa-on-cp1-1","defaultMode":256})"));
  EXPECT_THAT(pod["containers"][0]["command"].dump(), HasSubstr(R"("--input","/input/input","--")"));
  EXPECT_THAT(nodeJobObject(withInput(), "irsa-on-cp1-1").dump(), Not(HasSubstr("YSBwcml2YXRl")));
  EXPECT_THAT(nodeJobObject(withInput(), "irsa-on-cp1-1").dump(), Not(HasSubstr("a private key")));
}

TEST(NodeLog, TellsStandardOutputFromTheRest) {
  const std::string line = nodeOutputLine("two\nlines \xff\n");
  EXPECT_TRUE(isNodeOutputLine(line));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const NodeLog log = readNodeLog("waiting\nwarning: x\n" + line);
  EXPECT_EQ(log.errors, "waiting\nwarning: x\n");
  EXPECT_EQ(log.output, "two\nlines \xef\xbf\xbd\n");
}

TEST(NodeLog, OfOneThatWasStoppedHasNoOutput) {
  const NodeLog log = readNodeLog("waiting\nirsa-on-node output {\"outp");
  EXPECT_EQ(log.output, std::nullopt);
  EXPECT_THAT(log.errors, HasSubstr("waiting\n"));
  EXPECT_EQ(readNodeLog("").output, std::nullopt);
}

}  // namespace
}  // namespace migration
