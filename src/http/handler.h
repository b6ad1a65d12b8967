// Answers. One of the product's four interfaces; io's server calls it, clientOf() turns it into a client.
#pragma once
#include "http/answer.h"
#include "http/message.h"

namespace http {

// Called on a server loop's thread; with several loops, from several threads at once. `request` and `response` live
// until the returned Answer is done; `response` arrives cleared. A handler that has nothing to wait for fills
// `response` and ends with co_return; one that waits suspends in co_await and is resumed on the same loop.
// An exception that escapes becomes HTTP 500.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Answer handle(const Request& request, Response& response) = 0;
};

}  // namespace http
