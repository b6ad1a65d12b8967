// What a pod's status says (core/v1 PodStatus).
#pragma once
#include <string>

#include "text/json.h"

namespace kube {

// What keeps the pod from running, such as "ErrImagePull: ..."; else its phase, as a clause.
std::string whyNotRunning(const text::Json& pod);

// The kubelet has said that its image can't be had, and will only say so again.
bool hasNoImage(const text::Json& pod);

bool isReady(const text::Json& pod);

}  // namespace kube
