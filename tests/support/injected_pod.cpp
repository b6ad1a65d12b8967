#include "support/injected_pod.h"

namespace support {
namespace {

using text::Json;

constexpr const char* kLabel = "eks.amazonaws.com/pod-identity";

bool isAbsent(const Json& object, const char* member) { return text::at(object, member).is_null(); }

// A member that was absent or null before, so that the whole of it was added.
void takeWhole(Json& after, const Json& before, const char* member) {
  if (before.contains(member))
    after[member] = nullptr;
  else
    after.erase(member);
}

void takeLabel(Json& after, const Json& before) {
  if (isAbsent(after, "labels")) return;
  Json& labels = after["labels"];
  if (isAbsent(before, "labels")) {
    if (labels == Json{{kLabel, "enabled"}}) takeWhole(after, before, "labels");
  } else if (text::stringAt(labels, kLabel) == "enabled") {
    if (before["labels"].contains(kLabel))
      labels[kLabel] = before["labels"][kLabel];
    else
      labels.erase(kLabel);
  }
}

void takeFromContainer(Json& after, const Json& before) {
  if (before.is_null()) {
    if (text::stringAt(after, "name", "?").empty()) after = nullptr;
    return;
  }
  for (const char* list : {"env", "volumeMounts"}) {
    if (isAbsent(before, list)) {
      if (!isAbsent(after, list)) takeWhole(after, before, list);
    } else {
      while (after[list].size() > before[list].size()) after[list].erase(after[list].size() - 1);
    }
  }
}

void takeVolume(Json& after, const Json& before) {
  if (isAbsent(after, "volumes")) return;
  if (isAbsent(before, "volumes"))
    takeWhole(after, before, "volumes");
  else if (after["volumes"].size() > before["volumes"].size())
    after["volumes"].erase(0);
}

}  // namespace

Json withoutAdditions(Json after, const Json& before) {
  if (after.contains("metadata")) takeLabel(after["metadata"], before["metadata"]);
  takeVolume(after["spec"], before["spec"]);
  if (isAbsent(before["spec"], "containers") && text::at(after["spec"], "containers") == Json::array())
    takeWhole(after["spec"], before["spec"], "containers");
  for (const char* list : {"containers", "initContainers"}) {
    if (isAbsent(before["spec"], list)) continue;
    const Json& old = before["spec"][list];
    for (std::size_t i = 0; i < old.size() && i < after["spec"][list].size(); ++i)
      takeFromContainer(after["spec"][list][i], old[i]);
  }
  return after;
}

}  // namespace support
