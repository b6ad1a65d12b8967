// What an injection may bring into a pod, taken away again.
#pragma once
#include "text/json.h"

namespace support {

// `after` without what the webhook may have added to `before`: equal to `before` when nothing else has changed. Both
// have metadata and a spec, as pods of an API server have.
text::Json withoutAdditions(text::Json after, const text::Json& before);

}  // namespace support
