// What IAM, STS and CloudFront say of a Signature Version 4 that is not whole, in an Authorization header or in a
// query; S3 has words of its own. The sentences are those that clients have reported since 2023, which show a header by
// its hash alone.
#pragma once
#include <optional>

#include "base/result.h"
#include "http/message.h"

namespace sim {

// With AWS's code and sentence; absent when the signature is whole, and when there is none. Whole is not right.
std::optional<base::Error> incompleteSignature(const http::Request& request);

}  // namespace sim
