// Percent-encoding (RFC 3986) and the form encoding of AWS's query protocol.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace text {

using FormFields = std::vector<std::pair<std::string, std::string>>;

// Everything but A-Z a-z 0-9 - . _ ~ becomes %XX (upper case); `keep` lists further bytes to leave alone, e.g. "/".
std::string percentEncode(std::string_view bytes, std::string_view keep = "");
base::Result<std::string> percentDecode(std::string_view text, bool plusIsSpace = false);

// a=b&c=d, names and values percent-encoded, in the given order.
std::string formEncode(const FormFields& fields);
// Splits at '&'; '+' is a blank; a field without '=' has an empty value. A bad escape is Invalid.
base::Result<FormFields> formDecode(std::string_view text);

}  // namespace text
