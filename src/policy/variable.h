// A policy variable, as it stands in a value of a condition or a resource: ${key} or ${key, 'default'}.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace policy {

struct Variable {
  std::string key;                           // in lower case
  std::optional<std::string_view> fallback;  // what the quotes of a default enclose
};

// `inside` is what the braces enclose, and outlives the variable.
Variable readVariable(std::string_view inside);

// ${*}, ${?} and ${$} are no variables: they stand for the character itself.
bool isEscape(std::string_view inside);

}  // namespace policy
