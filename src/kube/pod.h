// What a pod's status says (core/v1 PodStatus).
#pragma once
#include <string>

#include "text/json.h"

namespace kube {

// What keeps the pod from running, such as "ErrImagePull: ..."; else its phase, as a clause.
std::string whyNotRunning(const text::Json& pod);

bool isReady(const text::Json& pod);

}  // namespace kube
