// The last look at a patch (RFC 6902) before it leaves. What builds it is tested to do right; should it go wrong all
// the same, that must cost one HTTP 500, which failurePolicy decides about, and not a pod.
#pragma once
#include <string_view>

#include "kube/admission_review.h"

namespace admission {

// Whether `patch` is JSON, does nothing but add what a Mutator adds, and applies to `pod`: every list that it adds to
// is there, every one that it brings is not, and no container is out of range. Allocates only for texts with escapes.
bool isSoundPatch(std::string_view patch, const kube::Review& pod);

}  // namespace admission
