// Applies a JSON Patch (RFC 6902) the way the API server does: a missing parent is an error.
#pragma once
#include <string_view>

#include "base/result.h"
#include "text/json.h"

namespace support {

// Operations add and replace, which is all the webhook writes.
base::Result<text::Json> applyPatch(text::Json document, std::string_view patch);

}  // namespace support
