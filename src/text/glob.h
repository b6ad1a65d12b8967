#pragma once
#include <string_view>

namespace text {

// IAM's StringLike: '*' matches any run of characters, '?' exactly one. Case matters. Linear in practice, never
// exponential.
bool glob(std::string_view pattern, std::string_view value);

}  // namespace text
