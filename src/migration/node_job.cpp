#include "migration/node_job.h"

#include "kube/job.h"
#include "text/encoding.h"

namespace migration {
namespace {

using text::Json;

constexpr std::string_view kRoot = "/node", kInputFolder = "/input", kInputFile = "input";
constexpr std::string_view kOutputMark = "irsa-on-node output ";
constexpr int kOwnerOnly = 0400;

Json labels() { return {{"app.kubernetes.io/name", "irsa-on-node"}, {"app.kubernetes.io/managed-by", "irsa"}}; }

Json commandOf(const NodeJob& job) {
  Json command = Json::array({"/irsa", "on-node", "--root", kRoot});
  if (!job.input.empty()) {
    command.push_back("--input");
    command.push_back(std::string(kInputFolder) + "/" + std::string(kInputFile));
  }
  command.push_back("--");
  for (const std::string& argument : job.arguments) command.push_back(argument);
  return command;
}

Json containerOf(const NodeJob& job) {
  Json mounts = Json::array({{{"name", "node"}, {"mountPath", kRoot}}});
  if (!job.input.empty()) mounts.push_back({{"name", "input"}, {"mountPath", kInputFolder}, {"readOnly", true}});
  return {{"name", "irsa"},
          {"image", job.image},
          {"imagePullPolicy", "IfNotPresent"},
          {"command", commandOf(job)},
          {"env", Json::array({{{"name", "HOME"}, {"value", "/root"}}})},
          {"securityContext",
           {{"privileged", true}, {"runAsUser", 0}, {"runAsGroup", 0}, {"readOnlyRootFilesystem", true}}},
          {"terminationMessagePolicy", "FallbackToLogsOnError"},
          {"volumeMounts", std::move(mounts)}};
}

Json volumesOf(const NodeJob& job, const std::string& name) {
  Json volumes = Json::array({{{"name", "node"}, {"hostPath", {{"path", "/"}, {"type", "Directory"}}}}});
  if (!job.input.empty())
    volumes.push_back({{"name", "input"}, {"secret", {{"secretName", name}, {"defaultMode", kOwnerOnly}}}});
  return volumes;
}

}  // namespace

// No resources are asked for: the kubelet refuses a pinned pod for which there is no room.
Json nodeJobObject(const NodeJob& job, const std::string& name) {
  Json pod = {{"nodeName", job.node},
              {"restartPolicy", "Never"},
              {"hostPID", true},
              {"hostNetwork", true},
              {"priorityClassName", "system-node-critical"},
              {"automountServiceAccountToken", false},
              {"enableServiceLinks", false},
              {"tolerations", Json::array({{{"operator", "Exists"}}})},
              {"containers", Json::array({containerOf(job)})},
              {"volumes", volumesOf(job, name)}};
  return kube::jobObject({std::string(kNodeJobNamespace), name, labels(), job.deadline}, std::move(pod));
}

std::vector<Json> nodeJobFiles(const NodeJob& job, const std::string& name) {
  if (job.input.empty()) return {};
  Json secret = {{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", {{"name", name}, {"namespace", kNodeJobNamespace}, {"labels", labels()}}},
                 {"type", "Opaque"},
                 {"data", {{std::string(kInputFile), text::base64(job.input)}}}};
  return {std::move(secret)};
}

std::string nodeOutputLine(std::string_view output) {
  const Json marked = {{"output", output}};
  return std::string(kOutputMark) + text::compact(marked) + "\n";
}

bool isNodeOutputLine(std::string_view line) { return line.starts_with(kOutputMark); }

NodeLog readNodeLog(std::string_view log) {
  NodeLog read;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    const base::Result<Json> marked =
        isNodeOutputLine(line) ? text::parseJson(line.substr(kOutputMark.size())) : Json();
    if (marked && marked->is_object())
      read.output = text::stringAt(*marked, "output");
    else
      read.errors.append(line).append("\n");
  }
  return read;
}

}  // namespace migration
