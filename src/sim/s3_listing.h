// What the lists of S3 have in common: prefix, delimiter, the most entries of a page, and encoding-type=url.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/operation.h"

namespace sim::s3 {

struct ListRequest {
  std::string_view prefix, delimiter;
  std::size_t most = 0;  // entries; keys and common prefixes alike
  bool encoded = false;  // encoding-type=url: keys are percent-encoded in the answer
};

base::Error badContinuation(Call& call);

// `countName` is max-keys or max-uploads; more than 1000 are 1000. InvalidArgument.
base::Result<ListRequest> listRequest(Call& call, std::string_view countName);
// A parameter that is a number from 0 to 2^31 - 1; `otherwise` when it is absent or empty.
base::Result<std::int64_t> countOf(Call& call, std::string_view name, std::int64_t otherwise);

// The prefix that `key` rolls up into: up to the first delimiter after the prefix; empty when it has none.
std::string commonPrefix(const ListRequest& request, std::string_view key);
std::string shown(const ListRequest& request, std::string_view text);

}  // namespace sim::s3
