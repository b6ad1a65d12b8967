// A command line as a POSIX shell takes it apart, without anything that a shell would expand.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace text {

// POSIX.1-2017, Shell Command Language, 2.2 (quoting) and 2.3 (tokens), as the AWS SDKs split credential_process:
// blanks and line ends separate; '...' keeps all; "..." keeps all but \" and \\; \ keeps the next character.
// Invalid for a quote that is not closed and a \ at the end.
base::Result<std::vector<std::string>> shellWords(std::string_view command);

}  // namespace text
