// A Job that runs once: made, waited for, read and deleted, whatever came of it. What it runs may restart the API
// server, so the API server may be away for a while, and the pod is looked at, as the Job's controller lags behind.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "kube/client.h"
#include "text/json.h"

namespace kube {

struct JobHead {
  std::string nameSpace, name;
  text::Json labels;                 // of the Job and of its pod
  std::chrono::seconds deadline{0};  // after which its pod is stopped
};

// batch/v1, for one pod: no retries, and gone by itself five minutes after its end when nobody deletes it.
text::Json jobObject(const JobHead& head, text::Json podSpec);

// STEM and a random end, short enough for the label that a Job's pod has of it.
std::string jobName(std::string stem, const base::RandomBytes& random);

struct JobRun {
  text::Json job;  // of one container
  // ConfigMaps and Secrets that the pod mounts. They are made after the Job and are its own, so that they go with it
  // even when we are killed.
  std::vector<text::Json> files = {};
  std::chrono::seconds startWithin{120};  // until the container runs
  std::chrono::seconds endWithin{120};    // until it has ended
};

struct JobEnd {
  std::string pod;
  int exitCode = 0;
  std::string log;              // standard output and error, mixed
  std::string logTrouble = {};  // why the log could not be read; then `log` is what the pod's status has of it
};

// What is told meanwhile.
struct JobListener {
  std::function<void(const std::string& job)> created;
  std::function<void(const std::string& what)> waiting;  // when it changes
  std::function<void(const std::string& line)> line;     // of the log, while it is written; may be empty
  std::function<void(const std::string& what)> warning;
};

// Unavailable when the pod did not start or end in time, with what it was last waiting for; Conflict when it can't
// start.
base::Result<JobEnd> runJob(const JobRun& run, const Client& cluster, base::Clock& clock, const JobListener& listener);

// Jobs that stayed on a node because whoever made them was killed.
struct JobsLeft {
  std::string nameSpace;
  std::string labelSelector;  // app=name
  std::string node;           // to which they are pinned (spec.nodeName)
  std::chrono::seconds endWithin{120};
};

// Deletes them; first waits until what runs has ended. Conflict when one does not end in time.
base::Result<void> clearJobs(const JobsLeft& left, const Client& cluster, base::Clock& clock,
                             const JobListener& listener);

}  // namespace kube
