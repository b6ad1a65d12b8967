#include "node_job.h"

#include "migration/node_job.h"
#include "text/uri.h"

namespace cli {
namespace {

constexpr std::chrono::seconds kStarting{180};  // after a restart of the API server the Job controller leads late
constexpr std::chrono::seconds kSlack{60};

bool isReadyNode(const text::Json& node) {
  for (const text::Json& condition : text::at(text::at(node, "status"), "conditions")) {
    if (text::stringAt(condition, "type") == "Ready") return text::stringAt(condition, "status") == "True";
  }
  return false;
}

base::Result<void> checkNodes(const std::vector<std::string>& names, const kube::Client& cluster) {
  for (const std::string& name : names) {
    base::Result<text::Json> node = cluster.get("/api/v1/nodes/" + text::percentEncode(name));
    if (!node && node.error().kind == base::ErrorKind::NotFound)
      return base::conflict("there is no node " + name + "; nothing was changed",
                            "with --job, name the nodes as kubectl get nodes does");
    if (!node) return std::move(node).error().during("looking at the node " + name);
    if (!isReadyNode(*node))
      return base::conflict("the node " + name + " is not ready, so that no Job starts there; nothing was changed",
                            "see kubectl describe node " + name + ", or go there by ssh, without --job");
  }
  return {};
}

// The cause is the node's, the registry's or the cluster's policy; the next step follows from which.
base::Error withNextStep(base::Error error, const std::string& image) {
  const auto says = [&error](const char* word) { return error.message.find(word) != std::string::npos; };
  if (says("violates PodSecurity"))
    error.hint =
        "let privileged pods into kube-system (kubectl label namespace kube-system "
        "pod-security.kubernetes.io/enforce=privileged --overwrite), or go by ssh, without --job";
  else if (error.kind == base::ErrorKind::Denied)
    error.hint = "use a kubeconfig that may do this in kube-system, or go by ssh, without --job";
  else if (says("Image"))
    error.hint = "name an image with irsa that this node can pull by --image (now " + image + ")";
  return error;
}

class JobWay {
 public:
  JobWay(const Nodes& nodes, const NodeCall& call, const kube::Client& cluster, Ground& ground, const Console& console)
      : nodes_(nodes), call_(call), cluster_(cluster), ground_(ground), console_(console) {
    listener_ = listenerOn(console);
    listener_.line = [&console](const std::string& line) {
      if (!migration::isNodeOutputLine(line)) console.progress(line);
    };
  }

  base::Result<io::ProcessResult> go(const std::string& node) const {
    base::Result<kube::JobEnd> end = run(node);
    if (!end) return withNextStep(std::move(end).error(), nodes_.image);
    if (!end->logTrouble.empty()) console_.warn("what was said on " + node + " could not be read: " + end->logTrouble);
    migration::NodeLog log = migration::readNodeLog(end->log);
    return io::ProcessResult{end->exitCode, log.output.value_or(""), std::move(log.errors)};
  }

 private:
  base::Result<kube::JobEnd> run(const std::string& node) const {
    const std::chrono::seconds starting = std::min(kStarting, call_.timeout);
    const std::chrono::seconds ending = starting + call_.timeout + kSlack;
    const std::string nameSpace(migration::kNodeJobNamespace);
    TRY(kube::clearJobs({nameSpace, std::string(migration::kNodeJobLabel), node, ending}, cluster_, ground_.clock,
                        listener_));
    const migration::NodeJob job{node, nodes_.image, call_.arguments, call_.input, ending};
    const std::string name = kube::jobName("irsa-on-" + node, ground_.random);
    const kube::JobRun run{migration::nodeJobObject(job, name), migration::nodeJobFiles(job, name), starting, ending};
    return kube::runJob(run, cluster_, ground_.clock, listener_);
  }

  const Nodes& nodes_;
  const NodeCall& call_;
  const kube::Client& cluster_;
  Ground& ground_;
  const Console& console_;
  kube::JobListener listener_;
};

}  // namespace

base::Result<std::vector<std::string>> runByJobs(const Nodes& nodes, const NodeCall& call, const kube::Client& cluster,
                                                 Ground& ground, const Console& console) {
  TRY(checkNodes(nodes.names, cluster));
  const JobWay way(nodes, call, cluster, ground, console);
  return runOnNodes(nodes.names, [&way](const std::string& node) { return way.go(node); }, console);
}

kube::JobListener listenerOn(const Console& console) {
  return {.created = [&console](const std::string& job) { console.done("created the Job " + job); },
          .waiting = [&console](const std::string& what) { console.progress("  waiting: " + what); },
          .line = nullptr,
          .warning = [&console](const std::string& what) { console.warn(what); }};
}

}  // namespace cli
