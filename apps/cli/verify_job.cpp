#include "verify_job.h"

#include "kube/pod.h"
#include "text/encoding.h"

namespace cli {
namespace {

constexpr auto kPause = std::chrono::milliseconds(500);
constexpr std::string_view kRootsFolder = "/etc/irsa-verify";
constexpr int kKeptSeconds = 300;         // the Job, if we are killed before we delete it
constexpr std::size_t kLongestName = 63;  // the Job's name becomes a label of its pod

std::string jobsPath(const VerifyJob& job) { return "/apis/batch/v1/namespaces/" + job.nameSpace + "/jobs"; }
std::string configMapsPath(const VerifyJob& job) { return "/api/v1/namespaces/" + job.nameSpace + "/configmaps"; }
std::string podsPath(const VerifyJob& job) { return "/api/v1/namespaces/" + job.nameSpace + "/pods"; }

text::Json metadata(const VerifyJob& job, const std::string& name) {
  return {{"name", name}, {"namespace", job.nameSpace}, {"labels", {{"app.kubernetes.io/managed-by", "irsa"}}}};
}

text::Json environmentOf(const VerifyJob& job) {
  text::Json environment = text::Json::array();
  const auto give = [&environment](const char* name, const std::string& value) {
    if (!value.empty()) environment.push_back({{"name", name}, {"value", value}});
  };
  give("AWS_REGION", job.region);
  give("AWS_ENDPOINT_URL_STS", job.stsEndpoint);
  if (!job.rootsPem.empty()) give("AWS_CA_BUNDLE", std::string(kRootsFolder) + "/ca.crt");
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

// Why the Job controller could make no pod: an admission that denied it, a missing account, a quota.
std::string eventsOf(const VerifyJob& job, const std::string& name, const kube::Client& cluster) {
  const base::Result<text::Json> events =
      cluster.get("/api/v1/namespaces/" + job.nameSpace + "/events?fieldSelector=involvedObject.name%3D" + name);
  if (!events) return "it has no pod yet";
  for (const text::Json& event : text::at(*events, "items")) {
    if (text::stringAt(event, "type") == "Warning") return text::stringAt(event, "message");
  }
  return "it has no pod yet";
}

struct PodState {
  std::string name, waiting;
  bool ended = false;
};

base::Result<PodState> look(const VerifyJob& job, const std::string& name, const kube::Client& cluster) {
  const text::Json pods = TRY(cluster.get(podsPath(job) + "?labelSelector=job-name%3D" + name));
  const text::Json& items = text::at(pods, "items");
  if (!items.is_array() || items.empty()) return PodState{"", eventsOf(job, name, cluster), false};
  const text::Json& pod = items.front();
  const std::string phase = text::stringAt(text::at(pod, "status"), "phase");
  return PodState{text::stringAt(text::at(pod, "metadata"), "name"), kube::whyNotRunning(pod),
                  phase == "Succeeded" || phase == "Failed"};
}

base::Result<std::string> waitForPod(const VerifyJob& job, const std::string& name, const kube::Client& cluster,
                                     base::Clock& clock, const Console& console) {
  const base::Time deadline = clock.now() + job.timeout;
  std::string said;
  while (true) {
    PodState state = TRY(look(job, name, cluster));
    if (state.ended) return std::move(state.name);
    if (state.waiting != said) console.progress("  waiting: " + state.waiting);
    said = state.waiting;
    if (clock.now() >= deadline) {
      return base::unavailable("the Job " + job.nameSpace + "/" + name + " did not end within " +
                               std::to_string(job.timeout.count()) + " s: " + state.waiting)
          .withHint("see that webhook.image of irsa.yaml can be pulled in the cluster: " + job.image);
    }
    clock.sleepFor(kPause);
  }
}

base::Result<text::Json> transcriptOf(const std::string& log, const std::string& pod) {
  // Warnings of whoami stand before the document.
  const std::size_t begin = log.starts_with('{') ? 0 : log.find("\n{");
  base::Result<text::Json> transcript =
      text::parseJson(begin == std::string::npos ? log : log.substr(begin == 0 ? 0 : begin + 1));
  if (transcript) return transcript;
  return base::unavailable("the pod " + pod + " ended without a verdict; its log is: " + log);
}

base::Result<text::Json> runNamed(const VerifyJob& job, const std::string& name, const kube::Client& cluster,
                                  base::Clock& clock, const Console& console) {
  if (!job.rootsPem.empty()) {
    TRY(cluster.create(configMapsPath(job), {{"apiVersion", "v1"},
                                             {"kind", "ConfigMap"},
                                             {"metadata", metadata(job, name)},
                                             {"data", {{"ca.crt", job.rootsPem}}}}));
  }
  TRY(cluster.create(jobsPath(job), jobObject(job, name)));
  console.done("created the Job " + job.nameSpace + "/" + name);
  const std::string pod = TRY(waitForPod(job, name, cluster, clock, console));
  const std::string log = TRY(cluster.getText(podsPath(job) + "/" + pod + "/log?container=whoami"));
  return transcriptOf(log, job.nameSpace + "/" + pod);
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
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", metadata(job, name)},
          {"spec",
           {{"backoffLimit", 0},
            {"activeDeadlineSeconds", job.timeout.count()},
            {"ttlSecondsAfterFinished", kKeptSeconds},
            {"template", {{"metadata", {{"labels", {{"app.kubernetes.io/managed-by", "irsa"}}}}}, {"spec", pod}}}}}};
}

base::Result<text::Json> runVerifyJob(const VerifyJob& job, const kube::Client& cluster, base::Clock& clock,
                                      const base::RandomBytes& random, const Console& console) {
  const std::string suffix = "-" + text::hex(random(4));
  std::string stem = ("irsa-verify-" + job.serviceAccount).substr(0, kLongestName - suffix.size());
  while (stem.ends_with('.') || stem.ends_with('-')) stem.pop_back();
  const std::string name = stem + suffix;
  base::Result<text::Json> transcript = runNamed(job, name, cluster, clock, console);
  const base::Result<void> removed = cluster.remove(jobsPath(job) + "/" + name);
  if (!removed) console.warn("the Job " + name + " could not be deleted: " + removed.error().message);
  if (!job.rootsPem.empty()) {
    const base::Result<void> roots = cluster.remove(configMapsPath(job) + "/" + name);
    if (!roots) console.warn("the ConfigMap " + name + " could not be deleted: " + roots.error().message);
  }
  return transcript;
}

}  // namespace cli
