// The issuer that a command is about: the one given, or that of irsa.yaml.
#pragma once
#include <string>

#include "base/result.h"
#include "console.h"

namespace cli {

// What a new issuer may look like: as IAM takes it, or with a port, as Ceph does. One that signs already is as it is.
enum class IssuerForm { ForIam, WithPort, AsItIs };

// `given` empty: that of `common.file`, which may have to be asked of AWS.
base::Result<std::string> wishedIssuer(const std::string& given, const CommonOptions& common,
                                       IssuerForm form = IssuerForm::ForIam);

}  // namespace cli
