#include "kube/pod.h"

#include <algorithm>

namespace kube {
namespace {

const text::Json& waitingOf(const text::Json& container) { return text::at(text::at(container, "state"), "waiting"); }

}  // namespace

std::string whyNotRunning(const text::Json& pod) {
  const text::Json& status = text::at(pod, "status");
  for (const text::Json& container : text::at(status, "containerStatuses")) {
    const text::Json& waiting = waitingOf(container);
    if (!waiting.is_object()) continue;
    const std::string message = text::stringAt(waiting, "message");
    return text::stringAt(waiting, "reason") + (message.empty() ? "" : ": " + message);
  }
  for (const text::Json& condition : text::at(status, "conditions")) {
    if (text::stringAt(condition, "status") == "False" && text::stringAt(condition, "type") == "PodScheduled")
      return text::stringAt(condition, "reason") + ": " + text::stringAt(condition, "message");
  }
  return "its pod is " + text::stringAt(status, "phase", "not there yet");
}

bool hasNoImage(const text::Json& pod) {
  const text::Json& containers = text::at(text::at(pod, "status"), "containerStatuses");
  return std::any_of(containers.begin(), containers.end(), [](const text::Json& container) {
    const std::string reason = text::stringAt(waitingOf(container), "reason");
    return reason == "ImagePullBackOff" || reason == "ErrImageNeverPull" || reason == "InvalidImageName";
  });
}

bool isReady(const text::Json& pod) {
  const text::Json& conditions = text::at(text::at(pod, "status"), "conditions");
  return std::any_of(conditions.begin(), conditions.end(), [](const text::Json& condition) {
    return text::stringAt(condition, "type") == "Ready" && text::stringAt(condition, "status") == "True";
  });
}

}  // namespace kube
