#include "kube/job.h"

#include <optional>

#include "kube/pod.h"
#include "text/encoding.h"
#include "text/uri.h"

namespace kube {
namespace {

using base::ErrorKind;
using text::Json;

constexpr auto kPause = std::chrono::milliseconds(500);
constexpr int kKeptSeconds = 300;  // the Job, when nobody deletes it
constexpr std::size_t kLongestName = 63;
constexpr std::chrono::seconds kPatience{30};  // for what comes after the end: the log, the deletions

std::string collection(const std::string& nameSpace, std::string_view plural) {
  return "/api/v1/namespaces/" + nameSpace + "/" + std::string(plural);
}

std::string jobsPath(const std::string& nameSpace) { return "/apis/batch/v1/namespaces/" + nameSpace + "/jobs"; }

std::string nameOf(const Json& object) { return text::stringAt(text::at(object, "metadata"), "name"); }

const Json& podSpecOf(const Json& job) { return text::at(text::at(text::at(job, "spec"), "template"), "spec"); }

std::string filesPath(const std::string& nameSpace, const Json& file) {
  return collection(nameSpace, text::stringAt(file, "kind") == "Secret" ? "secrets" : "configmaps");
}

bool isAway(const base::Error& error) { return error.kind == ErrorKind::Unavailable; }

std::string whyAway(const base::Error& error) {
  return isAway(error) && error.code.empty() ? "the API server does not answer"
                                             : "the API server is not itself yet (" + error.message + ")";
}

struct JobPod {
  std::string name, waiting;  // name empty: there is none yet
  bool hasStarted = false, hasEnded = false, isHopeless = false;
  std::optional<int> exitCode = {};
  std::string lastWords = {};
};

JobPod read(const Json& pod) {
  const Json& status = text::at(pod, "status");
  const std::string phase = text::stringAt(status, "phase");
  JobPod seen{.name = nameOf(pod), .waiting = whyNotRunning(pod)};
  seen.hasEnded = phase == "Succeeded" || phase == "Failed";
  seen.hasStarted = seen.hasEnded || phase == "Running";
  seen.isHopeless = hasNoImage(pod);
  for (const Json& container : text::at(status, "containerStatuses")) {
    const Json& ended = text::at(text::at(container, "state"), "terminated");
    if (!ended.is_object()) continue;
    seen.exitCode = int(text::intAt(ended, "exitCode"));
    seen.lastWords = text::stringAt(ended, "message");
  }
  if (phase == "Failed" && !seen.exitCode)
    seen.waiting = text::stringAt(status, "reason", "Failed") + ": " + text::stringAt(status, "message");
  return seen;
}

// One Job from when it was made.
class Watch {
 public:
  Watch(const JobRun& run, const Client& cluster, base::Clock& clock, const JobListener& listener)
      : run_(run),
        cluster_(cluster),
        clock_(clock),
        listener_(listener),
        nameSpace_(text::stringAt(text::at(run.job, "metadata"), "namespace")),
        name_(nameOf(run.job)),
        begin_(clock.now()) {}

  base::Result<JobEnd> follow() {
    const JobPod pod = TRY(ended());
    if (!pod.exitCode) return base::unavailable("the pod " + pod.name + " did not run: " + pod.waiting);
    JobEnd end{pod.name, *pod.exitCode, "", ""};
    const base::Result<std::string> log = lastLog(pod.name);
    end.log = log ? *log : pod.lastWords;
    if (log)
      tell(*log + "\n");
    else
      end.logTrouble = log.error().message;
    return end;
  }

 private:
  std::string place() const { return "the Job " + nameSpace_ + "/" + name_; }
  std::chrono::system_clock::duration elapsed() const { return clock_.now() - begin_; }

  base::Result<JobPod> ended() {
    while (true) {
      const base::Result<JobPod> pod = look();
      if (pod && pod->hasEnded) return pod;
      if (pod) TRY(judge(*pod));
      // A refusal means what it says as long as nothing has run that restarts the API server.
      if (!pod && !isAway(pod.error()) && !wasSeen_) return pod.error();
      const std::string waiting = pod ? pod->waiting : whyAway(pod.error());
      if (waiting != said_) listener_.waiting(waiting);
      said_ = waiting;
      if (elapsed() >= run_.endWithin) return late("end", run_.endWithin);
      clock_.sleepFor(kPause);
    }
  }

  base::Result<void> judge(const JobPod& pod) {
    if (wasSeen_ && pod.name.empty())
      return base::unavailable("the pod of " + place() + " is gone: somebody deleted it, or its time was up");
    wasSeen_ = wasSeen_ || !pod.name.empty();
    if (pod.isHopeless) return base::conflict(place() + " can't run: " + pod.waiting);
    if (pod.hasStarted && listener_.line) hear(pod.name);
    if (pod.hasStarted || elapsed() < run_.startWithin) return {};
    said_ = pod.waiting;
    return late("start", run_.startWithin);
  }

  base::Error late(const std::string& verb, std::chrono::seconds time) const {
    return base::unavailable(place() + " did not " + verb + " within " + std::to_string(time.count()) + " s: " + said_);
  }

  base::Result<JobPod> look() const {
    const Json pods = TRY(
        cluster_.get(collection(nameSpace_, "pods") + "?labelSelector=" + text::percentEncode("job-name=" + name_)));
    const Json& items = text::at(pods, "items");
    return items.is_array() && !items.empty() ? read(items.front()) : withoutPod();
  }

  // Why the controller could make no pod: an admission that denied it, a missing account, a quota.
  JobPod withoutPod() const {
    JobPod none{.name = "", .waiting = "it has no pod yet"};
    const base::Result<Json> events = cluster_.get(
        collection(nameSpace_, "events") + "?fieldSelector=" + text::percentEncode("involvedObject.name=" + name_));
    if (!events) return none;
    for (const Json& event : text::at(*events, "items")) {
      if (text::stringAt(event, "type") != "Warning") continue;
      none.waiting = text::stringAt(event, "message");
      none.isHopeless = none.waiting.find("violates PodSecurity") != std::string::npos;
      return none;
    }
    return none;
  }

  base::Result<std::string> log(const std::string& pod) const {
    const Json& containers = text::at(podSpecOf(run_.job), "containers");
    return cluster_.getText(collection(nameSpace_, "pods") + "/" + pod +
                            "/log?container=" + text::stringAt(containers.front(), "name"));
  }

  base::Result<std::string> lastLog(const std::string& pod) {
    const base::Time begin = clock_.now();
    while (true) {
      base::Result<std::string> text = log(pod);
      if (text || clock_.now() - begin >= kPatience) return text;
      clock_.sleepFor(kPause);
    }
  }

  // The log as far as it can be read now; what is missing comes with the next look.
  void hear(const std::string& pod) {
    const base::Result<std::string> text = log(pod);
    if (text) tell(*text);
  }

  void tell(const std::string& log) {
    if (!listener_.line) return;
    for (std::size_t end = log.find('\n', told_); end != std::string::npos; end = log.find('\n', told_)) {
      if (end > told_) listener_.line(log.substr(told_, end - told_));
      told_ = end + 1;
    }
  }

  const JobRun& run_;
  const Client& cluster_;
  base::Clock& clock_;
  const JobListener& listener_;
  std::string nameSpace_, name_;
  base::Time begin_;
  bool wasSeen_ = false;  // its pod
  std::string said_;      // what was last waited for
  std::size_t told_ = 0;  // bytes of the log
};

base::Result<void> makeFiles(const JobRun& run, const Json& made, const Client& cluster) {
  const Json& metadata = text::at(made, "metadata");
  const Json owner = {{"apiVersion", "batch/v1"},
                      {"kind", "Job"},
                      {"name", text::stringAt(metadata, "name")},
                      {"uid", text::stringAt(metadata, "uid")}};
  for (Json file : run.files) {
    file["metadata"]["ownerReferences"] = Json::array({owner});
    TRY(cluster.create(filesPath(text::stringAt(metadata, "namespace"), file), file));
  }
  return {};
}

base::Result<JobEnd> followMade(const JobRun& run, const Json& made, const Client& cluster, base::Clock& clock,
                                const JobListener& listener) {
  TRY(makeFiles(run, made, cluster));
  const Json& metadata = text::at(run.job, "metadata");
  listener.created(text::stringAt(metadata, "namespace") + "/" + nameOf(run.job));
  return Watch(run, cluster, clock, listener).follow();
}

base::Result<void> removeInTime(const std::string& path, const Client& cluster, base::Clock& clock) {
  const base::Time begin = clock.now();
  base::Result<void> removed = cluster.remove(path);
  while (!removed && clock.now() - begin < kPatience) {
    clock.sleepFor(kPause);
    removed = cluster.remove(path);
  }
  return removed;
}

void removeAll(const JobRun& run, const Client& cluster, base::Clock& clock, const JobListener& listener) {
  const std::string nameSpace = text::stringAt(text::at(run.job, "metadata"), "namespace");
  const auto take = [&](const std::string& folder, const Json& object) {
    const base::Result<void> removed = removeInTime(folder + "/" + nameOf(object), cluster, clock);
    if (removed) return;
    listener.warning("the " + text::stringAt(object, "kind") + " " + nameSpace + "/" + nameOf(object) +
                     " could not be deleted: " + removed.error().message);
  };
  for (const Json& file : run.files) take(filesPath(nameSpace, file), file);
  take(jobsPath(nameSpace), run.job);
}

bool isPinnedTo(const Json& job, const std::string& node) { return text::stringAt(podSpecOf(job), "nodeName") == node; }

// Whether its pod is at work now.
base::Result<bool> isAtWork(const std::string& nameSpace, const std::string& job, const Client& cluster) {
  const Json pods =
      TRY(cluster.get(collection(nameSpace, "pods") + "?labelSelector=" + text::percentEncode("job-name=" + job)));
  for (const Json& pod : text::at(pods, "items")) {
    const JobPod seen = read(pod);
    if (seen.hasStarted && !seen.hasEnded) return true;
  }
  return false;
}

// `begin`: since when we wait for any of them.
base::Result<void> awaitLeft(const JobsLeft& left, const std::string& job, const Client& cluster, base::Clock& clock,
                             const JobListener& listener, base::Time begin) {
  const std::string what =
      "the Job " + left.nameSpace + "/" + job + " of an earlier run is still at work on " + left.node;
  for (bool isFirst = true;; isFirst = false) {
    const base::Result<bool> works = isAtWork(left.nameSpace, job, cluster);
    if (works && !*works) return {};
    if (!works && isFirst && !isAway(works.error())) return works.error();  // later, the API server may be restarting
    if (isFirst) listener.waiting(what);
    if (clock.now() - begin >= left.endWithin)
      return base::conflict(what, "see kubectl logs -n " + left.nameSpace + " job/" + job);
    clock.sleepFor(kPause);
  }
}

}  // namespace

Json jobObject(const JobHead& head, Json podSpec) {
  const Json metadata = {{"name", head.name}, {"namespace", head.nameSpace}, {"labels", head.labels}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", metadata},
          {"spec",
           {{"backoffLimit", 0},
            {"activeDeadlineSeconds", head.deadline.count()},
            {"ttlSecondsAfterFinished", kKeptSeconds},
            {"template", {{"metadata", {{"labels", head.labels}}}, {"spec", std::move(podSpec)}}}}}};
}

std::string jobName(std::string stem, const base::RandomBytes& random) {
  const std::string end = "-" + text::hex(random(4));
  stem.resize(std::min(stem.size(), kLongestName - end.size()));
  while (stem.ends_with('.') || stem.ends_with('-')) stem.pop_back();
  return stem + end;
}

base::Result<JobEnd> runJob(const JobRun& run, const Client& cluster, base::Clock& clock, const JobListener& listener) {
  const std::string nameSpace = text::stringAt(text::at(run.job, "metadata"), "namespace");
  const base::Result<Json> made = cluster.create(jobsPath(nameSpace), run.job);
  if (!made && !isAway(made.error())) return made.error();
  base::Result<JobEnd> end = made ? followMade(run, *made, cluster, clock, listener) : made.error();  // it may be there
  removeAll(run, cluster, clock, listener);
  return end;
}

base::Result<void> clearJobs(const JobsLeft& left, const Client& cluster, base::Clock& clock,
                             const JobListener& listener) {
  const base::Time begin = clock.now();
  const std::string jobs = jobsPath(left.nameSpace);
  for (const Json& job : TRY(cluster.list(jobs + "?labelSelector=" + text::percentEncode(left.labelSelector)))) {
    if (!isPinnedTo(job, left.node)) continue;
    TRY(awaitLeft(left, nameOf(job), cluster, clock, listener, begin));
    TRY(removeInTime(jobs + "/" + nameOf(job), cluster, clock));
  }
  return {};
}

}  // namespace kube
