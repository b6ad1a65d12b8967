// The issuer that a command is about: the one given, or that of irsa.yaml.
#pragma once
#include <string>

#include "base/result.h"
#include "console.h"

namespace cli {

// `given` empty: that of `common.file`, which may have to be asked of AWS.
base::Result<std::string> wishedIssuer(const std::string& given, const CommonOptions& common);

}  // namespace cli
