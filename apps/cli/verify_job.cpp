#include "verify_job.h"

#include "kube/job.h"
#include "node_job.h"

namespace cli {
namespace {

constexpr const char* kRootsFolder = "/etc/irsa-verify";
constexpr const char* kRootsFile = "/etc/irsa-verify/ca.crt";

text::Json labels() { return {{"app.kubernetes.io/managed-by", "irsa"}}; }

text::Json environmentOf(const VerifyJob& job) {
  text::Json environment = text::Json::array();
  const auto give = [&environment](const char* name, const std::string& value) {
    if (!value.empty()) environment.push_back({{"name", name}, {"value", value}});
  };
  give("AWS_REGION", job.region);
  give("AWS_ENDPOINT_URL_STS", job.stsEndpoint);
  if (!job.rootsPem.empty()) give("AWS_CA_BUNDLE", kRootsFile);
  return environment;
}

text::Json containerOf(const VerifyJob& job) {
  text::Json container = {
      {"name", "whoami"},
      {"image", job.image},
      {"command", {"/irsa", "whoami", "-o", "json"}},
      {"env", environmentOf(job)},
      {"resources", {{"requests", {{"cpu", "10m"}, {"memory", "16Mi"}}}, {"limits", {{"memory", "64Mi"}}}}},
      {"securityContext",
       {{"allowPrivilegeEscalation", false},
        {"readOnlyRootFilesystem", true},
        {"capabilities", {{"drop", text::Json::array({"ALL"})}}}}}};
  if (!job.rootsPem.empty()) {
    container["volumeMounts"] =
        text::Json::array({{{"name", "roots"}, {"mountPath", kRootsFolder}, {"readOnly", true}}});
  }
  return container;
}

base::Result<text::Json> transcriptOf(const std::string& log, const std::string& pod) {
  // Warnings of whoami stand before the document.
  const std::size_t begin = log.starts_with('{') ? 0 : log.find("\n{");
  base::Result<text::Json> transcript =
      text::parseJson(begin == std::string::npos ? log : log.substr(begin == 0 ? 0 : begin + 1));
  if (transcript) return transcript;
  return base::unavailable("the pod " + pod + " ended without a verdict; its log is: " + log);
}

std::vector<text::Json> filesOf(const VerifyJob& job, const std::string& name) {
  if (job.rootsPem.empty()) return {};
  text::Json roots = {{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", {{"name", name}, {"namespace", job.nameSpace}, {"labels", labels()}}},
                      {"data", {{"ca.crt", job.rootsPem}}}};
  return {std::move(roots)};
}

}  // namespace

text::Json jobObject(const VerifyJob& job, const std::string& name) {
  text::Json pod = {{"serviceAccountName", job.serviceAccount},
                    {"restartPolicy", "Never"},
                    {"enableServiceLinks", false},
                    {"securityContext",
                     {{"runAsNonRoot", true},
                      {"runAsUser", 65532},
                      {"runAsGroup", 65532},
                      {"fsGroup", 65532},
                      {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
                    {"containers", text::Json::array({containerOf(job)})}};
  if (!job.rootsPem.empty()) {
    pod["volumes"] = text::Json::array({{{"name", "roots"}, {"configMap", {{"name", name}}}}});
  }
  return kube::jobObject({job.nameSpace, name, labels(), job.timeout}, std::move(pod));
}

base::Result<text::Json> runVerifyJob(const VerifyJob& job, const kube::Client& cluster, base::Clock& clock,
                                      const base::RandomBytes& random, const Console& console) {
  const std::string name = kube::jobName("irsa-verify-" + job.serviceAccount, random);
  const kube::JobRun run{jobObject(job, name), filesOf(job, name), job.timeout, job.timeout};
  base::Result<kube::JobEnd> end = kube::runJob(run, cluster, clock, listenerOn(console));
  if (!end) {
    base::Error error = std::move(end).error();
    if (error.hint.empty())
      error.hint = "see that webhook.image of irsa.yaml can be pulled in the cluster: " + job.image;
    return error;
  }
  if (!end->logTrouble.empty())
    return base::unavailable("the log of the pod " + end->pod + " could not be read: " + end->logTrouble);
  return transcriptOf(end->log, job.nameSpace + "/" + end->pod);
}

}  // namespace cli
